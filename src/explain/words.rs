//! A rule's own parts in plain words: tests, comparisons, timespans.
//!
//! Words come from the checked document, not from what it was compiled to:
//! there the names are gone. No record enters here.

use rsigma_parser::{
    ConditionOperator, Detection, DetectionItem, Detections, Modifier, SigmaValue,
};

use crate::record::Field;
use crate::rule::document::{Aggregate, Correlation, Kind, NewValue, Threshold, Usual};
use crate::settings::Settings;
use crate::text::words::grouped;

/// Values of one test that are named; the others are counted.
const VALUES: usize = 8;

/// How field and value are compared, by the modifier that says so.
const VERBS: &[(Modifier, &str)] = &[
    (Modifier::FieldRef, "is the value of"),
    (Modifier::Contains, "contains"),
    (Modifier::StartsWith, "begins with"),
    (Modifier::EndsWith, "ends with"),
    (Modifier::Re, "matches"),
    (Modifier::Cidr, "is in"),
    (Modifier::Gt, "is more than"),
    (Modifier::Gte, "is at least"),
    (Modifier::Lt, "is less than"),
    (Modifier::Lte, "is at most"),
    (Modifier::Neq, "is there and is not"),
    (Modifier::Expand, "is in"),
];

/// `error_code is AccessDenied or NotSignedUp`.
pub fn item(item: &DetectionItem, settings: &Settings) -> String {
    let name = item.field.name.as_deref();
    if item.field.has_modifier(Modifier::Exists) {
        let name = name.unwrap_or_default();
        return match item.values[..] {
            [SigmaValue::Bool(false)] => format!("{name} is not there"),
            _ => format!("{name} is there"),
        };
    }
    let own = |modifier: &&(Modifier, &str)| item.field.has_modifier(modifier.0);
    let verb = VERBS.iter().find(own);
    let verb_name = match (name, verb) {
        (_, Some((_, verb))) => verb,
        (Some(_), None) => "is",
        (None, None) => "contains",
    };
    // What the verb does not say stands behind it, in Sigma's own words.
    let rest: Vec<String> = item
        .field
        .modifiers
        .iter()
        .filter(|modifier| {
            verb.is_none_or(|(known, _)| known != *modifier)
                && !matches!(modifier, Modifier::All | Modifier::Expand)
        })
        .map(|modifier| format!("{modifier:?}").to_lowercase())
        .collect();
    let rest = match &rest[..] {
        [] => String::new(),
        words => format!(" ({})", words.join(", ")),
    };
    let expand = item.field.has_modifier(Modifier::Expand);
    let values = item.values.iter().map(|value| match value {
        SigmaValue::String(text) if expand => list(&text.original, settings),
        other => self::value(other),
    });
    let all = item.field.has_modifier(Modifier::All);
    let values = several(values, if all { "and" } else { "or" });
    format!("{} {verb_name}{rest} {values}", name.unwrap_or("the line"))
}

/// A list of the settings, with what is known of it.
fn list(text: &str, settings: &Settings) -> String {
    let name = text
        .strip_prefix('%')
        .and_then(|name| name.strip_suffix('%'));
    let Some(name) = name else {
        return text.to_owned();
    };
    match settings.lists.get(name) {
        Some(origin) => format!("{text} ({})", counted(origin.entries as u64, "entry")),
        None if name == "trusted_networks" && settings.trusted_networks.is_some() => {
            text.to_owned()
        }
        None => format!("{text} (not set)"),
    }
}

fn value(value: &SigmaValue) -> String {
    match value {
        SigmaValue::String(text) if has_bounds(&text.original) => text.original.clone(),
        SigmaValue::String(text) => format!("\"{}\"", text.original),
        SigmaValue::Integer(number) => number.to_string(),
        SigmaValue::Float(number) => number.to_string(),
        SigmaValue::Bool(flag) => flag.to_string(),
        SigmaValue::Null => "null".to_owned(),
    }
}

/// Whether it is plain where a value begins and ends in a sentence, without
/// quotes around it.
fn has_bounds(value: &str) -> bool {
    let unclear = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '*' | '?' | '"');
    !value.is_empty() && !value.contains(unclear)
}

/// `a, b or c`; of many the first, and how many more.
pub fn several(all: impl ExactSizeIterator<Item = String>, word: &str) -> String {
    let total = all.len();
    let mut named: Vec<String> = all.take(VALUES).collect();
    if total > VALUES {
        named.push(format!("{} more", total - VALUES));
    }
    match named.pop() {
        None => "nothing".to_owned(),
        Some(last) if named.is_empty() => last,
        Some(last) => format!("{} {word} {last}", named.join(", ")),
    }
}

/// A whole selection on one line.
pub fn selection(part: &Detection, settings: &Settings) -> String {
    // A comma, where a part is a list itself.
    let each = |parts: Vec<String>, word: &str| match &parts[..] {
        [one] => one.clone(),
        _ if parts
            .iter()
            .any(|part| part.contains(", ") || part.contains(" or ")) =>
        {
            parts.join(&format!(", {word} "))
        }
        _ => parts.join(&format!(" {word} ")),
    };
    match part {
        Detection::AllOf(items) => {
            let items = items.iter().map(|item| self::item(item, settings));
            each(items.collect(), "and")
        }
        Detection::And(parts) => {
            let parts = parts.iter().map(|part| selection(part, settings));
            each(parts.collect(), "and")
        }
        Detection::AnyOf(parts) => {
            let parts = parts.iter().map(|part| selection(part, settings));
            parts.collect::<Vec<_>>().join("; or ")
        }
        Detection::Keywords(values) => {
            let values = values.iter().map(value);
            format!("the line contains {}", several(values, "or"))
        }
        _ => "something that s3sentry does not know".to_owned(),
    }
}

/// What a detection wants, as the rule file says it.
pub fn condition(detections: &Detections) -> String {
    if detections.condition_strings.is_empty() {
        let conditions = detections.conditions.iter().map(ToString::to_string);
        return several(conditions.collect::<Vec<_>>().into_iter(), "or");
    }
    several(detections.condition_strings.iter().cloned(), "or")
}

/// `at least 20`, `at least 2 and at most 3`.
pub fn threshold(threshold: &Threshold) -> String {
    let words = |operator: &ConditionOperator| match operator {
        ConditionOperator::Lt => "less than",
        ConditionOperator::Lte => "at most",
        ConditionOperator::Gt => "more than",
        ConditionOperator::Gte => "at least",
        ConditionOperator::Eq => "exactly",
        ConditionOperator::Neq => "not",
    };
    let parts = threshold.predicates.iter();
    let parts: Vec<String> = parts
        .map(|(operator, number)| format!("{} {}", words(operator), grouped(*number)))
        .collect();
    parts.join(" and ")
}

/// What a correlation itself asks for: `at least 20 records in 5m`. `counted` is
/// what it counts: records, or firings.
pub fn own(block: &Correlation, counted: &str) -> String {
    let span = span(block.timespan);
    if block.kind != Kind::Temporal {
        return format!(
            "{} in {span}",
            measure(block.kind, &block.condition, counted)
        );
    }
    if block.condition.predicates == [(ConditionOperator::Gte, 1)] {
        let rules = several(block.rules.iter().cloned(), "or");
        return format!("anything of {rules} in {span}");
    }
    let rules = several(block.rules.iter().cloned(), "and");
    if block.condition.predicates.is_empty() {
        return format!("something of each of {rules} in {span}");
    }
    let threshold = threshold(&block.condition);
    format!("something of {threshold} of {rules} in {span}")
}

/// What a further aggregate asks for.
pub fn aggregate(aggregate: &Aggregate, timespan: i64, settings: &Settings) -> String {
    let text = measure(aggregate.kind, &aggregate.condition, "records");
    let span = span(aggregate.timespan.unwrap_or(timespan));
    match &aggregate.selection {
        None => format!("{text} in {span}"),
        Some(detections) => {
            let selection = only_selection(detections, settings);
            format!("{text} in {span} where {selection}")
        }
    }
}

/// `in an hour of at least 10 times its usual`, and what counts where that is
/// not known.
pub fn usual(usual: Usual) -> String {
    let times = grouped(usual.times);
    let hours = match usual.hours {
        1 => format!("in an hour of at least {times} times its usual"),
        hours => format!("with {hours} hours of at least {times} times their usual"),
    };
    match usual.otherwise {
        Some(least) => format!(
            "{hours} (at least {} where that is not known)",
            grouped(least)
        ),
        None => hours,
    }
}

/// `host_bucket is new in its bucket_name`.
pub fn new_value(new: &NewValue) -> String {
    let names = |fields: &[Field]| {
        let names: Vec<String> = fields.iter().map(|field| field.name().to_owned()).collect();
        several(names.into_iter(), "and")
    };
    let are = match new.fields.len() {
        1 => "is new",
        _ => "are new together",
    };
    let fields = names(&new.fields);
    match &new.group_by[..] {
        [] => format!("{fields} {are}"),
        group => format!("{fields} {are} in its {}", names(group)),
    }
}

/// The selection of an aggregate, which is the only one of its detection.
pub fn only_selection(detections: &Detections, settings: &Settings) -> String {
    let mut parts: Vec<_> = detections.named.iter().collect();
    parts.sort_by_key(|(name, _)| name.as_str());
    let parts = parts.into_iter().map(|(_, part)| selection(part, settings));
    parts.collect::<Vec<_>>().join(" and ")
}

fn measure(kind: Kind, condition: &Threshold, counted: &str) -> String {
    let threshold = threshold(condition);
    let field = condition.field.as_deref().unwrap_or_default();
    let percentile = condition.percentile.unwrap_or_default();
    match kind {
        Kind::EventCount if condition.predicates.iter().any(|(_, number)| *number == 1) => {
            format!("{threshold} {}", counted.trim_end_matches('s'))
        }
        Kind::EventCount => format!("{threshold} {counted}"),
        Kind::ValueCount => format!("{threshold} different values of {field}"),
        Kind::ValueSum => format!("a sum of {field} of {threshold}"),
        Kind::ValueAvg => format!("an average {field} of {threshold}"),
        Kind::ValuePercentile => format!("a percentile {percentile} of {field} of {threshold}"),
        // These have words of their own.
        Kind::Temporal | Kind::TemporalOrdered => threshold,
    }
}

/// `5m`, as rules write it.
#[must_use]
pub fn span(seconds: i64) -> String {
    const UNITS: [(i64, char); 3] = [(86_400, 'd'), (3_600, 'h'), (60, 'm')];
    let whole = |(unit, _): &&(i64, char)| seconds > 0 && seconds % unit == 0;
    match UNITS.iter().find(whole) {
        Some((unit, letter)) => format!("{}{letter}", seconds / unit),
        None => format!("{seconds}s"),
    }
}

/// `1 record`, `2 records`, `3 entries`.
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(selection: &str) -> String {
        let rule = format!(
            "title: a\nname: a\nlogsource: {{product: aws, service: s3_server_access}}\n\
             detection: {{sel: {selection}, condition: sel}}\n"
        );
        let documents = crate::rule::load::read("r.yml", rule.as_bytes()).unwrap();
        let crate::rule::Body::Detection(rule) = &documents[0].body else {
            panic!("a detection");
        };
        super::selection(&rule.detection.named["sel"], &Settings::default())
    }

    #[test]
    fn tests_are_read_aloud() {
        for (selection, expected) in [
            ("{error_code: A}", "error_code is A"),
            ("{error_code: [A, B, C]}", "error_code is A, B or C"),
            ("{error_code: null}", "error_code is null"),
            ("{referer: ''}", "referer is \"\""),
            (
                "{key_name: ['*.env', 'a b', .git/]}",
                "key_name is \"*.env\", \"a b\" or .git/",
            ),
            ("{http_status|gte: 400}", "http_status is at least 400"),
            (
                "{key_name|contains|all: [a, b], ok: true}",
                "key_name contains a and b and ok is true",
            ),
            (
                "{error_code: [A, B], ok: true}",
                "error_code is A or B, and ok is true",
            ),
            (
                "{key_name|endswith|cased: .SQL}",
                "key_name ends with (cased) .SQL",
            ),
            ("{key_name|re|i: 'a+'}", "key_name matches (ignorecase) a+"),
            (
                "{remote_ip|cidr: 192.0.2.0/24}",
                "remote_ip is in 192.0.2.0/24",
            ),
            ("{version_id|exists: false}", "version_id is not there"),
            ("{operation|neq: A}", "operation is there and is not A"),
            (
                "{bucket_name|expand: '%public_buckets%'}",
                "bucket_name is in %public_buckets% (not set)",
            ),
            (
                "[{ok: true}, {website: true}]",
                "ok is true; or website is true",
            ),
            (
                "{error_code: [A, B, C, D, E, F, G, H, I, J]}",
                "error_code is A, B, C, D, E, F, G, H or 2 more",
            ),
        ] {
            assert_eq!(words(selection), expected);
        }
    }

    #[test]
    fn timespans_are_as_short_as_rules_write_them() {
        let spans = [90, 300, 3600, 5400, 172_800].map(span);
        assert_eq!(spans, ["90s", "5m", "1h", "90m", "2d"]);
    }

    #[test]
    fn what_rests_on_a_baseline_is_read_aloud() {
        let asked = |hours, otherwise| {
            usual(Usual {
                times: 10,
                hours,
                otherwise,
            })
        };
        assert_eq!(
            asked(1, Some(100_000)),
            "in an hour of at least 10 times its usual (at least 100,000 where that is not known)"
        );
        assert_eq!(
            asked(5, None),
            "with 5 hours of at least 10 times their usual"
        );
        let new = |fields: &[Field], group: &[Field]| {
            new_value(&NewValue {
                fields: fields.to_vec(),
                group_by: group.to_vec(),
                learn: None,
                memory: None,
            })
        };
        assert_eq!(
            new(&[Field::HostBucket], &[Field::BucketName]),
            "host_bucket is new in its bucket_name"
        );
        assert_eq!(
            new(&[Field::Principal, Field::KeyTier], &[]),
            "principal and key_tier are new together"
        );
    }
}
