//! What of the log is kept outside, and what is not yet.
//!
//! Within a segment observations only ever come behind those that are there, so
//! the part that is kept is always the first one. What is kept may be more than
//! what is here, never less once it has been saved.

use std::io;

use super::{Log, SEGMENT};
use crate::observation::Observations;

/// Words that are given at once, about: what is taken back comes in the same
/// parts, and each is counted as a whole.
const PART: usize = 128 << 10;

impl Log {
    /// Calls for what is not kept outside yet, with the start of its segment, a
    /// part at a time.
    pub fn unsaved<E: From<io::Error>>(
        &self,
        mut each: impl FnMut(i64, Observations) -> Result<(), E>,
    ) -> Result<(), E> {
        for (start, segment) in &self.segments {
            for piece in &segment.spilled {
                if piece.saved < piece.words {
                    let all = piece.read_back(self.fingerprint)?;
                    parts(&all, piece.saved, |part| each(*start, part))?;
                }
            }
            if segment.saved < segment.held.words().len() {
                parts(&segment.held, segment.saved, |part| each(*start, part))?;
            }
        }
        Ok(())
    }

    /// Starts of segments of which nothing that is kept outside is needed any
    /// more; what is still needed is given anew.
    pub fn gone(&self) -> impl Iterator<Item = i64> {
        self.gone.iter().copied()
    }

    /// All that is here is kept outside now, and what is gone no longer is.
    pub fn saved(&mut self) {
        self.gone.clear();
        for segment in self.segments.values_mut() {
            segment.spilled.iter_mut().for_each(|piece| {
                piece.saved = piece.words;
            });
            segment.saved = segment.held.words().len();
            segment.is_kept |= segment.saved > 0 || !segment.spilled.is_empty();
        }
    }

    /// Takes back what is kept outside. Nothing else may have come before.
    pub fn take_back(&mut self, observations: &Observations) {
        for observation in observations.iter() {
            self.push(observation);
            let start = observation.time().div_euclid(SEGMENT) * SEGMENT;
            if let Some(segment) = self.segments.get_mut(&start) {
                segment.saved = segment.held.words().len();
                segment.is_kept = true;
            }
        }
    }
}

/// Observations behind the first so many words.
fn parts<E>(
    all: &Observations,
    skipped: usize,
    mut each: impl FnMut(Observations) -> Result<(), E>,
) -> Result<(), E> {
    let (mut seen, mut part) = (0, Observations::default());
    for observation in all.iter() {
        seen += observation.word_count();
        if seen <= skipped {
            continue;
        }
        part.push_copy(observation);
        if part.words().len() >= PART {
            each(std::mem::take(&mut part))?;
        }
    }
    if part.is_empty() {
        return Ok(());
    }
    each(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Observation;

    /// What is not kept yet: times by segment.
    fn unsaved(log: &Log) -> Vec<(i64, Vec<i64>)> {
        let mut found = Vec::new();
        log.unsaved(|start, observations| {
            let times = observations.iter().map(Observation::time);
            found.push((start, times.collect()));
            io::Result::Ok(())
        })
        .unwrap();
        found
    }

    fn push(log: &mut Log, times: std::ops::Range<i64>) {
        let mut all = Observations::default();
        for time in times {
            all.push(time, 0, (0, 0), &[1 << (time % 2)], 0, []);
        }
        all.iter().for_each(|observation| log.push(observation));
    }

    #[test]
    fn what_is_saved_is_given_once() {
        let mut log = Log::default();
        push(&mut log, 598..602);
        let all = vec![(0, vec![598, 599]), (600, vec![600, 601])];
        // As long as it is not saved, again and again.
        assert_eq!(unsaved(&log), all);
        assert_eq!(unsaved(&log), all);
        log.saved();
        assert_eq!(unsaved(&log), []);
        push(&mut log, 602..604);
        assert_eq!(unsaved(&log), [(600, vec![602, 603])]);
    }

    #[test]
    fn what_is_spilled_is_given_in_part() {
        let mut log = Log::default();
        push(&mut log, 0..4);
        log.saved();
        push(&mut log, 4..6);
        log.spill(0).unwrap();
        push(&mut log, 6..8);
        assert_eq!(unsaved(&log), [(0, vec![4, 5]), (0, vec![6, 7])]);
        log.saved();
        assert_eq!(unsaved(&log), []);
        push(&mut log, 8..9);
        assert_eq!(unsaved(&log), [(0, vec![8])]);
    }

    #[test]
    fn what_is_dropped_moves_nothing() {
        let mut log = Log::default();
        push(&mut log, 0..5);
        log.saved();
        push(&mut log, 5..9);
        log.drop_unneeded(|_| Some(vec![1]));
        assert_eq!(unsaved(&log), [(0, vec![6, 8])]);
        assert_eq!(log.gone().count(), 0);
        push(&mut log, 9..11);
        assert_eq!(unsaved(&log), [(0, vec![6, 8, 9, 10])]);
    }

    #[test]
    fn what_little_is_left_is_given_anew() {
        let mut log = Log::default();
        push(&mut log, 0..5);
        log.saved();
        log.drop_unneeded(|_| Some(vec![2]));
        for _ in 0..2 {
            assert_eq!(log.gone().collect::<Vec<_>>(), [0]);
            assert_eq!(unsaved(&log), [(0, vec![1, 3])]);
        }
        log.saved();
        assert_eq!((log.gone().count(), unsaved(&log)), (0, vec![]));
        log.drop_unneeded(|_| None);
        assert_eq!(log.gone().collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn parts_are_not_large() {
        let mut log = Log::default();
        (0..100).for_each(|_| push(&mut log, 0..600));
        let parts = unsaved(&log);
        assert!(parts.len() > 2, "{}", parts.len());
        let times: usize = parts.iter().map(|(_, times)| times.len()).sum();
        assert_eq!(times, 60_000);
    }

    #[test]
    fn only_what_is_kept_can_go() {
        let mut log = Log::default();
        push(&mut log, 0..5);
        push(&mut log, 1000..1001);
        log.drop_unneeded(|end| (end > 600).then(|| vec![3]));
        assert_eq!(log.gone().count(), 0);
        log.saved();
        push(&mut log, 2000..2001);
        log.drop_unneeded(|_| None);
        // Until that is saved, too.
        assert_eq!(log.gone().collect::<Vec<_>>(), [600]);
        assert_eq!(log.gone().collect::<Vec<_>>(), [600]);
        log.saved();
        assert_eq!(log.gone().count(), 0);
    }

    #[test]
    fn what_is_taken_back_is_kept() {
        let mut all = Observations::default();
        all.push(5, 0, (0, 0), &[1], 0, []);
        let mut log = Log::default();
        log.take_back(&all);
        log.spill(0).unwrap();
        log.take_back(&all);
        assert_eq!(unsaved(&log), []);
        push(&mut log, 6..7);
        assert_eq!(unsaved(&log), [(0, vec![6])]);
        log.drop_unneeded(|_| None);
        assert_eq!(log.gone().collect::<Vec<_>>(), [0]);
    }
}
