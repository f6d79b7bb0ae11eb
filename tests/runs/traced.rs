//! The program where the system fails it, call by call: killed at the nth call,
//! the disk full, the disk broken. Needs `strace`, and says so where there is
//! none.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use crate::program::{Site, ended, stderr, written};

/// Calls that change what is on the disk.
const CALLS: &[&str] = &[
    "write,pwrite64",
    "fsync,fdatasync",
    "rename,renameat,renameat2",
    "ftruncate",
    "unlink,unlinkat",
];

const EFFECTS: &[&str] = &["signal=KILL", "error=ENOSPC", "error=EIO"];

/// Options of the output.
const OUTPUTS: &[&str] = &["--append", "-o"];

fn can_trace() -> bool {
    let mut strace = Command::new("strace");
    let strace = strace.args(["-qq", "-o", "/dev/null", "true"]);
    let run = strace.stdin(Stdio::null()).stderr(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

/// What came of those that were tried.
#[derive(Debug, Default)]
struct Figures {
    tried: usize,
    killed: usize,
    state: usize,
    output: usize,
    done: usize,
    other: Vec<String>,
}

struct Bench {
    site: Site,
    expected: crate::kept::Sum,
}

impl Bench {
    /// A state file that has something in it, and so many files that it has not
    /// read.
    fn new(unread: usize) -> Self {
        let site = Site::new(300);
        let first = ended(&mut site.scan("first.db", &["--append", "first.ndjson"]));
        assert!(first.status.success(), "{first:?}");
        site.deliver(300..300 + unread);
        let expected = site.undisturbed();
        Self { site, expected }
    }

    /// The run that is to be disturbed, over a copy of the state file.
    fn command(&self, output: &str, strace: &[String]) -> Command {
        for file in [
            "traced.db-wal",
            "traced.db-shm",
            "traced.db.lock",
            "traced.ndjson",
        ] {
            let _ = fs::remove_file(self.site.path(file));
        }
        let (from, to) = (self.site.path("first.db"), self.site.path("traced.db"));
        fs::copy(from, to).unwrap();
        let run = self.site.scan("traced.db", &[output, "traced.ndjson"]);
        let mut traced = Command::new("strace");
        self.site.prepare(&mut traced);
        traced.args(["-f", "-qq"]).args(strace);
        traced.arg(run.get_program()).args(run.get_args());
        traced
    }

    /// How many calls there are in one thread, at most.
    fn calls(&self, output: &str, calls: &str) -> usize {
        let arguments = [format!("-etrace={calls}"), "-o".into(), "trace.txt".into()];
        let run = ended(&mut self.command(output, &arguments));
        assert!(run.status.success(), "{}", stderr(&run));
        let trace = fs::read_to_string(self.site.path("trace.txt")).unwrap();
        // Each thread counts its own.
        let mut threads: BTreeMap<&str, usize> = BTreeMap::new();
        for line in trace.lines().filter(|line| line.contains('(')) {
            let thread = line.split(' ').next().unwrap_or_default();
            *threads.entry(thread).or_default() += 1;
        }
        threads.into_values().max().unwrap_or(0)
    }

    fn strike(&self, output: &str, calls: &str, effect: &str, nth: usize, figures: &mut Figures) {
        let what = format!("{output} {calls} {effect} {nth}");
        let arguments = [
            format!("-etrace={calls}"),
            format!("-einject={calls}:{effect}:when={nth}"),
            "-o".into(),
            "/dev/null".into(),
        ];
        let run = ended(&mut self.command(output, &arguments));
        figures.tried += 1;
        match run.status.code() {
            None => figures.killed += 1,
            Some(0) => figures.done += 1,
            Some(4) => figures.state += 1,
            Some(5) => figures.output += 1,
            _ => figures
                .other
                .push(format!("{what}: {} {}", run.status, stderr(&run))),
        }
        // One word that says what, unless that is the word that could not be
        // written.
        let said = stderr(&run);
        if matches!(run.status.code(), Some(4 | 5)) && !said.contains("error: ") {
            figures.other.push(format!("{what}: {said:?}"));
        }
        let mut alerts = written(&self.site.path("first.ndjson"));
        alerts.extend(written(&self.site.path("traced.ndjson")));
        let again = ended(&mut self.site.scan("traced.db", &[output, "traced.ndjson"]));
        assert!(again.status.success(), "{what}: {}", stderr(&again));
        alerts.extend(written(&self.site.path("traced.ndjson")));
        let found = self.site.result("traced.db", &alerts);
        assert_eq!(found.differs(&self.expected), None, "{what}");
        let database = self.site.database("traced.db");
        let sound: String = database
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sound, "ok", "{what}");
    }

    /// At most so many of the calls, evenly; what came of it.
    fn some(&self, output: &str, calls: &str, effect: &str, most: usize) -> Figures {
        let number = self.calls(output, calls);
        let mut figures = Figures::default();
        let step = number.div_ceil(most).max(1);
        for nth in (1..=number).skip(step / 2).step_by(step) {
            self.strike(output, calls, effect, nth, &mut figures);
        }
        println!("{output} {calls} ({number} calls) {effect}: {figures:?}");
        assert!(figures.other.is_empty(), "{:#?}", figures.other);
        figures
    }
}

#[test]
fn a_system_that_fails_now_and_then() {
    if !can_trace() {
        println!("skipped: there is no strace here, or it may not trace");
        return;
    }
    let bench = Bench::new(40);
    let [write, sync, rename] = [CALLS[0], CALLS[1], CALLS[2]];
    assert!(bench.some("--append", write, "signal=KILL", 2).killed > 0);
    bench.some("--append", write, "error=ENOSPC", 2);
    bench.some("-o", sync, "error=EIO", 2);
    assert_eq!(bench.some("-o", rename, "signal=KILL", 1).killed, 1);
    assert_eq!(bench.some("-o", rename, "error=ENOSPC", 1).output, 1);
}

/// Takes minutes: `cargo test --test runs -- --ignored every_call`. So many calls
/// of each sort as `S3SENTRY_TEST_CALLS` says, evenly.
#[test]
#[ignore = "takes minutes"]
fn a_system_that_fails_at_every_call() {
    assert!(can_trace(), "this needs strace");
    let asked = std::env::var("S3SENTRY_TEST_CALLS").ok();
    let most = asked.and_then(|asked| asked.parse().ok()).unwrap_or(60);
    let bench = Bench::new(600);
    for output in OUTPUTS {
        for calls in CALLS {
            for effect in EFFECTS {
                bench.some(output, calls, effect, most);
            }
        }
    }
}
