//! Credentials by the SDK's own chain: they are looked up in the environment of
//! a process, and so each of these is one.

use std::fs;
use std::path::Path;
use std::process::Command;

use s3sentry::source::s3::{Arrivals, Client, Config};

use crate::server::{Buckets, Failure, KEY, OLD_KEY, Request, SECRET, Server};
use crate::world::{config, fill, scan, take};

/// Names the server to the process that scans.
const URL: &str = "BUCKET_URL";

/// What a process prints.
const OBJECTS: &str = "objects came: ";
const FAULT: &str = "fault: ";

#[test]
#[ignore = "the others run it as a process of its own"]
fn process_that_scans() {
    let Ok(url) = std::env::var(URL) else {
        return;
    };
    let client = Client::new(Config {
        profile: Some("reader".to_owned()),
        endpoint_url: Some(url),
        ..Config::default()
    });
    let mut objects = scan(&client.unwrap(), &["s3://logs/"]);
    let taken = take(&mut objects);
    println!("{OBJECTS}{}", taken.len());
    for trouble in objects.troubles() {
        println!("{FAULT}{} {}", trouble.fault.kind(), trouble.fault);
    }
}

/// What a process gets with this configuration file in its home: how many objects,
/// and which fault.
fn scanned(home: &Path, server: &Server, profile: &str) -> (usize, Option<String>) {
    scanned_with(home, server, profile, &[])
}

/// The same with more in its environment.
fn scanned_with(
    home: &Path,
    server: &Server,
    profile: &str,
    environment: &[(&str, &str)],
) -> (usize, Option<String>) {
    let aws = home.join(".aws");
    fs::create_dir_all(&aws).unwrap();
    fs::write(aws.join("config"), profile).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "chain::process_that_scans",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env(URL, server.url())
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let said = |what: &str| {
        let (_, rest) = text.split_once(what)?;
        rest.lines().next().map(str::to_owned)
    };
    (said(OBJECTS).unwrap().parse().unwrap(), said(FAULT))
}

fn filled() -> Buckets {
    let buckets = Buckets::default();
    fill(&buckets, 10);
    buckets
}

#[test]
fn a_profile_gives_keys_and_region() {
    let server = Server::failing(&filled(), |request: &Request| {
        let there = request.signed.contains("/eu-south-1/s3/");
        (!there).then_some(Failure::Code("AccessDenied"))
    });
    let home = tempfile::tempdir().unwrap();
    let profile = format!(
        "[profile reader]\nregion = eu-south-1\naws_access_key_id = {KEY}\n\
         aws_secret_access_key = {SECRET}\n"
    );
    assert_eq!(scanned(home.path(), &server, &profile), (30, None));
}

#[test]
fn a_profile_that_is_named_counts_more_than_the_environment() {
    let server = Server::failing(&filled(), |request: &Request| {
        let wrong = request.signed.contains(OLD_KEY);
        wrong.then_some(Failure::Code("AccessDenied"))
    });
    let home = tempfile::tempdir().unwrap();
    let environment = [
        ("AWS_ACCESS_KEY_ID", OLD_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_PROFILE", "other"),
    ];
    let keys = |name: &str, key: &str| {
        format!(
            "[profile {name}]\nregion = eu-south-1\naws_access_key_id = {key}\n\
             aws_secret_access_key = {SECRET}\n"
        )
    };
    let profiles = keys("other", OLD_KEY) + &keys("reader", KEY);
    let scanned = |profiles: &str| scanned_with(home.path(), &server, profiles, &environment);
    assert_eq!(scanned(&profiles), (30, None));
    // Nor does the environment help a profile that has no keys.
    let (objects, fault) = scanned("[profile reader]\nregion = eu-south-1\n");
    assert_eq!(objects, 0);
    let fault = fault.unwrap();
    assert!(fault.starts_with("credentials "), "{fault}");
}

#[test]
fn without_credentials_that_is_what_is_told() {
    let server = Server::start(&filled());
    for (profile, why) in [
        (
            "[profile reader]\nregion = eu-south-1\n",
            "the credential provider was not enabled",
        ),
        ("[profile other]\nregion = eu-south-1\n", "`reader`"),
        (
            "[profile reader]\nsso_session = work\nsso_account_id = 111122223333\n\
             sso_role_name = reader\n[sso-session work]\nsso_region = eu-south-1\n\
             sso_start_url = https://example.com/start\n",
            "failed to load the cached SSO token",
        ),
        (
            "[profile reader]\ncredential_process = false\n",
            "external process exited",
        ),
    ] {
        let home = tempfile::tempdir().unwrap();
        let (objects, fault) = scanned(home.path(), &server, profile);
        assert_eq!(objects, 0);
        let fault = fault.unwrap();
        assert!(fault.starts_with("credentials "), "{profile}: {fault}");
        assert!(fault.contains(why), "{profile}: {fault}");
        assert!(fault.ends_with("the role of this machine"), "{fault}");
    }
}

#[test]
fn credentials_that_expired_are_asked_for_again() {
    let server = Server::failing(&filled(), |request: &Request| {
        let old = request.signed.contains(OLD_KEY);
        old.then_some(Failure::Code("ExpiredToken"))
    });
    let home = tempfile::tempdir().unwrap();
    // The first time it gives what has expired, which it does not know.
    let given = home.path().join("given");
    let script = home.path().join("give");
    let keys = |key: &str| {
        format!("{{\"Version\": 1, \"AccessKeyId\": \"{key}\", \"SecretAccessKey\": \"{SECRET}\"}}")
    };
    fs::write(
        &script,
        format!(
            "if [ -e '{given}' ]; then echo '{}'; else touch '{given}'; echo '{}'; fi\n",
            keys(KEY),
            keys(OLD_KEY),
            given = given.display()
        ),
    )
    .unwrap();
    let profile = format!(
        "[profile reader]\nregion = us-east-1\ncredential_process = sh {}\n",
        script.display()
    );
    assert_eq!(scanned(home.path(), &server, &profile), (30, None));
    assert!(given.exists());
}

#[test]
fn keys_are_not_shown() {
    let server = Server::start(&Buckets::default());
    let shown = format!("{:?}", config(&server));
    assert!(shown.contains(KEY) && !shown.contains(SECRET), "{shown}");
    let shown = format!("{:?}", Client::new(config(&server)).unwrap());
    assert!(!shown.contains(SECRET), "{shown}");
}
