//! Three weeks of a company: two are learned, and what is planted in the third
//! is found, with all settings and with none; hardly anything else is.

#![allow(clippy::unwrap_used)]

mod generated;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, Weak};

use s3sentry::alert::Level;
use s3sentry::baseline::known::Mode;
use s3sentry::baseline::{self, Baseline};
use s3sentry::pipeline::{self, Options, Span};
use s3sentry::rule::missing::BASELINE;
use s3sentry::rule::{self, RuleSet};
use s3sentry::settings::Settings;
use s3sentry::sink::{self, Format};
use s3sentry::source::{Options as ReadOptions, Sources, Spec};
use serde_json::Value;

use crate::generated::{Found, Written, matters, planted, raised, raises_too, text};

/// From a Monday on.
const ARGUMENTS: &str = "--start 2026-02-02T00:00:00Z --duration 21d --rhythm week --changes \
                         --attacks learned --lines 330000 --seed 5";

/// Where the second week begins, and the third.
const SECOND: &str = "2026-02-09T00:00:00Z";
const THIRD: &str = "2026-02-16T00:00:00Z";

/// The most alerts of the third week that somebody looks at in vain.
const IN_VAIN: usize = 3;

/// One log for the tests that run at once; the last one removes it.
fn weeks() -> Arc<Written> {
    static LOG: Mutex<Weak<Written>> = Mutex::new(Weak::new());
    let mut log = LOG.lock().unwrap();
    log.upgrade().unwrap_or_else(|| {
        let arguments: Vec<&str> = ARGUMENTS.split_whitespace().collect();
        let written = Arc::new(Written::new(&arguments));
        *log = Arc::downgrade(&written);
        written
    })
}

/// The built-in rules under these settings, with a baseline or without.
fn compiled(settings: Settings, learns: bool) -> Arc<RuleSet> {
    let documents = rule::load(&[]).unwrap();
    let (settings, level) = (Arc::new(settings), Level::Informational);
    let set = if learns {
        let options = baseline::Options::default();
        rule::compile_with_baseline(&documents, &settings, level, options)
    } else {
        rule::compile(&documents, &settings, level)
    };
    Arc::new(set.unwrap())
}

/// What one run over a log raises; with rules that learn it does so all the while.
fn scan(log: &Written, set: &Arc<RuleSet>) -> BTreeSet<Found> {
    let log = Spec::Path(log.file("access.log"));
    let mut sources = Sources::open(vec![log], ReadOptions::default());
    let lateness = sources.lateness();
    let lessons = set.learn().map(|learn| Arc::clone(learn.lessons()));
    let mut baseline = lessons.map(|lessons| Baseline::new(lessons, Mode::Learn, lateness));
    let options = Options {
        span: Span::default(),
        lateness,
        max_state: 256 << 20,
    };
    let mut text = Vec::new();
    let mut sink = sink::alerts(
        Format::Ndjson,
        Box::new(&mut text),
        sink::Options::default(),
    );
    pipeline::run_beside::<std::io::Error>(
        &mut sources,
        set,
        options,
        baseline.as_mut(),
        |alert, _| alert.map_or(Ok(()), |alert| sink.alert(&alert)),
    )
    .unwrap();
    sink.finish().unwrap();
    drop(sink);
    assert!(sources.problems().is_empty());
    raised(std::str::from_utf8(&text).unwrap())
}

/// Names of the rules that cannot work without a baseline, whatever the settings.
fn learning(settings: Settings) -> BTreeSet<String> {
    let set = compiled(settings, false);
    let lacks = set.rules.iter().filter(|rule| {
        let missing = rule.unworkable.as_ref();
        missing.is_some_and(|missing| missing.lacks(BASELINE))
    });
    lacks.map(|rule| rule.info.name.clone()).collect()
}

/// Whether an attack raises this beside what it is planted for, on its own days.
fn explains(attack: &Value, alert: &Found) -> bool {
    let day = |time: &str| time[..10].to_owned();
    let (first, last) = (day(&text(&attack["first"])), day(&text(&attack["last"])));
    (first..=last).contains(&day(&alert.4)) && raises_too(attack, alert)
}

/// What is planted in a log, and found with all settings or with none.
fn truth(log: &Written, all: bool) -> Vec<Value> {
    let needs_lists = |attack: &Value| {
        let needs = attack["needs"].as_array().into_iter().flatten();
        needs.into_iter().any(|need| need != BASELINE)
    };
    let mut truth = log.truth();
    truth.retain(|attack| all || !needs_lists(attack));
    assert!(!truth.is_empty());
    truth
}

/// Runs over the weeks; `vain` are rules, and how often they are raised in the
/// third week for want of a list.
fn check(all: bool, vain: &[(&str, usize)]) {
    let log = weeks();
    let own = || Settings::read(&log.file("s3sentry.toml")).unwrap();
    let settings = if all { own() } else { Settings::default() };
    let found = scan(&log, &compiled(settings, true));
    let truth = truth(&log, all);
    let wanted = planted(&truth);
    let missed: Vec<_> = wanted.difference(&found).collect();

    let mut in_vain: Vec<&Found> = found
        .difference(&wanted)
        .filter(|alert| matters(alert) && alert.3.as_str() >= THIRD)
        .filter(|alert| !truth.iter().any(|attack| explains(attack, alert)))
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for alert in &in_vain {
        *counts.entry(&alert.0).or_default() += 1;
    }
    let told: Vec<(&str, usize)> = vain
        .iter()
        .map(|(rule, _)| (*rule, counts.get(rule).copied().unwrap_or_default()))
        .collect();
    in_vain.retain(|alert| vain.iter().all(|(rule, _)| alert.0 != *rule));

    let mut third: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for alert in found.iter().filter(|alert| alert.3.as_str() >= THIRD) {
        *third.entry((&alert.1, &alert.0)).or_default() += 1;
    }
    assert!(missed.is_empty(), "not found: {missed:#?}");
    assert!(
        in_vain.len() <= IN_VAIN,
        "raised in vain: {in_vain:#?}, of {third:#?}"
    );
    assert_eq!(told, vain);

    let learning = learning(own());
    let early = found
        .iter()
        .filter(|alert| learning.contains(&alert.0) && alert.3.as_str() < SECOND);
    let early: Vec<_> = early.collect();
    assert!(early.is_empty(), "before anything is learned: {early:#?}");
}

#[test]
fn with_all_settings() {
    check(true, &[]);
}

/// `benches/README.md` says what would mend each.
#[test]
fn with_no_settings() {
    check(
        false,
        &[
            ("anonymous-read", 7),
            ("bad-credentials", 3),
            ("bad-credentials-success", 1),
        ],
    );
}

/// The attacks alone, and what their callers do every day: nobody sees them who
/// has neither lists nor learned anything.
#[test]
fn with_neither_settings_nor_baseline() {
    let arguments = "--start 2026-02-02T00:00:00Z --duration 21d --rhythm week --no-decoys \
                     --attacks learned --lines 40000 --seed 6";
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let log = Written::new(&arguments);
    let planted = planted(&truth(&log, false));
    let seen = |set| -> BTreeSet<Found> {
        let found = scan(&log, &set);
        found.intersection(&planted).cloned().collect()
    };
    assert_eq!(seen(compiled(Settings::default(), true)), planted);
    let seen = seen(compiled(Settings::default(), false));
    assert!(seen.is_empty(), "{seen:#?}");
}
