//! What a report tells of a handful of alerts.

use super::*;
use crate::report::model::{Attention, Entity};

const HOST: (&str, &[u8]) = ("remote_host", b"192.0.2.1");

/// A night: guesses at a bucket, then a read, and the next morning more of it.
fn night() -> Vec<Alert> {
    let evening = DAY_ONE + 22 * 3_600;
    let both = [HOST, ("bucket_name", &b"acme-hr"[..])];
    let guesses = Alert {
        count: 40,
        summary: b"192.0.2.1 guessed 40 keys; token=deadbeef".to_vec(),
        evidence: vec![line("acme-hr", "a.sql", "192.0.2.1", 404)],
        ..alert(1, "guess-low", Level::Low, &both, evening)
    };
    let read = Alert {
        count: 2,
        evidence: vec![line("acme-hr", "a.sql", "192.0.2.1", 200)],
        ..alert(2, "guess-success", Level::High, &[HOST], evening + 3_600)
    };
    let more = Alert {
        count: 90,
        ..alert(3, "guess-high", Level::High, &both, evening + 5)
    };
    let again = Alert {
        count: 7,
        ..alert(4, "guess", Level::Medium, &[HOST], DAY_ONE + DAY + 3_600)
    };
    let nobody = alert(5, "odd", Level::Low, &[("user_agent", b"x")], evening);
    vec![guesses, read, more, again, nobody]
}

#[test]
fn a_night_is_told_worst_first() {
    let report = report(&night());
    adds_up(&report);
    assert_eq!(report.verdict.attention, Attention::Now);
    assert_eq!(report.verdict.incidents, 2);
    assert_eq!(report.verdict.levels.high, 2);
    assert_eq!(report.verdict.worst, Some(Level::High));
    let [first, second] = &report.incidents[..] else {
        panic!("two incidents: {:?}", report.incidents);
    };
    let host = Entity {
        kind: "address".to_owned(),
        name: "192.0.2.1".to_owned(),
    };
    assert_eq!(
        (&first.entity, first.alerts, first.requests),
        (&host, 3, 90)
    );
    let evening = DAY_ONE + 22 * 3_600;
    assert_eq!((first.first, first.last), (evening - 60, evening + 3_660));
    assert_eq!(first.continues, None);
    assert_eq!(second.continues.as_ref(), Some(&first.id));
    assert_eq!(first.buckets.names, ["acme-hr"]);
    assert_eq!(first.objects.names, ["a.sql"]);
    let steps = first.story.iter();
    let steps: Vec<_> = steps
        .map(|step| (step.rule.as_str(), step.alerts, step.summary.as_str()))
        .collect();
    assert_eq!(
        steps,
        [
            ("guess-high", 2, "guess-high fired."),
            ("guess-success", 1, "guess-success fired."),
        ]
    );
    let findings: Vec<_> = first.findings.iter().map(|one| &one.rule[..]).collect();
    assert_eq!(findings, ["guess-high", "guess-success", "guess-low"]);
    let guesses = &first.findings[2];
    assert_eq!(guesses.summary, "192.0.2.1 guessed 40 keys; token=REDACTED");
    let record = &guesses.evidence[0].record;
    assert_eq!(record[4], ("requester".to_owned(), "-".to_owned()));
    assert_eq!(record[9], ("http_status".to_owned(), "404".to_owned()));
    assert_eq!(report.others[0].rule, "odd");
}

#[test]
fn an_actor_is_all_its_days() {
    let report = report(&night());
    let [actor] = &report.actors[..] else {
        panic!("one actor: {:?}", report.actors);
    };
    assert_eq!((actor.alerts, actor.requests), (4, 90));
    assert_eq!(actor.first, DAY_ONE + 22 * 3_600);
    assert_eq!(actor.last, DAY_ONE + DAY + 3_600);
    let ids: Vec<_> = report.incidents.iter().map(|one| one.id.clone()).collect();
    assert_eq!(actor.incidents, ids);
    let rules = actor.rules.iter();
    let rules: Vec<_> = rules
        .map(|one| (&one.rule[..], one.level, one.alerts, one.requests))
        .collect();
    assert_eq!(
        rules,
        [
            ("guess", Level::High, 3, 90),
            ("guess-success", Level::High, 1, 2),
        ]
    );
    // Of one rule the highest, and a quarter of each of the others.
    assert_eq!(actor.weight, 80 + 5 + 1 + 80);
}

#[test]
fn objects_are_those_behind_the_alerts() {
    let report = report(&night());
    let [key] = &report.keys[..] else {
        panic!("one key: {:?}", report.keys);
    };
    assert_eq!((&key.bucket[..], &key.key[..]), ("acme-hr", "a.sql"));
    assert_eq!(key.level, Level::High);
    // Of the first alert that shows it.
    assert_eq!(key.http_status, "404");
    assert_eq!(key.rules, ["guess-low", "guess-success"]);
    assert_eq!(key.incident.as_ref(), Some(&report.incidents[0].id));
}

#[test]
fn slots_and_buckets_get_their_alerts() {
    let set = no_rules();
    let mut collector = Collector::new(&set);
    for alert in &night() {
        collector.add(alert);
    }
    assert!(collector.reach(Level::High) && !collector.reach(Level::Critical));
    assert_eq!(collector.bucket(b"acme-hr"), Some((Level::High, 2)));
    assert_eq!(collector.bucket(b"quiet"), None);
    let bucket = |name: &str, requests| Bucket {
        name: name.to_owned(),
        requests,
        refused: 0,
        missing: 0,
        wrong: 0,
        failed: 0,
        bytes: 0,
        level: None,
        alerts: 0,
        slots: Vec::new(),
        gaps: Vec::new(),
    };
    let slot = |place: i64| Slot {
        time: DAY_ONE + place * 6 * 3_600,
        ..Slot::default()
    };
    let report = collector.finish(Parts {
        timeline: Timeline {
            step: 6 * 3_600,
            slots: (0..4).map(slot).collect(),
        },
        buckets: vec![bucket("quiet", 1), bucket("busy", 9), bucket("acme-hr", 1)],
        ..parts(&set)
    });
    let buckets = report.buckets.iter();
    let buckets: Vec<_> = buckets
        .map(|one| (&one.name[..], one.level, one.alerts))
        .collect();
    assert_eq!(
        buckets,
        [
            ("acme-hr", Some(Level::High), 2),
            ("busy", None, 0),
            ("quiet", None, 0)
        ]
    );
    let alerts = report.timeline.slots.iter();
    let alerts: Vec<_> = alerts.map(|slot| slot.alerts.total()).collect();
    // What triggered on the day after is not in it.
    assert_eq!(alerts, [0, 0, 0, 4]);
    assert_eq!(report.timeline.slots[3].alerts.high, 2);
}

#[test]
fn what_was_withdrawn_did_not_happen() {
    let withdrawn = night().into_iter().map(|alert| Alert {
        status: Status::Withdrawn,
        ..alert
    });
    let withdrawn: Vec<_> = withdrawn.collect();
    assert_eq!(report(&withdrawn), report(&[]));
    assert_eq!(report(&[]).verdict.attention, Attention::None);
}

#[test]
fn a_report_is_read_back_as_it_was_written() {
    let report = report(&night());
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
}
