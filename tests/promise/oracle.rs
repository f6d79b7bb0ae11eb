//! What rules mean, written from `docs/correlations.md` alone and as plainly as
//! can be. Nothing of the engine may enter here but the words of its rule files.

#[path = "oracle/chain.rs"]
mod chain;
#[path = "oracle/draw.rs"]
pub mod draw;
#[path = "oracle/meaning.rs"]
mod meaning;
#[path = "oracle/model.rs"]
mod model;
#[path = "oracle/tests.rs"]
mod tests;
#[path = "oracle/value.rs"]
mod value;
#[path = "oracle/yaml.rs"]
mod yaml;

pub use model::{Alias, Count, Kind, Model, NoneBefore, Pick, Ref, Rules};
