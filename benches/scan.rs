//! How fast a whole scan is, with few rules and with many.
//!
//! ```text
//! cargo bench --bench scan
//! ```

mod corpus;

use std::path::PathBuf;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::BytesCount;
use s3sentry::alert::Level;
use s3sentry::pipeline::{self, Options, Span};
use s3sentry::rule::{self, RuleSet};
use s3sentry::settings::Settings;
use s3sentry::source::{Options as ReadOptions, Sources, Spec};

fn main() {
    divan::main();
}

/// The rules of a run: the built-in ones; with synthetic ones of every type, 45
/// in all, ten of which look at nearly every line; with 455 rare ones more.
const RULES: &[&str] = &["built-in", "45", "500"];

/// File to alerts.
#[divan::bench(args = cases(), consts = [1, 2])]
fn scan<const THREADS: usize>(bencher: Bencher<'_, '_>, (shape, rules): &(&str, &str)) {
    let path = corpus::path(shape);
    let size = std::fs::metadata(&path).expect("a corpus").len();
    let set = set(rules);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(THREADS)
        .build()
        .expect("threads");
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        let mut sources = Sources::open(vec![Spec::Path(path.clone())], ReadOptions::default());
        let options = Options {
            span: Span::default(),
            lateness: sources.lateness(),
            max_state: 256 << 20,
        };
        let mut alerts = 0;
        pool.install(|| {
            pipeline::run::<std::io::Error>(&mut sources, &set, options, |alert, _| {
                alerts += usize::from(alert.is_some());
                Ok(())
            })
        })
        .expect("a scan");
        alerts
    });
}

fn cases() -> Vec<(&'static str, &'static str)> {
    let shapes = ["sessions", "scattered"];
    let of = |shape| RULES.iter().map(move |rules| (shape, *rules));
    shapes.into_iter().flat_map(of).collect()
}

fn set(rules: &str) -> Arc<RuleSet> {
    let settings = Arc::new(Settings::read(&corpus::settings()).expect("settings"));
    let mut extra = Vec::new();
    let directory = tempfile::tempdir().expect("a directory");
    if rules != "built-in" {
        extra.push(PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/benches/rules"
        )));
    }
    if rules == "500" {
        // A file may hold only so many keys and values.
        for (name, numbers) in [("a.yml", 0..200), ("b.yml", 200..455)] {
            std::fs::write(directory.path().join(name), rare(numbers)).expect("a rule file");
        }
        extra.push(directory.path().to_owned());
    }
    let documents = rule::load(&extra).expect("the rules");
    let set = rule::compile(&documents, &settings, Level::Informational).expect("the rules");
    Arc::new(set)
}

/// Rules on what hardly any line has.
fn rare(numbers: std::ops::Range<usize>) -> String {
    let one = |number: usize| {
        let selection = match number % 5 {
            0 => format!("{{operation: REST.PUT.RARE{number}}}"),
            1 => format!("{{error_code: Rare{number}}}"),
            2 => format!("{{object_key|contains: rare-{number}-}}"),
            3 => format!("{{user_agent|startswith: rare{number}/, ok: true}}"),
            _ => {
                format!("{{requester|endswith: user/rare{number}, operation_class: [read, list]}}")
            }
        };
        format!(
            "title: rare-{number}\nname: rare-{number}-one\nlevel: low\n\
             logsource: {{product: aws, service: s3_server_access}}\n\
             detection: {{sel: {selection}, condition: sel}}\n---\n\
             title: rare-{number}\nname: rare-{number}\nlevel: low\n\
             correlation: {{type: event_count, rules: [rare-{number}-one], group-by: [actor], \
             timespan: 10m, condition: {{gte: 5}}}}\n"
        )
    };
    numbers.map(one).collect::<Vec<_>>().join("---\n")
}
