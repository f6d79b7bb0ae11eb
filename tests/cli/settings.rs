//! What the user has said once, and where.

use crate::place::{Line, Place, calm};

fn stranger(place: &Place) {
    let line = Line {
        address: "203.0.113.7".into(),
        ..Line::default()
    };
    place.file("a.log", calm(3) + &line.text(9));
}

#[test]
fn without_networks_nothing_is_unknown_and_the_summary_says_what_to_do() {
    let place = Place::new();
    stranger(&place);
    let run = place.run("scan a.log").ends(0);
    assert!(!run.rules().contains(&"unknown-source-ip".to_owned()));
    run.says("settings  none")
        .says("could not run (unknown-source-ip, ")
        .says("Next: 2 addresses were seen and nothing says which are yours.")
        .says("      s3sentry scan --trusted-networks networks.txt a.log\n");
}

#[test]
fn trusted_networks_make_others_unknown() {
    let place = Place::new();
    stranger(&place);
    place.file("nets.txt", "# the office\n192.0.2.0/24\n");
    let run = place.run("scan --trusted-networks nets.txt a.log").ends(0);
    assert_eq!(run.rules(), ["unknown-source-ip"]);
    run.says("settings  trusted networks from nets.txt")
        .says("Next: 1 alert by unknown networks. Add those that are yours to nets.txt.")
        .says_not("could not run");
    place.file("bad.txt", "192.0.2.0/24\n192.0.2.0/33\n");
    place
        .run("scan --trusted-networks bad.txt a.log")
        .ends(2)
        .says("bad.txt:2");
    place
        .run("scan --trusted-networks none.txt a.log")
        .ends(2)
        .says("none.txt");
}

#[test]
fn the_settings_file_is_found_named_and_can_be_left_out() {
    let place = Place::new();
    stranger(&place);
    let text = "trusted_networks = [\"192.0.2.0/24\"]\n";
    place.file("s3sentry.toml", text);
    let run = place
        .run("scan a.log")
        .ends(0)
        .says("settings  s3sentry.toml\n");
    assert_eq!(run.rules(), ["unknown-source-ip"]);
    let run = place
        .run("scan --no-config a.log")
        .ends(0)
        .says("settings  none");
    assert!(run.rules().is_empty());
    place.file(
        "other.toml",
        "trusted_networks = [\"192.0.2.0/24\", \"203.0.113.0/24\"]\n",
    );
    let run = place
        .run("scan --config other.toml a.log")
        .ends(0)
        .says("settings  other.toml\n");
    assert!(run.rules().is_empty());
    let mut command = place.command("scan a.log");
    let run: crate::place::Run = command
        .env("S3SENTRY_CONFIG", "other.toml")
        .output()
        .unwrap()
        .into();
    run.says("settings  other.toml\n");
    place
        .run("scan --config a --no-config a.log")
        .ends(2)
        .says("cannot be used with");
    place
        .run("scan --config none.toml a.log")
        .ends(2)
        .says("none.toml");
}

#[test]
fn a_mistake_in_the_settings_is_located() {
    let place = Place::new();
    stranger(&place);
    place.file(
        "s3sentry.toml",
        "accounts = [\"111122223333\"]\ntrusted_network = [\"192.0.2.0/24\"]\n",
    );
    for command in ["scan missing.log", "rules list"] {
        place
            .run(command)
            .ends(2)
            .says("s3sentry: error: s3sentry.toml:2:1: unknown key \"trusted_network\"")
            .says("(did you mean \"trusted_networks\"?)")
            .says("1 error in the settings; no input was read")
            .says_not("missing.log");
    }
}
