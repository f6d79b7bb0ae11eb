//! Rules: from Sigma YAML to typed documents, with every error located.
//!
//! The path of a file: bytes → [`yaml`] (a tree in which every node knows its
//! line and column) → [`check`] (the tree against tables of what may stand
//! where) → [`document`] (what `rsigma-parser` makes of it, and our own
//! `s3sentry:` block) → [`mod@load`] (the set: ids, names, references).
//!
//! Checking comes first because `rsigma-parser` locates only conditions, passes
//! over unknown keys in silence and casts numbers. It is handed what was
//! checked, written anew from the tree, never the file's own text: two YAML
//! parsers that read one text differently would mean a rule that was not the
//! one checked, and a bomb that passed the first could still go off in the
//! second.
//!
//! Nothing here looks at a record: what a rule matches is compiled elsewhere.

pub mod check;
pub mod compile;
pub mod description;
pub mod document;
pub mod encode;
pub mod error;
pub mod expand;
pub mod lint;
pub mod load;
pub mod matcher;
pub mod missing;
pub mod modifier;
pub mod overrides;
pub mod pattern;
pub mod plan;
pub mod refs;
pub mod set;
pub mod show;
pub mod template;
pub mod text;
pub mod texts;
pub mod words;
pub mod yaml;

pub use compile::{compile, compile_with_baseline};
pub use document::{Aggregate, Body, Correlation, Document, Extension, Kind, Meta};
pub use document::{NewValue, NoneBefore, Positions, Threshold};
pub use error::{Origin, RuleError};
pub use load::load;
pub use missing::Missing;
pub use plan::Rule;
pub use set::RuleSet;
pub use template::{Part, Placeholder, Template};
