//! `checkpoint`: how far was read, shown and forgotten.

use crate::place::{Place, burst};

#[test]
fn files_are_shown_and_read_again() {
    let place = Place::new();
    place.file("a.log", burst(30));
    place.file("b.log", burst(3));
    let size = burst(30).len();
    place.run("scan --state s.db a.log b.log").ends(0);
    let run = place.run("checkpoint show --state s.db").ends(0);
    let shown: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(shown["logs"], serde_json::json!([]));
    assert_eq!(shown["files"].as_array().unwrap().len(), 2);
    let file = &shown["files"][0];
    assert!(file["name"].as_str().unwrap().ends_with("a.log"));
    assert_eq!((&file["size"], &file["done"]), (&size.into(), &true.into()));
    let table = place
        .run("checkpoint show --state s.db --format table")
        .ends(0);
    assert!(
        table.out.contains("yes") && table.out.contains("b.log"),
        "{}",
        table.out
    );

    let again = |name: &str| place.run(&format!("checkpoint reset --state s.db {name}"));
    again("a.log")
        .ends(0)
        .says("a.log forgotten")
        .says("Next: ");
    again("a.log").ends(2).says("is no file that was read");
    again("s3://logs/a").ends(2).says("nothing was read there");
    again("s3://").ends(2).says("names no bucket");
    let run = place.run("scan --state s.db a.log b.log").ends(0);
    run.says("1 input read before");
    again("--all").ends(0).says("2 inputs forgotten");
    let table = place
        .run("checkpoint show --state s.db --format table")
        .ends(0);
    assert_eq!(table.out, "nothing was read yet\n");
}

#[test]
fn a_state_file_is_needed() {
    let place = Place::new();
    for command in ["checkpoint show", "checkpoint reset --all"] {
        place.run(command).ends(2).says("name it with --state FILE");
        place.run(&format!("{command} --state none.db")).ends(4);
    }
    place
        .run("checkpoint reset --state s.db")
        .ends(2)
        .says("SOURCE");
}
