//! Windows to the state file and back.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Failed, Options};
use crate::correlate::Correlator;
use crate::correlate::evidence::Seen;
use crate::correlate::snapshot::{Head, Pending, RestoreError, Restoring, Saving};
use crate::rule::RuleSet;
use crate::state::{Commit, Meta, State, WindowKey};
use crate::text::{lossless, restore as unescape};

/// What came back.
pub struct Restored {
    /// Goes on with the windows, or begins anew.
    pub correlator: Correlator,
    /// Inputs that the windows refer to.
    pub used: BTreeSet<u32>,
    /// Where windows cannot be gone on with: up to when they were final, seconds
    /// since the Unix epoch.
    pub other_rules: Option<i64>,
}

/// A key in the file.
#[derive(Debug, Serialize, Deserialize)]
struct Body {
    text: Vec<Option<String>>,
    lines: Vec<LineBody>,
    last: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct LineBody {
    source: u32,
    offset: u64,
    time: i64,
    identity: u64,
    marks: u64,
    line: Option<String>,
}

/// How hard frames are compressed: beyond this there is little to be had, for
/// most of them is hashes.
const LEVEL: i32 = 1;
/// Bytes of a frame, at most: they are cut at about 1 MiB.
const FRAME: usize = 64 << 20;

/// Names of facts.
const FINGERPRINT: &str = "window_fingerprint";
const WATERMARK: &str = "watermark";
const CLOSED: &str = "closed";
const LATEST: &str = "latest";
const FORGOTTEN: &str = "forgotten";
const FORGOTTEN_SINCE: &str = "forgotten_since";

/// Goes on with the windows of an earlier run.
pub fn restore(state: &State, set: &Arc<RuleSet>, options: Options) -> Result<Restored, Failed> {
    let anew = || Correlator::new(Arc::clone(set), options.lateness, options.max_state);
    let Some(head) = head(state)?.filter(|_| !options.anew) else {
        return Ok(Restored {
            correlator: anew(),
            used: BTreeSet::new(),
            other_rules: None,
        });
    };
    let restoring = Correlator::restore(Arc::clone(set), options.lateness, options.max_state, head);
    let mut restoring = match restoring {
        Ok(restoring) => restoring,
        Err(mismatch) => {
            let mut correlator = anew();
            // What is final stays final.
            correlator.begin_at(&mismatch.kept);
            return Ok(Restored {
                correlator,
                used: BTreeSet::new(),
                other_rules: Some(mismatch.kept.watermark),
            });
        }
    };
    state.each_frame(|_, frame| {
        let frame = zstd::bulk::decompress(frame, FRAME).map_err(|error| damaged(state, error))?;
        restoring.frame(&frame).map_err(|error| match error {
            RestoreError::Io(error) => Failed::Room(error),
            error => damaged(state, error),
        })
    })?;
    keys(state, set, &mut restoring)?;
    let used = restoring.sources().clone();
    Ok(Restored {
        correlator: restoring.finish(),
        used,
        other_rules: None,
    })
}

fn keys(state: &State, set: &RuleSet, restoring: &mut Restoring) -> Result<(), Failed> {
    let rules = set.rules.iter().enumerate();
    let places: HashMap<&str, usize> = rules
        .map(|(place, rule)| (&*rule.info.name, place))
        .collect();
    state.each_window_key(|key, body| {
        let rule = places.get(&*key.rule).copied();
        let rule =
            rule.ok_or_else(|| damaged(state, format!("windows of a rule {:?}", key.rule)))?;
        let body: Body = serde_json::from_slice(body).map_err(|error| damaged(state, error))?;
        let lines = body.lines.into_iter().map(|line| Seen {
            place: (line.source, line.offset),
            time: line.time,
            identity: line.identity,
            marks: line.marks,
            line: line.line.map(|line| unescape(&line)),
        });
        let pending = Pending {
            rule,
            period: key.period,
            key: key.key,
            text: body
                .text
                .into_iter()
                .map(|value| value.map(|value| unescape(&value)))
                .collect(),
            lines: lines.collect(),
            last: body.last,
        };
        restoring
            .key(pending)
            .map_err(|error| damaged(state, error))
    })
}

fn damaged(state: &State, error: impl std::fmt::Display) -> Failed {
    state.corrupt(error.to_string()).into()
}

/// Keeps what has changed in the windows.
pub fn save<N: Fn(u32) -> u32>(commit: &Commit<'_>, saving: &Saving<'_, N>) -> Result<(), Failed> {
    if saving.replaces() {
        commit.clear_windows()?;
    }
    for segment in saving.gone_segments() {
        commit.delete_frames(segment)?;
    }
    let set = saving.set();
    let name = |rule: usize| set.rules[rule].info.name.clone();
    for gone in saving.gone_keys() {
        match gone.key {
            None => commit.delete_window_keys(&name(gone.rule), gone.period)?,
            Some(key) => commit.delete_window_key(&WindowKey {
                rule: name(gone.rule),
                period: gone.period,
                key,
            })?,
        }
    }
    saving.frames(|segment, frame| {
        let frame = zstd::bulk::compress(frame, LEVEL)?;
        Ok::<_, Failed>(commit.put_frame(segment, &frame)?)
    })?;
    saving.keys(|pending| {
        let text = |bytes: &Vec<u8>| lossless(bytes).into_owned();
        let lines = pending.lines.iter().map(|seen| LineBody {
            source: seen.place.0,
            offset: seen.place.1,
            time: seen.time,
            identity: seen.identity,
            marks: seen.marks,
            line: seen.line.as_ref().map(text),
        });
        let body = Body {
            text: pending
                .text
                .iter()
                .map(|value| value.as_ref().map(text))
                .collect(),
            lines: lines.collect(),
            last: pending.last,
        };
        let key = WindowKey {
            rule: name(pending.rule),
            period: pending.period,
            key: pending.key,
        };
        let body = serde_json::to_vec(&body).map_err(std::io::Error::other)?;
        Ok::<_, Failed>(commit.put_window_key(&key, &body)?)
    })?;
    let head = saving.head();
    let (forgotten, since) = head.forgotten;
    for (key, value) in [
        (FINGERPRINT, head.fingerprint as i64),
        (WATERMARK, head.watermark),
        (CLOSED, head.closed),
        (LATEST, head.latest),
        (FORGOTTEN, forgotten as i64),
    ] {
        commit.set_meta(key, &Meta::Number(value))?;
    }
    match since {
        Some(since) => commit.set_meta(FORGOTTEN_SINCE, &Meta::Number(since))?,
        None => commit.unset_meta(FORGOTTEN_SINCE)?,
    }
    Ok(())
}

fn head(state: &State) -> Result<Option<Head>, Failed> {
    let number = |key| state.meta_number(key);
    let Some(fingerprint) = number(FINGERPRINT)? else {
        return Ok(None);
    };
    let time = |key| Ok::<_, Failed>(number(key)?.unwrap_or(i64::MIN));
    Ok(Some(Head {
        fingerprint: fingerprint as u64,
        watermark: time(WATERMARK)?,
        closed: time(CLOSED)?,
        latest: time(LATEST)?,
        forgotten: (
            number(FORGOTTEN)?.unwrap_or(0) as u64,
            number(FORGOTTEN_SINCE)?,
        ),
    }))
}
