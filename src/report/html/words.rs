//! Texts, numbers, sizes, times and levels as the page shows them.
//!
//! The only way of a text that somebody else chose into the page is [`Text`] or
//! [`Name`]. No part of a report enters here as a whole.

use std::fmt::Write as _;

use maud::{Escaper, Markup, Render, html};

use crate::alert::Level;
use crate::record::time::rfc3339;
use crate::report::{Entity, Network};
use crate::text::shown;
use crate::text::words::grouped;

/// Characters of a text that are shown. All of it is in the file of the alerts.
const LONGEST: usize = 400;

/// Characters of a paragraph that are shown.
const PARAGRAPH: usize = 2_000;

/// A text of the report, in an element of its own or in a label: escapes for what
/// cannot be seen, and cut where it is very long.
pub(super) struct Text<'t>(pub &'t str);

impl Render for Text<'_> {
    fn render_to(&self, page: &mut String) {
        // Writing to a string cannot fail.
        let (text, left) = cut(self.0, LONGEST);
        let _ = Escaper::new(page).write_str(&shown(text));
        push_left(page, left);
    }
}

/// The beginning of a text, and how many characters are not in it.
fn cut(text: &str, longest: usize) -> (&str, usize) {
    match text.char_indices().nth(longest) {
        // A few more are shorter than to say that there are more.
        Some((end, _)) if text[end..].chars().nth(40).is_some() => {
            (&text[..end], text[end..].chars().count())
        }
        _ => (text, 0),
    }
}

fn push_left(page: &mut String, left: usize) {
    if left > 0 {
        // Writing to a string cannot fail.
        let _ = write!(page, "… (and {} more characters)", grouped(left as u64));
    }
}

/// A name within a sentence or a list: a [`Text`] that cannot reorder what is around
/// it.
pub(super) struct Name<'t>(pub &'t str);

impl Render for Name<'_> {
    fn render_to(&self, page: &mut String) {
        page.push_str("<bdi>");
        Text(self.0).render_to(page);
        page.push_str("</bdi>");
    }
}

/// A text of several paragraphs. It was cut out of a longer one, where it may have
/// stood behind a colon.
pub(super) fn prose(text: &str) -> Markup {
    let mut chars = text.trim_start().chars();
    let capital: String = chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let text = capital + chars.as_str();
    html! {
        @for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
            p { (Line(paragraph)) }
        }
    }
}

/// Lines that were broken by hand as one, with `code` where there are backticks.
pub(super) struct Line<'t>(pub &'t str);

impl Render for Line<'_> {
    fn render_to(&self, page: &mut String) {
        let (text, left) = cut(self.0, PARAGRAPH);
        let words: Vec<&str> = text.split_whitespace().collect();
        let line = words.join(" ");
        let mut parts: Vec<&str> = line.split('`').collect();
        // A backtick without another belongs to the text.
        if parts.len().is_multiple_of(2) {
            parts = vec![&line];
        }
        for (at, part) in parts.iter().enumerate() {
            let code = at % 2 == 1;
            page.push_str(if code { "<code>" } else { "" });
            let _ = Escaper::new(page).write_str(&shown(part));
            page.push_str(if code { "</code>" } else { "" });
        }
        push_left(page, left);
    }
}

/// A number with its thousands apart.
pub(super) fn number(number: impl TryInto<u64>) -> String {
    grouped(number.try_into().unwrap_or(u64::MAX))
}

/// `1 alert`, `12 alerts`.
pub(super) fn many(number: u64, one: &str) -> String {
    let plural = match one.strip_suffix("ss") {
        _ if number == 1 => String::new(),
        Some(_) => "es".to_owned(),
        None => "s".to_owned(),
    };
    format!("{} {one}{plural}", grouped(number))
}

const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// A size as people read it: `1.2 GiB`.
pub(super) fn size(bytes: u64) -> String {
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // What would be rounded to 1024 of a unit is one of the next.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A size with the exact number, to sort by and to point at.
pub(super) fn sized(bytes: u64) -> Markup {
    html! { data value=(bytes) title={ (number(bytes)) " bytes" } { (size(bytes)) } }
}

/// `2026-02-03 02:10:22`.
pub(super) fn clock(time: i64) -> String {
    rfc3339(time).replace('T', " ").replace('Z', "")
}

/// A time with day.
pub(super) fn at(time: i64) -> Markup {
    html! { time datetime=(rfc3339(time)) { (clock(time)) } }
}

/// A time, without the day where it is the day of `near`.
pub(super) fn at_near(time: i64, near: i64) -> Markup {
    let (text, day) = (clock(time), clock(near));
    let short = match (text.split_once(' '), day.split_once(' ')) {
        (Some((this, hours)), Some((that, _))) if this == that => hours.to_owned(),
        _ => text,
    };
    html! { time datetime=(rfc3339(time)) { (short) } }
}

/// From one time to another, with the day once where it is the same.
pub(super) fn from_to(first: i64, last: i64) -> Markup {
    html! { (at(first)) @if last != first { " to " (at_near(last, first)) } }
}

/// How long, in the two largest units: `2 d 3 h`.
pub(super) fn span(seconds: i64) -> String {
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let some: Vec<String> = parts
        .iter()
        .skip_while(|(count, _)| *count == 0)
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if some.is_empty() {
        "0 s".to_owned()
    } else {
        some.join(" ")
    }
}

/// The class that gives a level its colour and its shape.
pub(super) const fn class(level: Level) -> &'static str {
    match level {
        Level::Critical => "l c4",
        Level::High => "l c3",
        Level::Medium => "l c2",
        Level::Low => "l c1",
        Level::Informational => "l c0",
    }
}

/// A level: its word, with its shape before it.
pub(super) fn level(level: Level) -> Markup {
    html! { span class=(class(level)) { (level.as_str()) } }
}

/// How a sentence names an entity: `by principal …`.
pub(super) fn by(entity: &Entity) -> Markup {
    let (before, kind) = match &*entity.kind {
        "principal" => ("by", "principal"),
        "credential" => ("with", "access key"),
        "account" => ("by", "account"),
        "address" => ("from", "address"),
        "network" => ("from", "network"),
        "bucket" => ("in", "bucket"),
        other => ("by", other),
    };
    html! { (before) " " (Text(kind)) " " (Name(&entity.name)) }
}

/// What is known of an address: `NL, AS64500 Example Hosting, EC2`.
pub(super) fn place(network: &Network) -> Option<String> {
    let parts = [
        network.country.clone(),
        match (network.asn, &network.owner) {
            (Some(number), Some(owner)) => Some(format!("AS{number} {owner}")),
            (Some(number), None) => Some(format!("AS{number}")),
            (None, owner) => owner.clone(),
        },
        network
            .service
            .as_ref()
            .map(|service| format!("AWS {service}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A place where somebody comes from, behind a name.
pub(super) fn behind(places: &[Network], address: &str) -> Markup {
    let known = places.iter().find(|place| place.address == address);
    html! {
        @if let Some(place) = known.and_then(place) { " " span.geo { "(" (Name(&place)) ")" } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit_that_fits() {
        for (bytes, text) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1.0 KiB"),
            (1_048_575, "1.0 MiB"),
            (1_288_490_189, "1.2 GiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn spans_have_two_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (3_600, "1 h"),
            (3_661, "1 h 1 min"),
            (90_000, "1 d 1 h"),
            (86_460, "1 d"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn days_stand_once() {
        let day = 1_770_084_000;
        assert_eq!(
            from_to(day, day + 60).into_string(),
            "<time datetime=\"2026-02-03T02:00:00Z\">2026-02-03 02:00:00</time> to \
             <time datetime=\"2026-02-03T02:01:00Z\">02:01:00</time>"
        );
        assert!(
            from_to(day, day + 86_400)
                .into_string()
                .contains(">2026-02-04 02:00:00<")
        );
        assert!(!from_to(day, day).into_string().contains(" to "));
    }

    #[test]
    fn texts_are_shown_and_cut() {
        let show = |text: &str| Text(text).render().into_string();
        assert_eq!(
            show("<b>\"'&\u{202E}\u{1b}\\xE9"),
            "&lt;b&gt;&quot;'&amp;\\u{202E}\\x1B\\xE9"
        );
        // A few more than the longest are not worth cutting.
        assert_eq!(show(&"x".repeat(LONGEST + 40)).len(), LONGEST + 40);
        assert!(show(&"x".repeat(LONGEST + 41)).ends_with("x… (and 41 more characters)"));
        let line = Line("use `a\n<b>` or\n ` alone").render().into_string();
        assert_eq!(line, "use `a &lt;b&gt;` or ` alone");
        let line = Line("use `a\n<b>` here").render().into_string();
        assert_eq!(line, "use <code>a &lt;b&gt;</code> here");
    }

    #[test]
    fn words_end_as_their_number_wants() {
        assert_eq!(many(1, "alert"), "1 alert");
        assert_eq!(many(1_200, "alert"), "1,200 alerts");
        assert_eq!(many(2, "address"), "2 addresses");
    }
}
