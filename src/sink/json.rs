//! Alerts as JSON: a line each, or one array.
//!
//! What the objects look like stands in [`v1`](super::v1); only what goes
//! around them belongs here.

use std::io::{self, Write};

use super::Sink;
use super::v1::AlertV1;
use crate::alert::Alert;
use crate::text::json;

/// One object a line.
pub(super) struct Ndjson<'w> {
    writer: Box<dyn Write + Send + 'w>,
    line: Vec<u8>,
}

impl<'w> Ndjson<'w> {
    pub(super) fn new(writer: Box<dyn Write + Send + 'w>) -> Self {
        let line = Vec::new();
        Self { writer, line }
    }
}

impl Sink for Ndjson<'_> {
    fn alert(&mut self, alert: &Alert) -> io::Result<()> {
        // One write a line: somebody may be following the file.
        self.line.clear();
        json::write(&mut self.line, &AlertV1::new(alert))?;
        self.line.push(b'\n');
        self.writer.write_all(&self.line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// The same objects in one array, each on a line of its own.
pub(super) struct Array<'w> {
    writer: Box<dyn Write + Send + 'w>,
    line: Vec<u8>,
    begun: bool,
}

impl<'w> Array<'w> {
    pub(super) fn new(writer: Box<dyn Write + Send + 'w>) -> Self {
        Self {
            writer,
            line: Vec::new(),
            begun: false,
        }
    }
}

impl Sink for Array<'_> {
    fn alert(&mut self, alert: &Alert) -> io::Result<()> {
        self.line.clear();
        self.line
            .extend_from_slice(if self.begun { b",\n" } else { b"[\n" });
        self.begun = true;
        json::write(&mut self.line, &AlertV1::new(alert))?;
        self.writer.write_all(&self.line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        // An array without alerts is an array all the same.
        self.writer
            .write_all(if self.begun { b"\n]\n" } else { b"[]\n" })?;
        self.writer.flush()
    }
}
