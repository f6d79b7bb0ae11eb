//! Signals: SIGTERM and SIGINT end a watch, SIGHUP has it read its rules again.
//!
//! A second one that ends does so at once, whatever goes on. What ends and what is
//! read again is not decided here.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// What a signal wakes.
type Waker = Box<dyn Fn() + Send>;

/// What was asked for from outside.
#[derive(Default)]
struct Shared {
    stop: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
    wakers: Mutex<Vec<Waker>>,
    changed: Condvar,
}

/// What was asked for from outside; each handle tells the same.
#[derive(Clone, Default)]
pub struct Signals(Arc<Shared>);

impl Signals {
    /// Listens from now on.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        use std::io::Read;
        use std::os::unix::net::UnixStream;

        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        use signal_hook::{flag, low_level::pipe};

        let signals = Self::default();
        let (mut come, tell) = UnixStream::pair()?;
        for signal in [SIGTERM, SIGINT] {
            // As a shell shows a process that a signal ended.
            flag::register_conditional_shutdown(signal, 128 + signal, signals.0.stop.clone())?;
            flag::register(signal, Arc::clone(&signals.0.stop))?;
            pipe::register(signal, tell.try_clone()?)?;
        }
        flag::register(SIGHUP, Arc::clone(&signals.0.reload))?;
        pipe::register(SIGHUP, tell)?;
        let shared = signals.clone();
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                let mut some = [0; 64];
                while come.read(&mut some).is_ok_and(|read| read > 0) {
                    shared.wake();
                }
            })?;
        Ok(signals)
    }

    /// There are none.
    #[cfg(not(unix))]
    pub fn listen() -> io::Result<Self> {
        Ok(Self::default())
    }

    /// Whether all is to end.
    pub fn is_stopping(&self) -> bool {
        self.0.stop.load(Ordering::Relaxed)
    }

    /// Whether what goes on is to be interrupted, for whatever reason.
    pub fn is_any(&self) -> bool {
        self.is_stopping() || self.0.reload.load(Ordering::Relaxed)
    }

    /// Whether rules are to be read again; only the first who asks is told.
    pub fn take_reload(&self) -> bool {
        self.0.reload.swap(false, Ordering::Relaxed)
    }

    /// Ends all from inside.
    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
        self.wake();
    }

    /// Calls this, on another thread, whenever something is asked for.
    pub fn on_any(&self, waker: impl Fn() + Send + 'static) {
        self.wakers().push(Box::new(waker));
    }

    /// Waits, but no longer than until something is asked for.
    pub fn pause(&self, time: Duration) {
        let nothing = |_: &mut Vec<Waker>| !self.is_any();
        let waited = self
            .0
            .changed
            .wait_timeout_while(self.wakers(), time, nothing);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn wake(&self) {
        let wakers = self.wakers();
        self.0.changed.notify_all();
        wakers.iter().for_each(|waker| waker());
    }

    fn wakers(&self) -> std::sync::MutexGuard<'_, Vec<Waker>> {
        // The list is whole whatever became of who held it.
        self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
