use super::*;
use crate::source::{Mark, Past, Print, Reach};

#[test]
fn facts_are_texts_or_numbers() {
    let (_folder, path) = place();
    let mut state = open(&path);
    let commit = state.begin().unwrap();
    commit
        .set_meta("watermark", &Meta::Number(i64::MIN))
        .unwrap();
    commit.set_meta("watermark", &Meta::Number(-5)).unwrap();
    commit
        .set_meta("rules", &Meta::Text("12".to_owned()))
        .unwrap();
    commit.set_meta("gone", &Meta::Number(1)).unwrap();
    commit.unset_meta("gone").unwrap();
    commit.commit().unwrap();
    assert_eq!(state.meta("watermark").unwrap(), Some(Meta::Number(-5)));
    assert_eq!(state.meta_number("watermark").unwrap(), Some(-5));
    assert_eq!(
        state.meta("rules").unwrap(),
        Some(Meta::Text("12".to_owned()))
    );
    assert_eq!(state.meta_number("rules").unwrap(), None);
    assert_eq!(state.meta("gone").unwrap(), None);
}

#[test]
fn the_last_runs_are_remembered() {
    let (_folder, path) = place();
    let mut state = open(&path);
    let commit = state.begin().unwrap();
    for time in 0..1005 {
        let id = commit.start_run("s3sentry scan", time).unwrap();
        if time == 1003 {
            commit.put_run(id, Some(1_770_084_000), 12, 3).unwrap();
        }
    }
    commit.commit().unwrap();
    let runs = state.runs(2000).unwrap();
    assert_eq!(
        (runs.len(), runs[0].started, runs[999].started),
        (1000, 1004, 5)
    );
    assert_eq!(runs[0].ended, None);
    assert_eq!(
        (runs[1].ended, runs[1].lines, runs[1].alerts),
        (Some(1_770_084_000), 12, 3)
    );
    assert_eq!(runs[1].program, env!("CARGO_PKG_VERSION"));
    let sql = "SELECT started, ended, lines FROM v_runs LIMIT 1 OFFSET 1";
    assert_eq!(
        asked(&state, sql),
        ["1970-01-01T00:16:43Z|2026-02-03T02:00:00Z|12"]
    );
}

#[test]
fn inputs_come_back_as_they_were() {
    let (_folder, path) = place();
    let mut state = open(&path);
    let reach = |since, until, offset, done| Reach {
        since,
        until,
        offset,
        done,
    };
    let mark = |path: &[u8], reach: Vec<Reach>| Mark {
        bucket: Arc::default(),
        path: path.to_vec(),
        etag: Box::default(),
        size: 1 << 40,
        mtime: 1_770_084_000_000_000_001,
        head: Print {
            hash: u64::MAX,
            len: 4096,
            end: 4096,
        },
        tail: None,
        reach,
    };
    let file = mark(b"logs/\xFF.log", vec![reach(i64::MIN, 5, 7, true)]);
    let object = Mark {
        bucket: "logs".into(),
        etag: "e".into(),
        ..mark(
            b"2026-02-03-02-00-00-0123456789ABCDEF",
            vec![reach(i64::MIN, i64::MAX, 12, true)],
        )
    };
    let commit = state.begin().unwrap();
    commit.put_inputs([&object, &file]).unwrap();
    let further = Mark {
        tail: Some(file.head),
        reach: vec![reach(i64::MIN, 5, 9, true), reach(5, i64::MAX, 4, false)],
        ..file
    };
    commit.put_inputs([&further]).unwrap();
    let past = |name: &str, path: Option<&[u8]>| Past {
        name: name.into(),
        path: path.map(<[u8]>::to_vec),
        head: further.head,
    };
    commit
        .put_source(3, &past("a.log", Some(b"/\xFF")))
        .unwrap();
    commit.put_source(1, &past("old", None)).unwrap();
    commit.put_source(1, &past("new", None)).unwrap();
    commit.commit().unwrap();
    let all = |state: &State| {
        let mut all = Vec::new();
        state.each_input(|input| all.push(input)).unwrap();
        all
    };
    assert_eq!(all(&state), [further.clone(), object.clone()]);
    let found = state.input("", &further.path).unwrap();
    assert_eq!(found, Some(further.clone()));
    assert_eq!(state.input("x", &further.path).unwrap(), None);
    let sources = [(1, past("new", None)), (3, past("a.log", Some(b"/\xFF")))];
    assert_eq!(state.sources().unwrap(), sources);
    let shown = asked(&state, "SELECT input, done, modified FROM v_inputs");
    assert_eq!(
        shown[1],
        "s3://logs/2026-02-03-02-00-00-0123456789ABCDEF|yes|2026-02-03T02:00:00Z"
    );
    assert!(
        shown[0].ends_with("|no|2026-02-03T02:00:00Z"),
        "{}",
        shown[0]
    );

    let commit = state.begin().unwrap();
    assert!(commit.delete_input("", &further.path).unwrap());
    assert!(!commit.delete_input("", &object.path).unwrap());
    commit.delete_source(3).unwrap();
    commit.commit().unwrap();
    assert_eq!(all(&state), [object]);
    assert_eq!(state.sources().unwrap().len(), 1);
    // Written by hand.
    state
        .connection
        .execute("UPDATE inputs SET reach = '[[1]]'", [])
        .unwrap();
    let error = state.each_input(drop).unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
}

#[test]
fn windows_come_back_in_order() {
    let (_folder, path) = place();
    let mut state = open(&path);
    let key = |rule: &str, key| WindowKey {
        rule: rule.to_owned(),
        period: -3600,
        key,
    };
    let commit = state.begin().unwrap();
    for (segment, frame) in [(600, b"b"), (-600, b"a"), (600, b"c"), (0, b"x")] {
        commit.put_frame(segment, frame).unwrap();
    }
    commit.delete_frames(0).unwrap();
    commit.put_frame(600, &[0, 255]).unwrap();
    for (rule, hash, body) in [
        ("r", 1, "one"),
        ("q", u64::MAX, "last"),
        ("r", 1, "two"),
        ("r", 2, "x"),
    ] {
        commit
            .put_window_key(&key(rule, hash), body.as_bytes())
            .unwrap();
    }
    commit.delete_window_key(&key("r", 2)).unwrap();
    commit.commit().unwrap();
    let frames = |state: &State| {
        let mut frames = Vec::new();
        let each = |segment, frame: &[u8]| -> Result<(), Error> {
            frames.push((segment, frame.to_vec()));
            Ok(())
        };
        state.each_frame(each).unwrap();
        frames
    };
    let keys = |state: &State| {
        let mut keys = Vec::new();
        let each = |key, body: &[u8]| -> Result<(), Error> {
            keys.push((key, String::from_utf8(body.to_vec()).unwrap()));
            Ok(())
        };
        state.each_window_key(each).unwrap();
        keys
    };
    let expected = [
        (-600, b"a".to_vec()),
        (600, b"b".to_vec()),
        (600, b"c".to_vec()),
        (600, vec![0, 255]),
    ];
    assert_eq!(frames(&state), expected);
    let expected = [
        (key("q", u64::MAX), "last".to_owned()),
        (key("r", 1), "two".to_owned()),
    ];
    assert_eq!(keys(&state), expected);
    let stop = |_, _: &[u8]| {
        Err(Error::Missing {
            path: PathBuf::new(),
        })
    };
    assert!(matches!(state.each_frame(stop), Err(Error::Missing { .. })));
    let commit = state.begin().unwrap();
    commit.clear_windows().unwrap();
    commit.commit().unwrap();
    assert_eq!((frames(&state).len(), keys(&state).len()), (0, 0));
}
