//! Alerts that are told early: looking only at what has changed comes to the same as
//! looking at everything.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use proptest::prelude::*;
use s3sentry::alert::{Alert, Status};
use s3sentry::correlate::Correlator;
use s3sentry::pipeline::{
    self, BlockSource, Came, Early, Going, Listener, Memory, Span, Standing, Tally,
};
use s3sentry::rule::RuleSet;
use s3sentry::source::Block;

use crate::run::compile;
use crate::world::{DAY, Rec};

const RULES: &str = "\
title: Refused
name: refused
logsource: {product: aws, service: s3_server_access}
detection: {sel: {http_status: 403}, condition: sel}
---
title: One
name: one
correlation: {type: event_count, rules: [refused], group-by: [remote_ip], timespan: 1s, condition: {gte: 1}}
---
title: Many
name: many
correlation: {type: event_count, rules: [refused], group-by: [remote_ip, bucket_name], timespan: 10m, condition: {gte: 3}}
---
title: Burst
name: burst
correlation: {type: event_count, rules: [refused], group-by: [remote_ip], timespan: 10m, condition: {gt: 2}}
---
title: Keys
name: keys
correlation: {type: value_count, rules: [refused], group-by: [remote_ip], timespan: 20m, condition: {gt: 2, field: key_name}}
---
title: Bytes
name: bytes
correlation: {type: value_sum, rules: [refused], group-by: [bucket_name], timespan: 2h, condition: {gte: 900, field: bytes_sent}}
---
title: Crowd
name: crowd
correlation: {type: value_count, rules: [many], group-by: [bucket_name], timespan: 1h, condition: {gte: 2, field: remote_ip}}
---
title: Few
name: few
correlation: {type: event_count, rules: [refused], group-by: [remote_ip], timespan: 10m, condition: {lte: 2}}
";

/// Gives line after line, none before the one before has been dealt with.
struct Lines {
    lines: std::vec::IntoIter<String>,
    offset: u64,
}

impl BlockSource for Lines {
    fn next(&mut self, block: &mut Block) -> bool {
        let Some(line) = self.lines.next() else {
            return false;
        };
        *block = Block::new(0, self.offset, line.into_bytes());
        self.offset = block.end;
        true
    }

    fn is_ready(&mut self) -> bool {
        false
    }

    fn name(&self, _: u32) -> Arc<str> {
        "lines".into()
    }
}

/// Compares at every commit, which is after every line.
struct Twin<'s> {
    set: &'s RuleSet,
    told: BTreeSet<(i64, u128)>,
    compared: usize,
}

impl Listener<io::Error> for Twin<'_> {
    fn alert(&mut self, alert: Alert, _: Came, _: &Tally) -> io::Result<()> {
        if alert.status == Status::Open {
            let new = self.told.insert((alert.period.1, alert.id));
            assert!(new, "told twice: {alert:?}");
        }
        Ok(())
    }

    fn batch(&mut self, _: &Tally) -> io::Result<()> {
        Ok(())
    }

    fn commit(&mut self, standing: Standing<'_>, _: &Tally) -> io::Result<()> {
        let correlator: &mut Correlator = standing.correlator;
        let mut all = Vec::new();
        correlator.peek(&mut all, None)?;
        let early = |alert: &Alert| {
            let mut rules = self.set.rules.iter();
            rules.any(|rule| rule.info.name == alert.rule.name && rule.only_grows())
        };
        let all = all.into_iter().map(|raised| raised.alert).filter(early);
        let all: BTreeSet<_> = all.map(|alert| (alert.period.1, alert.id)).collect();
        let closed = correlator.closed();
        self.told.retain(|(end, _)| *end > closed);
        assert_eq!(self.told, all);
        self.compared += all.len();
        Ok(())
    }
}

fn record() -> impl Strategy<Value = Rec> {
    let ip = prop_oneof![Just("192.0.2.1"), Just("192.0.2.2"), Just("192.0.2.3")];
    let number = (0..9_000_i64, ip, 0..4_u8, 0..400_u64, any::<u64>());
    number.prop_map(|(time, ip, key, bytes, id)| Rec {
        key: Some(format!("k{key}")),
        bytes_sent: Some(bytes),
        ..Rec::refused(DAY + time, ip, id)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_is_told_early_is_what_a_look_at_everything_tells(
        records in prop::collection::vec(record(), 1..60),
        shuffled in any::<bool>(),
    ) {
        let set = compile(RULES);
        let mut records = records;
        if !shuffled {
            records.sort_by_key(|record| record.time);
        }
        let lines: Vec<String> = records.iter().map(|record| record.line() + "\n").collect();
        let mut correlator = Correlator::new(Arc::clone(&set), 3 * 3600, 64 << 20);
        correlator.watch();
        let mut memory = Memory { correlator, baseline: None };
        let mut twin = Twin { set: &set, told: BTreeSet::new(), compared: 0 };
        let mut source = Lines { lines: lines.into_iter(), offset: 0 };
        let how = Going { span: Span::default(), early: Early::AtOnce, commit_every: 1 };
        pipeline::go_on(&mut source, &set, &mut memory, how, &mut twin).unwrap();
        prop_assert!(twin.compared > 0);
    }
}

#[test]
fn rules_that_may_take_it_back_wait() {
    let set = compile(RULES);
    let early = |name: &str| {
        let mut rules = set.rules.iter();
        rules
            .find(|rule| rule.info.name == name)
            .unwrap()
            .only_grows()
    };
    assert!(
        ["one", "burst", "keys", "bytes", "crowd"]
            .into_iter()
            .all(early)
    );
    assert!(!early("few"));
}
