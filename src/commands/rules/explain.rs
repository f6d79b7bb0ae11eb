//! `rules explain`: why a rule fires on some lines, or does not.

mod table;

use std::io::{self, BufWriter, IsTerminal, Write};

use s3sentry::explain::{Explainer, Limits};
use s3sentry::pipeline::{Reader, Span, Tally};
use s3sentry::rule::refs;
use s3sentry::source::{Block, Sources};
use s3sentry::text::json;

use crate::cli::{ListFormat, RulesExplain};
use crate::commands::progress::Progress;
use crate::commands::{End, Stop, open, rules, settings, span, summary};

/// Runs the command.
pub fn run(arguments: &RulesExplain) -> Result<End, Stop> {
    let span = span(&arguments.input)?;
    let settings = settings(&arguments.common, Some(&arguments.lists))?;
    let rules = rules(&arguments.rules, &settings)?;
    let place = refs::find(&rules.documents, &arguments.name)
        .map_err(|reason| Stop::usage(anyhow::anyhow!("{reason}; rules list names them all")))?;
    let limits = Limits {
        lines: arguments.lines.into(),
        keys: arguments.keys.into(),
        ..Limits::default()
    };
    let mut explainer = Explainer::new(&rules.documents, place, &settings, limits)
        .map_err(|reason| Stop::usage(anyhow::anyhow!(reason)))?;
    // Who gives no lines wants to know what the rule says.
    if arguments.input.sources.is_empty() && io::stdin().is_terminal() {
        print(arguments, explainer, false)?;
        return Ok(End::Done);
    }
    let mut sources = open(&arguments.input, None, "")?;
    let progress = Progress::new(arguments.common.quiet, sources.progress().total);
    let tally = read(&mut sources, &mut explainer, span, &progress);
    let elapsed = progress.finish();
    let printed = print(arguments, explainer, true);
    let end = summary::inputs(&sources, &tally);
    if !arguments.common.quiet {
        summary::of_explain(&settings, &sources, &tally, &arguments.input, elapsed);
    }
    printed.map_err(|stop| stop.or(end))?;
    Ok(end)
}

fn read(
    sources: &mut Sources,
    explainer: &mut Explainer,
    span: Span,
    progress: &Progress,
) -> Tally {
    let mut tally = Tally::default();
    let mut reader = Reader::default();
    let mut block = Block::default();
    let lateness = sources.lateness();
    // As a scan has it: what is earlier would come too late there.
    let mut watermark = i64::MIN;
    while sources.next(&mut block) {
        let source = sources.name(block.source);
        reader.records(&block, span, &mut tally, |record, offset, _| {
            let late = record.time().is_some_and(|time| time < watermark);
            explainer.record(record, &source, offset, late);
        });
        watermark = watermark.max(block.floor.saturating_sub(lateness));
        progress.update(sources.progress(), tally.lines, 0);
    }
    tally
}

fn print(arguments: &RulesExplain, explainer: Explainer, has_input: bool) -> Result<(), Stop> {
    let format = arguments.format.unwrap_or(if io::stdout().is_terminal() {
        ListFormat::Table
    } else {
        ListFormat::Json
    });
    let explanation = explainer.finish();
    let mut out = BufWriter::new(io::stdout().lock());
    match format {
        ListFormat::Table => table::write(&mut out, &explanation, has_input)?,
        ListFormat::Json => {
            json::write(&mut out, &explanation)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(out.flush()?)
}
