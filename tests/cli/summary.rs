//! The closing words, read as a person reads them.

use crate::place::{Line, Place, burst, calm};

/// stderr with the first line's pace taken out.
fn steady(err: &str) -> String {
    let (first, rest) = err.split_once('\n').unwrap();
    let (what, pace) = first.split_once(" in ").unwrap();
    assert!(
        pace.ends_with(" lines/s") || pace == "less than 0.01 s",
        "{pace}"
    );
    format!("{what}\n{rest}")
}

#[test]
fn a_scan_ends_with_what_it_came_to() {
    let place = Place::new();
    place.file("my logs/a.log", burst(30) + &calm(1));
    let mut command = place.command("scan");
    let run: crate::place::Run = command.arg("my logs").output().unwrap().into();
    let rules = run.rules().len();
    let expected = "\
s3sentry: 31 lines, 12.51 KiB
  records   31; 0 malformed, 0 ambiguous, 0 undated
  period    2026-02-03T02:00:00Z to 2026-02-03T02:00:00Z
  inputs    1 read, 0 skipped, 0 failed
  alerts    2 (0 critical, 0 high, 1 medium, 1 low)
  most      address 203.0.113.7: 2 alerts, up to medium, incident aceffe27
              2026-02-03 02:00:00 access-denied-burst: up to medium, 2 alerts of
              up to 30 requests
              bucket example-logs
  state     0 records late, 0 keys evicted
  settings  none
Next: 2 addresses were seen and nothing says which are yours.
      Write your networks to a file, one CIDR a line, then:
      s3sentry scan --trusted-networks networks.txt 'my logs'
Next: or let it learn from logs of days on which nothing was wrong, and scan
      the days after them with the same --state:
      s3sentry baseline learn --state s3sentry.db 'my logs'
";
    assert_eq!(rules, 2);
    // Which rules there are is another matter.
    let text = steady(&run.err);
    let (before, rest) = text.split_once("  rules     ").unwrap();
    let (rules, next) = rest.split_once("Next: ").unwrap();
    assert_eq!(format!("{before}Next: {next}"), expected);
    let words: Vec<_> = rules.split_whitespace().collect();
    let expected = "unknown-source-ip, unknown-source-ip-low): no trusted networks are set";
    assert!(words.join(" ").contains(expected), "{rules}");
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
}

#[test]
fn a_parse_ends_with_what_was_read() {
    let place = Place::new();
    place.file("a.log", calm(1));
    let run = place.run("parse a.log").ends(0);
    let expected = "\
s3sentry: 1 line, 442 B
  records   1; 0 malformed, 0 ambiguous, 0 undated
  period    2026-02-03T02:00:00Z to 2026-02-03T02:00:00Z
  inputs    1 read, 0 skipped, 0 failed
";
    assert_eq!(steady(&run.err), expected);
}

#[test]
fn a_forged_line_is_pointed_at() {
    let place = Place::new();
    let tail = "- YGUde= SigV4 TLS AuthHeader example.com TLSv1.3 - - -";
    let agent = format!("curl\" {tail} \"-\" \"x");
    place.file(
        "a.log",
        Line {
            agent,
            ..Line::default()
        }
        .text(1),
    );
    let run = place.run("scan a.log").ends(0).says("1 ambiguous");
    run.says("Next: 1 record holds quotes that a caller may have forged. To read it:")
        .says("s3sentry parse a.log | grep '\"ambiguous\":true'");
    let run = place.run("parse a.log").ends(0);
    assert!(run.out.contains("\"ambiguous\":true"));
}

#[test]
fn late_records_name_the_command_that_looks_again() {
    let place = Place::new();
    let later = Line {
        time: "03/Feb/2026:09:00:00 +0000",
        ..Line::default()
    };
    // In blocks of their own, or nothing has been passed by yet.
    let mut text = String::new();
    for number in 0..20_000 {
        text += &later.text(number);
    }
    place.file("a.log", text + &burst(30));
    let run = place.run("scan --no-config --lateness 1m a.log").ends(0);
    run.says("30 records late")
        .says("Next: 30 records came too late for their windows")
        .says("s3sentry scan --no-config --lateness 30d --since ");
}

/// Whoever is refused, however many they are, says nothing of what a bucket is for.
#[test]
fn a_bucket_that_a_crowd_reads_may_be_meant_for_it() {
    let place = Place::new();
    place.file("nets.txt", "192.0.2.0/24\n");
    let crowd = |result: &'static str| -> String {
        let line = |number| Line {
            address: format!("198.18.{number}.1"),
            requester: "-",
            result,
            ..Line::default()
        };
        let unsigned = |text: String| {
            text.replace(" SigV4 ", " - ")
                .replace(" AuthHeader ", " - ")
        };
        (0..20)
            .map(|number| unsigned(line(number).text(number)))
            .collect()
    };
    let scan = "scan --trusted-networks nets.txt a.log";
    let advice = "      public_buckets = [\"example-logs\"]\n";
    place.file("a.log", crowd("200 -"));
    place.run(scan).ends(0).says(advice);
    place.file("a.log", crowd("403 AccessDenied"));
    let run = place.run(scan).ends(0).says_not("public_buckets =");
    run.says("Next: 20 alerts by unknown networks.");
}
