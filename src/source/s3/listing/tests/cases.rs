//! What goes wrong, and keys that are not as delivery writes them.

use super::*;

fn forbidden() -> Fault {
    Fault::Forbidden {
        code: "AccessDenied".to_owned(),
        action: "s3:ListBucket",
    }
}

#[test]
fn one_address_that_may_not_be_listed_leaves_the_others() {
    let objects = vec![
        object(&simple("a/", DAY0, 1), 1, DAY0),
        object(&simple("b/", DAY0, 1), 1, DAY0),
    ];
    let mut store = Memory::of(objects);
    store.faults.push(("a/".to_owned(), forbidden()));
    let ended = list(
        &Arc::new(store),
        wanted(&["a/", "b/"]),
        Left::default(),
        PAGE,
    );
    assert_eq!(ended.keys(), [simple("b/", DAY0, 1)]);
    assert_eq!(ended.troubles.len(), 1);
    assert_eq!(&*ended.troubles[0].name, "s3://logs-of-all/a/");
    assert_eq!(ended.troubles[0].fault, forbidden());
}

#[test]
fn a_log_ends_where_it_cannot_be_listed_on() {
    let days = |stem: &'static str| {
        (0..6).map(move |day| object(&simple(stem, DAY0 + day * DAY, 1), 1, DAY0))
    };
    let mut store = Memory::of(days("a/").chain(days("b/")).collect());
    // Where the third page of the listing of it begins, and of no other.
    let day = "a/2026-02-06";
    store.faults.push((day.to_owned(), forbidden()));
    let ended = list(&Arc::new(store), wanted(&[""]), Left::default(), 2);
    let keys = ended.keys();
    let of_a: Vec<_> = keys.iter().filter(|key| key.starts_with("a/")).collect();
    assert!(
        of_a.len() < 6 && of_a.iter().all(|key| ***key < *"a/2026-02-07"),
        "{of_a:?}"
    );
    assert_eq!(keys.len() - of_a.len(), 6);
    assert_eq!(&*ended.troubles[0].name, "s3://logs-of-all/a/");
    assert_eq!(ended.troubles.len(), 1);
}

#[test]
fn nothing_under_a_prefix_is_told_with_what_is_beside_it() {
    let objects = vec![
        object("logs/", 0, 0),
        object("empty/", 0, 0),
        object(&simple("logs/web/", DAY0, 1), 1, DAY0),
        object("note", 1, 0),
    ];
    for (prefix, near) in [
        ("log/", &["empty/", "logs/", "note"][..]),
        ("logs/wbe/", &["logs/web/", "logs/"]),
        ("empty/", &["logs/", "note"]),
    ] {
        let ended = all(objects.clone(), &[prefix]);
        assert!(ended.items.is_empty());
        let near = near.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(ended.troubles[0].fault, Fault::Empty { near });
    }
    assert_eq!(
        all(Vec::new(), &[""]).troubles[0].fault,
        Fault::Empty { near: Vec::new() }
    );
    assert_eq!(all(objects, &["logs/"]).troubles, []);
}

#[test]
fn what_stands_among_the_years_of_a_log_is_listed_with_it() {
    let log = (0..50).map(|hour| partitioned("a/", DAY0 + hour * 3600, 1));
    let strange = [
        "a/2026/02/04/_SUCCESS".to_owned(),
        "a/2026/02/04/part-0.gz".to_owned(),
        simple("a/2026/02/04/copy-", DAY0, 1),
        simple("a/2026/02/04/copy-", DAY0, 2),
        simple("a/2026/02/", DAY0, 3),
    ];
    let keys: Vec<String> = log.chain(strange).collect();
    for page in [1, 2, 7, PAGE] {
        let objects = keys.iter().map(|key| object(key, 1, DAY0)).collect();
        let store = Arc::new(Memory::of(objects));
        let ended = list(&store, wanted(&["a/"]), Left::default(), page);
        let mut given = ended.keys();
        given.sort_unstable();
        let mut expected: Vec<&str> = keys.iter().map(String::as_str).collect();
        expected.sort_unstable();
        assert_eq!(given, expected, "pages of {page}");
    }
}

#[test]
fn what_other_services_wrote_is_jumped_over() {
    let trail = |n: usize| object(&format!("AWSLogs/111122223333/CloudTrail/{n:06}"), 1, 0);
    let store = Memory::new(100_001, move |at| match at {
        0..100_000 => trail(at),
        _ => object(&simple("s3/", DAY0, 1), 1, DAY0),
    });
    let ended = list(&Arc::new(store), wanted(&[""]), Left::default(), PAGE);
    assert_eq!(ended.keys(), [simple("s3/", DAY0, 1)]);
    assert!(ended.counts.pages <= 3, "{:?}", ended.counts);
}

#[test]
fn midnight_is_a_time_like_any_other_where_folders_are_of_delivery() {
    let midnight = object(&partitioned("a/", DAY0 + DAY, 1), 1, DAY0 + DAY);
    let before = object(&partitioned("a/", DAY0 + 5, 1), 1, DAY0);
    let until = Wanted {
        until: DAY0 + DAY,
        ..wanted(&["a/"])
    };
    let given = |objects: &[&Object]| {
        let store = Memory::of(objects.iter().map(|object| (*object).clone()).collect());
        list(&Arc::new(store), until.clone(), Left::default(), PAGE)
            .items
            .len()
    };
    assert_eq!(given(&[&midnight, &before]), 2);
    assert_eq!(given(&[&midnight]), 0);
}

#[test]
fn objects_under_two_addresses_come_once() {
    let objects = vec![
        object(&simple("a/b/", DAY0, 1), 1, DAY0),
        object(&simple("a/c/", DAY0, 1), 1, DAY0),
    ];
    let ended = all(objects, &["a/b/", "a/", "a/", "a/c"]);
    assert_eq!(ended.items.len(), 2);
    assert_eq!(ended.troubles, []);
}

#[test]
fn what_failed_before_is_looked_up_as_it_is_now() {
    let key = simple("a/", DAY0, 1);
    let now = object(&key, 7, DAY0);
    let gone = object(&simple("a/", DAY0, 2), 3, DAY0);
    let newest = object(&simple("a/", DAY0 + 30 * DAY, 1), 1, DAY0);
    let mut then = now.clone();
    then.etag = "as it was".into();
    let mut left = Left::default();
    for object in [&then, &gone] {
        left.marks
            .insert(object.key.to_string(), mark(object, Vec::new()));
        left.unfinished.push((*object).clone());
    }
    let seen = Seen {
        newest: DAY0 + 30 * DAY,
        since: i64::MIN,
        forgotten: DAY0 + 28 * DAY,
        listed: DAY0 + 30 * DAY,
        listed_all: DAY0 + 30 * DAY,
    };
    left.logs.insert("a/".to_owned(), seen);
    let store = Arc::new(Memory::of(vec![now.clone(), newest.clone()]));
    let ended = list(&store, wanted(&["a/"]), left, PAGE);
    let given: Vec<_> = ended.items.iter().map(|item| &item.object).collect();
    assert_eq!(given, [&now, &gone, &newest]);
    let marks: Vec<_> = ended.items.iter().map(|item| item.mark.is_some()).collect();
    assert_eq!(
        marks,
        [false, true, false],
        "another etag is another object"
    );
}

#[test]
fn without_what_earlier_runs_left_nothing_is_given() {
    let objects = vec![object(&simple("a/", DAY0, 1), 1, DAY0)];
    let left = Left {
        broken: true,
        ..Left::default()
    };
    let ended = list(&Arc::new(Memory::of(objects)), wanted(&["a/"]), left, PAGE);
    assert!(ended.items.is_empty());
    assert_eq!(ended.troubles[0].fault.kind(), "state");
}

/// It is driven by a task of its own.
#[test]
fn a_listing_may_wait_on_any_thread() {
    fn is_send(_: impl Send) {}
    let store = Arc::new(Memory::of(Vec::new()));
    let mut listing = Listing::new(store, wanted(&[""]), Box::new(Left::default()));
    is_send(listing.next());
}
