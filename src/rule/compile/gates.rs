//! What must hold of a rule's records for it to fire, and is cheap to tell.
//!
//! Each gate is a necessary condition on the rule's key alone, so all of them
//! may be too easily met, and leaving one out costs only time. What a gate
//! counts is cheap per record; an exact look follows where all gates of a way
//! are met. A rule that asks for one of several correlations has a way for each.

use super::Compiler;
use crate::rule::plan::{
    Aggregate, Correlation, Gate, GateMeasure, Kind, Mark, Measure, Stage, Take,
};
use crate::rule::set::Bits;

/// More ways than these are one that says less.
const MAX_WAYS: usize = 16;

/// Gates that must all be met.
type Way = Vec<Draft>;

/// A gate by marks.
#[derive(Clone, PartialEq)]
struct Draft {
    measure: GateMeasure,
    marks: u64,
    /// For each mark the column of the value.
    column: Vec<u8>,
    threshold: u64,
    /// How far back of a firing its records may lie, seconds.
    width: i64,
}

impl Draft {
    fn any(marks: u64, width: i64) -> Self {
        Self {
            measure: GateMeasure::Events,
            marks,
            column: Vec::new(),
            threshold: 1,
            width,
        }
    }

    /// Any record that the correlation counts, however deep.
    fn leaf(correlation: &Correlation) -> Vec<Way> {
        vec![vec![Self::any(correlation.leaves, correlation.horizon())]]
    }
}

/// The ways in which a rule may fire, of at least one gate each.
pub fn of(
    compiler: &Compiler<'_>,
    root: &Correlation,
    marks: &[Mark],
    columns: &[u8],
) -> Vec<Vec<Gate>> {
    let take = |draft: &Draft, mark: usize| Take {
        selection: marks[mark].selection,
        key: marks[mark].key.iter().map(|(_, slot)| *slot).collect(),
        value: draft
            .column
            .get(mark)
            .map(|column| columns[*column as usize]),
    };
    let gate = |draft: &Draft, width: i64| Gate {
        measure: draft.measure,
        takes: Bits(draft.marks).map(|mark| take(draft, mark)).collect(),
        marks: Bits(draft.marks).collect(),
        width,
        threshold: draft.threshold,
    };
    let gates = |way: Way| {
        let way = worth(compiler, marks, way);
        // Wherever the last of their records lies, all gates look as far as the
        // firing that it is for.
        let width = way.iter().map(|draft| draft.width).max().unwrap_or(0);
        way.iter().map(|draft| gate(draft, width)).collect()
    };
    correlation(root).into_iter().map(gates).collect()
}

/// Leaves out what says little next to the others.
fn worth(compiler: &Compiler<'_>, marks: &[Mark], drafts: Way) -> Way {
    let counts = |draft: &Draft| draft.threshold > 1 || draft.measure != GateMeasure::Events;
    if drafts.iter().any(counts) {
        return drafts.into_iter().filter(counts).collect();
    }
    let rare =
        |draft: &Draft| Bits(draft.marks).all(|mark| !compiler.is_common(marks[mark].selection));
    if drafts.iter().any(rare) {
        return drafts.into_iter().filter(rare).collect();
    }
    drafts
}

fn correlation(correlation: &Correlation) -> Vec<Way> {
    match &correlation.kind {
        Kind::Count(main) if correlation.counts_records() => records(correlation, main),
        Kind::Count(main) => firings(correlation, main),
        Kind::Chain(_) => every(correlation),
    }
}

/// Each stage has to happen.
fn every(correlation: &Correlation) -> Vec<Way> {
    let mut ways = vec![Way::new()];
    for next in correlation
        .stages
        .iter()
        .map(|below| stage(correlation, below))
    {
        if ways.len() * next.len() > MAX_WAYS {
            return Draft::leaf(correlation);
        }
        let joined = |way: &Way| {
            let ways = next.iter().map(|next| [&way[..], next].concat());
            ways.collect::<Vec<_>>()
        };
        ways = ways.iter().flat_map(joined).collect();
    }
    ways
}

/// One of the stages has to happen.
fn one(correlation: &Correlation) -> Vec<Way> {
    let stages = correlation.stages.iter();
    let ways: Vec<Way> = stages.flat_map(|below| stage(correlation, below)).collect();
    if ways.len() > MAX_WAYS {
        return Draft::leaf(correlation);
    }
    ways
}

fn only(draft: Draft) -> Vec<Way> {
    vec![vec![draft]]
}

/// A stage happens in the window of the correlation that counts it.
fn stage(above: &Correlation, stage: &Stage) -> Vec<Way> {
    let mut ways = match stage {
        Stage::Records(mark) => only(Draft::any(1 << mark, 0)),
        Stage::Firings(below) => correlation(below),
    };
    for draft in ways.iter_mut().flatten() {
        draft.width = draft.width.saturating_add(above.window());
    }
    ways
}

fn records(correlation: &Correlation, main: &Aggregate) -> Vec<Way> {
    let least = main.condition.least();
    let measure = match main.measure {
        Measure::Events => GateMeasure::Events,
        Measure::Values => GateMeasure::Values,
        Measure::Sum => GateMeasure::Sum,
        // One value at least is as large as the average and as any percentile.
        Measure::Average | Measure::Percentile(_) => GateMeasure::Largest,
        Measure::Stages => return stages(correlation, least),
    };
    // Without any value there is still the record at which a rule fires.
    if least == 0 {
        return only(Draft::any(main.marks, main.timespan));
    }
    only(Draft {
        measure,
        marks: main.marks,
        column: main.column.clone(),
        threshold: least,
        width: main.timespan,
    })
}

fn stages(correlation: &Correlation, least: u64) -> Vec<Way> {
    if least >= correlation.stages.len() as u64 {
        every(correlation)
    } else if least > 0 {
        one(correlation)
    } else {
        Draft::leaf(correlation)
    }
}

fn firings(correlation: &Correlation, main: &Aggregate) -> Vec<Way> {
    let least = main.condition.least();
    match (main.measure, &correlation.stages[..]) {
        (Measure::Stages, _) => stages(correlation, least),
        // All records of a firing carry what it groups by.
        (Measure::Values, stages) if least > 1 => {
            let marks = stages.iter().fold(0, |marks, stage| marks | happens(stage));
            only(Draft {
                measure: GateMeasure::Values,
                marks,
                column: main.column.clone(),
                threshold: least,
                // One of them at the time of each firing.
                width: main.timespan,
            })
        }
        (_, [below]) => stage(correlation, below),
        _ => Draft::leaf(correlation),
    }
}

/// Marks of which one has a record at the time of every firing.
fn happens(stage: &Stage) -> u64 {
    match stage {
        Stage::Records(mark) => 1 << mark,
        Stage::Firings(below) => match (&below.kind, below.stages.last()) {
            (Kind::Chain(_), Some(last)) => happens(last),
            _ => below.leaves,
        },
    }
}
