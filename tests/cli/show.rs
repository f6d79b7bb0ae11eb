//! `rules show`: what is printed is what runs.

use crate::place::{EVERY, Place, burst};

#[test]
fn a_rule_is_printed_with_what_the_settings_changed() {
    let place = Place::new();
    place.file(
        "s3sentry.toml",
        "public_buckets = [\"site\"]\n[rules.access-denied-burst]\nthreshold = 50\nlevel = \"high\"\n",
    );
    let out = place
        .run("rules show access-denied-burst")
        .ends(0)
        .quiet()
        .out;
    assert!(
        out.starts_with("# built-in:refused/access-denied-burst.yml:"),
        "{out}"
    );
    assert!(out.contains("\nlevel: high  # from s3sentry.toml: was medium\n"));
    assert!(out.contains("\n    gte: 50  # from s3sentry.toml: was 20\n"));
    // The detection that it counts stands below.
    assert!(out.contains("\n---\n# built-in:refused/access-denied-burst.yml:2:1\n"));
    assert!(out.contains("\nname: access-denied\n"));
    let out = place.run("rules show not-found-burst-low").ends(0).out;
    assert!(
        out.contains("'%public_buckets%'  # 1 entry, from s3sentry.toml\n"),
        "{out}"
    );
}

#[test]
fn what_is_printed_is_a_rule_file_that_finds_the_same() {
    let place = Place::new();
    place.file("a.log", burst(40));
    let settings = "[rules.access-denied-burst]\nthreshold = 35\n";
    place.file("s3sentry.toml", settings);
    let expected = place.run("scan a.log").ends(0).out;
    let shown = place.run("rules show access-denied-burst").ends(0).out;
    place.file("shown/access-denied-burst.yml", shown);
    let again = place
        .run("scan --no-config --rules shown a.log")
        .ends(0)
        .out;
    assert_eq!(expected, again);
    let without = place.run("scan --no-config a.log").ends(0).out;
    assert_ne!(expected, without);
}

#[test]
fn a_rule_that_cannot_work_says_why() {
    let place = Place::new();
    let out = place.run("rules show unknown-source-ip").ends(0).out;
    assert!(out.contains(
        "\n# Cannot work: no trusted networks are set, so there is nothing to compare with.\n"
    ));
}

#[test]
fn a_name_that_no_rule_has_is_an_error_with_the_nearest() {
    let place = Place::new();
    let run = place.run("rules show acess-denied-burst").ends(2);
    assert_eq!(run.out, "");
    run.says("s3sentry: error: no rule is called \"acess-denied-burst\" (did you mean \"access-denied-burst\"?)");
    place.run("rules show").ends(2).says("<NAME>");
}

#[test]
fn a_rule_of_ones_own_is_printed_without_harm_to_a_terminal() {
    let place = Place::new();
    let rule = EVERY.replace(
        "title: Every request",
        "title: \"Every \\e[31m\\u202E request\"",
    );
    place.file("own/every.yml", rule);
    let out = place
        .run("rules show every-request --rules own")
        .ends(0)
        .out;
    assert!(!out.contains(['\x1b', '\u{202e}']), "{out:?}");
    assert!(out.contains("title: \"Every \\U0000001b[31m\\U0000202e request\"\n"));
}
