//! What a person takes out of the baseline, or says is normal.

use rusqlite::types::Value;

use super::error::At;
use super::{Commit, Error, name};
use crate::baseline::Tuple;

/// How much was forgotten, or declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Touched {
    /// Entities.
    pub entities: u64,
    /// Values: of these entities, and those that are the same.
    pub values: u64,
    /// Hours of these entities.
    pub volumes: u64,
}

/// The entities of a kind with a name.
const NAMED: &str = "SELECT key FROM entities \
     WHERE kind = (SELECT id FROM kinds WHERE name = ?1) AND name IS ?2";
/// The values of the same fields with the same name, in all groups.
const SAME: &str = "dimension IN (SELECT id FROM dimensions WHERE fields = ?1) AND name IS ?2";

impl Commit<'_> {
    /// Forgets the entity that has these values in these fields (with `+`
    /// between), its values and its volumes, and these values in all groups that
    /// have learned them. An address is a `remote_host` and stands in a
    /// `remote_net`: to forget both, ask for both.
    pub fn forget(&self, fields: &str, values: &Tuple) -> Result<Touched, Error> {
        let name = name::encode(values);
        let run = |sql: &str| self.run(sql, fields, &name);
        let volumes = run(&format!("DELETE FROM volumes WHERE entity IN ({NAMED})"))?;
        let values = run(&format!(
            "DELETE FROM known_values WHERE entity IN ({NAMED}) OR {SAME}"
        ))?;
        let entities = run(&format!("DELETE FROM entities WHERE key IN ({NAMED})"))?;
        Ok(Touched {
            entities,
            values,
            volumes,
        })
    }

    /// Declares the entity that has these values in these fields normal, and these
    /// values in all groups that have learned them. What was never seen cannot be
    /// declared here.
    pub fn declare(&self, fields: &str, values: &Tuple) -> Result<Touched, Error> {
        let name = name::encode(values);
        let run = |sql: &str| self.run(sql, fields, &name);
        Ok(Touched {
            values: run(&format!(
                "UPDATE known_values SET declared = 1 WHERE {SAME}"
            ))?,
            entities: run(&format!(
                "UPDATE entities SET declared = 1 WHERE key IN ({NAMED})"
            ))?,
            volumes: 0,
        })
    }

    fn run(&self, sql: &str, fields: &str, name: &Value) -> Result<u64, Error> {
        let changed = self.transaction.execute(sql, (fields, name));
        Ok(changed.at(self.path)? as u64)
    }
}
