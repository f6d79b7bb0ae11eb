//! What is wrong now: said once when it begins, and once when it is over.
//!
//! What becomes of inputs is not decided here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use s3sentry::source::s3::Fault;
use s3sentry::source::{Error, Problem, Sources};
use s3sentry::text::terminal;

use super::metrics::Metrics;
use crate::commands::say;

/// What something is wrong with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Files and directories.
    Files,
    /// Buckets and prefixes, as a whole.
    Buckets,
    /// Single objects.
    Objects,
    /// The queue.
    Queue,
}

/// What is over unless it is told of again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    All,
    /// What passes by itself.
    Passing,
    Nothing,
}

/// What is wrong.
struct Trouble {
    name: String,
    /// For a person.
    text: String,
    kind: &'static str,
    /// The same for many names at once, and likely to be over soon.
    passing: bool,
    /// Whether the watch cannot do its work.
    grave: bool,
}

/// Everything that is wrong.
pub struct Health {
    metrics: Arc<Metrics>,
    /// What was named on the command line.
    named: Vec<String>,
    known: BTreeMap<(Part, String), Trouble>,
    /// Prefixes below which nothing stands yet.
    empty: BTreeSet<String>,
}

impl Health {
    /// All is well.
    pub fn new(metrics: Arc<Metrics>, named: Vec<String>) -> Self {
        Self {
            metrics,
            named,
            known: BTreeMap::new(),
            empty: BTreeSet::new(),
        }
    }

    /// What is told to machines.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// How much is wrong.
    pub fn failed(&self) -> u64 {
        self.known.len() as u64
    }

    /// What cannot be read, and what can be again. `files` where those were looked
    /// at, `whole` where all that is there was.
    pub fn look(&mut self, sources: &Sources, files: bool, whole: bool) {
        let troubles = sources.troubles();
        let outage = troubles.iter().any(|trouble| is_of_many(&trouble.fault));
        let faulty: BTreeSet<&str> = troubles.iter().map(|trouble| &*trouble.name).collect();
        let mut now: BTreeMap<Part, Vec<Trouble>> = BTreeMap::new();
        for problem in sources.problems() {
            if matches!(problem.error, Error::Object(Fault::Empty { .. })) {
                self.note_empty(problem);
                continue;
            }
            let part = part(problem, &faulty);
            let grave = match part {
                Part::Files => self.named.iter().any(|name| **name == *problem.name),
                part => part == Part::Buckets,
            };
            let trouble = Trouble {
                name: problem.name.to_string(),
                text: problem.to_string(),
                kind: kind(&problem.error),
                passing: matches!(&problem.error, Error::Object(fault) if is_of_many(fault)),
                grave,
            };
            if part == Part::Objects && trouble.kind == DAMAGED {
                // It stays so, and is not looked at again.
                self.metrics.error(trouble.kind);
                warn(&trouble.text);
                continue;
            }
            now.entry(part).or_default().push(trouble);
        }
        let fetched = sources.objects().is_some_and(|counts| counts.fetched > 0);
        let listed = sources.listed().is_some();
        let over = |part| match part {
            Part::Files if files => Over::All,
            Part::Buckets | Part::Objects if listed && whole && !outage => Over::All,
            Part::Buckets if fetched && !outage => Over::Passing,
            _ => Over::Nothing,
        };
        for part in [Part::Files, Part::Buckets, Part::Objects] {
            let now = now.remove(&part).unwrap_or_default();
            self.note(part, now, over(part));
        }
    }

    /// A fault that is told of by itself. `name` is how it is called for people.
    pub fn fault(&mut self, part: Part, name: &str, fault: &Fault) {
        let trouble = Trouble {
            name: name.to_owned(),
            text: format!("{name}: {fault}"),
            kind: fault.kind(),
            passing: is_of_many(fault),
            grave: true,
        };
        self.note(part, vec![trouble], Over::Nothing);
    }

    /// Nothing is wrong with a part.
    pub fn well(&mut self, part: Part) {
        self.note(part, Vec::new(), Over::All);
    }

    /// A bucket that was only just made has no logs.
    fn note_empty(&mut self, problem: &Problem) {
        if self.empty.insert(problem.name.to_string()) {
            let text = problem.to_string();
            say(format_args!("s3sentry: {}", terminal(text.as_bytes())));
        }
    }

    fn note(&mut self, part: Part, now: Vec<Trouble>, over: Over) {
        let mut fresh: BTreeMap<(Part, String), Trouble> = BTreeMap::new();
        for trouble in now {
            self.metrics.error(trouble.kind);
            let key = (part, trouble.key());
            fresh.entry(key).or_insert(trouble);
        }
        for (key, trouble) in &fresh {
            if !self.known.contains_key(key) {
                warn(&trouble.text);
            }
        }
        let still: BTreeSet<&str> = fresh.values().map(|trouble| &*trouble.name).collect();
        let mut again = BTreeSet::new();
        self.known.retain(|key, trouble| {
            let is_over = key.0 == part
                && !fresh.contains_key(key)
                && match over {
                    Over::All => true,
                    Over::Passing => trouble.passing,
                    Over::Nothing => false,
                };
            // One that is gone is only not looked for any more.
            if is_over && !still.contains(&*trouble.name) && trouble.kind != GONE {
                again.insert(trouble.called(part));
            }
            !is_over
        });
        for name in again {
            say(format_args!(
                "s3sentry: {} can be read again",
                terminal(name.as_bytes())
            ));
        }
        for (key, trouble) in fresh {
            self.known.entry(key).or_insert(trouble);
        }
        match self.known.values().find(|trouble| trouble.grave) {
            Some(trouble) => self.metrics.unhealthy(terminal(trouble.text.as_bytes())),
            None => self.metrics.healthy(),
        }
    }
}

impl Trouble {
    /// Two of the same are one: of an outage each attempt may meet another part.
    fn key(&self) -> String {
        if self.passing {
            String::new()
        } else {
            format!("{} {}", self.name, self.kind)
        }
    }

    /// What can be read again when it is over.
    fn called(&self, part: Part) -> String {
        match part {
            Part::Buckets if self.passing => "what is in buckets".to_owned(),
            _ => self.name.clone(),
        }
    }
}

/// What a problem is of. `faulty` are the names of what could not be listed.
fn part(problem: &Problem, faulty: &BTreeSet<&str>) -> Part {
    match &problem.error {
        Error::Object(_) if faulty.contains(&*problem.name) => Part::Buckets,
        Error::Object(_) => Part::Objects,
        _ if problem.name.starts_with("s3://") => Part::Objects,
        _ => Part::Files,
    }
}

/// Says what begins to be wrong.
fn warn(text: &str) {
    say(format_args!(
        "s3sentry: warning: {}",
        terminal(text.as_bytes())
    ));
}

/// Whether a fault says little of what it was met at.
fn is_of_many(fault: &Fault) -> bool {
    fault.is_passing() || fault.concerns_all()
}

/// What reads as damaged, once more as well.
const DAMAGED: &str = "damaged";

/// The kind of [`Fault::Gone`].
const GONE: &str = "gone";

/// One word, for metrics.
fn kind(error: &Error) -> &'static str {
    match error {
        Error::Object(fault) => fault.kind(),
        Error::Missing | Error::BrokenLink => "missing",
        Error::Denied => "denied",
        Error::Truncated { .. }
        | Error::Corrupt { .. }
        | Error::Trailing { .. }
        | Error::Window { .. } => DAMAGED,
        _ => "unreadable",
    }
}
