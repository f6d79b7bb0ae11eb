//! A file for each subcommand of `rules`.

pub mod check;
pub mod explain;
pub mod list;
pub mod show;
pub mod test;
