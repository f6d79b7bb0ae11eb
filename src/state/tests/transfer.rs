use proptest::prelude::*;

use super::*;

/// A baseline of all that an export has to carry.
fn filled() -> (tempfile::TempDir, State) {
    let (folder, path) = place();
    let mut state = open(&path);
    let time = 1_770_084_000;
    let mut known = host("192.0.2.1", once(time));
    known.extent.add(&once(time - 127 * 86_400));
    known.declared = true;
    let odd = EntityDelta {
        key: lessons().kinds[0].key(name::hash_of(&vec![Some(b"\\x41\xE9".to_vec())]).unwrap()),
        name: Some(vec![Some(b"\\x41\xE9".to_vec())]),
        ..host("", once(0))
    };
    let pair = lessons().kinds[1].clone();
    let none: Tuple = vec![None, Some(b"photos".to_vec())];
    let anonymous = EntityDelta {
        key: pair.key(name::hash_of(&none).unwrap()),
        kind: pair.id,
        name: Some(none),
        extent: once(time),
        declared: false,
    };
    let secret = vec![Some(b"?X-Amz-Signature=0123456789abcdef".to_vec())];
    let redacted = EntityDelta {
        key: lessons().kinds[0].key(name::hash_of(&secret).unwrap()),
        name: Some(secret),
        ..host("", once(5))
    };
    let delta = Delta {
        values: vec![network(&anonymous, "192.0.2.0/24", once(time))],
        volumes: vec![volume(&known, time / 3600, 7)],
        entities: vec![known, odd, anonymous, redacted],
        ..Delta::default()
    };
    keep(&mut state, &delta);
    (folder, state)
}

fn export(state: &State) -> String {
    let mut bytes = Vec::new();
    state.export_baseline(&mut bytes, 1_770_084_000).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn import(state: &mut State, text: &str, merged: bool) -> Result<Counts, Error> {
    let commit = state.begin().unwrap();
    let counts = commit.import_baseline(text.as_bytes(), merged)?;
    commit.commit().unwrap();
    Ok(counts)
}

#[test]
fn an_export_comes_back_the_same() {
    let (_folder, mut state) = filled();
    let text = export(&state);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + 2 + 1 + 1 + 4 + 1 + 1);
    let header = "{\"schema\":\"s3sentry/baseline/v1\",\"program\":\"";
    assert!(lines[0].starts_with(header) && lines[0].ends_with("\"2026-02-03T02:00:00Z\"}"));
    assert!(text.contains(
        "\"kind\":\"remote_host\",\"name\":[\"192.0.2.1\"],\"first_seen\":\"2025-09-29T02:00:00Z\",\
         \"last_seen\":\"2026-02-03T02:00:00Z\",\"days\":\"80000000000000000000000000000001\",\
         \"requests\":2,\"declared\":true}"
    ), "{text}");
    assert!(text.contains("\"name\":[null,\"photos\"]"));
    assert!(text.contains("\"name\":[\"\\\\x5Cx41\\\\xE9\"]"));
    assert!(text.contains("Signature=REDACTED"));

    let (_other, path) = place();
    let mut copy = open(&path);
    let counts = import(&mut copy, &text, false).unwrap();
    assert_eq!(
        counts,
        Counts {
            entities: 4,
            values: 1,
            volumes: 1
        }
    );
    assert_eq!(rows(&copy), rows(&state));
    assert_eq!(export(&copy), text);
    let error = import(&mut copy, &text, false).unwrap_err().to_string();
    assert!(
        error.contains("holds a baseline already (5 entities and values)"),
        "{error}"
    );

    // Once more into itself: days stay, sums double.
    import(&mut state, &text, true).unwrap();
    let sql = "SELECT day_count, first_seen, last_seen, requests FROM entities WHERE declared";
    assert_eq!(asked(&state, sql), ["2|1759111200|1770084000|4"]);
    assert_eq!(asked(&state, "SELECT sum FROM volumes"), ["14"]);
}

#[test]
fn two_exports_merged_are_what_one_file_would_hold() {
    let (_folder, mut one) = filled();
    let (_other, path) = place();
    let mut other = open(&path);
    let delta = Delta {
        entities: vec![
            host("192.0.2.1", once(1_770_184_000)),
            host("192.0.2.9", once(9)),
        ],
        ..Delta::default()
    };
    keep(&mut other, &delta);
    import(&mut other, &export(&one), true).unwrap();
    keep(&mut one, &delta);
    assert_eq!(rows(&one), rows(&other));
}

/// Of the first line with this text what is replaced by what, and the error.
#[rustfmt::skip]
const WRONG: [[&str; 4]; 23] = [
    [r#"{"schema""#, "baseline/v1", "baseline/v9", r#"of the form "s3sentry/baseline/v9", which"#],
    [r#"{"schema""#, r#"{"schema""#, r#"{"scheme""#, "is no export of a baseline"],
    [r#"{"kind":"#, r#""remote_host""#, r#""remote_hosts""#, "no field that this program"],
    [r#"{"kind":"#, r#""remote_host""#, r#""remote_net""#, "is not that of its name"],
    [r#"{"dimension":"#, r#"learn_days":7"#, r#"learn_days":0"#, "are 1 to 120"],
    [r#"{"dimension":"#, r#""kind":"principal"#, r#""kind":"session_name"#, "has no line before"],
    [r#"{"series":"#, "bytes_sent", "bytes", r#""bytes" is no field"#],
    [r#"["192.0.2.1"]"#, "192.0.2.1", "192.0.2.2", "is not that of its name, "],
    [r#"["192.0.2.1"]"#, r#"["192.0.2.1"]"#, "[]", "a name of 0 values, not 1"],
    [r#"["192.0.2.1"]"#, r#""days":"8"#, r#""days":"x"#, "at most 32 hexadecimal digits"],
    [r#"["192.0.2.1"]"#, r#"0001""#, r#"0000""#, "days do not go"],
    [r#"["192.0.2.1"]"#, r#""first_seen":"2025-09-29"#, r#""first_seen":"2025-09-30"#, "days do not go"],
    [r#"["192.0.2.1"]"#, r#""first_seen":"2025"#, r#""first_seen":"2027"#, "first_seen is after last_seen"],
    [r#"["192.0.2.1"]"#, r#""requests":2"#, r#""requests":0"#, "at least one request"],
    [r#"["192.0.2.1"]"#, r#""requests":2"#, r#""requests":-2"#, "invalid value: integer `-2`"],
    [r#"["192.0.2.1"]"#, "T02:00:00Z", " 2 o'clock", "a time is written"],
    [r#"{"entity""#, r#""key":""#, r#""key":"0"#, "16 hexadecimal digits"],
    [r#"{"entity""#, r#""declared""#, r#""trusted""#, "unknown field `trusted`"],
    [r#"{"entity""#, r#"{"entity""#, r#"{"entities""#, "unknown variant `entities`"],
    [r#"{"entity""#, "}}", "}", "EOF while parsing"],
    [r#"{"value":"#, "192.0.2.0", "192.0.3.0", "is not that of its name"],
    [r#"{"value":"#, r#""dimension":""#, r#""dimension":"f"#, "16 hexadecimal digits"],
    [r#"{"volume":"#, ":00:00Z", ":00:01Z", "is the beginning of an hour"],
];

#[test]
fn each_wrong_line_is_named_and_nothing_is_imported() {
    let (_folder, state) = filled();
    let text = export(&state);
    let (_other, path) = place();
    let mut target = open(&path);
    for [line, from, to, expected] in WRONG {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let at = lines.iter().position(|text| text.contains(line)).unwrap();
        let changed = lines[at].replacen(from, to, 1);
        assert_ne!(changed, lines[at], "{from}");
        lines[at] = changed;
        let error = import(&mut target, &lines.join("\n"), false).unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with(&format!("line {}: ", at + 1)), "{error}");
        assert!(error.contains(expected), "{error}");
        assert!(error.ends_with("; nothing was imported"), "{error}");
        assert_eq!(asked(&target, "SELECT count(*) FROM kinds"), ["0"]);
    }
}

#[test]
fn lines_that_are_missing_or_too_many_are_named() {
    let (_folder, state) = filled();
    let text = export(&state);
    let (_other, path) = place();
    let mut target = open(&path);
    for start in ["{\"kind\":", "{\"dimension\":", "{\"series\":"] {
        let kept = text.lines().filter(|line| !line.starts_with(start));
        let kept: Vec<&str> = kept.collect();
        let error = import(&mut target, &kept.join("\n"), false)
            .unwrap_err()
            .to_string();
        assert!(error.contains("has no line before this one"), "{error}");
    }
    let twice = format!(
        "{text}{}",
        text.lines()
            .find(|line| line.starts_with("{\"dimension\":"))
            .unwrap()
    );
    let error = import(&mut target, &twice, false).unwrap_err().to_string();
    assert!(
        error.contains("line 12: dimension") && error.contains("stands twice"),
        "{error}"
    );
    let error = import(&mut target, "", false).unwrap_err().to_string();
    assert!(error.starts_with("line 1: is empty, no export"), "{error}");
    let long = format!("{}\n{}", text.lines().next().unwrap(), " ".repeat(9 << 20));
    let error = import(&mut target, &long, false).unwrap_err().to_string();
    assert!(
        error.starts_with("line 2: is longer than 8388608 bytes"),
        "{error}"
    );
    // Empty lines and line feeds of other systems are no mistake.
    import(&mut target, &text.replace('\n', "\r\n\r\n"), false).unwrap();
    assert_eq!(rows(&target), rows(&state));
}

/// Whatever stands in a file, it is an error with its line or a baseline.
#[test]
fn any_bytes_are_an_error() {
    let (_folder, state) = filled();
    let whole = export(&state).into_bytes();
    let (_other, path) = place();
    let target = std::cell::RefCell::new(open(&path));
    proptest!(|(at in 0usize..3000, byte: u8, cut in proptest::option::of(0usize..3000))| {
        let mut bytes = whole.clone();
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(cut.map_or(usize::MAX, |cut| cut % at.max(1)));
        let mut target = target.borrow_mut();
        let commit = target.begin().unwrap();
        if let Err(error) = commit.import_baseline(&bytes[..], false) {
            let is_named = matches!(error, Error::Import { .. });
            prop_assert!(is_named, "{error}");
        }
    });
}
