//! The records behind an alert, as they are shown.

use serde_json::Value;

use crate::place::{Place, Run, burst, gzip};

fn of_burst(run: &Run) -> Value {
    let alerts = run.out.lines().map(serde_json::from_str::<Value>);
    let mut alerts = alerts.map(Result::unwrap);
    alerts
        .find(|alert| alert["rule"]["name"] == "access-denied-burst")
        .unwrap()
}

/// Of each record that the burst shows: its input, the number of its line, and
/// the key, where it is known.
fn shown(run: &Run, log: &str) -> Vec<(String, usize, Option<String>)> {
    let of = |one: &Value| {
        let offset = one["offset"].as_u64().unwrap() as usize;
        let key = one["record"]["key_name"].as_str().map(str::to_owned);
        let source = one["source"].as_str().unwrap().to_owned();
        (source, log[..offset].lines().count(), key)
    };
    let evidence = of_burst(run)["evidence"].take();
    evidence.as_array().unwrap().iter().map(of).collect()
}

#[test]
fn plain_files_are_read_again() {
    let place = Place::new();
    let log = burst(20);
    place.file("logs/a.log", &log);
    for named in ["logs", "logs/a.log"] {
        let shown = shown(&place.run(&format!("scan {named}")).ends(0), &log);
        let first = |n: usize| ("logs/a.log".to_owned(), n, Some(format!("secret/{n}")));
        assert_eq!(shown, [0, 1, 2, 3, 4].map(first));
    }
}

#[test]
fn of_pipes_and_compressed_files_places_are_named() {
    let place = Place::new();
    let log = burst(20);
    place.file("a.log", gzip(log.as_bytes()));
    let packed = place.run("scan a.log").ends(0);
    let piped = place.pipe("scan -", log.as_bytes()).ends(0);
    for (run, source) in [(packed, "a.log"), (piped, "stdin")] {
        let at = |n: usize| {
            (
                source.to_owned(),
                n,
                (n == 19).then(|| format!("secret/{n}")),
            )
        };
        assert_eq!(shown(&run, &log), [0, 1, 2, 3, 19].map(at));
    }
}

#[test]
fn indicators_are_looked_up_in_lines_that_were_read_again() {
    let place = Place::new();
    place.file("a.log", burst(20).replacen("aws-cli/2.15", "sqlmap/1.8", 1));
    place.file("own.txt", "user_agent: sqlmap/*\n");
    let run = place.run("scan --ioc own.txt a.log").ends(0);
    assert_eq!(of_burst(&run)["context"]["ioc"][0]["entry"], "sqlmap/*");
}
