//! Whatever attackers do, a report is small, and so is the memory for it.

use super::*;
use crate::report::model::Incident;

const MANY: u32 = 50_000;

fn size(report: &Report) -> usize {
    serde_json::to_vec(report).unwrap().len()
}

fn address(number: u32) -> String {
    std::net::Ipv4Addr::from(0x0A00_0000 + number).to_string()
}

/// One alert of each of many addresses, of three levels, some with a line.
fn addresses() -> Vec<Alert> {
    const RULES: [(&str, Level); 3] = [
        ("a-low", Level::Low),
        ("b", Level::Medium),
        ("c-high", Level::High),
    ];
    let of = |number: u32| {
        let address = address(number);
        let (rule, level) = RULES[number as usize % 3];
        let key: &[(&str, &[u8])] = &[("remote_host", address.as_bytes())];
        Alert {
            evidence: (number % 6 == 2)
                .then(|| line("b", &format!("k{number}"), &address, 200))
                .into_iter()
                .collect(),
            ..alert(u128::from(number), rule, level, key, DAY_ONE + 5)
        }
    };
    (0..MANY).map(of).collect()
}

#[test]
fn fifty_thousand_addresses_are_a_page() {
    let mut alerts = addresses();
    let report = super::report(&alerts);
    adds_up(&report);
    assert!(size(&report) < 4 << 20, "{}", size(&report));
    assert_eq!(report.verdict.levels.total(), u64::from(MANY));
    assert_eq!(report.verdict.incidents, u64::from(MANY));
    assert_eq!(report.incidents.len(), INCIDENTS);
    assert!(report.actors.len() > 500, "{}", report.actors.len());
    assert_eq!(report.keys.len(), KEYS);
    let high = |incident: &Incident| incident.level == Level::High;
    assert!(report.incidents.iter().all(high));
    let shown = |one: &&Incident| !one.findings[0].evidence.is_empty();
    assert!(report.incidents.iter().filter(shown).count() > 100);
    // Though many were dropped on the way.
    alerts.reverse();
    assert_eq!(super::report(&alerts), report);
}

/// Every text as long and as costly to escape as a caller can make it.
#[test]
fn long_texts_do_not_make_a_long_report() {
    let long = "\u{202E}\\x41\"".repeat(2_000);
    let set = no_rules();
    let mut collector = Collector::with_room(&set, HELD, 1 << 20);
    for number in 0..120 {
        let address = address(number);
        let key: &[(&str, &[u8])] = &[
            ("remote_host", address.as_bytes()),
            ("user_agent", long.as_bytes()),
        ];
        let key_name = format!("k{number}{}", "%5C".repeat(300));
        let mut one = line(&"b".repeat(60), &key_name, &address, 403);
        let agent = long.replace('"', "'");
        let line = one.line.take().unwrap();
        let line = String::from_utf8(line).unwrap();
        one.line = Some(line.replace("agent", &agent).into_bytes());
        collector.add(&Alert {
            summary: long.clone().into_bytes(),
            evidence: vec![one; 2],
            ..alert(u128::from(number), "a", Level::High, key, DAY_ONE + 5)
        });
        let held: usize = collector.tales.iter().map(|(_, tale)| tale.size()).sum();
        assert_eq!(collector.bytes, held);
        assert!(held <= 1 << 20, "{held}");
    }
    let report = collector.finish(parts(&set));
    adds_up(&report);
    assert!(size(&report) < 4 << 20, "{}", size(&report));
    assert!(report.incidents.len() > 10, "{}", report.incidents.len());
    assert!(report.incidents_left_out.number > 0);
    let record = &report.incidents[0].findings[0].evidence[0].record;
    let agent = record.iter().find(|(name, _)| name == "user_agent");
    assert!(agent.unwrap().1.ends_with("..."));
}

/// Nobody can be pushed out of a report by noise.
#[test]
fn the_least_weight_is_dropped_first() {
    let key: &[(&str, &[u8])] = &[("principal", b"zoe")];
    let worst = alert(u128::MAX, "worst", Level::Critical, key, DAY_ONE);
    let set = no_rules();
    let mut collector = Collector::new(&set);
    collector.add(&worst);
    for number in 0..MANY {
        let address = address(number);
        let key: &[(&str, &[u8])] = &[("remote_host", address.as_bytes())];
        collector.add(&alert(u128::from(number), "n", Level::Low, key, DAY_ONE));
    }
    assert!(collector.dropped.number > 0);
    let report = collector.finish(parts(&set));
    adds_up(&report);
    assert_eq!(report.incidents[0].entity.name, "zoe");
    assert_eq!(report.verdict.incidents, u64::from(MANY) + 1);
}

#[test]
fn a_bucket_with_fifty_thousand_alerts_is_one_incident() {
    let key: &[(&str, &[u8])] = &[("bucket_name", b"b")];
    let one = |number: u32| {
        let time = DAY_ONE + i64::from(number);
        alert(number.into(), "n", Level::Low, key, time)
    };
    let alerts: Vec<_> = (0..MANY).map(one).collect();
    let report = super::report(&alerts);
    adds_up(&report);
    assert_eq!(report.incidents.len(), 1);
    assert_eq!(report.incidents[0].findings[0].time, DAY_ONE);
    assert!(size(&report) < 64 << 10, "{}", size(&report));
}
