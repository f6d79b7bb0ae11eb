//! Ways to send a log through the pipeline.

use std::path::Path;
use std::sync::Arc;

use s3sentry::alert::{Alert, Level};
pub use s3sentry::pipeline::Options;
use s3sentry::pipeline::{self, BlockSource, Outcome, Span};
use s3sentry::record::time;
use s3sentry::rule::{self, RuleSet, load};
use s3sentry::settings::Settings;
use s3sentry::source::{self, Block, Sources, Spec};

/// What the design says of an alert, evidence and text apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub rule: String,
    pub key: Vec<(String, Option<String>)>,
    pub period: (i64, i64),
    pub trigger: (i64, u64),
    pub count: u64,
    pub distinct: Option<u64>,
    pub sum: Option<u64>,
    pub first_seen: i64,
    pub last_seen: i64,
}

impl Told {
    pub fn of(alert: &Alert) -> Self {
        let text = |value: &Vec<u8>| String::from_utf8(value.clone()).unwrap();
        assert_eq!(alert.rev, alert.count);
        assert!(alert.distinct.is_none_or(|distinct| !distinct.approx));
        Self {
            rule: alert.rule.name.clone(),
            key: alert
                .key
                .iter()
                .map(|(name, value)| (name.to_string(), value.as_ref().map(text)))
                .collect(),
            period: alert.period,
            trigger: alert.trigger,
            count: alert.count,
            distinct: alert.distinct.map(|distinct| distinct.value),
            sum: alert.sum,
            first_seen: alert.first_seen,
            last_seen: alert.last_seen,
        }
    }
}

/// What is said and not expected, and the other way round.
pub fn differences(seen: &[Told], expected: &[Told]) -> String {
    let only = |these: &[Told], those: &[Told]| {
        let alone = these.iter().filter(|told| !those.contains(told));
        let lines: Vec<String> = alone.map(|told| format!("  {told:?}")).collect();
        lines.join("\n")
    };
    format!(
        "said and not expected:\n{}\nexpected and not said:\n{}\n(the order matters, too)",
        only(seen, expected),
        only(expected, seen)
    )
}

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    pub alerts: Vec<Alert>,
    pub outcome: Outcome,
}

impl Run {
    pub fn seen(&self) -> Vec<Told> {
        self.alerts.iter().map(Told::of).collect()
    }

    /// All that the promise is about, ids included.
    pub fn promised(&self) -> Vec<(u128, Told)> {
        self.alerts
            .iter()
            .map(|alert| (alert.id, Told::of(alert)))
            .collect()
    }
}

/// Compiles a rule file anew: hash maps in it have another order each time.
pub fn compile(yaml: &str) -> Arc<RuleSet> {
    let settings = Arc::new(Settings::default());
    let set = load::read("promise.yml", yaml.as_bytes())
        .and_then(|documents| rule::compile(&documents, &settings, Level::Informational));
    Arc::new(set.unwrap_or_else(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}\n{yaml}", errors.join("\n"))
    }))
}

/// An hour late, and room enough.
pub const OPTIONS: Options = Options {
    span: Span {
        since: i64::MIN,
        until: i64::MAX,
    },
    lateness: 3600,
    max_state: 64 << 20,
};

/// One input in memory, cut where it is told.
struct Cut<'l> {
    name: Arc<str>,
    blocks: std::vec::IntoIter<&'l [u8]>,
    offset: u64,
    latest: i64,
    left: usize,
}

impl BlockSource for Cut<'_> {
    fn next(&mut self, block: &mut Block) -> bool {
        let Some(bytes) = self.blocks.next() else {
            *block = Block::new(0, self.offset, Vec::new());
            block.floor = i64::MAX;
            return false;
        };
        self.left -= 1;
        *block = Block::new(0, self.offset, bytes.to_vec());
        self.offset += bytes.len() as u64;
        let times = bytes.split(|byte| *byte == b'\n').filter_map(time::of_line);
        self.latest = times.fold(self.latest, i64::max);
        block.floor = if self.left == 0 {
            i64::MAX
        } else {
            self.latest
        };
        true
    }

    fn name(&self, _: u32) -> Arc<str> {
        Arc::clone(&self.name)
    }
}

/// Sends a log through, cut behind every line for which `cut` says so.
pub fn cut(
    set: &Arc<RuleSet>,
    log: &[u8],
    options: Options,
    mut cut: impl FnMut(usize) -> bool,
) -> Run {
    let mut blocks = Vec::new();
    let (mut start, mut end) = (0, 0);
    for (number, line) in log.split_inclusive(|byte| *byte == b'\n').enumerate() {
        end += line.len();
        if cut(number) {
            blocks.push(&log[start..end]);
            start = end;
        }
    }
    blocks.push(&log[start..]);
    let mut source = Cut {
        name: "log".into(),
        offset: 0,
        latest: i64::MIN,
        left: blocks.len(),
        blocks: blocks.into_iter(),
    };
    run(&mut source, set, options)
}

/// Sends a log through in one piece.
pub fn whole(set: &Arc<RuleSet>, log: &[u8]) -> Run {
    cut(set, log, OPTIONS, |_| false)
}

/// Sends files through as the commands do.
pub fn files(set: &Arc<RuleSet>, paths: &[&Path], block_size: usize) -> Run {
    let specs = paths
        .iter()
        .map(|path| Spec::Path(path.to_path_buf()))
        .collect();
    let read = source::Options {
        block_size,
        lateness: Some(OPTIONS.lateness),
        ..source::Options::default()
    };
    let mut sources = Sources::open(specs, read);
    let run = run(&mut sources, set, OPTIONS);
    assert!(sources.problems().is_empty(), "{:?}", sources.problems());
    run
}

/// Sends through what a source gives.
pub fn run(source: &mut dyn BlockSource, set: &Arc<RuleSet>, options: Options) -> Run {
    let mut alerts = Vec::new();
    let outcome = pipeline::run::<std::io::Error>(source, set, options, |alert, _| {
        alerts.extend(alert);
        Ok(())
    });
    Run {
        alerts,
        outcome: outcome.unwrap(),
    }
}
