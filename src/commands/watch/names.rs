//! Names of the inputs of all cycles, for as long as windows refer to them.
//!
//! A file that grows keeps its number, so that a log that is followed for a year is
//! one input. How inputs are read may not enter here.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use s3sentry::source::{PAST, Past};

/// Inputs by their numbers.
#[derive(Default)]
pub struct Names {
    /// Of earlier runs, by their lasting numbers.
    past: Vec<Past>,
    /// Of this one.
    own: HashMap<u32, Past>,
    by_path: HashMap<Vec<u8>, u32>,
}

impl Names {
    /// Those that windows of earlier runs refer to.
    pub fn new(past: Vec<Past>) -> Self {
        let numbered = past.iter().zip(PAST..);
        let by_path = numbered.filter_map(|(past, number)| Some((past.path.clone()?, number)));
        Self {
            by_path: by_path.collect(),
            own: HashMap::new(),
            past,
        }
    }

    /// Windows have begun to refer to an input.
    pub fn keep(&mut self, number: u32, past: Past) {
        if let Some(path) = &past.path {
            self.by_path.insert(path.clone(), number);
        }
        self.own.insert(number, past);
    }

    /// An input, if windows may refer to it.
    pub fn get(&self, number: u32) -> Option<&Past> {
        match number.checked_sub(PAST) {
            Some(past) => self.past.get(past as usize),
            None => self.own.get(&number),
        }
    }

    /// Its name.
    pub fn name(&self, number: u32) -> Arc<str> {
        self.get(number)
            .map_or_else(|| "-".into(), |past| Arc::clone(&past.name))
    }

    /// The input, opened once more.
    pub fn reopen(&self, number: u32) -> Option<File> {
        self.get(number)?.reopen()
    }

    /// The number that a file had before which is read on, if it is the same still.
    pub fn again(&self, past: &Past) -> Option<u32> {
        let number = *self.by_path.get(past.path.as_ref()?)?;
        let known = self.get(number)?;
        (known.name == past.name && known.reopen().is_some()).then_some(number)
    }
}
