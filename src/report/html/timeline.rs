//! When: requests, errors and alerts over time.

use maud::{Markup, html};

use super::chart::{Axis, TOP, bars, region};
use super::words::{at, clock, level, number, size, sized, span};
use crate::alert::Level;
use crate::report::{Gap, Levels, Report, Slot, Timeline};

/// What is drawn of a slot, each in a row and to a scale of its own.
struct Series {
    name: &'static str,
    class: &'static str,
    of: fn(&Slot) -> u64,
    show: fn(u64) -> String,
}

const SERIES: [Series; 6] = [
    Series {
        name: "Requests",
        class: "tall",
        of: |slot| slot.requests,
        show: number,
    },
    Series {
        name: "Refused (403)",
        class: "bad",
        of: |slot| slot.refused,
        show: number,
    },
    Series {
        name: "Missing (404)",
        class: "bad",
        of: |slot| slot.missing,
        show: number,
    },
    Series {
        name: "Other 4xx",
        class: "bad",
        of: |slot| slot.wrong,
        show: number,
    },
    Series {
        name: "Failed (5xx)",
        class: "bad",
        of: |slot| slot.failed,
        show: number,
    },
    Series {
        name: "Sent",
        class: "sent",
        of: |slot| slot.bytes,
        show: size,
    },
];

pub(super) fn section(report: &Report) -> Markup {
    let timeline = &report.timeline;
    let (Some(first), Some(last)) = (timeline.slots.first(), timeline.slots.last()) else {
        return html! { p { "No record has a time." } };
    };
    let axis = Axis {
        start: first.time,
        end: last.time + timeline.step,
    };
    html! {
        (figure(timeline, axis, &report.coverage.gaps))
        details {
            summary { "The same in numbers" }
            (region("Requests, errors and alerts over time, as a table", &table(timeline)))
        }
    }
}

fn figure(timeline: &Timeline, axis: Axis, gaps: &[Gap]) -> Markup {
    html! {
        figure.chart {
            figcaption {
                "A bar is " (each(timeline.step)) ". Every row has its own scale."
                @if !gaps.is_empty() { " Hatched: no record of any bucket." }
            }
            @for series in &SERIES { (row(series, timeline, axis, gaps)) }
            @for of in Level::ALL.iter().rev() { (lane(*of, timeline, axis)) }
            div.row.axis { span {} svg height="18" aria-hidden="true" { (axis.labels()) } }
        }
    }
}

/// `1 h`.
fn each(step: i64) -> String {
    span(step)
}

fn row(series: &Series, timeline: &Timeline, axis: Axis, gaps: &[Gap]) -> Markup {
    let values: Vec<u64> = timeline.slots.iter().map(series.of).collect();
    let peak = values
        .iter()
        .copied()
        .enumerate()
        .max_by_key(|(at, value)| {
            // The first of several.
            (*value, std::cmp::Reverse(*at))
        });
    let Some((peak, most)) = peak.filter(|(_, most)| *most > 0) else {
        return html! {};
    };
    let most = (series.show)(most);
    let tall = series.class == "tall";
    let label = format!(
        "{} over time: at most {most} in {}, at {}",
        series.name,
        each(timeline.step),
        clock(timeline.slots[peak].time),
    );
    html! {
        div.row {
            span { (series.name) " " small { "up to " (most) } }
            svg.(series.class) role="img" aria-label=(label) {
                g.grid aria-hidden="true" { (axis.grid()) }
                (axis.gaps(gaps))
                svg viewBox={ "0 0 " (values.len()) " " (TOP) } preserveAspectRatio="none" {
                    path d=(bars(&values)) {}
                    @if tall {
                        @for (x, slot) in timeline.slots.iter().enumerate() {
                            rect.hit x=(x) width="1" height=(TOP) { title { (hint(slot)) } }
                        }
                    }
                }
            }
        }
    }
}

/// What one sees when pointing at a bar.
fn hint(slot: &Slot) -> String {
    let mut text = clock(slot.time);
    for series in &SERIES {
        let value = (series.of)(slot);
        if value > 0 || series.class == "tall" {
            text.push('\n');
            text.push_str(series.name);
            text.push_str(": ");
            text.push_str(&(series.show)(value));
        }
    }
    text
}

/// Slots in which alerts of a level triggered.
fn lane(of: Level, timeline: &Timeline, axis: Axis) -> Markup {
    let slots = timeline
        .slots
        .iter()
        .map(|slot| (slot.time, alerts(&slot.alerts, of)));
    let slots: Vec<(i64, u64)> = slots.filter(|(_, count)| *count > 0).collect();
    if slots.is_empty() {
        return html! {};
    }
    let all: u64 = slots.iter().map(|(_, count)| count).sum();
    let label = format!(
        "Alerts of level {}: {}, from {} to {}",
        of.as_str(),
        number(all),
        clock(slots[0].0),
        clock(slots[slots.len() - 1].0),
    );
    html! {
        div.row {
            span { (level(of)) " " small { (number(all)) } }
            svg.lane.(super::words::class(of)) height="20" role="img" aria-label=(label) {
                g.grid aria-hidden="true" { (axis.grid()) }
                @for (time, count) in slots {
                    (axis.mark(time, time + timeline.step, Some(&format!("{}: {}", clock(time), number(count)))))
                }
            }
        }
    }
}

/// How many alerts of a level.
pub(super) const fn alerts(levels: &Levels, level: Level) -> u64 {
    match level {
        Level::Critical => levels.critical,
        Level::High => levels.high,
        Level::Medium => levels.medium,
        Level::Low => levels.low,
        Level::Informational => levels.informational,
    }
}

fn table(timeline: &Timeline) -> Markup {
    html! {
        table.sort.num {
            caption { "Requests and alerts, by slots of " (each(timeline.step)) }
            thead { tr {
                th scope="col" { "From" }
                @for series in &SERIES { th.r scope="col" { (series.name) } }
                @for of in Level::ALL.iter().rev() { th.r scope="col" { (of.as_str()) } }
            } }
            tbody {
                @for slot in &timeline.slots {
                    tr {
                        th scope="row" { (at(slot.time)) }
                        @for value in [slot.requests, slot.refused, slot.missing, slot.wrong, slot.failed] {
                            td { (number(value)) }
                        }
                        td { (sized(slot.bytes)) }
                        @for of in Level::ALL.iter().rev() { td { (number(alerts(&slot.alerts, *of))) } }
                    }
                }
            }
        }
    }
}
