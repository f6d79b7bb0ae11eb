//! What a watch is doing, in numbers that Prometheus collects, and whether it is
//! well.
//!
//! No data of callers may enter here: labels are names of rules, levels and kinds
//! of faults, so there is a bounded number of them. How the numbers are asked for
//! is the business of `endpoint`.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use s3sentry::alert::Level;
use s3sentry::correlate;
use s3sentry::pipeline::Tally;
use s3sentry::source::s3::{Counts as Objects, Received};

use crate::commands::now;

/// What names begin with.
const PREFIX: &str = "s3sentry";

/// A time that is not known.
const NEVER: i64 = i64::MIN;

/// Counters without labels, in the order of [`COUNTERS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    Lines,
    Bytes,
    Malformed,
    Ambiguous,
    Undated,
    Late,
    Evictions,
    Spilled,
    Listed,
    Pruned,
    Fetched,
    FetchedBytes,
    Failed,
    Belated,
    Retries,
    Throttled,
    Received,
    Deleted,
    Unread,
    Cycles,
}

/// Their names, without the prefix and the `_total` that each ends in, and what
/// they are for.
const COUNTERS: [(&str, &str); 20] = [
    ("lines", "Lines read, blank ones left out"),
    ("read_bytes", "Bytes read, decompressed"),
    ("malformed_lines", "Lines that are no access-log record"),
    (
        "ambiguous_records",
        "Records whose quoted fields have more than one reading",
    ),
    (
        "undated_records",
        "Records without a time, which no rule sees",
    ),
    (
        "late_records",
        "Records beyond the lateness bound, matched by single-event rules only",
    ),
    (
        "evictions",
        "Keys and late records forgotten because memory was short: raise --max-state",
    ),
    (
        "spilled_bytes",
        "Bytes of observations that went to a temporary file",
    ),
    (
        "objects_listed",
        "Objects listed, or told of by messages, those read before among them",
    ),
    ("objects_pruned", "Objects left out because of their times"),
    ("objects_read", "Objects fetched"),
    ("objects_read_bytes", "Bytes of objects fetched, as stored"),
    (
        "objects_failed",
        "Objects that could not be fetched; each is tried again",
    ),
    (
        "objects_belated",
        "Objects delivered later than the lookback reaches, found by a full listing",
    ),
    ("requests_retried", "Requests to AWS made again"),
    ("requests_throttled", "Times that AWS asked to slow down"),
    ("messages_received", "Messages received from the queue"),
    (
        "messages_deleted",
        "Messages deleted, their work being durable",
    ),
    (
        "messages_unread",
        "Messages not understood and left in the queue, at each time that they came",
    ),
    (
        "cycles",
        "Rounds of looking for what is new that came to their end",
    ),
];

/// Counts of a run that were added already. Counts grow from zero, and what is
/// added is the difference: make a new one whenever they begin again.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    counts: [u64; COUNTERS.len()],
}

type Labels<const N: usize> = [(&'static str, String); N];

/// The numbers. Shared by the watch, which changes them, and by whoever asks.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    counters: [Counter; COUNTERS.len()],
    alerts: Family<Labels<2>, Counter>,
    withdrawn: Family<Labels<2>, Counter>,
    errors: Family<Labels<1>, Counter>,
    ignored: Family<Labels<1>, Counter>,
    reloads: Family<Labels<1>, Counter>,
    rules: Gauge,
    pending: Gauge,
    times: Arc<Times>,
    /// Why it is not well.
    unwell: Mutex<Option<String>>,
}

/// Times, seconds since the Unix epoch; [`NEVER`] where there is none yet.
#[derive(Debug)]
struct Times {
    record: AtomicI64,
    watermark: AtomicI64,
    success: AtomicI64,
    /// Whether it is well.
    well: AtomicI64,
}

impl Metrics {
    /// All of them at zero, and well: a first round may take hours.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let counters = COUNTERS.map(|(name, help)| {
            let counter = Counter::default();
            match name.strip_suffix("_bytes") {
                Some(name) => {
                    registry.register_with_unit(name, help, Unit::Bytes, counter.clone());
                }
                None => registry.register(name, help, counter.clone()),
            }
            counter
        });
        let times = Arc::new(Times {
            record: AtomicI64::new(NEVER),
            watermark: AtomicI64::new(NEVER),
            success: AtomicI64::new(NEVER),
            well: AtomicI64::new(1),
        });
        registry.register_collector(Box::new(Arc::clone(&times)));
        let metrics = Self {
            counters,
            alerts: Family::default(),
            withdrawn: Family::default(),
            errors: Family::default(),
            ignored: Family::default(),
            reloads: Family::default(),
            rules: Gauge::default(),
            pending: Gauge::default(),
            times,
            unwell: Mutex::default(),
            registry: Registry::default(),
        };
        registry.register("alerts", "Alerts raised, each once", metrics.alerts.clone());
        registry.register(
            "alerts_withdrawn",
            "Alerts taken back, of those raised early",
            metrics.withdrawn.clone(),
        );
        registry.register("errors", "Faults by their kind", metrics.errors.clone());
        registry.register(
            "events_ignored",
            "Events in messages that told of nothing to read: of other kinds (other), or of \
             objects that nobody named (elsewhere)",
            metrics.ignored.clone(),
        );
        registry.register(
            "reloads",
            "Times that rules and lists were read again, by result",
            metrics.reloads.clone(),
        );
        registry.register("rules", "Rules that are at work", metrics.rules.clone());
        registry.register(
            "objects_pending",
            "Objects listed or told of in this round and not yet read",
            metrics.pending.clone(),
        );
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "The program", Info::new(version));
        // What has not happened yet shows as zero: a rate of it then begins with
        // the first one.
        for reason in ["other", "elsewhere"] {
            drop(metrics.ignored.get_or_create(&of("reason", reason)));
        }
        for result in ["ok", "failed"] {
            drop(metrics.reloads.get_or_create(&of("result", result)));
        }
        Self {
            registry,
            ..metrics
        }
    }

    /// What was read, so far.
    pub fn tally(&self, tally: &Tally, counted: &mut Counted) {
        for (count, so_far) in [
            (Count::Lines, tally.lines),
            (Count::Bytes, tally.bytes),
            (Count::Malformed, tally.malformed),
            (Count::Ambiguous, tally.ambiguous),
            (Count::Undated, tally.undated),
        ] {
            self.grow(count, so_far, counted);
        }
        if let Some(latest) = tally.latest {
            self.times.record.fetch_max(latest, Ordering::Relaxed);
        }
    }

    /// What correlation tells of itself, so far.
    pub fn correlation(&self, counts: &correlate::Counts, counted: &mut Counted) {
        for (count, so_far) in [
            (Count::Late, counts.late),
            (Count::Evictions, counts.evicted),
            (Count::Spilled, counts.spilled),
        ] {
            self.grow(count, so_far, counted);
        }
    }

    /// What became of objects, so far.
    pub fn objects(&self, counts: &Objects, counted: &mut Counted) {
        for (count, so_far) in [
            (Count::Listed, counts.listed),
            (Count::Pruned, counts.pruned),
            (Count::Fetched, counts.fetched),
            (Count::FetchedBytes, counts.bytes),
            (Count::Failed, counts.failed),
            (Count::Belated, counts.belated),
            (Count::Retries, counts.retries),
            (Count::Throttled, counts.throttled),
        ] {
            self.grow(count, so_far, counted);
        }
        let settled = counts.pruned + counts.done + counts.fetched + counts.failed;
        let pending = counts.listed.saturating_sub(settled);
        self.pending.set(i64::try_from(pending).unwrap_or(i64::MAX));
    }

    /// A batch of messages came.
    pub fn messages(&self, received: &Received) {
        self.add(Count::Received, received.messages);
        self.add(Count::Unread, received.unread);
        for (reason, events) in [("other", received.other), ("elsewhere", received.elsewhere)] {
            let labels = of("reason", reason);
            self.ignored.get_or_create(&labels).inc_by(events);
        }
    }

    /// So many messages were deleted.
    pub fn deleted(&self, messages: u64) {
        self.add(Count::Deleted, messages);
    }

    /// An alert was raised; not when it is closed.
    pub fn alert(&self, rule: &str, level: Level) {
        self.alerts.get_or_create(&of_rule(rule, level)).inc();
    }

    /// An alert was taken back.
    pub fn withdrawn(&self, rule: &str, level: Level) {
        self.withdrawn.get_or_create(&of_rule(rule, level)).inc();
    }

    /// Something went wrong: one word for what ([`Fault::kind`] for buckets, objects
    /// and the queue).
    ///
    /// [`Fault::kind`]: s3sentry::source::s3::Fault::kind
    pub fn error(&self, kind: &'static str) {
        self.errors.get_or_create(&of("kind", kind)).inc();
    }

    /// These rules are at work now.
    pub fn rules<'r>(&self, rules: impl IntoIterator<Item = (&'r str, Level)>) {
        let rules: BTreeSet<_> = rules.into_iter().collect();
        self.rules
            .set(i64::try_from(rules.len()).unwrap_or(i64::MAX));
        for (rule, level) in rules {
            drop(self.alerts.get_or_create(&of_rule(rule, level)));
        }
    }

    /// Rules and lists were read again: they are at work, or the old ones still
    /// are.
    pub fn reloaded(&self, ok: bool) {
        let result = if ok { "ok" } else { "failed" };
        self.reloads.get_or_create(&of("result", result)).inc();
    }

    /// A round is over, and all of it is kept.
    pub fn cycle(&self) {
        self.add(Count::Cycles, 1);
        self.succeeded();
    }

    /// Nothing that is there waits to be dealt with, or what was dealt with is kept.
    pub fn succeeded(&self) {
        self.times.success.store(now(), Ordering::Relaxed);
    }

    /// All records before this time have been dealt with, if any: seconds since
    /// the Unix epoch.
    pub fn watermark(&self, time: i64) {
        // What has ended, or not begun, has none.
        if time != i64::MIN && time != i64::MAX {
            self.times.watermark.store(time, Ordering::Relaxed);
        }
    }

    /// All is well.
    pub fn healthy(&self) {
        self.health(None);
    }

    /// It is alive and cannot do its work: why, in one line without data of
    /// callers.
    pub fn unhealthy(&self, reason: impl fmt::Display) {
        self.health(Some(reason.to_string()));
    }

    fn health(&self, unwell: Option<String>) {
        let well = i64::from(unwell.is_none());
        self.times.well.store(well, Ordering::Relaxed);
        *self.unwell.lock().unwrap_or_else(PoisonError::into_inner) = unwell;
    }

    /// Why it is not well, if it is not.
    pub fn unwell(&self) -> Option<String> {
        let unwell = self.unwell.lock().unwrap_or_else(PoisonError::into_inner);
        unwell.clone()
    }

    /// All of it as `OpenMetrics` text.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    fn add(&self, count: Count, more: u64) {
        self.counters[count as usize].inc_by(more);
    }

    fn grow(&self, count: Count, so_far: u64, counted: &mut Counted) {
        let before = &mut counted.counts[count as usize];
        self.add(count, so_far.saturating_sub(*before));
        *before = so_far.max(*before);
    }
}

fn of(name: &'static str, value: &str) -> Labels<1> {
    [(name, value.to_owned())]
}

fn of_rule(rule: &str, level: Level) -> Labels<2> {
    [
        ("rule", rule.to_owned()),
        ("level", level.as_str().to_owned()),
    ]
}

/// Times are told as they are and, for those who look with their eyes, as how long
/// ago they are by the clock of the moment.
impl Collector for Times {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let now = now();
        let at = |time: &AtomicI64| Some(time.load(Ordering::Relaxed)).filter(|at| *at != NEVER);
        let (record, watermark) = (at(&self.record), at(&self.watermark));
        let ago = |time: Option<i64>| time.map(|time| now.saturating_sub(time));
        let seconds = Some(Unit::Seconds);
        for (name, help, unit, value) in [
            (
                "newest_record_timestamp",
                "Time of the newest record that was read",
                &seconds,
                record,
            ),
            (
                "lag",
                "How long ago the newest record that was read is",
                &seconds,
                ago(record),
            ),
            (
                "watermark_lag",
                "How long ago the time is up to which all is decided",
                &seconds,
                ago(watermark),
            ),
            (
                "last_success_timestamp",
                "When what was read was last kept, or nothing was new",
                &seconds,
                at(&self.success),
            ),
            (
                "healthy",
                "Whether it can do its work: 1, or 0 where /healthz says why not",
                &None,
                at(&self.well),
            ),
        ] {
            let Some(value) = value else { continue };
            let gauge = ConstGauge::new(value);
            let kind = gauge.metric_type();
            gauge.encode(encoder.encode_descriptor(name, help, unit.as_ref(), kind)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
