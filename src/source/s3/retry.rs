//! How often and how soon something is tried again.
//!
//! What is tried may not enter here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::Fault;

/// Attempts at one thing, the first among them.
const ATTEMPTS: u32 = 8;

/// How long one thing is tried.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);

/// The longest wait before the second attempt; it doubles with every one.
const BASE: Duration = Duration::from_millis(50);

/// The longest wait of all.
const CAP: Duration = Duration::from_secs(20);

/// Repeated attempts that may be made in one go.
const TOKENS: f64 = 500.0;

/// Of a token, what a success gives back.
const PER_SUCCESS: f64 = 0.2;

/// Tokens that a second gives back: while nothing succeeds, no more than this
/// many attempts a second are repeated.
const PER_SECOND: f64 = 50.0;

/// The right to try again, shared by all that is asked of AWS: when much fails,
/// repeating it must not add to the load without bound. Attempts beyond it wait.
#[derive(Debug)]
pub(super) struct Budget {
    tokens: Mutex<Tokens>,
}

#[derive(Debug)]
struct Tokens {
    /// Below zero by those who wait.
    left: f64,
    at: Instant,
}

impl Tokens {
    /// Adds what came with time.
    fn refresh(&mut self, now: Instant) {
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + seconds * PER_SECOND).min(TOKENS);
        self.at = now;
    }
}

impl Budget {
    /// A full one.
    pub(super) fn new() -> Self {
        Self {
            tokens: Mutex::new(Tokens {
                left: TOKENS,
                at: Instant::now(),
            }),
        }
    }

    /// Takes a token; gives how long to wait for it.
    fn take(&self, now: Instant) -> Duration {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.refresh(now);
        tokens.left -= 1.0;
        Duration::from_secs_f64((-tokens.left).max(0.0) / PER_SECOND)
    }

    /// After a success.
    fn give(&self) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.left = (tokens.left + PER_SUCCESS).min(TOKENS);
    }
}

/// How often something was tried again, and why.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Attempts after the first.
    pub retries: AtomicU64,
    /// Times that AWS asked to slow down.
    pub throttled: AtomicU64,
}

/// The longest wait before the attempt after this many.
fn longest(attempts: u32) -> Duration {
    BASE.saturating_mul(1 << attempts.saturating_sub(1).min(16))
        .min(CAP)
}

/// Tries until it succeeds, fails for good, or patience is at its end: then the
/// fault is that of the last attempt. Waits are random, from nothing to the
/// longest ("full jitter"), so that those who failed together do not come back
/// together.
pub(super) async fn insist<T, F>(
    budget: &Budget,
    tally: &Tally,
    mut attempt: impl FnMut() -> F,
) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    let begun = Instant::now();
    let mut attempts = 0;
    loop {
        let fault = match attempt().await {
            Ok(value) => {
                budget.give();
                return Ok(value);
            }
            Err(fault) => fault,
        };
        attempts += 1;
        if matches!(fault, Fault::Throttled { .. }) {
            tally.throttled.fetch_add(1, Ordering::Relaxed);
        }
        if !fault.is_passing() || attempts == ATTEMPTS {
            return Err(fault);
        }
        let wait = longest(attempts).mul_f64(fastrand::f64()) + budget.take(Instant::now());
        if begun.elapsed() + wait > PATIENCE {
            return Err(fault);
        }
        sleep(wait).await;
        tally.retries.fetch_add(1, Ordering::Relaxed);
    }
}

/// One attempt that may take so long and no longer: one that comes byte by byte
/// is never silent.
pub(super) async fn within<T>(
    most: Duration,
    attempt: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    timeout(most, attempt).await.unwrap_or(Err(Fault::Timeout))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
            .block_on(work)
    }

    /// What comes of something that fails this often, and how often it was tried.
    fn tried(failures: u32, fault: &Fault) -> (Result<(), Fault>, u32, Tally) {
        let (tally, attempts) = (Tally::default(), Cell::new(0));
        let result = run(async {
            insist(&Budget::new(), &tally, || {
                attempts.set(attempts.get() + 1);
                let failed = attempts.get() <= failures;
                let fault = fault.clone();
                async move { if failed { Err(fault) } else { Ok(()) } }
            })
            .await
        });
        (result, attempts.get(), tally)
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        let slow = Fault::Throttled {
            code: "SlowDown".into(),
        };
        let (result, attempts, tally) = tried(3, &slow);
        assert_eq!((result, attempts), (Ok(()), 4));
        assert_eq!(tally.retries.into_inner(), 3);
        assert_eq!(tally.throttled.into_inner(), 3);
    }

    #[test]
    fn what_will_not_pass_is_not_tried_again() {
        let (result, attempts, tally) = tried(1, &Fault::Gone);
        assert_eq!((result, attempts), (Err(Fault::Gone), 1));
        assert_eq!(tally.retries.into_inner(), 0);
    }

    #[test]
    fn waits_double_up_to_a_bound() {
        assert_eq!(longest(1), Duration::from_millis(50));
        assert_eq!(longest(2), Duration::from_millis(100));
        assert_eq!(longest(7), Duration::from_millis(3200));
        assert_eq!(longest(40), CAP);
    }

    #[test]
    fn beyond_the_budget_attempts_wait_for_time_or_success() {
        run(async {
            let budget = Budget::new();
            let now = Instant::now();
            for _ in 0..TOKENS as u32 {
                assert_eq!(budget.take(now), Duration::ZERO);
            }
            let second = Duration::from_secs(1);
            assert_eq!(budget.take(now), second.div_f64(PER_SECOND));
            assert_eq!(budget.take(now), second.mul_f64(2.0 / PER_SECOND));
            // Two are waited for; a second brings fifty.
            for _ in 0..48 {
                assert_eq!(budget.take(now + second), Duration::ZERO);
            }
            assert!(budget.take(now + second) > Duration::ZERO);
            for _ in 0..(2.0 / PER_SUCCESS) as u32 {
                budget.give();
            }
            assert_eq!(budget.take(now + second), Duration::ZERO);
        });
    }
}
