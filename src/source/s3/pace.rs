//! How many requests are in flight at once: fewer when AWS asks to slow down,
//! more while all goes well.
//!
//! What is requested may not enter here.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests in flight in the beginning, at the most.
const FIRST: usize = 16;

/// Additive increase, multiplicative decrease. Those who wait come in the order
/// in which they asked.
#[derive(Debug)]
pub(super) struct Pace {
    places: Arc<Semaphore>,
    state: Mutex<State>,
    most: usize,
}

#[derive(Debug)]
struct State {
    /// How many may be in flight.
    limit: usize,
    /// Places to be taken away as soon as they are left.
    owed: usize,
    /// Successes since the limit last changed.
    served: usize,
    /// How often the limit was halved. Many requests are refused at once; that
    /// is one reason to slow down and not many.
    epoch: u64,
}

/// A place among the requests in flight; free again when dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pace: &'a Pace,
    permit: Option<OwnedSemaphorePermit>,
    epoch: u64,
}

impl Pace {
    /// At most this many in flight at once; at least one.
    pub(super) fn new(most: u16) -> Self {
        let most = usize::from(most).max(1);
        let limit = most.min(FIRST);
        Self {
            places: Arc::new(Semaphore::new(limit)),
            state: Mutex::new(State {
                limit,
                owed: 0,
                served: 0,
                epoch: 0,
            }),
            most,
        }
    }

    /// Waits for a place.
    pub(super) async fn enter(&self) -> Place<'_> {
        // It is never closed; were it, there would be no bound.
        let permit = self.places.clone().acquire_owned().await.ok();
        Place {
            pace: self,
            permit,
            epoch: self.epoch(),
        }
    }

    /// To be told when something is refused that needs no place.
    pub(super) fn epoch(&self) -> u64 {
        self.state().epoch
    }

    /// How many may be in flight now.
    #[cfg(test)]
    fn limit(&self) -> usize {
        self.state().limit
    }

    /// AWS asked to slow down, to what began in this epoch.
    pub(super) fn refused(&self, epoch: u64) {
        let mut state = self.state();
        if state.epoch != epoch {
            return;
        }
        state.epoch += 1;
        state.served = 0;
        let fewer = state.limit - (state.limit / 2).max(1);
        state.limit -= fewer;
        state.owed += fewer - self.places.forget_permits(fewer);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// The request was served. Until AWS first asks to slow down every success
    /// makes room for one more, later only as many as are in flight.
    pub(super) fn served(self) {
        let mut state = self.pace.state();
        state.served += 1;
        let needed = if state.epoch == 0 { 1 } else { state.limit };
        if state.served >= needed && state.limit < self.pace.most {
            state.served = 0;
            state.limit += 1;
            if state.owed > 0 {
                state.owed -= 1;
            } else {
                self.pace.places.add_permits(1);
            }
        }
    }

    /// AWS asked to slow down.
    pub(super) fn refused(self) {
        self.pace.refused(self.epoch);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        if state.owed > 0
            && let Some(permit) = self.permit.take()
        {
            state.owed -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::runtime;
    use super::*;

    /// Takes a place if there is one.
    fn enter(pace: &Pace) -> Option<Place<'_>> {
        let none = std::time::Duration::ZERO;
        let enter = async { tokio::time::timeout(none, pace.enter()).await };
        runtime::get().unwrap().block_on(enter).ok()
    }

    /// Takes all places that there are.
    fn all(pace: &Pace) -> Vec<Place<'_>> {
        std::iter::from_fn(|| enter(pace)).collect()
    }

    #[test]
    fn it_rises_to_what_was_asked_for_and_not_beyond() {
        for most in [1, 5, 64] {
            let pace = Pace::new(most);
            for _ in 0..200 {
                enter(&pace).unwrap().served();
            }
            assert_eq!(pace.limit(), usize::from(most));
            assert_eq!(all(&pace).len(), usize::from(most));
        }
    }

    #[test]
    fn what_is_refused_at_once_halves_it_once() {
        let pace = Pace::new(64);
        let places = all(&pace);
        assert_eq!(places.len(), 16);
        for place in places {
            place.refused();
        }
        assert_eq!(pace.limit(), 8);
        let places = all(&pace);
        assert_eq!(places.len(), 8);
        drop(places);
        for expected in [4, 2, 1, 1] {
            enter(&pace).unwrap().refused();
            assert_eq!(pace.limit(), expected);
            assert_eq!(all(&pace).len(), expected);
        }
    }

    #[test]
    fn after_it_was_halved_it_rises_slowly() {
        let pace = Pace::new(64);
        enter(&pace).unwrap().refused();
        assert_eq!(pace.limit(), 8);
        for _ in 0..8 {
            assert_eq!(pace.limit(), 8);
            enter(&pace).unwrap().served();
        }
        assert_eq!(pace.limit(), 9);
        assert_eq!(all(&pace).len(), 9);
    }

    #[test]
    fn places_that_are_owed_are_not_given_again() {
        let pace = Pace::new(64);
        let mut places = all(&pace);
        places.pop().unwrap().refused();
        for left in (8..15).rev() {
            assert!(enter(&pace).is_none(), "{left}");
            places.pop();
        }
        places.pop();
        assert!(enter(&pace).is_some());
    }
}
