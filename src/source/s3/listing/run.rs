//! The objects of one log, in the order of its keys, which is that of their times.
//!
//! Where a page ends within a day, that day and those after it are listed at
//! once: a day each, as many as there is room for. Where a page holds more than a
//! day, one follows the other. So a listing neither waits for every page of a
//! busy log nor asks once a day for a quiet one. What earlier runs left is not
//! known here.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::store::{Ask, Page, Store};
use super::super::{Counts, Fault, Object};
use super::desk::Desk;
use super::lane::Lane;
use super::log::Log;
use super::logs::Logs;
use super::span::{day, day_after};

/// Which objects of a prefix.
#[derive(Debug)]
enum What {
    /// Those of a log, and what stands among its years.
    Log(Log),
    /// All others without a time, from this key on.
    Others(Box<str>),
}

/// A log being listed.
pub(super) struct Run {
    bucket: Arc<str>,
    prefix: String,
    what: What,
    around: Arc<Logs>,
    /// Begins after this key.
    begin: String,
    /// Ends with this one, whether there is one or not.
    end: Option<String>,
    /// One after the other in the order of their keys; the first is being read.
    lanes: VecDeque<Lane>,
    /// The first day that no lane is for, where there is a lane a day.
    open: Option<i64>,
    /// Whether a time of delivery was seen in folders of days.
    delivery: bool,
    /// Logs that stand among the years of this one, newly found.
    pub strangers: Vec<Log>,
}

impl Run {
    /// Of a log from a time in its names on, seconds since the Unix epoch.
    pub(super) fn log<S: Store>(
        desk: &Desk<S>,
        (bucket, around): (&Arc<str>, &Arc<Logs>),
        log: Log,
        begin: i64,
    ) -> Self {
        let until = desk.span.until_in_names();
        let end = (until < i64::MAX).then(|| log.at(until));
        let bounds = (log.at(begin), end);
        let prefix = around.prefix_of(&log.stem);
        Self::new(desk, (bucket, around), What::Log(log), prefix, bounds)
    }

    /// Of the objects without a time, from the first to the last.
    pub(super) fn others<S: Store>(
        desk: &Desk<S>,
        (bucket, around): (&Arc<str>, &Arc<Logs>),
        (first, last): (&str, &str),
    ) -> Self {
        let mut before = first.chars();
        before.next_back();
        let bounds = (before.as_str().to_owned(), Some(last.to_owned()));
        let prefix = around.prefix_of("");
        let what = What::Others(first.into());
        Self::new(desk, (bucket, around), what, prefix, bounds)
    }

    /// Of objects that are known already, sorted.
    pub(super) fn ready(bucket: &Arc<str>, around: &Arc<Logs>, objects: Vec<Object>) -> Self {
        let lane = Lane {
            ready: objects.into(),
            ..Lane::default()
        };
        Self {
            bucket: Arc::clone(bucket),
            prefix: around.prefix_of(""),
            what: What::Others(Box::default()),
            around: Arc::clone(around),
            begin: String::new(),
            end: None,
            lanes: VecDeque::from([lane]),
            open: None,
            delivery: false,
            strangers: Vec::new(),
        }
    }

    fn new<S: Store>(
        desk: &Desk<S>,
        (bucket, around): (&Arc<str>, &Arc<Logs>),
        what: What,
        prefix: String,
        (begin, end): (String, Option<String>),
    ) -> Self {
        let lane = Lane {
            after: Some(begin.clone()),
            end: end.clone(),
            ..Lane::default()
        };
        let mut run = Self {
            bucket: Arc::clone(bucket),
            prefix,
            what,
            around: Arc::clone(around),
            begin,
            end,
            lanes: VecDeque::from([lane]),
            open: None,
            delivery: false,
            strangers: Vec::new(),
        };
        run.ask(desk);
        run
    }

    /// Name of the bucket.
    pub(super) fn bucket(&self) -> Arc<str> {
        Arc::clone(&self.bucket)
    }

    /// What it lists, as an address.
    pub(super) fn name(&self) -> Arc<str> {
        let prefix = match &self.what {
            What::Log(log) => &*log.stem,
            What::Others(_) => &*self.prefix,
        };
        format!("s3://{}/{prefix}", self.bucket).into()
    }

    /// Whether it comes to a key of its own.
    pub(super) fn reaches(&self, key: &str) -> bool {
        key > self.begin.as_str() && self.end.as_deref().is_none_or(|end| key <= end)
    }

    /// The next object; none at the end. After a fault there is nothing more.
    pub(super) async fn next<S: Store>(
        &mut self,
        desk: &Desk<S>,
        counts: &mut Counts,
    ) -> Result<Option<Object>, Fault> {
        loop {
            let Some(lane) = self.lanes.front_mut() else {
                return Ok(None);
            };
            if let Some(object) = lane.ready.pop_front() {
                return Ok(Some(object));
            }
            if let Some(request) = lane.request.take() {
                let page = request.page().await?;
                self.take(page, desk, counts);
            } else if lane.after.is_none() {
                self.lanes.pop_front();
            }
            self.fan_out(desk);
            self.ask(desk);
        }
    }

    /// Asks for the next page of the first lane.
    fn ask<S: Store>(&mut self, desk: &Desk<S>) {
        let Some(lane) = self.lanes.front_mut() else {
            return;
        };
        if lane.request.is_none()
            && let Some(start_after) = lane.after.take()
        {
            lane.request = Some(desk.ask(Ask {
                bucket: Arc::clone(&self.bucket),
                prefix: self.prefix.clone(),
                start_after,
                max_keys: 0,
                folders: false,
            }));
        }
    }

    /// Begins with days behind those that are listed, where there is room.
    fn fan_out<S: Store>(&mut self, desk: &Desk<S>) {
        let What::Log(log) = &self.what else {
            return;
        };
        while self.lanes.len() + 1 < desk.width()
            && let Some(day) = self.open
        {
            let start_after = log.at(day);
            let follows = log.at(day_after(day));
            self.open = None;
            if self.end.as_ref().is_some_and(|end| start_after >= *end) || start_after == follows {
                return;
            }
            self.open = Some(day_after(day));
            let end = match &self.end {
                Some(end) if *end < follows => end.clone(),
                _ => follows,
            };
            let ask = Ask {
                bucket: Arc::clone(&self.bucket),
                prefix: self.prefix.clone(),
                start_after,
                max_keys: 0,
                folders: false,
            };
            self.lanes.push_back(Lane {
                end: Some(end),
                day: Some(day),
                request: Some(desk.ask(ask)),
                ..Lane::default()
            });
        }
    }

    /// Whether an object is to be given out by this run.
    fn is_own(&self, object: &Object) -> bool {
        match (&self.what, object.named.time) {
            (What::Log(log), Some(_)) => log.owns(object),
            (What::Others(_), Some(_)) => false,
            (What::Log(log), None) => {
                log.surrounds(&object.key)
                    && !self.around.is_foreign(object)
                    && self.around.owner(&object.key).as_ref() == Some(log)
            }
            (What::Others(first), None) => {
                *object.key >= **first
                    && !self.around.is_foreign(object)
                    && self.around.owner(&object.key).is_none()
            }
        }
    }

    /// Where the page after `last` begins; none where nothing can follow.
    fn after(&mut self, last: &Object) -> Option<String> {
        match &self.what {
            What::Log(log) if log.surrounds(&last.key) => Some(last.key.to_string()),
            What::Log(log) => log.next(&last.key),
            What::Others(_) => Some(self.around.skip(last)),
        }
    }

    fn note_stranger(&mut self, object: &Object) {
        if let (What::Log(log), Some(other)) = (&self.what, Log::of(object))
            && log.surrounds(&object.key)
            && !self.around.timed.contains(&other)
            && !self.strangers.contains(&other)
        {
            self.strangers.push(other);
        }
    }

    /// Takes what is on a page of the first lane.
    fn take<S: Store>(&mut self, page: Page, desk: &Desk<S>, counts: &mut Counts) {
        let next = page
            .objects
            .last()
            .filter(|_| page.truncated)
            .and_then(|last| self.after(last));
        let mut own = Vec::with_capacity(page.objects.len());
        for object in page.objects {
            if self.is_own(&object) {
                own.push(object);
            } else {
                self.note_stranger(&object);
            }
        }
        let of_delivery = |object: &Object| !object.named.is_of_day();
        self.delivery |= own
            .iter()
            .any(|object| object.named.time.is_some() && of_delivery(object));
        self.settle_days(&own, next.is_some(), desk.width() > 2);
        let Some(lane) = self.lanes.front_mut() else {
            return;
        };
        lane.after = next.filter(|next| !lane.is_past(next));
        for object in own {
            let past = self.end.as_deref().is_some_and(|end| &*object.key > end);
            // What is of the next day comes with the next lane.
            if past || !lane.is_past(&object.key) {
                counts.listed += 1;
                if past || !desk.span.keeps(&object, self.delivery) {
                    counts.pruned += 1;
                } else {
                    lane.ready.push_back(object);
                }
            }
        }
    }

    /// Whether a lane is for a day or for all that follows, by what is on its
    /// page, and which days behind it have nothing.
    fn settle_days(&mut self, own: &[Object], more: bool, room: bool) {
        let What::Log(log) = &self.what else {
            return;
        };
        let days = own.iter().filter_map(|object| object.named.time.map(day));
        let (first, last) = (days.clone().next(), days.clone().next_back());
        let Some(lane) = self.lanes.front_mut() else {
            return;
        };
        if let Some(today) = lane.day {
            let tomorrow = day_after(today);
            if last.is_some_and(|last| last > tomorrow) {
                // More than a day on a page.
                lane.day = None;
                lane.end.clone_from(&self.end);
                self.lanes.truncate(1);
                self.open = None;
            } else if !more && last.is_none_or(|last| last < tomorrow) {
                self.lanes.truncate(1);
                self.open = None;
            }
        } else if let (Some(first), Some(last), true, true) = (first, last, more, room)
            && first == last
        {
            let end = log.at(day_after(first));
            if !lane.is_past(&end) {
                lane.day = Some(first);
                lane.end = Some(end);
                self.open = Some(day_after(first));
            }
        }
    }
}
