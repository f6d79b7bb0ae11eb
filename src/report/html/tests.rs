//! Pages of reports made by hand.

mod samples;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::{MAX, html};
use crate::report::Report;

/// What stands between two texts, each time.
fn between<'p>(page: &'p str, open: &str, close: &str) -> Vec<&'p str> {
    let parts = page.split(open).skip(1);
    parts
        .map(|part| part.split(close).next().unwrap())
        .collect()
}

/// The words that a reader sees, without tags.
fn words(page: &str) -> String {
    const INLINE: [&str; 9] = [
        "a", "b", "bdi", "code", "data", "small", "span", "text", "time",
    ];
    let body = page.split_once("<body>").unwrap().1;
    let body = body.split_once("<script>").unwrap().0;
    let mut text = String::new();
    for part in body.split('<').skip(1) {
        let (tag, rest) = part.split_once('>').unwrap();
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/'])
            .next()
            .unwrap();
        if !INLINE.contains(&name) {
            text.push(' ');
        }
        text.push_str(rest);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn all() -> [(&'static str, Report); 6] {
    let hostile = hostile(&samples::rich(), HOSTILE[0]);
    [
        ("rich", samples::rich()),
        ("quiet", samples::quiet()),
        ("unknown", samples::unknown()),
        ("one", samples::one()),
        ("hostile", hostile),
        ("large", samples::large(40)),
    ]
}

#[test]
fn policy_allows_exactly_the_style_and_the_script() {
    for (name, report) in all() {
        let page = html(&report);
        let hash =
            |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
        let scripts = between(&page, "<script>", "</script>");
        let styles = between(&page, "<style>", "</style>");
        assert_eq!((scripts.len(), styles.len()), (1, 1), "{name}");
        let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
        assert_eq!(
            policy,
            [format!(
                "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; \
                 form-action 'none'",
                hash(scripts[0]),
                hash(styles[0]),
            )],
        );
        let head = page.split_once("<head>").unwrap().1;
        assert!(
            head.starts_with(
                "<meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\""
            )
        );
        for forbidden in [
            " style=",
            " onclick=",
            " onload=",
            " onerror=",
            "javascript:",
            " src=",
            "<iframe",
            "<form",
        ] {
            // Texts of a hostile log may well say so.
            assert!(
                name == "hostile" || !page.contains(forbidden),
                "{name}: {forbidden}"
            );
        }
    }
}

#[test]
fn every_section_is_there_in_order() {
    let page = html(&samples::rich());
    let sections = between(&page, "<section id=\"", "\"");
    assert_eq!(
        sections,
        [
            "changes",
            "incidents",
            "actors",
            "timeline",
            "where",
            "sure",
            "coverage",
            "next"
        ]
    );
    let links: Vec<&str> = between(&page, "<li><a href=\"#", "\"");
    for section in sections {
        assert!(links.contains(&section), "{section}");
    }
}

#[test]
fn what_links_point_at_is_there_once() {
    for (name, report) in all() {
        let page = html(&report);
        let mut ids = between(&page, " id=\"", "\"");
        let number = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), number, "{name}");
        for link in between(&page, " href=\"#", "\"") {
            assert!(ids.binary_search(&link).is_ok(), "{name}: #{link}");
        }
    }
}

#[test]
fn links_out_come_from_rules_and_nowhere_else() {
    let page = html(&samples::rich());
    let links: Vec<&str> = between(&page, " href=\"", "\"");
    let mut out: Vec<&&str> = links.iter().filter(|link| !link.starts_with('#')).collect();
    out.sort_unstable();
    out.dedup();
    assert_eq!(
        out,
        [
            &"data:,",
            &"https://attack.mitre.org/techniques/T1222/",
            &"https://attack.mitre.org/techniques/T1595/003",
            &"https://attack.mitre.org/techniques/T1619/",
            &"https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
        ]
    );
    assert_eq!(
        page.matches("href=\"https").count(),
        page.matches("rel=\"noopener noreferrer nofollow\"").count()
    );
    let page = html(&hostile(
        &samples::rich(),
        "https://evil.example/\" onclick=x",
    ));
    assert!(!page.contains("href=\"https"));
}

#[test]
fn the_verdict_names_the_worst_incident() {
    let text = words(&html(&samples::rich()));
    assert!(
        text.contains(
            "Somebody has to look at this now. critical Very many objects deleted by principal \
             arn:aws:iam::111122223333:user/backup-operator, 2026-02-03 02:09:38 to 03:18:40, at least 12,400 \
             requests, 44.9 GiB sent; 7 alerts of 4 rules. There are 45 other incidents."
        ),
        "{}",
        &text[..900]
    );
    assert!(text.contains("5 hours are without any record"));
    assert!(text.contains("2026-02-01 00:00:12 to 2026-02-05 23:59:29"));
}

#[test]
fn small_reports_say_what_they_mean() {
    let text = words(&html(&samples::unknown()));
    assert!(text.contains("Nothing is known: no record was read."));
    assert!(text.contains("There was nothing new to read."));
    assert!(!text.contains("Nothing to worry about"));
    assert!(text.contains("Nobody knows: no record was read."));
    assert!(!text.contains("No rule fired") && !text.contains("No hour is without records"));
    let mut malformed = samples::unknown();
    malformed.coverage.lines = 12;
    malformed.coverage.malformed = 12;
    let text = words(&html(&malformed));
    assert!(
        text.contains(
            "There were 12 lines, and 12 of them are no records of S3 server access logs."
        )
    );

    let mut quiet = samples::quiet();
    let text = words(&html(&quiet));
    assert!(
        text.contains("Nothing to worry about. 58 rules looked at"),
        "{}",
        &text[..600]
    );
    assert!(text.contains(
        "requests to 5 buckets, 2026-02-01 00:00:12 to 2026-02-05 23:59:29. None of them fired."
    ));
    quiet
        .verdict
        .doubts
        .push("17 records came too late.".to_owned());
    let text = words(&html(&quiet));
    assert!(text.contains("Nothing was found, but not everything could be looked at."));
    assert!(!text.contains("Nothing to worry about"));

    let text = words(&html(&samples::one()));
    assert!(text.contains(
        "Somebody should look at this today. medium Many missing keys asked for by a stranger in bucket acme-web-assets"
    ));
    assert!(!text.contains("other incident"));
}

#[test]
fn counts_stand_beside_what_rules_want() {
    let text = words(&html(&samples::rich()));
    assert!(
        text.contains("4,133 requests, 1,180 different wants at least 1,000 records in 10m"),
        "{}",
        &text[..600]
    );
    assert!(text.contains("48,213,000,111 in the hour of 2026-02-03 02:00:00; usual are 1,022,120,000 ± 102,212,000 (14 days)"));
    assert!(text.contains("On list tor-exits: 203.0.113.0/24 (remote_ip)"));
}

/// Texts that mean something to a browser, a terminal or an eye.
const HOSTILE: [&str; 8] = [
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>' onmouseover='alert(1)",
    "</style><style>*{display:none}</style>",
    "</title><!--",
    "]]><![CDATA[&lt;b&gt;&#x3c;b>",
    "gpj.\u{202E}exe\u{2066}\u{200B}\u{FEFF}",
    "\u{1b}[31m\0\u{7}\r\n\t\u{9b}2J",
    "javascript:alert(1)//<a href=https://evil.example>`<b>`",
];

/// The report with a text in place of, and behind, every text in it.
fn hostile(report: &Report, text: &str) -> Report {
    fn change(value: &mut serde_json::Value, name: &str, text: &str) {
        match value {
            serde_json::Value::String(old) => {
                let word = ["level", "worst", "attention"].contains(&name);
                let time = old.len() == 20 && old.ends_with('Z') && old.starts_with("2026");
                if name == "rule"
                    || name == "rules"
                    || name == "id"
                    || name == "continues"
                    || name == "incidents"
                {
                    old.push_str(text);
                } else if !word && !time {
                    *old = format!("{text}{old}");
                }
            }
            serde_json::Value::Array(items) => {
                for item in items {
                    change(item, name, text);
                }
            }
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    change(value, name, text);
                }
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(report).unwrap();
    change(&mut value, "", text);
    serde_json::from_value(value).unwrap()
}

/// The names of all elements and attributes of a page. Good for pages that `maud`
/// made: every `<` begins a tag there unless a text got out.
fn vocabulary(page: &str) -> std::collections::BTreeSet<String> {
    let page = page.replace(between(page, "<script>", "</script>")[0], "");
    let page = page.replace(between(&page, "<style>", "</style>")[0], "");
    let mut names = std::collections::BTreeSet::new();
    for tag in page.split('<').skip(1) {
        let tag = tag.split_once('>').expect("a tag that ends").0;
        let parts: Vec<&str> = tag.split('"').collect();
        for part in parts.iter().step_by(2) {
            names.extend(part.split_whitespace().map(str::to_owned));
        }
        assert!(parts.len() % 2 == 1, "quotes in pairs: {tag}");
    }
    names
}

#[test]
fn texts_of_the_log_stay_texts() {
    let plain = vocabulary(&html(&samples::rich()));
    for text in HOSTILE {
        let page = html(&hostile(&samples::rich(), text));
        let foreign: Vec<String> = vocabulary(&page).difference(&plain).cloned().collect();
        assert!(foreign.is_empty(), "{text:?}: {foreign:?}");
        let hidden = |char: &char| {
            matches!(char, '\0'..='\u{9}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        };
        assert_eq!(page.chars().find(hidden), None, "{text:?}");
    }
    let text = words(&html(&hostile(&samples::rich(), HOSTILE[5])));
    assert!(text.contains("gpj.\\u{202E}exe\\u{2066}\\u{200B}\\u{FEFF}acme-backups"));
}

#[test]
fn long_texts_are_cut_and_say_so() {
    let report = hostile(&samples::one(), &"\u{e4}".repeat(65_536));
    let page = html(&report);
    assert!(page.len() < 600_000, "{}", page.len());
    assert!(page.contains("\u{e4}… (and 65,1"), "no mark of the cut");
}

#[test]
fn large_reports_stay_small_pages() {
    // Somewhat more than a collector leaves: a report of 4 MiB.
    let report = samples::large(250);
    let json = serde_json::to_vec(&report).unwrap().len();
    assert!(json > 4 << 20, "{json}");
    let page = html(&report);
    assert!(page.len() <= MAX, "{}", page.len());
    assert_eq!(page.matches("<article class=\"inc\">").count(), 250);
    assert!(page.contains("log line"), "evidence is there");

    // What has no room at all is counted.
    let page = html(&samples::large(400));
    assert!(page.len() <= MAX, "{}", page.len());
    assert_eq!(page.matches("<article class=\"inc\">").count(), 250);
    assert!(words(&page).contains("191 further incidents with 1,577 alerts"));
    let page = html(&hostile(&samples::large(30), &"<\u{202E}".repeat(300)));
    assert!(page.len() <= MAX, "{}", page.len());
}

#[test]
#[ignore = "writes pages to look at, in target/pages"]
fn pages_to_look_at() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, report) in all() {
        std::fs::write(folder.join(format!("{name}.html")), html(&report)).unwrap();
    }
}
