//! Steps that are worth taking after a scan, each a command to copy.

use std::fmt::{self, Display, Formatter, Write as _};
use std::path::{Path, PathBuf};

use s3sentry::record::time::rfc3339;
use s3sentry::text::terminal;

use super::Summary;
use super::words::count;
use crate::cli::bucket::Bucket;
use crate::commands::shown;

/// Sources that a command repeats; a shell expands `*` to any number.
const SOURCES: usize = 8;
/// Unknown networks that a bucket served, from which on it may be meant for
/// anybody.
const CROWD: u64 = 20;
/// Hours that are named.
const HOURS: usize = 6;

/// Name of a state file where the user has none.
const STATE: &str = "s3sentry.db";

/// What is worth doing.
#[derive(Debug)]
pub struct Step {
    /// Why, and what else has to be done; lines wrap below the first word.
    why: String,
    /// The command, ready to copy.
    command: Option<String>,
}

/// As the summary says it: the command on a line of its own.
impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Next: {}", self.why)?;
        match &self.command {
            None => Ok(()),
            Some(command) => write!(f, "\n      {command}"),
        }
    }
}

impl Step {
    /// As a report says it: a paragraph, then the command on a line of its own.
    pub fn paragraph(&self) -> String {
        let words: Vec<_> = self.why.split_whitespace().collect();
        let mut text = words.join(" ");
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        if let Some(command) = &self.command {
            text.push('\n');
            text.push_str(command);
        }
        text
    }
}

/// The steps, each a sentence and a command on a line of its own.
pub fn steps(summary: &Summary<'_>) -> Vec<Step> {
    let steps = [
        nothing_inside(summary),
        trust(summary),
        learn(summary),
        unknown(summary),
        ambiguous(summary),
        late(summary),
    ];
    steps.into_iter().flatten().collect()
}

/// A span that leaves everything out is most often a wrong one.
fn nothing_inside(summary: &Summary<'_>) -> Option<Step> {
    let tally = &summary.outcome.tally;
    let (first, last) = tally.span?;
    (tally.outside > 0 && tally.outside == tally.records()).then(|| {
        command(
            "every record is outside --since/--until. To look at all of them:",
            &format!(
                "{}{} --since {} --until {}{}",
                summary.command,
                given(summary),
                rfc3339(first),
                rfc3339(last + 1),
                sources(summary)
            ),
        )
    })
}

/// Nothing is known, so everything would be unknown.
fn trust(summary: &Summary<'_>) -> Option<Step> {
    let tally = &summary.outcome.tally;
    let idle = summary.asked.set.lacks("trusted_networks");
    let seen = tally.addresses.count();
    (idle && seen.value > 0).then(|| {
        let about = if seen.approx { "about " } else { "" };
        let verb = if seen.value == 1 { "was" } else { "were" };
        let known = summary.kept.as_ref().filter(|kept| kept.is_learned());
        let known = known.map_or(String::new(), |kept| {
            format!(
                " (those\n      that are known: s3sentry baseline trust --state{})",
                word(&shown(kept.session.path()))
            )
        });
        command(
            &format!(
                "{about}{} {verb} seen and nothing says which are yours.\n      \
                 Write your networks to a file, one CIDR a line{known}, then:",
                count(seen.value, "address")
            ),
            &format!(
                "{}{} --trusted-networks networks.txt{}",
                summary.command,
                given(summary),
                sources(summary)
            ),
        )
    })
}

/// What is normal can be learned. Where that has begun, it takes days.
fn learn(summary: &Summary<'_>) -> Option<Step> {
    let tally = &summary.outcome.tally;
    let source = |state: &str| {
        let named = if reads_stdin(summary) {
            " SOURCE...".to_owned()
        } else {
            sources(summary)
        };
        format!("s3sentry baseline learn --state{}{named}", word(state))
    };
    let Some(kept) = &summary.kept else {
        let idle = summary.asked.set.lacks("trusted_networks");
        return (idle && tally.addresses.count().value > 0).then(|| {
            command(
                "or let it learn from logs of days on which nothing was wrong, and scan\n      \
                 the days after them with the same --state:",
                &source(STATE),
            )
        });
    };
    let left = kept.days_left()?;
    let days = count(left.days.into(), "more day");
    Some(command(
        &format!(
            "nothing counts as new yet: that takes records on {days}, so it\n      \
             begins on {} if there are some every day. Where nothing was wrong in\n      \
             what was read, it is normal at once after:",
            left.from
        ),
        &source(&shown(kept.session.path())),
    ))
}

/// The days after those that were learned are to be compared with them.
pub fn after_learning(sources: &[PathBuf], state: &Path, since: i64) -> Step {
    let stdin = sources.is_empty() || sources.iter().any(|source| source.as_os_str() == "-");
    let named = if stdin {
        " SOURCE...".to_owned()
    } else {
        listed(sources)
    };
    command(
        "compare what came after with it:",
        &format!(
            "s3sentry scan --state{} --since {}{named}",
            word(&shown(state)),
            rfc3339(since)
        ),
    )
}

/// What is known to be harmless should be said once, in the settings.
fn unknown(summary: &Summary<'_>) -> Option<Step> {
    let alerts = summary.entities.unknown();
    if alerts == 0 {
        return None;
    }
    let place = match &summary.asked.arguments.lists.trusted_networks {
        Some(file) => shown(file),
        None => "trusted_networks in the settings".to_owned(),
    };
    let mut text = format!(
        "{} by unknown networks. Add those that are yours to {place}.",
        count(alerts, "alert")
    );
    let crowded: Vec<_> = summary
        .entities
        .crowded(CROWD)
        .map(|bucket| format!("\"{}\"", terminal(bucket)))
        .take(SOURCES)
        .collect();
    if !crowded.is_empty() {
        let _ = write!(
            text,
            "\n      Anybody reads these buckets. Close them, or say in s3sentry.toml that \
             they are meant for that:\n      public_buckets = [{}]",
            crowded.join(", ")
        );
    }
    Some(Step {
        why: text,
        command: None,
    })
}

/// A caller who writes quotes into a header can forge what follows it.
fn ambiguous(summary: &Summary<'_>) -> Option<Step> {
    let ambiguous = summary.outcome.tally.ambiguous;
    (ambiguous > 0 && !reads_stdin(summary)).then(|| {
        let (verb, them) = match ambiguous {
            1 => ("holds", "it"),
            _ => ("hold", "them"),
        };
        command(
            &format!(
                "{} {verb} quotes that a caller may have forged. To read {them}:",
                count(ambiguous, "record")
            ),
            &format!(
                "s3sentry parse{} | grep '\"ambiguous\":true'",
                sources(summary)
            ),
        )
    })
}

/// Windows over late records were not complete.
fn late(summary: &Summary<'_>) -> Option<Step> {
    let hours = &summary.outcome.correlation.late_hours;
    let (first, last) = (hours.first()?, hours.last()?);
    let late = summary.outcome.correlation.late;
    let windows = if late == 1 {
        "its window"
    } else {
        "their windows"
    };
    let longest = summary
        .asked
        .set
        .rules
        .iter()
        .map(|rule| rule.horizon)
        .max();
    let names: Vec<_> = hours
        .iter()
        .take(HOURS)
        .map(|hour| rfc3339(*hour))
        .collect();
    let more = if hours.len() > HOURS { ", ..." } else { "" };
    Some(command(
        &format!(
            "{} came too late for {windows} (hours from {}{more}).\n      \
             For exact alerts:",
            count(late, "record"),
            names.join(", ")
        ),
        &format!(
            "{}{} --lateness 30d --since {} --until {}{}",
            summary.command,
            given(summary),
            rfc3339(first - longest.unwrap_or(0)),
            rfc3339(last + 3600),
            sources(summary)
        ),
    ))
}

fn command(why: &str, command: &str) -> Step {
    Step {
        why: why.to_owned(),
        command: Some(command.to_owned()),
    }
}

fn reads_stdin(summary: &Summary<'_>) -> bool {
    let sources = &summary.asked.arguments.input.sources;
    sources.is_empty() || sources.iter().any(|source| source.as_os_str() == "-")
}

/// The options that decide what is found, as they were given.
fn given(summary: &Summary<'_>) -> String {
    let arguments = summary.asked.arguments;
    let lists = &arguments.lists;
    let mut words = String::new();
    let files = arguments
        .common
        .config
        .iter()
        .map(|file| ("--config", file))
        .chain(
            lists
                .trusted_networks
                .iter()
                .map(|file| ("--trusted-networks", file)),
        )
        .chain(lists.aws_ranges.iter().map(|file| ("--aws-ranges", file)))
        .chain(lists.geoip.iter().map(|file| ("--geoip", file)))
        .chain(lists.ioc.iter().map(|file| ("--ioc", file)))
        .chain(arguments.rules.iter().map(|path| ("--rules", path)));
    if arguments.common.no_config {
        words.push_str(" --no-config");
    }
    for (option, file) in files {
        words.push(' ');
        words.push_str(option);
        words.push_str(&word(&shown(file)));
    }
    words.push_str(&reached(&arguments.input.bucket));
    words
}

/// How buckets are reached, as it was given.
fn reached(bucket: &Bucket) -> String {
    let mut words = String::new();
    for (option, value) in [
        ("--profile", &bucket.profile),
        ("--region", &bucket.region),
        ("--endpoint-url", &bucket.endpoint_url),
    ] {
        if let Some(value) = value {
            words.push(' ');
            words.push_str(option);
            words.push_str(&word(&terminal(value.as_bytes())));
        }
    }
    if bucket.requester_pays {
        words.push_str(" --requester-pays");
    }
    words
}

/// The sources as a shell takes them.
fn sources(summary: &Summary<'_>) -> String {
    listed(&summary.asked.arguments.input.sources)
}

fn listed(sources: &[PathBuf]) -> String {
    if sources.len() > SOURCES {
        return " SOURCE...".to_owned();
    }
    sources.iter().map(|source| word(&shown(source))).collect()
}

/// A word as a shell takes it, with a space before it.
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+=:@%,".contains(c);
    if text.chars().all(plain) {
        format!(" {text}")
    } else {
        format!(" '{}'", text.replace('\'', r"'\''"))
    }
}
