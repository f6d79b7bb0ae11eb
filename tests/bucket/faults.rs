//! What fails, and what comes of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use s3sentry::source::s3::{Arrivals, Client, Config, Fault, Keys};

use crate::server::{Buckets, Failure, Request, Schedule, Seen, Server, seeded};
use crate::world::{BUCKET, FIRST, client, config, fill, impatient, keys, scan, take};

/// Seeds that are tried unless `S3SENTRY_SEEDS` names another number.
const SEEDS: u64 = 3;

#[test]
fn of_all_faults_that_pass_nothing_is_seen() {
    let seeds = std::env::var("S3SENTRY_SEEDS").map_or(SEEDS, |seeds| seeds.parse().unwrap());
    let buckets = Buckets::default();
    let all = fill(&buckets, 400);
    let mut failures = 0;
    for seed in 0..seeds {
        let server = Server::failing(&buckets, seeded(seed, 50));
        let mut objects = scan(&impatient(&server), &["s3://logs/"]);
        let taken = take(&mut objects);
        let mut came = BTreeMap::new();
        for (object, body) in taken {
            let body = body.unwrap_or_else(|fault| panic!("seed {seed}, {}: {fault}", object.key));
            let twice = came.insert(object.key.to_string(), body);
            assert!(twice.is_none(), "seed {seed}: {} came twice", object.key);
        }
        assert!(came == all, "seed {seed}");
        assert_eq!(objects.troubles(), [], "seed {seed}");
        let counts = objects.counts();
        assert_eq!(counts.fetched, 1200);
        assert!(counts.retries > 0, "seed {seed}");
        failures += Seen::get(&server.seen().failures);
    }
    // 5 % of what was asked.
    assert!(failures > seeds * 30, "{failures} failures");
}

/// Every object fails in this way twice, and then does not.
fn twice(failure: Failure) -> impl Schedule {
    move |request: &Request| (request.key.is_some() && request.nth <= 2).then(|| failure.clone())
}

#[test]
fn a_body_that_is_cut_or_short_never_comes() {
    for failure in [
        Failure::Short,
        Failure::Cut(300),
        Failure::Cut(700),
        Failure::Stall(500),
        Failure::Reset,
    ] {
        let buckets = Buckets::default();
        let mut all = fill(&buckets, 5);
        let [key, ..] = keys(FIRST, 77);
        let large = vec![7; 5 << 20];
        buckets.put(BUCKET, &key, &large, FIRST);
        all.insert(key, large);
        let server = Server::failing(&buckets, twice(failure.clone()));
        let mut objects = scan(&impatient(&server), &["s3://logs/"]);
        let taken = take(&mut objects);
        assert_eq!(taken.len(), all.len());
        for (object, body) in taken {
            assert!(body.unwrap() == all[&*object.key], "{failure:?}");
        }
        assert!(objects.counts().retries >= 16, "{failure:?}");
    }
}

#[test]
fn an_object_that_stays_short_is_named_as_that() {
    let buckets = Buckets::default();
    let all = fill(&buckets, 4);
    let (bad, body) = all.iter().nth(5).unwrap();
    let (bad, expected) = (bad.clone(), body.len() as u64);
    let name = bad.clone();
    let server = Server::failing(&buckets, move |request: &Request| {
        (request.key.as_ref() == Some(&name)).then_some(Failure::Short)
    });
    let mut objects = scan(&client(&server), &["s3://logs/"]);
    for (object, body) in take(&mut objects) {
        if *object.key == *bad {
            let got = expected - 1;
            assert_eq!(body, Err(Fault::Truncated { expected, got }));
        } else {
            assert!(body.unwrap() == all[&*object.key]);
        }
    }
    let counts = objects.counts();
    assert_eq!((counts.fetched, counts.failed, counts.retries), (11, 1, 7));
}

#[test]
fn one_object_that_may_not_be_read_leaves_the_others() {
    let buckets = Buckets::default();
    let all = fill(&buckets, 20);
    let names: Vec<String> = all.keys().cloned().collect();
    let faults = [
        (
            "AccessDenied",
            Fault::Forbidden {
                code: "AccessDenied".to_owned(),
                action: "s3:GetObject",
            },
        ),
        ("NoSuchKey", Fault::Gone),
        ("PreconditionFailed", Fault::Changed),
    ];
    let bad: BTreeMap<String, usize> = (0..3).map(|at| (names[at * 17].clone(), at)).collect();
    let codes = faults.clone().map(|(code, _)| code);
    let refused = bad.clone();
    let server = Server::failing(&buckets, move |request: &Request| {
        let at = *refused.get(request.key.as_ref()?)?;
        Some(Failure::Code(codes[at]))
    });
    let mut objects = scan(&client(&server), &["s3://logs/"]);
    let taken = take(&mut objects);
    assert_eq!(taken.len(), 60);
    for (object, body) in taken {
        match bad.get(&*object.key) {
            Some(&at) => assert_eq!(body.unwrap_err(), faults[at].1),
            None => assert!(body.unwrap() == all[&*object.key]),
        }
    }
    let counts = objects.counts();
    assert_eq!((counts.fetched, counts.failed, counts.retries), (57, 3, 0));
    assert_eq!(objects.troubles(), []);
}

#[test]
fn what_changed_since_it_was_listed_is_told_and_not_mixed() {
    let buckets = Buckets::default();
    let all = fill(&buckets, 200);
    let last = keys(FIRST + 66 * 997, 199u64.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let (changed, gone) = (last[0].clone(), last[1].clone());
    assert!(all.contains_key(&changed) && all.contains_key(&gone));
    let asked = Arc::new(AtomicBool::new(false));
    let server = {
        let (buckets, asked) = (buckets.clone(), asked.clone());
        let (changed, gone) = (changed.clone(), gone.clone());
        // Just before they are given.
        Server::failing(&buckets.clone(), move |request: &Request| {
            if request.key.is_some() && !asked.swap(true, Ordering::SeqCst) {
                buckets.put(BUCKET, &changed, b"something else", FIRST);
                buckets.remove(BUCKET, &gone);
            }
            None
        })
    };
    let mut objects = scan(
        &Client::new(Config {
            concurrency: 1,
            ..config(&server)
        })
        .unwrap(),
        &["s3://logs/"],
    );
    for (object, body) in take(&mut objects) {
        if *object.key == *changed {
            assert_eq!(body, Err(Fault::Changed));
        } else if *object.key == *gone {
            assert_eq!(body, Err(Fault::Gone));
        } else {
            assert!(body.unwrap() == all[&*object.key]);
        }
    }
}

#[test]
fn wrong_keys_are_named_as_that() {
    let buckets = Buckets::default();
    fill(&buckets, 1);
    let server = Server::start(&buckets);
    for (id, secret) in [("AKIDOTHER", "x"), (crate::server::KEY, "wrong")] {
        let client = Client::new(Config {
            keys: Some(Keys {
                id: id.to_owned(),
                secret: secret.to_owned(),
            }),
            ..config(&server)
        });
        let mut objects = scan(&client.unwrap(), &["s3://logs/"]);
        assert_eq!(objects.next_time(), None);
        let troubles = objects.troubles();
        assert_eq!(troubles.len(), 1);
        assert!(
            matches!(troubles[0].fault, Fault::Credentials { .. }),
            "{troubles:?}"
        );
        assert_eq!(&*troubles[0].name, "s3://logs/");
    }
}

#[test]
fn credentials_that_expire_on_the_way_end_it() {
    for (code, kind) in [
        ("ExpiredToken", "credentials"),
        ("RequestTimeTooSkewed", "clock_skew"),
    ] {
        let buckets = Buckets::default();
        fill(&buckets, 200);
        let count = Mutex::new(0);
        let server = Server::failing(&buckets, move |request: &Request| {
            request.key.as_ref()?;
            let mut count = count.lock().unwrap();
            *count += 1;
            (*count > 100).then_some(Failure::Code(code))
        });
        let mut objects = scan(&client(&server), &["s3://logs/"]);
        let taken = take(&mut objects);
        let good = taken.iter().filter(|(_, body)| body.is_ok()).count();
        let bad = taken.last().unwrap().1.as_ref().unwrap_err();
        assert_eq!((good, taken.len() - good), (taken.len() - 1, 1));
        // Of those in flight the first to fail may be any.
        assert!(good <= 100 && good > 0, "{good}");
        assert!(bad.concerns_all());
        assert_eq!(bad.kind(), kind);
        let troubles = objects.troubles();
        assert_eq!(troubles.len(), 1);
        assert_eq!(&troubles[0].fault, bad);
    }
}

#[test]
fn credentials_are_looked_up_again_before_it_ends() {
    let buckets = Buckets::default();
    let all = fill(&buckets, 20);
    // Refused once: with what was looked up again it goes on.
    let refused = AtomicBool::new(false);
    let server = Server::failing(&buckets, move |request: &Request| {
        let first = request.key.is_some() && !refused.swap(true, Ordering::SeqCst);
        first.then_some(Failure::Code("ExpiredToken"))
    });
    let mut objects = scan(&client(&server), &["s3://logs/"]);
    let taken = take(&mut objects);
    assert_eq!(taken.len(), all.len());
    assert!(taken.iter().all(|(_, body)| body.is_ok()));
    assert_eq!(objects.troubles(), []);
}

#[test]
fn a_bucket_is_found_in_its_region() {
    let buckets = Buckets::default();
    fill(&buckets, 10);
    let asked = Arc::new(Mutex::new([0, 0]));
    let count = asked.clone();
    let server = Server::failing(&buckets, move |request: &Request| {
        let right = request.signed.contains("/eu-central-2/s3/");
        count.lock().unwrap()[usize::from(right)] += 1;
        (!right).then_some(Failure::Region("eu-central-2"))
    });
    let mut objects = scan(&client(&server), &["s3://logs/"]);
    let taken = take(&mut objects);
    assert_eq!(taken.len(), 30);
    assert!(taken.iter().all(|(_, body)| body.is_ok()));
    let [wrong, right] = *asked.lock().unwrap();
    // Only pages that were asked for at once can have been wrong.
    assert!(wrong <= 8 && right > 30, "{wrong} {right}");
}

#[test]
fn who_pays_is_said_in_every_request() {
    let buckets = Buckets::default();
    fill(&buckets, 3);
    for requester_pays in [true, false] {
        let server = Server::failing(&buckets, |request: &Request| {
            (!request.payer).then_some(Failure::Code("AccessDenied"))
        });
        let client = Client::new(Config {
            requester_pays,
            ..config(&server)
        });
        let mut objects = scan(&client.unwrap(), &["s3://logs/"]);
        let taken = take(&mut objects);
        assert_eq!(taken.len(), if requester_pays { 9 } else { 0 });
        if !requester_pays {
            assert_eq!(objects.troubles()[0].fault.kind(), "forbidden");
        }
    }
}

#[test]
fn an_outage_ends_it_and_leaves_the_rest() {
    let buckets = Buckets::default();
    fill(&buckets, 300);
    let down = Arc::new(AtomicBool::new(false));
    let fails = down.clone();
    let server = Server::failing(&buckets, move |request: &Request| {
        let down = fails.load(Ordering::SeqCst) && request.key.is_some();
        down.then_some(Failure::Code("InternalError"))
    });
    let mut objects = scan(&client(&server), &["s3://logs/"]);
    for _ in 0..10 {
        assert!(objects.next().unwrap().body.is_ok());
    }
    down.store(true, Ordering::SeqCst);
    let taken = take(&mut objects);
    let failed = taken.iter().filter(|(_, body)| body.is_err()).count();
    assert!(
        failed >= 16 && taken.len() < 800,
        "{failed} of {}",
        taken.len()
    );
    let troubles = objects.troubles();
    assert_eq!(troubles.len(), 1);
    assert_eq!(troubles[0].fault.kind(), "server");
}

#[test]
fn asked_to_slow_down_it_does() {
    let buckets = Buckets::default();
    let all = fill(&buckets, 200);
    // More than four at once are refused.
    let server = Server::slow(
        &buckets,
        |request: &Request| (request.busy > 4).then_some(Failure::Code("SlowDown")),
        Duration::from_millis(20),
    );
    let mut objects = scan(&client(&server), &["s3://logs/"]);
    let taken = take(&mut objects);
    assert_eq!(taken.len(), all.len());
    assert!(taken.iter().all(|(_, body)| body.is_ok()));
    let throttled = objects.counts().throttled;
    assert_eq!(Seen::get(&server.seen().gets), 600 + throttled);
    // At full pace most would be refused, and some until patience is lost.
    assert!((1..200).contains(&throttled), "{throttled}");
}
