//! `parse`: records as they stand in the log.

use std::io::{self, Write};

use rayon::prelude::*;
use s3sentry::pipeline::{Reader, Span, Tally};
use s3sentry::sink::record::{push_csv, push_csv_header, push_ndjson};
use s3sentry::source::{Block, Sources};

use super::output::Target;
use super::progress::Progress;
use super::{End, Stop, summary};
use crate::cli::{Parse, RecordFormat};

const EXAMPLES: &str = "
Write the records of a directory of logs:
    s3sentry parse logs/
or of a pipe:
    zcat logs/*.gz | s3sentry parse --format csv";

/// Blocks that are parsed at once.
const BATCH: usize = 4;

/// Runs the command.
pub fn run(arguments: &Parse) -> Result<End, Stop> {
    let span = super::span(&arguments.input)?;
    let mut target = Target::open(&arguments.output, arguments.format == RecordFormat::Csv)?;
    let mut sources = super::open(&arguments.input, None, EXAMPLES)?;
    let progress = Progress::new(arguments.common.quiet, sources.progress().total);
    let written = super::on_threads(&arguments.common, || {
        write(&mut sources, &mut target, arguments.format, span, &progress)
    })?;
    let written = written.map_err(Stop::from).and_then(|tally| {
        target.finish()?;
        Ok(tally)
    });
    let elapsed = progress.finish();
    let tally = written.map_err(|stop| stop.or(summary::unread(&sources)))?;
    let end = summary::inputs(&sources, &tally);
    if !arguments.common.quiet {
        summary::of_parse(&sources, &tally, &arguments.input, elapsed);
    }
    Ok(end)
}

fn write(
    sources: &mut Sources,
    target: &mut Target,
    format: RecordFormat,
    span: Span,
    progress: &Progress,
) -> io::Result<Tally> {
    let mut total = Tally::default();
    let mut blocks: Vec<Block> = (0..BATCH).map(|_| Block::default()).collect();
    if format == RecordFormat::Csv {
        let mut header = Vec::new();
        push_csv_header(&mut header);
        target.write_all(&header)?;
    }
    let push = match format {
        RecordFormat::Ndjson => push_ndjson,
        RecordFormat::Csv => push_csv,
    };
    loop {
        let mut used = 0;
        while used < BATCH && sources.next(&mut blocks[used]) {
            used += 1;
        }
        if used == 0 {
            target.flush()?;
            return Ok(total);
        }
        let written: Vec<(Vec<u8>, Tally)> = blocks[..used]
            .par_iter()
            .map_init(Reader::default, |reader, block| {
                let mut text = Vec::with_capacity(block.bytes().len() * 2);
                let mut tally = Tally::default();
                reader.records(block, span, &mut tally, |record, _, _| {
                    push(&mut text, record);
                });
                (text, tally)
            })
            .collect();
        for (text, mut tally) in written {
            total.merge(&mut tally);
            progress.suspend(|| target.write_all(&text))?;
        }
        progress.update(sources.progress(), total.lines, 0);
    }
}
