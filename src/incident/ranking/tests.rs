use proptest::prelude::*;

use super::super::story::{INCIDENTS, NAMES};
use super::super::tests::alert;
use super::super::{CLOSE, DAY, Kind};
use super::*;
use crate::alert::{Evidence, Level};
use crate::rule;

fn no_rules() -> RuleSet {
    RuleSet::new(Vec::new(), Vec::new(), Vec::new(), Arc::default(), None)
}

fn ranking(alerts: &[Alert]) -> Ranking {
    let mut ranking = Ranking::new(&no_rules());
    for alert in alerts {
        ranking.add(alert);
    }
    ranking
}

/// Names and weights in their order.
fn order(ranking: &Ranking) -> Vec<(String, u64)> {
    let name = |entity: &Entity| String::from_utf8_lossy(&entity.name).into_owned();
    let ranked = ranking.ranked().into_iter();
    ranked
        .map(|(entity, story)| (name(entity), story.weight()))
        .collect()
}

fn host(name: &str) -> [(&str, &str); 1] {
    [("remote_host", name)]
}

#[test]
fn different_things_weigh_more_than_one_again_and_again() {
    let mut alerts = Vec::new();
    for hour in 0..100 {
        alerts.push(alert("one", Level::Medium, &host("same"), hour * 3_600));
    }
    for rule in ["one", "two", "three"] {
        alerts.push(alert(rule, Level::Medium, &host("several"), 0));
    }
    alerts.push(alert("one", Level::High, &host("high"), 0));
    alerts.push(alert("one", Level::Informational, &host("noise"), 0));
    for rule in ["burst-low", "burst", "burst-high"] {
        let level = match rule {
            "burst" => Level::Medium,
            "burst-low" => Level::Low,
            _ => Level::High,
        };
        alerts.push(alert(rule, level, &host("levels"), 0));
    }
    let expected = [
        ("levels", 86),
        ("high", 80),
        ("several", 60),
        ("same", 40),
        ("noise", 0),
    ];
    let expected = expected.map(|(name, weight)| (name.to_owned(), weight));
    assert_eq!(order(&ranking(&alerts)), expected);
}

#[test]
fn a_story_tells_what_happened_in_order() {
    let line = b"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be data \
        [03/Feb/2026:02:00:00 +0000] 192.0.2.1 arn:aws:iam::111122223333:user/bob ID \
        REST.GET.OBJECT a%FF%2F\xFF.sql \"GET /a HTTP/1.1\" 200 - 10 10 1 1 \"-\" \"-\" - h= SigV4 - \
        AuthHeader - - - -";
    let time = 1_770_084_000;
    let mut late = alert(
        "late",
        Level::High,
        &[("remote_host", "192.0.2.1"), ("bucket_name", "other")],
        time + 50,
    );
    late.count = 7;
    late.evidence = vec![Evidence {
        source: "a.log".into(),
        offset: 0,
        line: Some(line.to_vec()),
    }];
    let mut early = alert("early", Level::Low, &host("192.0.2.1"), time + 10);
    early.count = 9;
    let ranking = ranking(&[late, early]);
    let ranked = ranking.ranked();
    let [(entity, story)] = ranked[..] else {
        panic!("{ranked:?}");
    };
    assert_eq!(entity.kind, Kind::Address);
    let names: Vec<_> = story
        .rules()
        .iter()
        .map(|told| told.rule.name.clone())
        .collect();
    assert_eq!(names, ["early", "late"]);
    // Both may have counted the same requests.
    assert_eq!((story.alerts, story.requests, story.bytes), (2, 9, None));
    assert_eq!((story.first, story.last), (time + 10, time + 50));
    let buckets: Vec<_> = story.buckets.names().collect();
    assert_eq!(buckets, [&b"data"[..], b"other"]);
    assert!(story.addresses.is_empty(), "the entity itself is not told");
    let objects: Vec<_> = story.objects.names().collect();
    assert_eq!(objects, [b"a%FF%2F\xFF.sql"]);
    assert_eq!(story.principals.names().len(), 1);
}

#[test]
fn the_next_day_goes_on_if_it_is_near() {
    let at = |times: &[i64]| {
        let alerts: Vec<_> = times
            .iter()
            .map(|time| alert("r", Level::Low, &host("h"), *time))
            .collect();
        let ranking = ranking(&alerts);
        let incidents = ranking.ranked()[0].1.incidents();
        incidents
            .iter()
            .map(|one| one.continues)
            .collect::<Vec<_>>()
    };
    let last = DAY - 3_600;
    assert_eq!(at(&[last, last + CLOSE]), [false, true]);
    assert_eq!(at(&[last + CLOSE, last]), [false, true]);
    assert_eq!(at(&[last, last + CLOSE + 1]), [false, false]);
    assert_eq!(
        at(&[0, CLOSE * 2]),
        [false],
        "a day is one, whatever its gaps"
    );
    assert_eq!(at(&[0, last, DAY, 3 * DAY]), [false, true, false]);
}

#[test]
fn what_is_told_of_one_entity_is_bounded() {
    let mut ranking = Ranking::new(&no_rules());
    for day in 0..2 * INCIDENTS as i64 {
        let bucket = format!("b{day:04}");
        let key = [("remote_host", "h"), ("bucket_name", bucket.as_str())];
        ranking.add(&alert("r", Level::Low, &key, day * DAY));
    }
    let story = ranking.ranked()[0].1;
    assert_eq!(story.buckets.names().len(), NAMES);
    assert!(story.buckets.more() && story.has_earlier());
    let incidents = story.incidents();
    assert_eq!(incidents.len(), INCIDENTS);
    assert_eq!(incidents[0].first, INCIDENTS as i64 * DAY, "the latest");
}

#[test]
fn the_least_weight_is_dropped_first() {
    let mut ranking = Ranking::with_most(&no_rules(), 16);
    for number in 0..100 {
        let name = format!("h{number:02}");
        let level = if number % 10 == 0 {
            Level::High
        } else {
            Level::Low
        };
        ranking.add(&alert("r", level, &host(&name), number));
        assert!(ranking.ranked().len() <= 16);
    }
    let kept = order(&ranking);
    assert_eq!(ranking.dropped() + kept.len() as u64, 100);
    let high = kept.iter().filter(|(_, weight)| *weight == 80);
    assert_eq!(high.count(), 10, "{kept:?}");
}

#[test]
fn what_was_withdrawn_or_names_nobody_is_left_out() {
    let mut withdrawn = alert("r", Level::High, &host("h"), 0);
    withdrawn.status = Status::Withdrawn;
    let nobody = alert("r", Level::High, &[("user_agent", "x")], 0);
    let ranking = ranking(&[withdrawn, nobody]);
    assert!(ranking.ranked().is_empty());
    assert_eq!(ranking.nameless(), 1);
}

#[test]
fn bytes_are_those_of_rules_that_add_up_what_went_out() {
    let documents = rule::load(&[]).unwrap();
    let set = rule::compile(&documents, &Arc::default(), Level::Informational).unwrap();
    let mut ranking = Ranking::new(&set);
    assert_eq!(ranking.sums.len(), 2, "{:?}", ranking.sums);
    for (rule, sum) in [
        ("exfil-volume-low", 5),
        ("exfil-volume-low", 4),
        ("mass-delete", 9),
    ] {
        let mut alert = alert(rule, Level::High, &host("h"), 0);
        alert.sum = Some(sum);
        ranking.add(&alert);
    }
    assert_eq!(ranking.ranked()[0].1.bytes, Some(5));
}

fn some_alert() -> impl Strategy<Value = Alert> {
    let rule = prop::sample::select(vec![
        ("burst-low", Level::Low),
        ("burst", Level::Medium),
        ("burst-high", Level::High),
        ("sweep", Level::Medium),
        ("open", Level::Informational),
    ]);
    let host = prop::sample::select(vec!["192.0.2.1", "192.0.2.2", "-"]);
    (rule, host, 0..30u8, 0..DAY * 4, 0..100u64).prop_map(|(rule, host, bucket, time, count)| {
        let bucket = format!("b{bucket}");
        let key = [("remote_host", host), ("bucket_name", bucket.as_str())];
        let mut alert = alert(rule.0, rule.1, &key, time);
        alert.count = count;
        alert
    })
}

proptest! {
    /// Nor does it matter in which run an alert is written: each finds its
    /// incident alone.
    #[test]
    fn neither_order_nor_runs_matter(
        (alerts, shuffled) in prop::collection::vec(some_alert(), 0..40)
            .prop_flat_map(|alerts| (Just(alerts.clone()), Just(alerts).prop_shuffle())),
        cut in 0..40usize,
    ) {
        let whole = ranking(&alerts);
        let mut whole_ids = Vec::new();
        for (_, story) in whole.ranked() {
            whole_ids.extend(story.incidents().into_iter().map(|one| one.id));
        }
        let again = ranking(&shuffled);
        prop_assert_eq!(whole.ranked(), again.ranked());
        let cut = cut.min(shuffled.len());
        let mut of_runs = BTreeSet::new();
        for run in [&shuffled[..cut], &shuffled[cut..]] {
            for (_, story) in ranking(run).ranked() {
                of_runs.extend(story.incidents().into_iter().map(|one| one.id));
            }
        }
        prop_assert_eq!(of_runs, whole_ids.into_iter().collect::<BTreeSet<_>>());
    }
}
