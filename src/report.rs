//! A report: what a person reads in the morning. One [`Report`] holds all that
//! any form of it says; forms differ in looks only.
//!
//! A report is made of alerts, of what was read, and of the rules, by
//! [`collect::Collector`]. It answers in this order: is there something to worry
//! about ([`Verdict`]), what happened ([`Incident`]), who ([`Actor`]), when
//! ([`Timeline`]), where ([`Bucket`], [`Key`]), how sure are we ([`Finding`]),
//! what was looked at ([`Coverage`]), what to do next ([`Guide`]).
//!
//! Texts that callers chose are redacted and written as
//! [`lossless`](crate::text) says, so they are UTF-8 and may still hold anything:
//! every form escapes them for where it puts them. The wall clock enters once, as
//! [`Report::made`]. Files and the command line may not enter here.

mod actors;
mod bounded;
pub mod collect;
pub mod compare;
mod doubts;
mod findings;
mod guide;
pub mod html;
mod incidents;
pub mod json;
mod keys;
pub mod markdown;
pub mod model;
#[cfg(test)]
mod sample;
mod shown;
pub mod timeline;
mod when;

pub use self::collect::{Collector, Parts};
pub use self::compare::compare;
pub use self::model::{
    Actor, Attention, Baseline, Bucket, Change, Compared, Count, Coverage, Entity, Evidence,
    Finding, Gap, Guide, Incident, Indicator, Inputs, Key, Levels, Names, Network, Previous,
    Report, RuleCount, Sample, Slot, Step, Timeline, Verdict,
};
