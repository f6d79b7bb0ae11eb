//! What matches over one record, held to the specification and to another tool.
#![allow(clippy::unwrap_used)]

#[path = "matching/chance.rs"]
mod chance;
#[path = "matching/corners.rs"]
mod corners;
#[path = "matching/explained.rs"]
mod explained;
#[path = "matching/filters.rs"]
mod filters;
#[path = "matching/naive.rs"]
mod naive;
#[path = "matching/other.rs"]
mod other;
#[path = "matching/random.rs"]
mod random;
#[path = "matching/record.rs"]
mod record;
#[path = "matching/twin.rs"]
mod twin;
#[path = "matching/written.rs"]
mod written;

use std::sync::Arc;

use s3sentry::alert::Level;
use s3sentry::observation::Observations;
use s3sentry::record::Record;
use s3sentry::rule::set::Scratch;
use s3sentry::rule::{self, Document, RuleSet, load};
use s3sentry::settings::Settings;

/// Compiles documents that are known to be good.
fn compile(documents: &[Document], settings: &Arc<Settings>) -> RuleSet {
    rule::compile(documents, settings, Level::Informational)
        .unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// Reads and compiles a file that is known to be good.
fn read(yaml: &str, settings: &Arc<Settings>) -> RuleSet {
    let documents = load::read("r.yml", yaml.as_bytes()).unwrap_or_else(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}\n{yaml}", errors.join("\n"))
    });
    compile(&documents, settings)
}

/// Whether the one rule of a set matches a line, dispatch included.
fn matches(set: &RuleSet, line: &[u8]) -> bool {
    assert_eq!(set.rules.len(), 1);
    let record = Record::parse(line).unwrap();
    let mut out = Observations::default();
    set.observe(&record, (0, 0), &mut Scratch::default(), &mut out, None);
    !out.is_empty()
}
