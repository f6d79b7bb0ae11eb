//! Where pages are asked for: how many at once, and how large.
//!
//! What is on a page is not known here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::super::Fault;
use super::super::store::{Ask, PAGE, Page, Store};
use super::span::Span;

/// Objects on pages that were asked for and not given out yet, of all logs
/// together: about 300 bytes each.
pub(super) const HELD: usize = 80_000;

/// Requests in flight.
const REQUESTS: usize = 16;

/// Pages of one log that are asked for at once, where there is room.
const PAGES: usize = 6;

/// What all runs share.
pub(super) struct Desk<S> {
    store: Arc<S>,
    permits: Arc<Semaphore>,
    pages: Arc<AtomicU64>,
    /// What is wanted.
    pub span: Span,
    /// Runs that are not at their end.
    pub runs: usize,
    /// The largest page: [`PAGE`], and less in tests.
    pub page: u16,
}

impl<S> Clone for Desk<S> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            permits: Arc::clone(&self.permits),
            pages: Arc::clone(&self.pages),
            ..*self
        }
    }
}

impl<S: Store> Desk<S> {
    pub(super) fn new(store: Arc<S>, span: Span) -> Self {
        Self {
            store,
            permits: Arc::new(Semaphore::new(REQUESTS)),
            pages: Arc::default(),
            span,
            runs: 0,
            page: PAGE,
        }
    }

    /// Requests so far.
    pub(super) fn pages(&self) -> u64 {
        self.pages.load(Ordering::Relaxed)
    }

    /// Pages of one run that may be asked for or held at once, at least 2.
    pub(super) fn width(&self) -> usize {
        let room = HELD / self.runs.max(1) / usize::from(PAGE);
        room.clamp(2, PAGES)
    }

    /// Objects on a page: the more runs there are the fewer.
    fn size(&self) -> u16 {
        let room = HELD / self.runs.max(1) / self.width();
        u16::try_from(room).unwrap_or(PAGE).clamp(1, self.page)
    }

    /// Asks for a page of this size at the most; it comes while others are read.
    pub(super) fn ask(&self, ask: Ask) -> Request {
        let store = Arc::clone(&self.store);
        let permits = Arc::clone(&self.permits);
        let pages = Arc::clone(&self.pages);
        let ask = Ask {
            max_keys: self.size(),
            ..ask
        };
        Request(tokio::spawn(async move {
            // Never closed, so there always is one.
            let _permit = permits.acquire().await;
            pages.fetch_add(1, Ordering::Relaxed);
            store.page(ask).await
        }))
    }
}

/// A page on its way. Given up when dropped.
pub(super) struct Request(JoinHandle<Result<Page, Fault>>);

impl Request {
    pub(super) async fn page(mut self) -> Result<Page, Fault> {
        match (&mut self.0).await {
            Ok(page) => page,
            // Aborted: the runtime ends. Nobody reads what comes of it.
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Fault::Timeout),
            },
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.0.abort();
    }
}
