use std::fs;

use super::super::{migrate, open as opening};
use super::*;

fn refused(path: &Path, access: Access) -> String {
    State::open(path, access, &owner()).unwrap_err().to_string()
}

#[test]
fn a_new_file_is_made_and_opened_again() {
    let (_folder, path) = place();
    for _ in 0..2 {
        let state = open(&path);
        assert_eq!(
            state
                .connection
                .query_row("PRAGMA journal_mode", [], |row| { row.get::<_, String>(0) }),
            Ok("wal".to_owned())
        );
        let synchronous = "SELECT synchronous FROM pragma_synchronous";
        assert_eq!(asked(&state, synchronous), ["2"]);
        assert_eq!(asked(&state, "PRAGMA foreign_keys"), ["1"]);
    }
    let state = State::open(&path, Access::Existing, &owner()).unwrap();
    assert!(state.meta_number("created").unwrap() > Some(1_700_000_000));
    assert!(read(&path).is_ok());
}

#[test]
fn the_schema_explains_every_column() {
    let (_folder, path) = place();
    let state = open(&path);
    let schema = asked(
        &state,
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL",
    );
    assert!(schema.len() > 20);
    for sql in schema.iter().filter(|sql| !sql.starts_with("CREATE INDEX")) {
        assert!(sql.lines().nth(1).unwrap().starts_with("  -- "), "{sql}");
    }
    // Ids and numbers of rows say nothing else than that.
    for view in asked(&state, "SELECT name FROM sqlite_master WHERE type = 'view'") {
        assert_eq!(
            asked(&state, &format!("SELECT * FROM {view}")).len(),
            0,
            "{view}"
        );
    }
}

#[test]
fn an_empty_file_is_new() {
    let (_folder, path) = place();
    fs::write(&path, "").unwrap();
    assert!(
        refused(&path, Access::ReadOnly)
            .ends_with("is empty; `s3sentry scan --state` makes a state file of it")
    );
    assert!(refused(&path, Access::Existing).contains("is empty"));
    open(&path);
    read(&path).unwrap();
}

#[test]
fn what_is_no_state_file_is_refused_and_left_alone() {
    let (folder, path) = place();
    let missing = folder.path().join("no/such/file");
    let text = refused(&missing, Access::ReadWrite);
    assert!(
        text.contains("the folder") && text.contains("no/such does not exist; make it"),
        "{text}"
    );
    assert!(refused(&path, Access::ReadOnly).contains("does not exist; check the path"));
    assert!(refused(&path, Access::Existing).contains("does not exist; check the path"));
    assert!(!path.exists());
    assert!(refused(folder.path(), Access::ReadWrite).contains("no regular file"));
    let below = folder.path().join("file/state");
    fs::write(folder.path().join("file"), "text").unwrap();
    assert!(refused(&below, Access::ReadWrite).contains("does not exist; make it"));

    for content in ["x\n", &"Some notes on the log.\n".repeat(1000)] {
        fs::write(&path, content).unwrap();
        for access in [Access::ReadWrite, Access::Existing, Access::ReadOnly] {
            let text = refused(&path, access);
            assert!(
                text.contains("is no state file, but something else"),
                "{text}"
            );
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }

    fs::remove_file(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE bookmarks (url)").unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    assert!(refused(&path, Access::ReadWrite).contains("another program (application id 0)"));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn links_lead_to_one_file() {
    use std::os::unix::fs::symlink;
    let (folder, path) = place();
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    assert!(refused(&link, Access::ReadWrite).contains("link to something that does not exist"));
    let state = open(&path);
    let inside = folder.path().join("inside");
    fs::create_dir(&inside).unwrap();
    for other in [&link, &inside.join("../s3sentry.state"), &path] {
        let error = State::open(other, Access::ReadWrite, &owner()).unwrap_err();
        let Error::InUse { holder, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(holder.pid, std::process::id().to_string());
        assert!(!holder.host.is_empty());
        let text = error.to_string();
        let expected = format!(
            "is in use by process {} on {} (`s3sentry test`) since {}; wait until",
            holder.pid, holder.host, holder.since
        );
        assert!(text.contains(&expected), "{text}");
        // Whoever reads need not wait.
        read(other).unwrap();
    }
    drop(state);
    open(&link);

    let second = folder.path().join("second");
    fs::hard_link(&path, second).unwrap();
    assert!(refused(&path, Access::ReadWrite).contains("has 2 names (hard links)"));
}

#[test]
fn an_old_lock_file_locks_nothing() {
    let (_folder, path) = place();
    let old = "pid 1\nhost elsewhere\ncommand \u{1b}[2J\nsince 2026-02-03T02:00:00Z\n";
    let lock = lock::path(&path);
    fs::write(&lock, old).unwrap();
    drop(open(&path));
    assert_eq!(fs::read_to_string(&lock).unwrap(), "");
    // One that is held by a program of another version.
    let file = fs::OpenOptions::new().append(true).open(&lock).unwrap();
    file.lock().unwrap();
    assert!(refused(&path, Access::ReadWrite).contains("is in use by another process; wait"));
    fs::write(&lock, old).unwrap();
    let text = refused(&path, Access::ReadWrite);
    assert!(
        text.contains("process 1 on elsewhere (`\\x1B[2J`) since 2026"),
        "{text}"
    );
}

/// Nobody may write there, root included.
#[cfg(target_os = "linux")]
#[test]
fn where_nothing_can_be_written_is_said() {
    let text = refused(Path::new("/sys/s3sentry.state"), Access::ReadWrite);
    assert!(
        text.starts_with("/sys/s3sentry.state: cannot be locked (its lock file:"),
        "{text}"
    );
    assert!(
        text.contains("grant that, or name another state file"),
        "{text}"
    );
}

#[test]
fn a_read_only_folder_is_read() {
    let (folder, _) = place();
    let path = folder.path().join("a?b%41#\u{e4}");
    let mut state = open(&path);
    keep(
        &mut state,
        &Delta {
            entities: vec![host("192.0.2.1", once(0))],
            ..Delta::default()
        },
    );
    drop(state);
    let connection = opening::unchanging(&path).unwrap();
    let count = connection.query_row("SELECT count(*) FROM entities", [], |row| row.get(0));
    assert_eq!(count, Ok(1));
    assert!(connection.execute("DELETE FROM entities", []).is_err());
}

#[test]
fn later_and_broken_versions_are_refused() {
    let (_folder, path) = place();
    drop(open(&path));
    let set = |version: i32| {
        let connection = Connection::open(&path).unwrap();
        connection
            .pragma_update(None, "user_version", version)
            .unwrap();
    };
    set(7);
    for access in [Access::ReadWrite, Access::ReadOnly] {
        let text = refused(&path, access);
        assert!(
            text.contains(
                "was written by a later s3sentry: version 7, this program knows up to 1; update"
            ),
            "{text}"
        );
    }
    set(0);
    assert!(refused(&path, Access::ReadWrite).contains("is damaged"));
    set(VERSION);
    open(&path);
}

#[test]
fn a_file_of_an_earlier_version_is_brought_up_to_date() {
    let (_folder, path) = place();
    let mut state = open(&path);
    keep(
        &mut state,
        &Delta {
            entities: vec![host("192.0.2.1", once(86_400))],
            ..Delta::default()
        },
    );
    drop(state);
    let mut connection = Connection::open(&path).unwrap();
    let version = |connection: &Connection| {
        connection
            .query_row("PRAGMA user_version", [], |row| row.get::<_, i32>(0))
            .unwrap()
    };
    // A step that fails leaves all as it was, those before it included.
    let first = "ALTER TABLE entities ADD COLUMN note TEXT";
    let steps = [migrate::STEPS[0], first, "INSERT INTO nowhere VALUES (1)"];
    assert!(migrate::migrate(&mut connection, &steps, 0).is_err());
    assert_eq!(version(&connection), 1);
    assert!(connection.prepare("SELECT note FROM entities").is_err());
    // A table that others refer to is replaced, and what refers to it stays.
    let second = "CREATE TABLE kinds_new (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL UNIQUE, \
         name TEXT NOT NULL, remark TEXT); \
         INSERT INTO kinds_new SELECT id, hash, name, 'old' FROM kinds; \
         DROP TABLE kinds; ALTER TABLE kinds_new RENAME TO kinds;";
    // Views have the old name in them.
    let drop_views = "DROP VIEW v_known; DROP VIEW v_known_addresses; DROP VIEW v_known_principals; \
         DROP VIEW v_known_buckets; DROP VIEW v_known_values; DROP VIEW v_known_networks; \
         DROP VIEW v_volumes; DROP VIEW v_learning;";
    let second = format!("{drop_views}{second}");
    let steps = [migrate::STEPS[0], first, &second];
    migrate::migrate(&mut connection, &steps, 0).unwrap();
    assert_eq!(version(&connection), 3);
    let joined = "SELECT entities.name || remark FROM entities JOIN kinds ON kinds.id = kind";
    let found = connection.query_row(joined, [], |row| row.get::<_, String>(0));
    assert_eq!(found, Ok("192.0.2.1old".to_owned()));
    let broken = "SELECT count(*) FROM pragma_foreign_key_check";
    assert_eq!(connection.query_row(broken, [], |row| row.get(0)), Ok(0));
    // Done once.
    migrate::migrate(&mut connection, &steps, 0).unwrap();
    drop(connection);
    assert!(refused(&path, Access::ReadOnly).contains("version 3, this program knows up to 1"));
}

#[test]
fn damage_is_reported_with_what_to_do() {
    let (_folder, path) = place();
    let mut state = open(&path);
    let entities = (0..5000).map(|n| host(&format!("192.0.2.{n}"), once(n)));
    let delta = Delta {
        entities: entities.collect(),
        ..Delta::default()
    };
    keep(&mut state, &delta);
    drop(state);
    let whole = fs::read(&path).unwrap();
    let damaged = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let mut baseline = Baseline::new(Arc::new(lessons()), Mode::Learn, 0);
        read(&path)
            .and_then(|state| state.load_baseline(&mut baseline))
            .unwrap_err()
    };
    // Cut short, and written over from the middle on.
    let mut over = whole.clone();
    let middle = over.len() / 2;
    over[middle..].fill(0x5A);
    for bytes in [&whole[..middle / 4096 * 4096], &over] {
        let text = damaged(bytes).to_string();
        assert!(text.contains("is damaged ("), "{text}");
        assert!(
            text.contains(".recover | sqlite3 NEW` and use NEW"),
            "{text}"
        );
    }
}
