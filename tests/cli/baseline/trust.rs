//! What is known, as lists for the settings.

use super::{EVE, days, stranger};
use crate::place::Place;

fn entries(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.split("  # ").next().unwrap().trim())
        .collect()
}

/// Eight days of a role in four networks, and somebody on the last day.
fn place() -> Place {
    let place = Place::new();
    let networks = ["198.51.100", "198.51.101", "192.0.2", "10.0.0"];
    place.file("a.log", days(8, &networks) + &stranger(EVE, 50));
    place.run("baseline learn --state s.db a.log").ends(0);
    place
}

#[test]
fn networks_that_were_there_long_enough_can_be_trusted() {
    let place = place();
    let text = place.run("baseline trust --state s.db").ends(0).quiet().out;
    assert_eq!(entries(&text), ["198.51.100.0/23", "192.0.2.0/24"]);
    assert!(text.contains("READ IT BEFORE YOU USE IT"));
    assert!(
        text.contains("111122223333; 2 networks; 2026-02-01 to 2026-02-08, 32 requests on 8 days")
    );
    assert!(text.contains("# 1 private network left out"));
    let stranger = text
        .lines()
        .find(|line| line.contains("203.0.113.0/24"))
        .unwrap();
    assert!(stranger.contains("999988887777; 2026-02-08 to 2026-02-08, 50 requests on 1 day"));
    assert!(stranger.contains("fewer than 3 days"));
    // The list is one as it stands.
    place.file("networks.txt", &text);
    let run = place
        .run("scan --trusted-networks networks.txt a.log")
        .ends(0);
    let unknown = run
        .out
        .lines()
        .filter(|line| line.contains("\"unknown-source-ip\""));
    assert!(unknown.clone().count() > 0);
    assert!(unknown.clone().all(|line| line.contains("203.0.113.")));
    // Fewer days and requests are a matter of choice.
    let all = "baseline trust --state s.db --min-age 0 --min-days 1 --min-requests 51";
    let text = place.run(all).ends(0).out;
    assert!(entries(&text).is_empty(), "{text}");
    let text = place.run(&all.replace("51", "1")).ends(0).out;
    assert_eq!(entries(&text).len(), 3, "{text}");
}

#[test]
fn networks_of_others_are_not_trusted() {
    let place = place();
    place.file("s3sentry.toml", "accounts = [\"999988887777\"]");
    let text = place.run("baseline trust --state s.db").ends(0).out;
    assert!(entries(&text).is_empty(), "{text}");
    assert!(text.contains("no account of yours"));
}

#[test]
fn accounts_and_buckets_are_toml() {
    let place = place();
    let text = place
        .run("baseline trust accounts --state s.db")
        .ends(0)
        .out;
    assert_eq!(entries(&text), ["accounts = [", "\"111122223333\",", "]"]);
    let buckets = place.run("baseline trust buckets --state s.db").ends(0).out;
    assert_eq!(entries(&buckets), ["buckets = [", "\"example-logs\",", "]"]);
    place.file("s3sentry.toml", text + &buckets);
    let run = place.run("baseline trust accounts --state s.db").ends(0);
    assert!(run.out.contains("in accounts already"));
}
