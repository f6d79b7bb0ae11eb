//! Where lines come from, and what happens when they do not come.

use std::process::Stdio;

use crate::place::{Line, Place, burst, calm, gzip};

#[test]
fn empty_input_is_no_error() {
    let place = Place::new();
    place.file("empty.log", "");
    for arguments in ["scan", "scan -", "scan empty.log", "scan --format ndjson"] {
        let run = place.pipe(arguments, b"").ends(0);
        assert_eq!(run.out, "");
        run.says("s3sentry: 0 lines, 0 B")
            .says("records   0; 0 malformed, 0 ambiguous, 0 undated")
            .says("alerts    0 (0 critical, 0 high, 0 medium, 0 low)")
            .says("0 records late, 0 keys evicted")
            .says_not("Next:");
    }
    place.pipe("scan -q", b"").ends(0).quiet();
    assert_eq!(place.pipe("parse", b"").ends(0).out, "");
}

#[test]
fn a_missing_file_is_named_and_the_others_are_read() {
    let place = Place::new();
    place.file("good.log", burst(30));
    let run = place.run("scan missing.log good.log gone.log").ends(3);
    assert!(run.rules().contains(&"access-denied-burst".to_owned()));
    run.says("error: missing.log does not exist")
        .says("error: gone.log does not exist")
        .says("1 read, 0 skipped, 2 failed");
    let run = place.run("parse -q missing.log good.log").ends(3);
    assert_eq!(run.out.lines().count(), 30);
    run.says_exactly("s3sentry: error: missing.log does not exist; check the path\n");
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_named_and_the_others_are_read() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.file("good.log", calm(2)).file("shut.log", calm(3));
    let shut = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(place.path("shut.log"), shut).unwrap();
    if std::fs::read(place.path("shut.log")).is_ok() {
        return; // To root everything is readable.
    }
    let run = place.run("parse shut.log good.log").ends(3);
    assert_eq!(run.out.lines().count(), 2);
    run.says("shut.log may not be read");
}

#[test]
fn a_broken_file_in_a_directory_costs_only_itself() {
    let place = Place::new();
    let whole = gzip(burst(30).as_bytes());
    place.file("logs/a.log", calm(2));
    place.file("logs/b.log.gz", &whole[..whole.len() / 2]);
    place.file("logs/c.log.gz", gzip(calm(3).as_bytes()));
    place.file("logs/d/e.log", calm(4));
    let run = place.run("parse logs").ends(3);
    assert!(run.out.lines().count() >= 2 + 3 + 4);
    run.says("error: logs/b.log.gz is cut short")
        .says("3 read, 0 skipped, 1 failed");
}

#[test]
fn input_without_any_access_log_line_says_what_it_is() {
    let place = Place::new();
    for (input, what) in [
        (
            &b"{\"Records\":[{\"eventVersion\":\"1.08\",\"eventSource\":\"s3\"}]}\n"[..],
            "CloudTrail",
        ),
        (b"#Version: 1.0\n#Fields: date time\n", "CloudFront"),
        (
            b"127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 200 2\n",
            "web server",
        ),
        (b"PAR1\x15\x04\x15\x00\n", "Parquet"),
        (b"hello\n", "text, but no line of it"),
    ] {
        for command in ["scan", "parse", "scan -q", "parse -q"] {
            let run = place.pipe(command, input).ends(3);
            assert_eq!(run.out, "");
            run.says("no access-log line in the input; this looks like")
                .says(what);
        }
    }
}

#[test]
fn malformed_lines_are_counted_and_shown() {
    let place = Place::new();
    let text = format!("{}garbage one\n{}garbage two\n", calm(2), calm(1));
    place.file("mixed.log", text);
    let run = place.run("scan mixed.log").ends(0);
    run.says("warning: 2 lines not understood and left out:")
        .says("mixed.log at byte ")
        .says("      garbage one\n")
        .says("records   3; 2 malformed");
}

#[test]
fn stdin_is_a_source_among_others() {
    let place = Place::new();
    place.file("a.log", calm(2));
    for (arguments, count) in [
        ("parse - a.log", 3),
        ("parse a.log -", 3),
        ("parse", 1),
        ("parse - -", 1),
    ] {
        let run = place.pipe(arguments, calm(1).as_bytes()).ends(0);
        assert_eq!(run.out.lines().count(), count, "{arguments}");
    }
    let run = place.pipe("parse", &gzip(calm(4).as_bytes())).ends(0);
    assert_eq!(run.out.lines().count(), 4);
}

#[cfg(unix)]
#[test]
fn names_need_not_be_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let name = OsStr::from_bytes(b"caf\xe9\x1b[31m.log");
    if std::fs::write(place.path("").join(name), burst(30)).is_err() {
        return; // Some file systems insist on UTF-8.
    }
    let mut command = place.command("scan");
    let run: crate::place::Run = command.arg(name).output().unwrap().into();
    assert!(!run.ends(0).err.contains('\x1b'));
    let mut command = place.command("scan");
    let gone = OsStr::from_bytes(b"gone\xe9\x1b[31m.log");
    let run: crate::place::Run = command.arg(gone).output().unwrap().into();
    let run = run.ends(3).says("does not exist");
    assert!(!run.err.contains('\x1b'), "{:?}", run.err);
}

#[test]
fn wrong_addresses_are_usage() {
    let place = Place::new();
    for command in ["scan", "parse", "rules explain access-denied-burst"] {
        let run = place.run(&format!("{command} s3:///prefix")).ends(2);
        run.says("s3:///prefix: names no bucket: write s3://BUCKET/PREFIX");
    }
    let run = place.run("baseline learn --state s.db s3://a_b!/x").ends(2);
    run.says("s3://a_b!/x: is no bucket's name");
    assert!(!place.path("s.db").exists());
    let run = place.run("scan s3://example-logs/ --endpoint-url localhost");
    run.ends(2).says("an endpoint is a URL");
    for option in ["--full", "--lookback 3d"] {
        let run = place
            .run(&format!("scan s3://example-logs/ {option}"))
            .ends(2);
        run.says("name one with --state FILE");
        let run = place
            .run(&format!("scan a.log --state s.db {option}"))
            .ends(2);
        run.says("are about buckets: name one, s3://BUCKET/PREFIX");
    }
}

#[test]
fn without_credentials_nothing_is_read() {
    let place = Place::new();
    place.file("none", "");
    for command in ["scan s3://example-logs/a", "parse s3://example-logs/a"] {
        let mut words = command.split(' ');
        let mut command = place.command(words.next().unwrap());
        command.args(words).args(["--region", "eu-west-1"]);
        for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
            command.env(name, place.path("none"));
        }
        for name in [
            "AWS_PROFILE",
            "AWS_ACCESS_KEY_ID",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
        ] {
            command.env_remove(name);
        }
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        let run: crate::place::Run = command.output().unwrap().into();
        run.ends(3)
            .says("AWS accepts no credentials of this process");
    }
}

#[test]
fn threads_change_nothing() {
    let place = Place::new();
    let mut text = burst(300);
    text += &calm(3000);
    place.file("a.log", text);
    let one = place.run("scan --threads 1 a.log").ends(0);
    let four = place.run("scan --threads 4 a.log").ends(0);
    assert!(!one.out.is_empty());
    assert_eq!(one.out, four.out);
    assert_eq!(
        place.run("parse --threads 1 a.log").out,
        place.run("parse --threads 4 a.log").out
    );
    place
        .run("scan --threads 0 a.log")
        .ends(2)
        .says("--threads");
}

fn three_days(place: &Place) {
    let mut text = String::new();
    for (number, time) in [
        "01/Feb/2026:12:00:00 +0000",
        "02/Feb/2026:12:00:00 +0000",
        "03/Feb/2026:12:00:00 +0000",
    ]
    .into_iter()
    .enumerate()
    {
        text += &Line {
            time,
            ..Line::default()
        }
        .text(number);
    }
    place.file("days.log", text);
}

#[test]
fn since_and_until_cut_by_the_time_of_the_record() {
    let place = Place::new();
    three_days(&place);
    for (span, count) in [
        ("--since 2026-02-02T12:00:00Z", 2),
        ("--until 2026-02-02T12:00:00Z", 1),
        ("--since 2026-02-02T12:00:01Z", 1),
        (
            "--since 2026-02-02T13:00:00+01:00 --until 2026-02-02T13:00:01+01:00",
            1,
        ),
        ("--since 2026-02-02 --until 2026-02-03", 1),
        ("--since 36500d", 3),
        ("--until 1h", 3),
        ("--since 1s", 0),
    ] {
        let run = place.run(&format!("parse {span} days.log")).ends(0);
        assert_eq!(run.out.lines().count(), count, "{span}");
        run.says(&format!("{} outside --since/--until", 3 - count));
    }
    let run = place.run("scan --since 2027-01-01 days.log").ends(0);
    run.says("every record is outside --since/--until")
        .says("s3sentry scan --since 2026-02-01T12:00:00Z --until 2026-02-03T12:00:01Z days.log");
}

#[test]
fn a_span_that_holds_nothing_is_a_mistake() {
    let place = Place::new();
    three_days(&place);
    for span in [
        "--since 2026-02-03 --until 2026-02-02",
        "--since 1h --until 24h",
        "--since 2026-02-03 --until 2026-02-03",
    ] {
        place
            .run(&format!("scan {span} days.log"))
            .ends(2)
            .says("--since is not before --until");
    }
    place
        .run("scan --since yesterday days.log")
        .ends(2)
        .says("RFC 3339");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let place = Place::new();
    place.file("every/rule.yml", crate::place::EVERY);
    place.file("a.log", burst(20_000));
    for arguments in [
        "scan --rules every a.log",
        "scan --rules every --format csv a.log",
        "parse a.log",
        "parse --format csv a.log",
    ] {
        let mut command = place.command(arguments);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Gone before the first line, as after `| head -1`.
        drop(child.stdout.take());
        let run: crate::place::Run = child.wait_with_output().unwrap().into();
        run.ends(0).quiet();
    }
}
