//! How far a long run has come: on a terminal's stderr, and nowhere else.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use s3sentry::source::Progress as Read;

/// A run that ends sooner needs no bar, which would only flash up.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar, or nothing.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    /// Whether somebody looks.
    watched: bool,
    /// Whether data goes to a terminal too, which then is the same one.
    beside_data: bool,
    started: Instant,
}

impl Progress {
    /// A bar where somebody looks at it, as soon as it is worth looking at.
    pub fn new(quiet: bool, total: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        // The message gives way on a narrow terminal: a line that wraps cannot
        // be taken away again.
        let template = match total {
            Some(_) => "{percent:>3}% {bar:16} {bytes}/{total_bytes}, {eta} left  {wide_msg}",
            None => "{bytes}, {elapsed}  {wide_msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        Self {
            bar,
            watched: !quiet && std::io::stderr().is_terminal(),
            beside_data: std::io::stdout().is_terminal(),
            started: Instant::now(),
        }
    }

    /// What has been read and found so far.
    pub fn update(&self, read: Read, lines: u64, alerts: u64) {
        let elapsed = self.started.elapsed();
        if !self.watched || elapsed < PATIENCE {
            return;
        }
        if self.bar.is_hidden() {
            self.bar
                .set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
        }
        self.bar.set_position(read.read);
        let rate = (lines as f64 / elapsed.as_secs_f64()) as u64;
        self.bar.set_message(format!(
            "{} lines/s  {} alerts",
            HumanCount(rate),
            HumanCount(alerts)
        ));
    }

    /// Takes the bar away for as long as something else is written to the
    /// same terminal.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        if self.bar.is_hidden() || !self.beside_data {
            return write();
        }
        self.bar.suspend(write)
    }

    /// Takes the bar away; how long it was there.
    pub fn finish(self) -> Duration {
        self.bar.finish_and_clear();
        self.started.elapsed()
    }
}
