//! Streaming anomaly detection for Amazon S3 server access logs.
//!
//! Data flows one way:
//!
//! ```text
//! Source --bytes--> Record --match--> Observation --correlate--> Alert --> Sink
//! ```
//!
//! | module | what it is for |
//! |---|---|
//! | [`source`] | blocks of whole lines from stdin, files, directories and buckets, merged by time |
//! | [`record`] | one line, zero-copy: fields, typed values, derived fields |
//! | [`rule`] | Sigma rules: read, checked, compiled |
//! | [`observation`] | what is left of a record once it is matched |
//! | [`correlate`] | windows over observations, exactly as the rules say |
//! | [`baseline`] | what is normal: who was seen when, and how much an hour |
//! | [`state`] | what is kept between runs, in one SQLite file |
//! | [`alert`] | what a person reads |
//! | [`incident`] | whom alerts are about, and which belong together |
//! | [`sink`] | how it is written |
//! | [`pipeline`] | the path itself |
//! | [`text`] | how bytes that somebody else chose are shown |
//! | [`fixture`] | rules over a small log, for their tests |
//! | [`explain`] | why a rule fires on some records, or does not |
//! | [`geoip`] | in which country an address is, and whose network it is in |
//! | [`ioc`] | lists of what is known to be bad, and who is on them |
//! | [`settings`] | what the owner of the buckets knows: networks, accounts, public buckets |
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod alert;
pub mod baseline;
pub mod correlate;
pub mod explain;
pub mod fixture;
pub mod geoip;
pub mod incident;
pub mod ioc;
pub mod observation;
pub mod pipeline;
pub mod record;
pub mod report;
pub mod rule;
pub mod session;
pub mod settings;
pub mod sink;
pub mod source;
pub mod state;
pub mod text;
