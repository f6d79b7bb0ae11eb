//! A report says the same whatever the order of the alerts, and stays small
//! however many there are.

mod bounds;
mod told;

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::alert::{Context, Evidence, Network};
use crate::geoip::Country;

/// 2026-02-03T00:00:00Z.
const DAY_ONE: i64 = 1_770_076_800;

pub(in crate::report) fn no_rules() -> RuleSet {
    RuleSet::new(Vec::new(), Vec::new(), Vec::new(), Arc::default(), None)
}

/// An alert of a rule over a key that triggered at this second.
pub(in crate::report) fn alert(
    id: u128,
    rule: &str,
    level: Level,
    key: &[(&str, &[u8])],
    time: i64,
) -> Alert {
    let key = key.iter();
    Alert {
        id,
        rev: 1,
        status: Status::Closed,
        rule: Arc::new(RuleInfo {
            id: rule.to_owned(),
            name: rule.to_owned(),
            title: format!("Title of {rule}"),
            level,
            tags: vec!["attack.t1530".to_owned()],
        }),
        key: key
            .map(|(name, value)| ((*name).into(), Some(value.to_vec())))
            .collect(),
        period: (time, time + 3_600),
        trigger: (time, 1),
        first_seen: time - 60,
        last_seen: time + 60,
        count: 1,
        distinct: None,
        sum: None,
        summary: format!("{rule} fired.").into_bytes(),
        evidence: Vec::new(),
        context: Context::default(),
    }
}

/// A line behind an alert: a read of a key.
pub(super) fn line(bucket: &str, key: &str, address: &str, status: u16) -> Evidence {
    let line = format!(
        "79a5 {bucket} [03/Feb/2026:01:02:03 +0000] {address} - 3E57 REST.GET.OBJECT {key} \
         \"GET /{key} HTTP/1.1\" {status} - 7 7 7 7 \"-\" \"agent\" -"
    );
    Evidence {
        source: "a.log".into(),
        offset: 7,
        line: Some(line.into_bytes()),
    }
}

pub(in crate::report) fn parts(set: &RuleSet) -> Parts<'_> {
    Parts {
        made: DAY_ONE + 2 * DAY,
        alerts_file: "r.html.alerts.ndjson".to_owned(),
        documents: &[],
        set,
        timeline: Timeline::default(),
        buckets: Vec::new(),
        buckets_left_out: Count::default(),
        coverage: Coverage {
            lines: 100,
            rules: 10,
            ..Coverage::default()
        },
        since_report: None,
    }
}

pub(super) fn report<'a>(alerts: impl IntoIterator<Item = &'a Alert>) -> Report {
    let set = no_rules();
    let mut collector = Collector::new(&set);
    for alert in alerts {
        collector.add(alert);
    }
    collector.finish(parts(&set))
}

/// Every alert is somewhere.
pub(super) fn adds_up(report: &Report) {
    let total = report.verdict.levels.total();
    let others = report.others.len() as u64 + report.others_left_out;
    let incidents: u64 = report.incidents.iter().map(|one| one.alerts).sum();
    assert_eq!(incidents + report.incidents_left_out.sum + others, total);
    let actors: u64 = report.actors.iter().map(|one| one.alerts).sum();
    assert_eq!(actors + report.actors_left_out.sum + others, total);
    for incident in &report.incidents {
        let listed = incident.findings.len() as u64;
        assert_eq!(listed + incident.findings_left_out, incident.alerts);
        let steps: u64 = incident.story.iter().map(|step| step.alerts).sum();
        assert_eq!(steps, incident.alerts);
    }
}

const ENTITIES: [&[(&str, &[u8])]; 6] = [
    &[("remote_host", b"192.0.2.1"), ("bucket_name", b"b")],
    &[("remote_host", b"192.0.2.2")],
    &[("principal", b"arn:aws:iam::111122223333:user/ann")],
    &[("bucket_name", b"b")],
    &[("bucket_name", b"a"), ("key_name", b"\xFF\"<")],
    &[("user_agent", b"nobody's")],
];

prop_compose! {
    fn any_alert()(
        rule in prop::sample::select(vec!["one", "one-high", "one-low", "two", "three-medium"]),
        level in prop::sample::select(Level::ALL.to_vec()),
        key in prop::sample::select(ENTITIES.to_vec()),
        time in DAY_ONE..DAY_ONE + 2 * DAY,
        id: u128,
        count in 1u64..5,
        lines in prop::collection::vec((0..3u8, 0..5u8, 0..3u8), 0..4),
        place in prop::option::of(0..12u8),
        withdrawn in prop::bool::weighted(0.1),
    ) -> Alert {
        let evidence = lines.into_iter().map(|(bucket, key, host)| {
            line(&format!("b{bucket}"), &format!("k{key}"), &format!("192.0.2.{host}"), 200)
        });
        let network = place.map(|place| Network {
            address: [198, 51, 100, place].into(),
            country: Country::parse("nl"),
            asn: None,
            owner: None,
            service: None,
        });
        Alert {
            count,
            status: if withdrawn { Status::Withdrawn } else { Status::Open },
            evidence: evidence.collect(),
            context: Context { networks: network.into_iter().collect(), ..Context::default() },
            summary: format!("{id}").into_bytes(),
            ..alert(id, rule, level, key, time)
        }
    }
}

proptest! {
    #[test]
    fn the_order_does_not_matter(
        (alerts, shuffled) in prop::collection::vec(any_alert(), 0..60)
            .prop_flat_map(|alerts| (Just(alerts.clone()), Just(alerts).prop_shuffle())),
    ) {
        let report = super::tests::report(&alerts);
        adds_up(&report);
        prop_assert_eq!(report, super::tests::report(&shuffled));
    }

    /// One entity with more alerts than are listed: of each rule there is one.
    #[test]
    fn no_rule_hides_behind_another(
        (alerts, shuffled) in prop::collection::vec((0..4u8, 0..5usize, 0..400i64), 20..80)
            .prop_map(|drawn| {
                let of = |(place, (rule, level, time)): (usize, (u8, usize, i64))| {
                    let rule = format!("rule{rule}");
                    let key: &[(&str, &[u8])] = &[("remote_host", b"192.0.2.1")];
                    alert(place as u128, &rule, Level::ALL[level], key, DAY_ONE + time)
                };
                drawn.into_iter().enumerate().map(of).collect::<Vec<_>>()
            })
            .prop_flat_map(|alerts| (Just(alerts.clone()), Just(alerts).prop_shuffle())),
    ) {
        let report = super::tests::report(&alerts);
        prop_assert_eq!(&report, &super::tests::report(&shuffled));
        let [incident] = &report.incidents[..] else { panic!("one incident") };
        let worst = |alert: &&Alert| {
            (std::cmp::Reverse(alert.rule.level), alert.trigger.0, alert.id)
        };
        let mut sorted: Vec<&Alert> = alerts.iter().collect();
        sorted.sort_by_key(worst);
        let mut seen = BTreeSet::new();
        let (mut expected, further): (Vec<_>, Vec<_>) =
            sorted.into_iter().partition(|alert| seen.insert(alert.rule.name.clone()));
        expected.extend(further);
        let expected = expected.iter().map(|alert| format!("{:032x}", alert.id)).take(20);
        let listed = incident.findings.iter().map(|finding| finding.id.clone());
        prop_assert!(listed.eq(expected));
    }
}
