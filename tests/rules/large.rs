//! Rules that are large and good, or that only compiling can refuse: done
//! soon, whatever they hold.

use std::sync::Arc;
use std::time::{Duration, Instant};

use s3sentry::alert::Level;
use s3sentry::rule::{compile, load};
use s3sentry::settings::Settings;

use super::{alone, spoilt};

/// A selection of many values under this key.
fn many(key: &str, count: usize) -> String {
    let values = (0..count).map(|n| format!("\"v{n}\"")).collect::<Vec<_>>();
    let values = values.join(",");
    let selection = match key {
        "" => format!("[{values}]"),
        key => format!("{{\"{key}\": [{values}]}}"),
    };
    spoilt(
        "condition: sel\n",
        &format!("s: {selection}\n  condition: s or sel\n"),
    )
}

/// Rules that are large and good, or that compiling refuses.
fn large() -> Vec<(&'static str, String, Option<&'static str>)> {
    let repeated = |text: &str, count: usize| vec![text; count].join(" or ");
    vec![
        ("keywords", many("", 10_000), None),
        ("keywords, all", many("|all", 10_000), None),
        ("contains", many("key_name|contains", 10_000), None),
        ("startswith", many("key_name|startswith", 10_000), None),
        (
            "wildcards",
            many("key_name", 5_000).replace("\"v", "\"v*"),
            None,
        ),
        (
            "base64offset",
            many("key_name|wide|base64offset|contains", 5_000),
            None,
        ),
        ("unequal", many("key_name|neq", 10_000), None),
        (
            "long texts",
            many("key_name", 200).replace("\"v", &format!("\"{}", "vé".repeat(1_300))),
            None,
        ),
        (
            "long texts within",
            many("key_name|contains", 200).replace("\"v", &format!("\"{}", "vé".repeat(1_300))),
            None,
        ),
        (
            "many stars",
            many("key_name", 20).replace("\"v", &format!("\"{}", "*?".repeat(1_200))),
            None,
        ),
        (
            "one large selection again and again",
            many("key_name", 8_000).replace(
                "condition: s or",
                &format!("condition: {} or", repeated("s", 40)),
            ),
            Some(
                "r.yml:10:3: the condition compares with more than 200000 values: name a selection once",
            ),
        ),
        (
            "lists in a list's place",
            spoilt(
                "http_status|gte: 400",
                &format!("key_name|expand: \"{}\"", "%public_buckets%".repeat(4)),
            ),
            Some("r.yml:6:3: the placeholders come to more than 100000 texts"),
        ),
    ]
}

#[test]
fn large_rules_compile_soon() {
    let _alone = alone();
    let names: Vec<String> = (0..100).map(|n| format!("'b{n}'")).collect();
    let settings = format!("public_buckets = [{}]", names.join(","));
    let settings = Arc::new(Settings::parse(&settings, "s.toml".as_ref()).unwrap());
    for (name, text, expected) in large() {
        let (mut found, mut took) = (None, Duration::MAX);
        for _ in 0..5 {
            let start = Instant::now();
            let documents = load::read("r.yml", text.as_bytes());
            let set = documents.and_then(|d| compile(&d, &settings, Level::Informational));
            found = set.err().map(|errors| errors[0].to_string());
            took = took.min(start.elapsed());
            if took < Duration::from_millis(500) {
                break;
            }
        }
        println!("{took:>12.1?} {name}");
        assert_eq!(found.as_deref(), expected, "{name}");
        assert!(took < super::TOO_LONG, "{name} took {took:?}");
    }
}
