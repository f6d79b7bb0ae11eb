//! Pieces of charts: bars as one path, hatched gaps, marks, an axis of time.
//!
//! Bars are drawn in a box of their own that is stretched to the width there is;
//! everything that must keep its form (text, hatching, lines) stands outside of it at
//! percentages. Colours are the style's business.

use std::fmt::Write as _;

use maud::{Markup, html};

use crate::record::time::rfc3339;
use crate::report::Gap;

/// Units from the foot of a box of bars to its top.
pub(super) const TOP: u64 = 60;

/// What stands beside the text and may be wider than the screen: it scrolls by
/// itself, and a keyboard gets there.
pub(super) fn region(label: &str, content: &Markup) -> Markup {
    html! { div.scroll role="region" aria-label=(label) tabindex="0" { (content) } }
}

/// The stretch of time that a chart shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    /// First second, since the epoch.
    pub start: i64,
    /// The second after the last.
    pub end: i64,
}

impl Axis {
    /// How far a time is from the start, in per cent of the width.
    fn percent(self, time: i64) -> f64 {
        let all = (self.end - self.start).max(1) as f64;
        ((time - self.start) as f64 / all * 100.0).clamp(0.0, 100.0)
    }

    /// Where a stretch begins, and how wide it is.
    fn place(self, start: i64, end: i64) -> (String, String) {
        let (from, to) = (self.percent(start), self.percent(end));
        (format!("{from:.2}%"), format!("{:.2}%", to - from))
    }

    /// Times at which a line is drawn, and how many seconds lie between them.
    fn ticks(self) -> (impl Iterator<Item = i64>, i64) {
        const HOUR: i64 = 3_600;
        const STEPS: [i64; 12] = [1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 672, 1_344];
        const MOST: i64 = 8;
        let length = self.end - self.start;
        let fits = |hours: &i64| length / (hours * HOUR) <= MOST;
        // Longer logs than those of some years get as many lines as it takes.
        let step = STEPS.into_iter().find(fits).unwrap_or(8_766) * HOUR;
        let first = self.start.div_euclid(step) * step;
        let times = (0..).map(move |at| first + at * step);
        let times = times.skip_while(move |time| *time < self.start);
        (times.take_while(move |time| *time < self.end), step)
    }

    /// Lines at the ticks.
    pub(super) fn grid(self) -> Markup {
        html! {
            @for time in self.ticks().0 {
                @let (x, _) = self.place(time, time);
                line x1=(x) x2=(x) y2="100%" {}
            }
        }
    }

    /// Hatching where there was no record.
    pub(super) fn gaps(self, gaps: &[Gap]) -> Markup {
        html! {
            @for gap in gaps {
                @let (x, width) = self.place(gap.start, gap.end);
                rect x=(x) width=(width) height="100%" fill="url(#hatch)" {}
            }
        }
    }

    /// A mark over a stretch of time, with what one sees when pointing at it.
    pub(super) fn mark(self, start: i64, end: i64, label: Option<&str>) -> Markup {
        let (x, width) = self.place(start, end);
        html! {
            rect.m x=(x) width=(width) y="4" height="12" {
                @if let Some(label) = label { title { (label) } }
            }
        }
    }

    /// Times below a chart. Every other one may be left out where it is narrow.
    pub(super) fn labels(self) -> Markup {
        let (ticks, step) = self.ticks();
        html! {
            @for (at, time) in ticks.enumerate() {
                @let percent = self.percent(time);
                text class=[(at % 2 == 1).then_some("odd")] x=(format!("{percent:.2}%")) y="13"
                    text-anchor=(if percent < 4.0 { "start" } else if percent > 96.0 { "end" } else { "middle" }) {
                    (label(time, step, at == 0))
                }
            }
        }
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `3 Feb` at midnight, else `06:00`, and both where nothing before it has the day.
fn label(time: i64, step: i64, first: bool) -> String {
    let text = rfc3339(time);
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    let number = |range| part(range).parse::<usize>().unwrap_or_default();
    let month = MONTHS
        .get(number(5..7).wrapping_sub(1))
        .copied()
        .unwrap_or_default();
    let day = format!("{} {month}", number(8..10));
    match (part(11..16), first && step < 86_400) {
        ("00:00", _) => day,
        (hour, true) => format!("{day} {hour}"),
        (hour, false) => hour.to_owned(),
    }
}

/// Bars side by side, each one unit wide, as the data of a path in a box of as many
/// units and of [`TOP`] units' height. What is not nothing can be seen.
pub(super) fn bars(values: &[u64]) -> String {
    let most = values.iter().copied().max().unwrap_or_default().max(1);
    let height = |value: u64| {
        let height = (value as f64 / most as f64 * TOP as f64).round() as u64;
        if value > 0 { height.max(2) } else { 0 }
    };
    let mut path = format!("M0 {TOP}");
    let mut before = 0;
    for run in values.chunk_by(|one, next| height(*one) == height(*next)) {
        let now = height(run[0]);
        // Writing to a string cannot fail.
        let _ = write!(path, "v{}h{}", before as i64 - now as i64, run.len());
        before = now;
    }
    let _ = write!(path, "V{TOP}z");
    path
}

/// At most `most` sums of neighbours.
pub(super) fn coarser(values: &[u64], most: usize) -> Vec<u64> {
    let each = values.len().div_ceil(most).max(1);
    values
        .chunks(each)
        .map(|values| values.iter().sum())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_high_as_their_values() {
        assert_eq!(bars(&[0, 0, 10, 5, 5]), "M0 60v0h2v-60h1v30h2V60z");
        assert_eq!(bars(&[1_000_000, 1]), "M0 60v-60h1v58h1V60z");
        assert_eq!(bars(&[]), "M0 60V60z");
        assert_eq!(bars(&[0]), "M0 60v0h1V60z");
    }

    #[test]
    fn neighbours_add_up() {
        assert_eq!(coarser(&[1, 2, 3, 4, 5], 3), [3, 7, 5]);
        assert_eq!(coarser(&[1, 2], 3), [1, 2]);
    }

    #[test]
    fn ticks_are_few_and_inside() {
        for hours in [1, 5, 24, 30, 24 * 7, 24 * 30, 24 * 365, 24 * 3_650] {
            let axis = Axis {
                start: 1_770_084_000,
                end: 1_770_084_000 + hours * 3_600,
            };
            let (ticks, step) = axis.ticks();
            let ticks: Vec<i64> = ticks.collect();
            assert!(ticks.len() <= 11, "{hours}: {}", ticks.len());
            assert!(
                ticks
                    .iter()
                    .all(|tick| tick % step == 0 && axis.percent(*tick) < 100.0)
            );
        }
    }

    #[test]
    fn ticks_say_the_day_once() {
        assert_eq!(label(1_770_084_000, 3_600, true), "3 Feb 02:00");
        assert_eq!(label(1_770_084_000, 3_600, false), "02:00");
        assert_eq!(label(1_770_076_800, 3_600, false), "3 Feb");
    }
}
