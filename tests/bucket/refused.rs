//! What may not be read, or not now: others go on, it is named, and it is tried
//! again next time.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::server::{Failure, Request, Server};
use crate::site::{Site, differ, out, said};
use crate::world::BUCKET;

/// A server that refuses some objects until it is told not to any longer; one that
/// is gone it only refuses once.
fn refusing(site: &Site, bad: &[(usize, Failure)]) -> (Server, Arc<AtomicBool>) {
    let mended = Arc::new(AtomicBool::new(false));
    let (fails, bad) = (mended.clone(), bad.iter());
    let bad: BTreeMap<String, Failure> = bad
        .map(|(at, failure)| (site.objects[*at].key.clone(), failure.clone()))
        .collect();
    let server = Server::failing(&site.delivered(), move |request: &Request| {
        let failure = bad.get(request.key.as_ref()?);
        let failure = failure.filter(|failure| **failure != GONE || request.nth == 1);
        failure.filter(|_| !fails.load(Ordering::SeqCst)).cloned()
    });
    (server, mended)
}

/// Twice in a row it would be taken for gone for good.
const GONE: Failure = Failure::Code("NoSuchKey");

/// Objects that a cut leaves bytes of, the last ones first.
fn large(site: &Site) -> impl Iterator<Item = usize> {
    let objects = site.objects.iter().enumerate().rev();
    objects.filter_map(|(at, object)| (object.body.len() > 2000).then_some(at))
}

#[test]
fn one_that_cannot_be_read_is_named_and_tried_again() {
    let site = Site::new();
    let whole = Server::start(&site.delivered());
    let run = site.over(&whole, "scan --state whole.db").output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", said(&run));
    let failures = [
        Failure::Code("AccessDenied"),
        Failure::Short,
        Failure::Cut(700),
        GONE,
    ];
    let bad: Vec<_> = large(&site).zip(failures).collect();
    let (server, mended) = refusing(&site, &bad);
    for fail in [&bad[..], &bad[..3]] {
        let run = site
            .over(&server, "scan --state state.db")
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(3), "{}", said(&run));
        for (at, failure) in fail {
            let key = &site.objects[*at].key;
            assert!(said(&run).contains(&**key), "{failure:?}: {}", said(&run));
        }
        let read = site.objects.len() - fail.len();
        assert_eq!(site.read("state.db"), read, "{}", said(&run));
    }
    mended.store(true, Ordering::SeqCst);
    let run = site
        .over(&server, "scan --state state.db")
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", said(&run));
    assert_eq!(site.read("state.db"), site.objects.len());
    // Late as some are by now: each record is known, and none twice.
    assert_eq!(
        differ(&site.kept("state.db"), &site.kept("whole.db")),
        [""; 0]
    );
}

#[test]
fn one_that_is_gone_before_it_could_be_read_does_not_count_as_read() {
    let site = Site::new();
    // So old that it is only looked for because it failed.
    let key = site.objects[0].key.clone();
    let (buckets, refused) = (site.delivered(), key.clone());
    let server = Server::failing(&buckets, move |request: &Request| {
        let refused = request.nth == 1 && request.key.as_ref() == Some(&refused);
        refused.then_some(Failure::Code("AccessDenied"))
    });
    for (code, names) in [(3, true), (3, true), (0, false)] {
        let mut run = site.over(&server, "scan --state state.db");
        let run = run.output().unwrap();
        assert_eq!(run.status.code(), Some(code), "{}", said(&run));
        assert_eq!(said(&run).contains(&key), names, "{}", said(&run));
        assert_eq!(site.read("state.db"), site.objects.len() - 1);
        buckets.remove(BUCKET, &key);
    }
}

#[test]
fn without_a_state_the_others_count_as_if_it_were_not_there() {
    let site = Site::new();
    let at = large(&site).nth(30).unwrap();
    let (server, _) = refusing(&site, &[(at, Failure::Cut(700))]);
    let run = site.over(&server, "scan").output().unwrap();
    assert_eq!(run.status.code(), Some(3), "{}", said(&run));
    std::fs::remove_file(site.path(&format!("files/{}", site.objects[at].key))).unwrap();
    let files = site.of_files("");
    let (found, expected) = (site.alerts(&out(&run)), site.alerts(&out(&files)));
    assert_eq!(differ(&found, &expected), [""; 0]);
}

#[test]
fn credentials_that_expire_leave_what_was_read_before() {
    let site = Site::new();
    let buckets = site.delivered();
    let (gets, mended) = (AtomicU64::new(0), Arc::new(AtomicBool::new(false)));
    let fails = mended.clone();
    let most = site.objects.len() as u64 / 2;
    let server = Server::failing(&buckets, move |request: &Request| {
        request.key.as_ref()?;
        let late = gets.fetch_add(1, Ordering::SeqCst) > most;
        (late && !fails.load(Ordering::SeqCst)).then_some(Failure::Code("ExpiredToken"))
    });
    let words = "scan --state state.db --append alerts.ndjson";
    let run = site.over(&server, words).output().unwrap();
    assert_eq!(run.status.code(), Some(3), "{}", said(&run));
    assert!(
        said(&run).contains("AWS accepts no credentials"),
        "{}",
        said(&run)
    );
    let read = site.read("state.db");
    assert!(
        read > 20 && read as u64 <= most + 1,
        "{read}: {}",
        said(&run)
    );
    mended.store(true, Ordering::SeqCst);
    let run = site.over(&server, words).output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", said(&run));
    assert_eq!(site.read("state.db"), site.objects.len());
    let alerts = std::fs::read_to_string(site.path("alerts.ndjson")).unwrap();
    let expected = site.alerts(&out(&site.of_files("--state files.db")));
    assert_eq!(differ(&site.alerts(&alerts), &expected), [""; 0]);
}

#[test]
fn a_second_process_on_one_state_file_harms_nothing() {
    let site = Site::new();
    let buckets = site.delivered();
    let server = Server::start(&buckets);
    // Objects that never come keep the first at work.
    let (held, free) = refusing(&site, &[(site.objects.len() / 2, Failure::Silence)]);
    for first in ["scan", "watch --interval 100ms"] {
        free.store(false, Ordering::SeqCst);
        let state = format!("{}.db", &first[..4]);
        let words = format!("{first} --state {state} --append {state}.ndjson --patience 1m");
        let mut holder = site.command(&words);
        let holder = holder
            .args(["s3://logs/", "--endpoint-url"])
            .arg(held.url());
        let mut holder = holder.stdout(Stdio::null()).spawn().unwrap();
        let pid = format!("pid {}\n", holder.id());
        let lock = site.path(&format!("{state}.lock"));
        let begun = Instant::now();
        while !std::fs::read_to_string(&lock).is_ok_and(|lock| lock.contains(&pid)) {
            assert!(begun.elapsed() < Duration::from_secs(30));
            std::thread::sleep(Duration::from_millis(5));
        }
        for second in ["scan", "watch --interval 100ms"] {
            let words = format!("{second} --state {state}");
            let run = site.over(&server, &words).output().unwrap();
            assert_eq!(run.status.code(), Some(4), "{}", said(&run));
            assert_eq!(out(&run), "");
            let pid = holder.id().to_string();
            for word in [&*state, &*pid, first.split(' ').next().unwrap()] {
                assert!(said(&run).contains(word), "{word}: {}", said(&run));
            }
        }
        assert_eq!(holder.try_wait().unwrap(), None);
        kill_process(Pid::from_child(&holder), Signal::TERM).unwrap();
        let status = holder.wait().unwrap();
        if first.starts_with("watch") {
            let mut text = String::new();
            holder
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(status.code(), Some(0), "{text}");
        }
        free.store(true, Ordering::SeqCst);
        let words = format!("scan --state {state} --append {state}.ndjson");
        let run = site.over(&held, &words).output().unwrap();
        assert_eq!(run.status.code(), Some(0), "{}", said(&run));
        assert_eq!(site.read(&state), site.objects.len());
        let alerts = std::fs::read_to_string(site.path(&format!("{state}.ndjson"))).unwrap();
        let files = format!("--state files-{state}");
        let expected = site.alerts(&out(&site.of_files(&files)));
        assert_eq!(differ(&site.alerts(&alerts), &expected), [""; 0], "{first}");
    }
}
