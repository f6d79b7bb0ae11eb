//! Rule files as their authors see them: what loads, and what every mistake says.
#![allow(clippy::unwrap_used)]

#[path = "rules/errors.rs"]
mod errors;
#[path = "rules/hostile.rs"]
mod hostile;
#[path = "rules/large.rs"]
mod large;
#[path = "rules/limits.rs"]
mod limits;
#[path = "rules/lint.rs"]
mod lint;
#[path = "rules/overrides.rs"]
mod overrides;
#[path = "rules/sets.rs"]
mod sets;
#[path = "rules/show.rs"]
mod show;
#[path = "rules/unworkable.rs"]
mod unworkable;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use s3sentry::rule::load;

/// A file with one good rule and a correlation over it, to be spoilt line by line.
const GOOD: &str = "\
title: Refused
id: 11111111-2222-4333-8444-555555555555
name: refused
logsource: {product: aws, service: s3_server_access}
detection:
  sel:
    error_code: AccessDenied
    http_status|gte: 400
  condition: sel
---
title: Burst
name: burst
status: stable
level: medium
tags: [attack.t1619]
correlation:
  type: event_count
  rules: [refused]
  group-by: [remote_host]
  timespan: 5m
  condition: {gte: 20}
s3sentry:
  summary: \"{remote_host}: {count}\"
  any:
    - type: value_count
      selection: {stranger: true}
      condition: {field: key_name, gte: 20}
";

/// What is linear takes a fraction of a second, what is not takes minutes: this
/// tells them apart on a busy machine too, and is no measure of speed.
const TOO_LONG: Duration = Duration::from_secs(20);

/// Tests that look at the clock take turns.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The errors of a file `r.yml` with this text.
fn errors(text: &str) -> Vec<String> {
    match load::read("r.yml", text.as_bytes()) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

/// The good file with one piece of text replaced.
fn spoilt(from: &str, to: &str) -> String {
    assert_eq!(GOOD.matches(from).count(), 1, "{from:?} must be there once");
    GOOD.replace(from, to)
}

#[test]
fn the_good_file_is_good() {
    assert_eq!(errors(GOOD), Vec::<String>::new());
}
