//! The pipeline against the oracle, over random rules and records.

use proptest::prelude::*;

use super::oracle;
use super::run::{self, OPTIONS};
use super::world;

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn alerts_are_what_the_design_says(
        rules in oracle::rules(),
        records in world::records(90),
        jitter in proptest::collection::vec(0i64..3600, 200),
        cuts in proptest::collection::vec(proptest::bool::weighted(0.2), 200),
    ) {
        let set = run::compile(&rules.yaml());
        let arriving: Vec<_> = records.iter().cloned().zip(jitter).collect();
        let log = world::log(&world::jittered(&arriving));
        let run = run::cut(&set, &log, OPTIONS, |line| cuts[line % cuts.len()]);
        prop_assert_eq!(run.outcome.tally.malformed, 0);
        prop_assert_eq!(run.outcome.tally.lines, records.len() as u64);
        prop_assert_eq!(run.outcome.correlation.late, 0);
        prop_assert_eq!(run.seen(), rules.alerts(&records), "{}", rules.yaml());
    }
}
