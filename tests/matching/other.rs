//! Another tool, `rsigma-eval`, finds in every shipped detection what we find.
//!
//! It gets every field of the log and every derived one, placeholders filled
//! from the same settings, and records drawn from the rule's own texts so that
//! they match, or nearly. Where it differs from Sigma 2.1.0, the specification
//! is followed and the corner left out here, by construction:
//!
//! * `neq` with several values: "The field is different from the specified
//!   values". It asks that the field differs from one of them, which is always
//!   so; here such an item becomes one item a value ([`filled`]).
//! * `neq` and `fieldref` on a null: null "is its own type and therefore shares
//!   no type with any other value". It finds a null different from any value,
//!   and the same as another null; such rules get no nulls ([`Seen`]).
//! * `base64offset`: "except the first and last byte the encoded values have a
//!   static part in the middle". It keeps a last letter that depends on what
//!   follows; such rules are left out ([`left_out`]).
//! * `'|all'` over keywords: "To have a and operator" for "keywords across an
//!   entire event". It wants values that are the keywords, and all in one value;
//!   such rules are left out ([`left_out`]).
//! * "Matching is done with * wildcards at arbitrary positions in the pattern":
//!   it reads one star of a selector; rules with more are left out
//!   ([`left_out`]).
//!
//! The specification leaves open: IPv4 addresses written as IPv6, which it does
//! not take for IPv4; numbers from 2^53, which it rounds; bytes that are not
//! UTF-8, which it cannot be given; what a letter with two lower-case letters
//! folds to. No record here has any of these.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use rsigma_eval::Engine;
use rsigma_eval::event::{Event, EventValue};
use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Modifier, SelectorPattern, SigmaRule, SigmaString,
    SigmaValue, StringPart,
};
use s3sentry::alert::Level;
use s3sentry::ioc::{List, Spec};
use s3sentry::record::{Field, Kind, time};
use s3sentry::rule::{Body, load};
use s3sentry::settings::Settings;

use super::chance::Chance;
use super::record::{Rec, record_of};
use super::twin::beside_ranges;
use super::{compile, matches};

/// How many records each rule is asked about.
const RECORDS: usize = 400;

/// Lists of the settings, with networks or without.
const LISTS: &[(&str, &[&str])] = &[
    (
        "trusted_networks",
        &["10.0.0.0/8", "192.0.2.0/24", "2001:db8:1::/48"],
    ),
    ("accounts", &["111122223333", "444455556666"]),
    ("trusted_accounts", &["777788889999"]),
    ("public_buckets", &["acme-site", "*-public"]),
    ("buckets", &["acme-*"]),
    ("log_buckets", &["acme-logs"]),
    ("watched_keys", &["index.html", "js/*.js"]),
    ("vpc_only_buckets", &["acme-lake", "acme-backup-*"]),
];

/// Of the addresses below, one on a list of each level.
const LISTED: [&str; 5] = [
    "10.1.2.3",
    "203.0.113.7",
    "192.168.0.9",
    "2001:db8:1::7",
    "2001:db8::1",
];

fn settings() -> Arc<Settings> {
    let lists: Vec<String> = LISTS
        .iter()
        .map(|(name, list)| format!("{name} = {list:?}"))
        .collect();
    let mut settings = Settings::parse(&lists.join("\n"), "s.toml".as_ref()).unwrap();
    let indicators = LISTED.iter().zip(Level::ALL).map(|(address, level)| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "{address}").unwrap();
        let spec = Spec {
            level,
            ..Spec::of(file.path().to_owned())
        };
        List::read(spec).unwrap()
    });
    settings.add_indicators(indicators.collect()).unwrap();
    Arc::new(beside_ranges(settings))
}

/// A record as the other tool sees it.
struct Seen<'r> {
    rec: &'r Rec,
    /// Whether a null is told from a field that is not there.
    nulls: bool,
    /// Whether the time is written as the tool reads it.
    time: bool,
}

impl Event for Seen<'_> {
    fn get_field(&self, path: &str) -> Option<EventValue<'_>> {
        let field = Field::from_name(path)?;
        if let Some(flag) = self.rec.flags.get(&field) {
            return Some(EventValue::Bool(*flag));
        }
        let Some(text) = self.rec.text(field) else {
            return self.nulls.then_some(EventValue::Null);
        };
        Some(match field.kind() {
            Kind::Number => EventValue::Int(text.parse().unwrap()),
            _ if self.time && field == Field::RequestTime => {
                let time = time::parse(text.as_bytes()).unwrap();
                EventValue::Str(Cow::Owned(time::rfc3339(time)))
            }
            _ => EventValue::Str(Cow::Owned(text)),
        })
    }

    /// Keywords are looked for in the whole line.
    fn any_string_value(&self, holds: &dyn Fn(&str) -> bool) -> bool {
        holds(&String::from_utf8_lossy(&self.rec.line))
    }

    fn all_string_values(&self) -> Vec<Cow<'_, str>> {
        vec![String::from_utf8_lossy(&self.rec.line)]
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}

/// Calls for every item of a detection.
fn items<'d>(detection: &'d Detection, call: &mut dyn FnMut(&'d DetectionItem)) {
    match detection {
        Detection::AllOf(all) => all.iter().for_each(call),
        Detection::AnyOf(parts) | Detection::And(parts) => {
            for part in parts {
                items(part, call);
            }
        }
        _ => {}
    }
}

/// In the order of their names.
fn detections(rule: &SigmaRule) -> impl Iterator<Item = &Detection> {
    let named: BTreeMap<_, _> = rule.detection.named.iter().collect();
    named.into_values()
}

fn any_item(rule: &SigmaRule, holds: impl Fn(&DetectionItem) -> bool) -> bool {
    let mut any = false;
    for detection in detections(rule) {
        items(detection, &mut |item| any |= holds(item));
    }
    any
}

fn left_out(rule: &SigmaRule) -> bool {
    let stars = |pattern: &String| pattern.trim_end_matches('*').contains('*');
    let mut open: Vec<&ConditionExpr> = rule.detection.conditions.iter().collect();
    while let Some(condition) = open.pop() {
        match condition {
            ConditionExpr::And(parts) | ConditionExpr::Or(parts) => open.extend(parts),
            ConditionExpr::Not(part) => open.push(part),
            ConditionExpr::Selector {
                pattern: SelectorPattern::Pattern(pattern),
                ..
            } if stars(pattern) => return true,
            _ => {}
        }
    }
    any_item(rule, |item| {
        item.field.name.is_none() || item.field.has_modifier(Modifier::Base64Offset)
    })
}

/// The rule with the lists of the settings in it, as any other tool would be
/// given it.
fn filled(rule: &SigmaRule) -> SigmaRule {
    let mut rule = rule.clone();
    let named = rule.detection.named.into_iter();
    rule.detection.named = named
        .map(|(name, mut detection)| {
            fill(&mut detection);
            (name, detection)
        })
        .collect();
    rule
}

fn fill(detection: &mut Detection) {
    match detection {
        Detection::AllOf(all) => {
            *all = all.iter().flat_map(filled_item).collect();
        }
        Detection::AnyOf(parts) | Detection::And(parts) => parts.iter_mut().for_each(fill),
        Detection::Keywords(values) => {
            for value in values {
                if let SigmaValue::Integer(number) = value {
                    *value = SigmaValue::from_raw_string(&number.to_string());
                }
            }
        }
        _ => {}
    }
}

fn filled_item(item: &DetectionItem) -> Vec<DetectionItem> {
    let mut item = item.clone();
    if item.field.has_modifier(Modifier::Expand) {
        item.field
            .modifiers
            .retain(|modifier| *modifier != Modifier::Expand);
        if item
            .values
            .iter()
            .any(|value| value.to_string() == "%trusted_networks%")
            && !item.field.has_modifier(Modifier::Cidr)
        {
            item.field.modifiers.push(Modifier::Cidr);
        }
        item.values = item.values.iter().flat_map(expanded).collect();
    }
    if !item.field.has_modifier(Modifier::Neq) {
        return vec![item];
    }
    let single = |value: &SigmaValue| DetectionItem {
        field: item.field.clone(),
        values: vec![value.clone()],
    };
    item.values.iter().map(single).collect()
}

fn expanded(value: &SigmaValue) -> Vec<SigmaValue> {
    let mut texts = vec![value.to_string()];
    for (name, list) in LISTS {
        let name = format!("%{name}%");
        texts = texts
            .iter()
            .flat_map(|text| {
                let entries = if text.contains(&name) { *list } else { &[""] };
                entries.iter().map(|entry| text.replace(&name, entry))
            })
            .collect();
    }
    assert!(
        texts.iter().all(|text| !text.starts_with('%')),
        "a list of the settings is missing in LISTS: {texts:?}"
    );
    let value = |text: &String| SigmaValue::String(SigmaString::new(text));
    texts.iter().map(value).collect()
}

/// Texts of a rule, by field; keywords are of none.
fn texts(rule: &SigmaRule) -> Vec<(Option<Field>, SigmaValue)> {
    let mut texts = Vec::new();
    for detection in detections(rule) {
        if let Detection::Keywords(values) = detection {
            texts.extend(values.iter().map(|value| (None, value.clone())));
        }
        items(detection, &mut |item| {
            let field = item.field.name.as_deref().and_then(Field::from_name);
            let cidr = item.field.has_modifier(Modifier::Cidr);
            texts.extend(
                item.values
                    .iter()
                    .filter(|_| !cidr)
                    .map(|value| (field, value.clone())),
            );
        });
    }
    texts
}

/// A text that the value means, or nearly.
fn near(chance: &mut Chance, value: &SigmaValue) -> String {
    let mut text = match value {
        SigmaValue::String(text) => {
            let part = |part: &StringPart| match part {
                StringPart::Plain(plain) => plain.clone(),
                StringPart::Special(_) => "x".to_owned(),
            };
            text.parts.iter().map(part).collect()
        }
        other => other.to_string(),
    };
    match chance.below(8) {
        0 => text = text.to_uppercase(),
        1 => text = text.to_lowercase(),
        2 => text.insert(0, 'x'),
        3 => text.push_str("/x"),
        4 => drop(text.pop()),
        _ => {}
    }
    text
}

fn plain(field: Field, chance: &mut Chance) -> &'static str {
    chance.of(match field {
        Field::BucketName => &["acme", "acme-site", "x-public", "acme-logs"][..],
        Field::RemoteIp => &[
            "10.1.2.3",
            "203.0.113.7",
            "192.168.0.9",
            "2001:db8:1::7",
            "2001:db8::1",
        ],
        Field::Requester => &[
            "arn:aws:iam::111122223333:user/Alice",
            "arn:aws:iam::123456789012:root",
            "arn:aws:sts::444455556666:assumed-role/Deploy/i-0abc",
            "arn:aws:sts::777788889999:assumed-role/x/y",
            "svc:s3.amazonaws.com",
            "svc:cloudfront.amazonaws.com",
        ],
        Field::Operation => &[
            "REST.GET.OBJECT",
            "REST.HEAD.OBJECT",
            "REST.PUT.OBJECT",
            "REST.DELETE.OBJECT",
            "REST.GET.BUCKET",
            "REST.HEAD.BUCKET",
            "REST.GET.BUCKETPOLICY",
            "REST.PUT.BUCKETPOLICY",
            "REST.PUT.ACL",
            "REST.COPY.OBJECT_GET",
            "REST.COPY.OBJECT",
            "BATCH.DELETE.OBJECT",
            "REST.PUT.LOGGING_STATUS",
            "REST.OPTIONS.PREFLIGHT",
            "S3.EXPIRE.OBJECT",
            "WEBSITE.GET.OBJECT",
        ],
        Field::HttpStatus => &["200", "204", "304", "307", "403", "404", "405", "503"],
        Field::ErrorCode => &[
            "AccessDenied",
            "NoSuchKey",
            "SignatureDoesNotMatch",
            "KMS.DisabledException",
            "SlowDown",
        ],
        Field::KeyName => &[
            ".env",
            ".git/config",
            "db/dump.sql.gz",
            "HOW_TO_DECRYPT.txt",
            "a/b.locked",
            "index.html",
            "acme-logs/2026-02-03-00-00-00-0123456789ABCDEF",
        ],
        Field::RequestUri => &[
            "GET /.git/config HTTP/1.1",
            "GET /a?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260203&X-Amz-Expires=604800 HTTP/1.1",
            "GET /a HTTP/1.1",
        ],
        Field::UserAgent => &["sqlmap/1.8", "aws-cli/2.15.30", "Mozilla/5.0"],
        Field::HostHeader => &[
            "acme.s3.eu-west-1.amazonaws.com",
            "drop-zone.s3.us-east-1.amazonaws.com",
            "s3.amazonaws.com",
        ],
        Field::SignatureVersion => &["SigV2", "SigV4"],
        Field::TlsVersion => &["TLSv1", "TLSv1.2"],
        Field::BytesSent | Field::ObjectSize | Field::TotalTime | Field::TurnAroundTime => {
            &["0", "17", "4096", "1073741824"]
        }
        Field::AuthenticationType => &["AuthHeader", "QueryString"],
        Field::AclRequired => &["Yes"],
        _ => &["a", "index.html", "logs/2026/x.gz", "X"],
    })
}

/// Whether a line can hold the text in this field.
fn fits(field: Field, text: &str) -> bool {
    let quoted = matches!(field, Field::RequestUri | Field::Referer | Field::UserAgent);
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || (quoted && byte == b' '));
    let form = match field {
        Field::RemoteIp => text.parse::<std::net::IpAddr>().is_ok(),
        Field::HttpStatus => text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit()),
        _ => field.kind() != Kind::Number || text.parse::<u32>().is_ok(),
    };
    plain && form && !text.contains('"') && (quoted || !text.is_empty())
}

#[test]
fn shipped_detections_match_what_rsigma_matches() {
    let settings = settings();
    let mut chance = Chance(2_026);
    let (mut all, mut alive) = (Vec::new(), Vec::new());
    for mut document in load(&[]).unwrap() {
        let Body::Detection(rule) = &document.body else {
            continue;
        };
        let (theirs, texts) = (filled(rule), texts(rule));
        if left_out(rule) {
            continue;
        }
        let label = document.label().to_owned();
        document.filters.clear();
        let ours = compile(&[document], &settings);
        let mut engine = Engine::new();
        engine
            .add_rule(&theirs)
            .unwrap_or_else(|error| panic!("{label}: {error}"));
        let has = |modifiers: &[Modifier]| {
            any_item(&theirs, |item| {
                modifiers.iter().any(|m| item.field.has_modifier(*m))
            })
        };
        let nulls = !has(&[Modifier::Neq, Modifier::FieldRef]);
        let time = has(&[
            Modifier::Minute,
            Modifier::Hour,
            Modifier::Day,
            Modifier::Week,
            Modifier::Month,
            Modifier::Year,
        ]);
        let value = |field: Field, chance: &mut Chance| {
            let own: Vec<&SigmaValue> = texts
                .iter()
                .filter(|(of, _)| of.is_none_or(|of| of == field))
                .map(|(_, value)| value)
                .collect();
            if !own.is_empty() && !chance.once_in(4) {
                let value = chance.of(&own);
                let text = near(chance, value);
                if fits(field, &text) {
                    return text.into_bytes();
                }
            }
            plain(field, chance).as_bytes().to_vec()
        };
        let mut matched = 0;
        for _ in 0..RECORDS {
            let rec = record_of(&mut chance, &settings, &value);
            let seen = Seen {
                rec: &rec,
                nulls,
                time,
            };
            let expected = !engine.evaluate(&seen).is_empty();
            let line = String::from_utf8_lossy(&rec.line);
            assert_eq!(matches(&ours, &rec.line), expected, "{label}\n{line}");
            matched += usize::from(expected);
        }
        if matched > 0 && matched < RECORDS {
            alive.push(label.clone());
        }
        all.push(label);
    }
    let dead: Vec<_> = all.iter().filter(|label| !alive.contains(label)).collect();
    assert!(
        alive.len() * 4 >= all.len() * 3,
        "{} of {} match nothing or all: {dead:?}",
        dead.len(),
        all.len()
    );
}
