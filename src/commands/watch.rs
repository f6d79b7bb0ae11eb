//! `watch`: the same as `scan`, until it is stopped.

pub mod endpoint;
pub mod metrics;
