//! Runs that fail, anywhere: the next one comes to what one run that nothing
//! disturbs comes to.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::kept::{Fault, How, Place, undisturbed};
use crate::same::config;
use crate::world::{self, Dice, Rec, sentinel};

/// A how with many commits.
fn often() -> How {
    How {
        every: 0,
        block_size: 600,
        batch: 3,
        ..How::default()
    }
}

fn with_sentinel(records: &[Rec]) -> Vec<Rec> {
    let mut all = records.to_vec();
    all.push(sentinel());
    all
}

proptest! {
    #![proptest_config(config(16))]

    /// The output fails: at an alert, at a batch, when it is to be settled, and
    /// after all; several times in a row.
    #[test]
    fn a_failing_output_loses_nothing(
        records in world::log(),
        faults in prop::collection::vec((0usize..4, 0usize..30, any::<bool>()), 1..5),
        grows in any::<bool>(),
    ) {
        let all = with_sentinel(&records);
        let expected = undisturbed(&all);
        let (first, rest) = all.split_at(if grows { all.len() / 2 } else { all.len() });
        let mut place = Place::of(first);
        let mut failed = 0;
        for (kind, at, settles) in faults {
            let fault = match kind {
                0 => Fault::Alert(at),
                1 => Fault::Batch(at),
                2 => Fault::Settle(at),
                _ => Fault::Settled,
            };
            let how = How { fault: Some(fault), settles, ..often() };
            failed += usize::from(place.run(&how).is_err());
        }
        if !rest.is_empty() {
            place.run(&often()).unwrap();
            place.add("a.log", rest);
        }
        place.run(&often()).unwrap();
        let found = place.result();
        if let Some(differences) = found.differs(&expected) {
            return Err(TestCaseError::fail(format!("{failed} runs failed\n{differences}")));
        }
        let unwritten = "SELECT id FROM alerts WHERE written_rev IS NOT rev \
             OR written_status IS NOT status";
        prop_assert_eq!(crate::tables::rows(&place.database(), unwritten), Vec::<String>::new());
    }
}

/// Statements of a commit, each table and each kind.
const STATEMENTS: &[&str] = &[
    "INSERT ON runs",
    "UPDATE ON runs",
    "INSERT ON kinds",
    "INSERT ON dimensions",
    "INSERT ON series",
    "INSERT ON entities",
    "UPDATE ON entities",
    "INSERT ON known_values",
    "UPDATE ON known_values",
    "INSERT ON volumes",
    "UPDATE ON volumes",
    "UPDATE ON since_report",
    "INSERT ON hours",
    "UPDATE ON hours",
    "INSERT ON alerts",
    "UPDATE ON alerts",
    "INSERT ON inputs",
    "INSERT ON sources",
    "DELETE ON sources",
    "INSERT ON window_observations",
    "DELETE ON window_observations",
    "INSERT ON window_keys",
    "UPDATE ON window_keys",
    "DELETE ON window_keys",
    "INSERT ON meta",
    "UPDATE ON meta",
];

/// The database refuses the nth statement of a kind, for each kind and for n as
/// long as there is one.
#[test]
fn a_failing_statement_loses_nothing() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let log = world::log();
    let mut drawn = || loop {
        let records = log.new_tree(&mut runner).unwrap().current();
        if records.len() > 60 {
            return records;
        }
    };
    let records = drawn();
    let all = with_sentinel(&records);
    let expected = undisturbed(&all);
    let (first, rest) = records.split_at(records.len() / 2);
    let mut met = BTreeSet::new();
    for (place_of_statement, statement) in STATEMENTS.iter().enumerate() {
        let mut dice = Dice(place_of_statement as u64);
        for nth in [0, 1 + dice.below(8), 10 + dice.below(400)] {
            // The file is there and has something in it.
            let mut place = Place::of(first);
            place.run(&often()).unwrap();
            place.add("a.log", rest);
            place.add("b.log", &[sentinel()]);
            let database = place.database();
            database
                .execute_batch(&format!(
                    "CREATE TABLE fault (left INTEGER); INSERT INTO fault VALUES ({nth}); \
                     CREATE TRIGGER fault_strikes BEFORE {statement} BEGIN \
                     SELECT RAISE(ABORT, 'as told') FROM fault WHERE left = 0; \
                     UPDATE fault SET left = left - 1; END"
                ))
                .unwrap();
            drop(database);
            let broken = place.run(&often()).is_err();
            place
                .database()
                .execute_batch("DROP TRIGGER fault_strikes; DROP TABLE fault")
                .unwrap();
            if broken {
                met.insert(*statement);
            }
            place.run(&often()).unwrap();
            let differences = place.result().differs(&expected);
            assert_eq!(differences, None, "{statement}, {nth} before it");
            if !broken {
                break;
            }
        }
    }
    // Others do not occur in so small a log.
    assert!(met.len() >= 12, "{met:?}");
}
