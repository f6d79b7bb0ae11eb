//! How fast a whole scan is: every built-in rule, on all processors.
//!
//! ```text
//! cargo bench --bench scan
//! ```

mod corpus;

use std::sync::Arc;

use divan::Bencher;
use divan::counter::BytesCount;
use s3sentry::alert::Level;
use s3sentry::pipeline::{self, Options, Span};
use s3sentry::rule;
use s3sentry::settings::Settings;
use s3sentry::source::{Options as ReadOptions, Sources, Spec};

fn main() {
    divan::main();
}

/// File to alerts.
#[divan::bench(args = ["sessions", "scattered"], consts = [1, 2])]
fn scan<const THREADS: usize>(bencher: Bencher<'_, '_>, shape: &str) {
    let path = corpus::path(shape);
    let size = std::fs::metadata(&path).expect("a corpus").len();
    let settings = Arc::new(Settings::read(&corpus::settings()).expect("settings"));
    let documents = rule::load(&[]).expect("the built-in rules");
    let set =
        rule::compile(&documents, &settings, Level::Informational).expect("the built-in rules");
    let set = Arc::new(set);
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
