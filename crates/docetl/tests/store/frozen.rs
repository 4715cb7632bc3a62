use std::path::Path;

use coldpress_docetl::{CheckpointName, IntermediateStore, Record};

use crate::records;

/// Returns the records of the frozen files. The first release with their format wrote these files, and they must never be
/// regenerated.
fn given() -> Vec<Record> {
    records(&[
        r#"{"id": 1, "big": 9007199254740993, "n": 1, "text": "{\"a\": 1}", "object": {"b": [], "a": {}}, "mixed": "x"}"#,
        r#"{"text": "2024-01-31", "id": 2, "n": 1.0, "object": null, "mixed": [NaN, "\ud800"], "__rest__": true}"#,
        r#"{"n": null}"#,
        "{}",
        r#"{"id": 3, "big": -1, "n": -0.0, "text": "", "object": {"b": [1]}, "mixed": 123456789012345678901}"#,
        r#"{"id": 4, "big": -1, "n": NaN, "text": "a text that is long enough for changes to be shorter", "object": {"b": [1]}}"#,
        r#"{"id": 5, "big": -1, "n": 0.5, "text": "another text that is long enough for changes to be shorter", "object": {"b": [1]}}"#,
        r#"{"id": 6, "big": -1, "n": 0.1, "text": "one more text that is long enough for changes to be shorter", "object": {"b": [1]}}"#,
    ])
}

fn made() -> Vec<Record> {
    let mut made = given();
    made.remove(3);
    made[0].insert("length", 8);
    made[4].remove("big");
    made.push(records(&[r#"{"new": 1}"#]).remove(0));
    made
}

#[test]
fn files_of_every_version_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/frozen");
    let store = IntermediateStore::open(folder).unwrap();
    assert_eq!(store.load("version1", "given").unwrap().unwrap(), given());
    assert_eq!(store.load("version2", "made").unwrap().unwrap(), made());
    let name = |step, operation| CheckpointName::operation(step, operation).unwrap();
    assert_eq!(
        store.base_of(&name("version2", "made")).unwrap(),
        Some(name("version1", "given"))
    );
}

#[test]
fn a_newer_version_is_refused_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let frozen = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/frozen/version3");
    let step = folder.path().join("version3");
    std::fs::create_dir(&step).unwrap();
    std::fs::copy(frozen.join("newer.parquet"), step.join("newer.parquet")).unwrap();
    let store = IntermediateStore::open(folder.path()).unwrap();
    let error = store.load("version3", "newer").unwrap_err().to_string();
    assert!(error.ends_with("has version 3 of the format, this release reads versions up to 2; use the release that wrote it"), "{error}");
    std::fs::write(step.join("newer.json"), "[{}]").unwrap();
    assert_eq!(
        store.load("version3", "newer").unwrap().unwrap(),
        records(&["{}"])
    );
}
