//! Objects of which messages told, in the order of their times.
//!
//! How it was told may not enter here.

use std::collections::VecDeque;

use super::super::checkpoint;
use super::listing::Item;
use super::stream::Feed;
use super::{Counts, Fault, Known, Object, Trouble};

/// What messages told of.
pub(super) struct Told {
    items: VecDeque<Item>,
    counts: Counts,
}

impl Told {
    /// By time; what has none in its name comes first. Left out is what comes
    /// twice, and what earlier runs took wholly for this span.
    pub(super) fn new(
        mut objects: Vec<Object>,
        span: (i64, i64),
        known: &mut dyn Known,
    ) -> Result<Self, Fault> {
        let mut counts = Counts {
            listed: objects.len() as u64,
            ..Counts::default()
        };
        objects.sort_by(|a, b| place(a).cmp(&place(b)));
        objects.dedup_by(|a, b| place(a) == place(b) && a.etag == b.etag);
        counts.done = counts.listed - objects.len() as u64;
        let mut items = VecDeque::with_capacity(objects.len());
        for object in objects {
            let mark = known
                .object(&object.bucket, &object.key)
                .map_err(|error| Fault::State {
                    reason: error.to_string(),
                })?
                .filter(|mark| mark.etag == object.etag);
            if mark
                .as_ref()
                .is_some_and(|mark| checkpoint::begin(&mark.reach, span).1)
            {
                counts.done += 1;
                continue;
            }
            items.push_back(Item {
                object,
                mark,
                again: false,
                belated: false,
            });
        }
        Ok(Self { items, counts })
    }
}

fn place(object: &Object) -> (Option<i64>, &str, &str) {
    (object.named.time, &object.bucket, &object.key)
}

impl Feed for Told {
    async fn next(&mut self) -> Option<Item> {
        self.items.pop_front()
    }

    fn counts(&self) -> Counts {
        self.counts
    }

    fn troubles(&self) -> &[Trouble] {
        &[]
    }
}
