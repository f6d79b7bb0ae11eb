//! The same records are the same alerts: whatever the order of lines, the
//! blocks, the threads, the files, the compression.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use s3sentry::rule::RuleSet;
use s3sentry::source::BLOCK_SIZE;

use super::exact::{self, Case};
use super::oracle::draw::Shape;
use super::run::{self, OPTIONS, Run};
use super::world::{self, DAY, Dice, Rec};

/// One rule of each kind: alone, in bursts, by values, in a range, with
/// further aggregates of longer windows, with short periods; numbers, several
/// rules within a time, one after the other; correlations of correlations, one
/// name for two fields.
const RULES: &str = "\
title: d
name: p-denied
level: low
logsource: {product: aws, service: s3_server_access}
detection:
  sel: {error_code: AccessDenied}
  condition: sel
---
title: w
name: p-put
level: low
logsource: {product: aws, service: s3_server_access}
detection:
  sel: {operation: REST.PUT.OBJECT}
  condition: sel
---
title: one
name: p-one
correlation: {type: event_count, rules: [p-put], group-by: [remote_ip, bucket_name], timespan: 1s, condition: {gte: 1}}
---
title: burst
name: p-burst
correlation: {type: event_count, rules: [p-denied], group-by: [remote_host], timespan: 5m, condition: {gte: 20}}
s3sentry:
  any:
    - {type: value_count, condition: {field: key_name, gte: 6}}
    - {type: event_count, selection: {stranger: true}, timespan: 2h, condition: {gte: 60}}
---
title: keys
name: p-keys
correlation: {type: value_count, rules: [p-denied, p-put], group-by: [requester], timespan: 1h, condition: {field: key_name, gte: 8}}
s3sentry: {suppress: 1d}
---
title: few
name: p-few
correlation: {type: event_count, rules: [p-denied], group-by: [remote_ip], timespan: 30s, condition: {gte: 2, lte: 3}}
s3sentry: {suppress: 1m}
---
title: all
name: p-all
correlation: {type: event_count, rules: [p-denied, p-put], group-by: [operation, bucket_name], timespan: 10m, condition: {gt: 9}}
s3sentry:
  and:
    - {type: value_count, timespan: 24h, condition: {field: remote_ip, gte: 2}}
---
title: sum
name: p-sum
correlation: {type: value_sum, rules: [p-denied, p-put], group-by: [remote_ip], timespan: 10m, condition: {field: bytes_sent, gte: 40}}
---
title: average
name: p-average
correlation: {type: value_avg, rules: [p-put], group-by: [bucket_name], timespan: 1m, condition: {field: total_time, gt: 3}}
s3sentry:
  and:
    - {type: value_percentile, condition: {field: bytes_sent, percentile: 90, gte: 4}}
---
title: middle
name: p-middle
correlation: {type: value_percentile, rules: [p-denied], group-by: [remote_ip], timespan: 90s, condition: {field: total_time, percentile: 50, lte: 1}}
---
title: both
name: p-both
correlation: {type: temporal, rules: [p-denied, p-put], group-by: [remote_ip, bucket_name], timespan: 20s}
---
title: low
name: p-low
correlation: {type: event_count, rules: [p-denied], group-by: [remote_ip, bucket_name], timespan: 30s, condition: {gte: 3}}
---
title: buckets
name: p-buckets
correlation: {type: value_count, rules: [p-low], group-by: [remote_ip], timespan: 2m, condition: {field: bucket_name, gte: 2}}
---
title: then
name: p-then
correlation: {type: temporal_ordered, rules: [p-low, p-put], group-by: [remote_ip], timespan: 2m}
s3sentry:
  different: key_name
  none_before: {selection: {http_status: 200}, timespan: 5s}
---
title: thrice
name: p-thrice
correlation: {type: temporal_ordered, rules: [p-put, p-low, p-denied, p-put], group-by: [remote_ip], timespan: 3m}
---
title: who
name: p-who
correlation:
  type: temporal
  rules: [p-denied, p-put]
  aliases:
    who: {p-denied: requester, p-put: key_name}
  group-by: [who]
  timespan: 1h
";

fn rules() -> Arc<RuleSet> {
    run::compile(RULES)
}

/// Thirty hours with bursts around their edges, in order of time.
fn day(records: u64) -> Vec<Rec> {
    let mut dice = Dice(7);
    let mut all: Vec<Rec> = (0..records)
        .map(|number| {
            let time = if dice.below(3) == 0 {
                dice.below(30 * 3600) as i64
            } else {
                dice.below(8) as i64 * 4 * 3600 - 60 + dice.below(120) as i64
            };
            let ip = format!("192.0.2.{}", dice.below(4));
            let mut record = Rec::refused(DAY - 3 * 3600 + time, &ip, number);
            record.bucket = format!("b{}", dice.below(3));
            record.key = Some(match dice.below(13) {
                12 => "r1".to_owned(),
                key => format!("k{key}"),
            });
            record.bytes_sent = (dice.below(5) != 0).then(|| dice.below(6));
            record.total_time = (dice.below(5) != 0).then(|| dice.below(6));
            record.requester = (dice.below(4) != 0).then(|| format!("r{}", dice.below(3)));
            record.status = [403, 403, 404, 200][dice.below(4) as usize];
            record.operation = ["REST.GET.OBJECT", "REST.PUT.OBJECT"][dice.below(2) as usize];
            record.short = dice.below(9) == 0;
            record
        })
        .collect();
    all.sort_by_key(|record| record.time);
    all
}

/// The day, its log and the alerts over it, made once.
static DAY_LOG: LazyLock<(Vec<Rec>, Vec<u8>, Run)> = LazyLock::new(|| {
    let records = day(1500);
    let log = world::log(&records);
    let run = run::whole(&rules(), &log);
    let told: BTreeSet<&str> = run.alerts.iter().map(|alert| &*alert.rule.name).collect();
    let silent = ["p-denied", "p-put", "p-low"];
    for rule in RULES.lines().filter_map(|line| line.strip_prefix("name: ")) {
        assert_ne!(told.contains(rule), silent.contains(&rule), "{rule}");
    }
    (records, log, run)
});

fn assert_same(run: &Run, what: &str) {
    assert_eq!(run.outcome.correlation.late, 0, "{what}");
    assert_eq!(run.promised(), DAY_LOG.2.promised(), "{what}");
}

fn write(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Order within the bound, any cut at a line, and lines delivered twice.
    #[test]
    fn order_and_blocks_are_nothing(
        seed: u64,
        most in prop_oneof![Just(0i64), Just(1), Just(60), Just(3600)],
        rate in 0u64..40,
        twice in 0u64..3,
    ) {
        let (records, _, _) = &*DAY_LOG;
        let mut dice = Dice(seed);
        let mut arriving = Vec::new();
        for record in records {
            for _ in 0..=u64::from(twice != 0 && dice.below(3) < twice) {
                arriving.push((record.clone(), dice.below(most as u64 + 1) as i64));
            }
        }
        let log = world::log(&world::jittered(&arriving));
        let run = run::cut(&rules(), &log, OPTIONS, |_| dice.below(rate + 1) == 0);
        assert_same(&run, "order");
    }

    /// Records split over several files in any assignment, read in blocks of any size.
    #[test]
    fn files_are_nothing(
        seed: u64,
        count in 1usize..6,
        block in prop_oneof![1usize..4097, Just(64 << 10), Just(BLOCK_SIZE)],
        most in prop_oneof![Just(0i64), Just(3600)],
    ) {
        let (records, _, _) = &*DAY_LOG;
        let mut dice = Dice(seed);
        let mut parts = vec![Vec::new(); count];
        for record in records {
            let jitter = dice.below(most as u64 + 1) as i64;
            parts[dice.below(count as u64) as usize].push((record.clone(), jitter));
        }
        let directory = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = parts
            .iter()
            .enumerate()
            .map(|(number, part)| {
                let log = world::log(&world::jittered(part));
                match number % 3 {
                    0 => write(directory.path(), &format!("{number}.log"), &log),
                    1 => write(directory.path(), &format!("{number}.log.gz"), &gzip(&log)),
                    _ => write(directory.path(), &format!("{number}.zst"), &zstd::encode_all(&log[..], 1).unwrap()),
                }
            })
            .collect();
        let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
        assert_same(&run::files(&rules(), &paths, block), "files");
        assert_same(&run::files(&rules(), &[directory.path()], block), "a directory");
    }
}

static POOLS: LazyLock<Vec<ThreadPool>> = LazyLock::new(|| {
    let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build();
    [1, 2, 3, 8].map(|threads| pool(threads).unwrap()).into()
});

proptest! {
    #![proptest_config(exact::config(60))]

    /// All of it at once, for rules of every type.
    #[test]
    fn however_it_comes_it_is_the_same(
        case in exact::case(Shape::MIXED, world::crowded().boxed()),
        seeds: [u64; 4],
    ) {
        let yaml = case.rules.yaml();
        let straight = Case { disorder: None, ..case.clone() };
        let expected = run::whole(&run::compile(&yaml), &straight.arrival().0).promised();
        for (seed, pool) in seeds.into_iter().zip(&*POOLS) {
            let mut dice = Dice(seed);
            let times = |record: &Rec| vec![record.clone(); 1 + dice.below(3) as usize];
            let records = case.records.iter().flat_map(times).collect();
            let arriving = Case { records, disorder: Some(seed), ..case.clone() };
            let (log, cuts) = arriving.arrival();
            let set = run::compile(&yaml);
            let run = pool.install(|| run::cut(&set, &log, OPTIONS, |line| cuts[line]));
            prop_assert_eq!(run.outcome.correlation.late, 0);
            prop_assert_eq!(
                run.promised(), expected.clone(),
                "{} threads, {:?}", pool.current_num_threads(), arriving
            );
        }
    }
}

#[test]
fn threads_are_nothing() {
    let (_, log, _) = &*DAY_LOG;
    for pool in &*POOLS {
        let threads = pool.current_num_threads();
        let run = pool.install(|| run::cut(&rules(), log, OPTIONS, |line| line % 7 == 0));
        assert_same(&run, &format!("{threads} threads"));
    }
}

/// A log of 4 KiB in blocks of every size, so cut at every byte.
#[test]
fn block_sizes_are_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut records: Vec<Rec> = Vec::new();
    let mut log = Vec::new();
    for number in 0.. {
        let mut record = Rec::refused(DAY - 4 + number as i64, "192.0.2.1", number);
        record.key = Some(format!("k{number}"));
        record.operation = ["REST.GET.OBJECT", "REST.PUT.OBJECT"][number as usize % 2];
        if log.len() + record.line().len() > 4096 {
            break;
        }
        log.extend_from_slice(record.line().as_bytes());
        records.push(record);
    }
    let path = write(directory.path(), "4k.log", &log);
    let set = rules();
    let expected = run::whole(&set, &log).promised();
    assert!(expected.iter().any(|(_, seen)| seen.rule == "p-few"));
    assert!(expected.iter().any(|(_, seen)| seen.rule == "p-one"));
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    pool.install(|| {
        for block in 1..=4096 {
            assert_eq!(
                run::files(&set, &[&path], block).promised(),
                expected,
                "blocks of {block}"
            );
        }
    });
}

/// What the command prints, evidence and source names apart.
fn printed(arguments: &[&str], stdin: &[u8]) -> Vec<serde_json::Value> {
    let directory = tempfile::tempdir().unwrap();
    let rules = write(directory.path(), "rules.yml", RULES.as_bytes());
    let mut child = Command::new(env!("CARGO_BIN_EXE_s3sentry"))
        .args(["scan", "--no-config", "-q", "--format", "ndjson", "--rules"])
        .arg(rules)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let bytes = stdin.to_vec();
    // In pieces, as a pipe gives them; a command that reads files leaves it.
    let writer = std::thread::spawn(move || {
        bytes
            .chunks(1000)
            .try_for_each(|piece| pipe.write_all(piece))
            .ok();
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    let lines = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut alert: serde_json::Value = serde_json::from_slice(line).unwrap();
            alert.as_object_mut().unwrap().remove("evidence");
            alert
        })
        .collect()
}

#[test]
fn pipes_and_compression_are_nothing() {
    let (_, log, run) = &*DAY_LOG;
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str, bytes: &[u8]| {
        write(directory.path(), name, bytes)
            .to_str()
            .unwrap()
            .to_owned()
    };
    let plain = path("day.log", log);
    let packed = [
        path("day.gz", &gzip(log)),
        path("day.zst", &zstd::encode_all(&log[..], 3).unwrap()),
        // Neither the name nor one member makes a gzip.
        path(
            "day.txt",
            &[gzip(&log[..5000]), gzip(&log[5000..])].concat(),
        ),
    ];
    let expected = printed(&[&plain], b"");
    let ids: Vec<String> = expected
        .iter()
        .filter(|alert| alert["rule"]["name"].as_str().unwrap().starts_with("p-"))
        .map(|alert| alert["id"].as_str().unwrap().to_owned())
        .collect();
    let wanted: Vec<String> = run
        .alerts
        .iter()
        .map(|alert| format!("{:032x}", alert.id))
        .collect();
    assert_eq!(ids, wanted);
    for file in &packed {
        assert_eq!(printed(&[file], b""), expected, "{file}");
    }
    assert_eq!(printed(&[], log), expected, "a pipe");
    assert_eq!(printed(&["-"], &gzip(log)), expected, "gzip through a pipe");
    assert_eq!(
        printed(&["--threads", "1", &plain], b""),
        expected,
        "one thread"
    );
}
