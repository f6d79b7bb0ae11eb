use std::fs;

use super::*;

fn hosts(from: i64, until: i64) -> Delta {
    let entities = (from..until).map(|n| host(&format!("192.0.2.{n}"), once(n)));
    Delta {
        entities: entities.collect(),
        ..Delta::default()
    }
}

fn entities(state: &State) -> String {
    asked(state, "SELECT count(*) FROM entities").remove(0)
}

#[test]
fn a_dropped_commit_has_never_been() {
    let (_folder, path) = place();
    let mut state = open(&path);
    keep(&mut state, &hosts(0, 10));
    let before = rows(&state);
    let commit = state.begin().unwrap();
    commit.put_baseline(&hosts(5, 20)).unwrap();
    commit.set_meta("watermark", &Meta::Number(9)).unwrap();
    commit.put_frame(0, b"frame").unwrap();
    drop(commit);
    assert_eq!(rows(&state), before);
    assert_eq!(state.meta("watermark").unwrap(), None);
    keep(&mut state, &hosts(5, 20));
    assert_eq!(entities(&state), "20");
}

/// What a machine that lost power in the midst of it would find.
#[test]
fn a_commit_that_is_cut_off_leaves_the_one_before() {
    let (folder, path) = place();
    let mut state = open(&path);
    keep(&mut state, &hosts(0, 10));
    let copy = |name: &str| {
        let copied = folder.path().join(name);
        for end in ["", "-wal"] {
            let from = format!("{}{end}", path.display());
            fs::copy(from, format!("{}{end}", copied.display())).unwrap();
        }
        copied
    };
    // Does not fit into memory, so that some of it is in the log before the end.
    state
        .connection
        .execute_batch("PRAGMA cache_size = 10; PRAGMA wal_autocheckpoint = 0")
        .unwrap();
    let commit = state.begin().unwrap();
    commit.put_baseline(&hosts(5, 20_000)).unwrap();
    let during = copy("during");
    commit.commit().unwrap();
    let after = copy("after");
    assert!(
        fs::metadata(format!("{}-wal", during.display()))
            .unwrap()
            .len()
            > 1 << 18
    );
    assert_eq!(entities(&open(&during)), "10");
    assert_eq!(entities(&open(&after)), "20000");
    // The end of the log is torn: the last commit is not in it.
    let log = format!("{}-wal", after.display());
    let torn = copy("torn");
    let log_torn = format!("{}-wal", torn.display());
    let bytes = fs::read(format!("{}-wal", path.display())).unwrap();
    fs::write(&log_torn, &bytes[..bytes.len() - 5000]).unwrap();
    assert!(!Path::new(&log).exists());
    assert_eq!(entities(&open(&torn)), "10");
}

#[test]
fn a_full_disk_leaves_the_file_whole() {
    let (_folder, path) = place();
    let mut state = open(&path);
    keep(&mut state, &hosts(0, 10));
    let before = rows(&state);
    state
        .connection
        .execute_batch("PRAGMA max_page_count = 60")
        .unwrap();
    let commit = state.begin().unwrap();
    let error = commit.put_baseline(&hosts(5, 20_000)).unwrap_err();
    drop(commit);
    let text = error.to_string();
    assert!(matches!(error, Error::Full { .. }), "{text}");
    assert!(
        text.contains("s3sentry.state: no room is left on its disk; make room"),
        "{text}"
    );
    assert_eq!(rows(&state), before);
    drop(state);
    let mut state = open(&path);
    assert_eq!(asked(&state, "PRAGMA integrity_check"), ["ok"]);
    keep(&mut state, &hosts(5, 20));
    assert_eq!(entities(&state), "20");
}

#[test]
fn readers_see_one_commit_while_another_is_made() {
    let (_folder, path) = place();
    let mut state = open(&path);
    keep(&mut state, &hosts(0, 10));
    let reader = read(&path).unwrap();
    let commit = state.begin().unwrap();
    commit.put_baseline(&hosts(5, 20)).unwrap();
    assert_eq!(entities(&reader), "10");
    commit.commit().unwrap();
    assert_eq!(entities(&reader), "20");
    assert!(
        reader
            .connection
            .execute("DELETE FROM entities", [])
            .is_err()
    );
}

/// A person who has begun to write with another program.
#[test]
fn another_writer_is_waited_for_and_named() {
    let (_folder, path) = place();
    let mut state = open(&path);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    state
        .connection
        .busy_timeout(std::time::Duration::ZERO)
        .unwrap();
    let error = state.begin().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("another program has locked it, such as sqlite3")
    );
    other.execute_batch("COMMIT").unwrap();
    state.begin().unwrap().commit().unwrap();
}
