//! What must hold of a rule's records for it to fire, and is cheap to tell.
//!
//! Each gate is a necessary condition on the rule's key alone, so all of them
//! may be too easily met, and leaving one out costs only time. What a gate
//! counts is cheap per record; an exact look follows where all of them are met.

use super::Compiler;
use crate::rule::plan::{
    Aggregate, Correlation, Gate, GateMeasure, Kind, Mark, Measure, Stage, Take,
};
use crate::rule::set::Bits;

/// A gate by marks.
#[derive(Clone, PartialEq)]
struct Draft {
    measure: GateMeasure,
    marks: u64,
    /// For each mark the column of the value.
    column: Vec<u8>,
    threshold: u64,
}

impl Draft {
    fn any(marks: u64) -> Self {
        Self {
            measure: GateMeasure::Events,
            marks,
            column: Vec::new(),
            threshold: 1,
        }
    }
}

/// The gates of a rule; at least one.
pub fn of(
    compiler: &Compiler<'_>,
    root: &Correlation,
    marks: &[Mark],
    columns: &[u8],
) -> Vec<Gate> {
    let drafts = worth(compiler, marks, correlation(root));
    let width = match &root.kind {
        Kind::Count(main) if root.counts_records() => main.timespan,
        _ => root.horizon(),
    };
    let take = |draft: &Draft, mark: usize| Take {
        selection: marks[mark].selection,
        key: marks[mark].key.iter().map(|(_, slot)| *slot).collect(),
        value: draft
            .column
            .get(mark)
            .map(|column| columns[*column as usize]),
    };
    drafts
        .iter()
        .map(|draft| Gate {
            measure: draft.measure,
            takes: Bits(draft.marks).map(|mark| take(draft, mark)).collect(),
            marks: Bits(draft.marks).collect(),
            width,
            threshold: draft.threshold,
        })
        .collect()
}

/// Leaves out what says little next to the others.
fn worth(compiler: &Compiler<'_>, marks: &[Mark], drafts: Vec<Draft>) -> Vec<Draft> {
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

fn correlation(correlation: &Correlation) -> Vec<Draft> {
    match &correlation.kind {
        Kind::Count(main) if correlation.counts_records() => records(correlation, main),
        Kind::Count(main) => firings(correlation, main),
        Kind::Chain(_) => every(correlation),
    }
}

/// Each stage has to happen.
fn every(correlation: &Correlation) -> Vec<Draft> {
    correlation.stages.iter().flat_map(stage).collect()
}

fn stage(stage: &Stage) -> Vec<Draft> {
    match stage {
        Stage::Records(mark) => vec![Draft::any(1 << mark)],
        Stage::Firings(below) => self::correlation(below),
    }
}

fn records(correlation: &Correlation, main: &Aggregate) -> Vec<Draft> {
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
        return vec![Draft::any(main.marks)];
    }
    vec![Draft {
        measure,
        marks: main.marks,
        column: main.column.clone(),
        threshold: least,
    }]
}

fn stages(correlation: &Correlation, least: u64) -> Vec<Draft> {
    if least >= correlation.stages.len() as u64 {
        return every(correlation);
    }
    vec![Draft::any(correlation.leaves)]
}

fn firings(correlation: &Correlation, main: &Aggregate) -> Vec<Draft> {
    let least = main.condition.least();
    match (main.measure, &correlation.stages[..]) {
        (Measure::Stages, _) => stages(correlation, least),
        // All records of a firing carry what it groups by.
        (Measure::Values, stages) if least > 1 => {
            let marks = stages.iter().fold(0, |marks, stage| marks | happens(stage));
            vec![Draft {
                measure: GateMeasure::Values,
                marks,
                column: main.column.clone(),
                threshold: least,
            }]
        }
        (_, [only]) => stage(only),
        _ => vec![Draft::any(correlation.leaves)],
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
