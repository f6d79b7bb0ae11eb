//! Versions of alerts: what was written of each, and what has to be written now.
//!
//! An alert whose period is not final is `open`, and may grow, close, or turn
//! out to be wrong when a late record proves an older sighting: then it is
//! `withdrawn`. A later version never has a lower rev than an earlier one.

use std::collections::{BTreeMap, BTreeSet};

use super::Failed;
use crate::alert::{Alert, Status};
use crate::pipeline::Came;
use crate::sink;
use crate::state::{KeptAlert, State};

/// What earlier versions there are.
#[derive(Debug, Default)]
pub struct Versions {
    /// Alerts that were open when the run began and have not been told since.
    open: BTreeMap<u128, Alert>,
    /// In a run that tells of what is open only once: the end of its period,
    /// seconds since the Unix epoch, and its id.
    waiting: Option<BTreeSet<(i64, u128)>>,
    /// Versions of this run, the last of each; those that nobody has kept yet
    /// are marked.
    told: BTreeMap<u128, (Alert, bool)>,
    /// In the order in which they were told.
    fresh: Vec<u128>,
    /// Whether what is open cannot be gone on with.
    other_rules: bool,
    /// Whether windows began anew over what is read again, which may not be all.
    anew: bool,
}

/// What is new in an alert.
struct News {
    /// Of the version to be written.
    rev: u64,
    /// Whether it says more than the one before.
    fresh: bool,
}

impl Versions {
    /// What earlier runs have told.
    pub fn open(state: &State, other_rules: bool, anew: bool) -> Result<Self, Failed> {
        let open = state.open_alerts()?.into_iter();
        let open = open.map(|kept| read(state, &kept).map(|alert| (alert.id, alert)));
        Ok(Self {
            open: open.collect::<Result<_, Failed>>()?,
            other_rules,
            anew,
            ..Self::default()
        })
    }

    /// Versions that were kept and not written, in the order of writing, and whether
    /// they say more than the version that was.
    pub fn unwritten(state: &State) -> Result<Vec<(Alert, bool)>, Failed> {
        let kept = state.unwritten_alerts()?.into_iter();
        kept.map(|kept| {
            let more = kept.written.is_none_or(|written| written.rev < kept.rev);
            let fresh = more && kept.status != Status::Withdrawn;
            read(state, &kept).map(|alert| (alert, fresh))
        })
        .collect()
    }

    /// Alerts that were open under other rules: they are final as they stand.
    pub fn left_over(&mut self) -> Vec<Alert> {
        if !self.other_rules {
            return Vec::new();
        }
        let open = std::mem::take(&mut self.open).into_values();
        open.map(|alert| Alert {
            status: Status::Closed,
            ..alert
        })
        .collect()
    }

    /// From now on what is open is told of when it first fires, and not again until
    /// its period is over.
    pub fn follow(&mut self) {
        let open = std::mem::take(&mut self.open).into_values();
        let waiting = open.map(|alert| (alert.period.1, alert.id));
        self.waiting = Some(waiting.collect());
    }

    /// Whether that is so.
    pub fn follows(&self) -> bool {
        self.waiting.is_some()
    }

    /// Alerts that were told of while they were open, whose periods end at or before
    /// a time and which were not told of then: they hold no longer, or are final
    /// as they stand where nobody knows that (as in [`Versions::gone`]).
    pub fn over(
        &mut self,
        state: &State,
        time: i64,
        forgotten: bool,
    ) -> Result<Vec<Alert>, Failed> {
        let mut over = Vec::new();
        while let Some(first) = self.waiting.as_ref().and_then(BTreeSet::first).copied()
            && first.0 <= time
        {
            if let Some(waiting) = &mut self.waiting {
                waiting.remove(&first);
            }
            let before = self.before(state, first.1)?;
            over.extend(before.filter(|alert| alert.status == Status::Open));
        }
        let status = ended(forgotten);
        Ok(over
            .into_iter()
            .map(|alert| Alert { status, ..alert })
            .collect())
    }

    /// Whether anything of an alert has to be written: its evidence does not matter.
    /// An alert that is no news has been told of again by this.
    pub fn is_news(&mut self, state: &State, alert: &Alert, came: Came) -> Result<bool, Failed> {
        Ok(self.judge(state, alert, came)?.is_some())
    }

    /// The version of an alert that has to be written, and whether it says more
    /// than the one before; none where nothing has changed.
    pub fn next(
        &mut self,
        state: &State,
        alert: Alert,
        came: Came,
    ) -> Result<Option<(Alert, bool)>, Failed> {
        let Some(News { rev, fresh }) = self.judge(state, &alert, came)? else {
            return Ok(None);
        };
        if self.is_told_once(&alert, came)
            && let Some(waiting) = &mut self.waiting
        {
            waiting.insert((alert.period.1, alert.id));
        }
        Ok(Some((Alert { rev, ..alert }, fresh)))
    }

    /// Whether nothing more is told of it until its period is over.
    fn is_told_once(&self, alert: &Alert, came: Came) -> bool {
        self.follows() && alert.status == Status::Open && came == Came::InTime
    }

    /// What is new in an alert.
    fn judge(&mut self, state: &State, alert: &Alert, came: Came) -> Result<Option<News>, Failed> {
        let Some(before) = self.before(state, alert.id)? else {
            let (rev, fresh) = (alert.rev, true);
            return Ok(Some(News { rev, fresh }));
        };
        let rev = alert.rev.max(before.rev + 1);
        if self.is_told_once(alert, came) {
            let withdrawn = before.status == Status::Withdrawn;
            return Ok(withdrawn.then_some(News { rev, fresh: true }));
        }
        // Where its period goes on it is told as it stands. To what is final records
        // that came too late cannot be added: the same may come late again, and
        // nobody could tell.
        if came == Came::Late && before.status == Status::Open {
            return Ok(None);
        }
        self.open.remove(&alert.id);
        if let Some(waiting) = &mut self.waiting {
            waiting.remove(&(alert.period.1, alert.id));
        }
        let same = content(&before) == content(alert) && before.status != Status::Withdrawn;
        if same {
            // An open one says nothing new, a closed one that it is final.
            let news = before.status == Status::Open && alert.status == Status::Closed;
            let (rev, fresh) = (before.rev, false);
            return Ok(news.then_some(News { rev, fresh }));
        }
        if before.status == Status::Closed && alert.count < before.count {
            // Part of what was told: of records that came late, or by windows that
            // other rules have begun anew.
            return Ok(None);
        }
        let fresh = alert.count > before.count || before.status == Status::Withdrawn;
        Ok(Some(News { rev, fresh }))
    }

    /// Alerts that were open and were not told of again: they hold no longer. Where
    /// keys were forgotten for lack of memory, or windows began anew, nobody knows
    /// that, and they are final as they stand.
    pub fn gone(&mut self, forgotten: bool) -> Vec<Alert> {
        let status = ended(forgotten || self.anew);
        let open = std::mem::take(&mut self.open).into_values();
        open.map(|alert| Alert { status, ..alert }).collect()
    }

    /// Notes a version that was written.
    pub fn add(&mut self, alert: Alert) {
        let id = alert.id;
        if self
            .told
            .insert(id, (alert, true))
            .is_none_or(|(_, fresh)| !fresh)
        {
            self.fresh.push(id);
        }
    }

    /// The versions to be kept, the last of each.
    pub fn fresh(&mut self) -> Vec<Alert> {
        let mut fresh = Vec::new();
        for id in self.fresh.drain(..) {
            if let Some((alert, is_fresh)) = self.told.get_mut(&id) {
                *is_fresh = false;
                fresh.push(alert.clone());
            }
        }
        // What is kept can be asked for again.
        self.told.clear();
        fresh
    }

    /// What was told of an alert before, in this run or an earlier one.
    fn before(&self, state: &State, id: u128) -> Result<Option<Alert>, Failed> {
        if let Some((alert, _)) = self.told.get(&id) {
            return Ok(Some(alert.clone()));
        }
        let kept = state.alert(id)?;
        kept.map(|kept| read(state, &kept)).transpose()
    }
}

/// What becomes of an alert that was open and is not told of again.
fn ended(forgotten: bool) -> Status {
    if forgotten {
        Status::Closed
    } else {
        Status::Withdrawn
    }
}

/// What makes two versions differ.
fn content(alert: &Alert) -> impl PartialEq {
    (
        alert.count,
        alert.trigger,
        (alert.first_seen, alert.last_seen),
        alert.distinct,
        alert.sum,
    )
}

fn read(state: &State, kept: &KeptAlert) -> Result<Alert, Failed> {
    let alert = sink::read::alert(&kept.json);
    alert.map_err(|error| {
        state
            .corrupt(format!("alert {:032x}: {error}", kept.id))
            .into()
    })
}
