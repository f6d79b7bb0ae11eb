//! The steps that a scan proposes.

use super::days;
use crate::place::Place;

#[test]
fn a_scan_that_knows_nothing_names_the_command_that_mends_it() {
    let place = Place::new();
    place.file("logs/a b.log", days(1, &["198.51.100"]));
    let mut command = place.command("scan");
    let run: crate::place::Run = command.arg("logs/a b.log").output().unwrap().into();
    run.ends(0)
        .says("s3sentry baseline learn --state s3sentry.db 'logs/a b.log'\n");
    let run = place
        .pipe("scan", days(1, &["198.51.100"]).as_bytes())
        .ends(0);
    run.says("s3sentry baseline learn --state s3sentry.db SOURCE...\n");
    place.file("networks.txt", "198.51.100.0/24\n");
    let run = place
        .run("scan --trusted-networks networks.txt logs/")
        .ends(0);
    run.says_not("baseline learn");
}

#[test]
fn a_scan_that_learns_says_until_when() {
    let place = Place::new();
    place.file("a.log", days(2, &["198.51.100"]));
    let run = place.run("scan --state s.db a.log").ends(0);
    run.says("learning: 2 of 7 days")
        .says_in_words("that takes records on 5 more days, so it begins on 2026-02-08 if")
        .says("s3sentry baseline learn --state ")
        .says_not("baseline trust");
    place.run("baseline learn --state s.db a.log").ends(0);
    place.file("b.log", days(3, &["198.51.100"]));
    let run = place.run("scan --state s.db b.log").ends(0);
    run.says_not("counts as new yet")
        .says("s3sentry baseline trust --state ");
}
