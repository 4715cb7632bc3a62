use coldpress_docetl::{CheckpointName, Error, Format, IntermediateStore};

use crate::{records, set_time, store_in};

const PARQUET: &str = r#"{"from": "parquet"}"#;
const JSON: &str = r#"{"from": "json"}"#;

/// Saves a checkpoint in both formats, with these times.
fn both(folder: &std::path::Path, parquet: u64, json: u64) -> IntermediateStore {
    let store = store_in(folder, Format::Parquet);
    store.save("s", "o", &records(&[PARQUET])).unwrap();
    std::fs::write(folder.join("s/o.json"), format!("[{JSON}]")).unwrap();
    set_time(&folder.join("s/o.parquet"), parquet);
    set_time(&folder.join("s/o.json"), json);
    store
}

#[track_caller]
fn check(store: &IntermediateStore, expected: &str, warning: &[&str]) {
    let name = CheckpointName::operation("s", "o").unwrap();
    let loaded = store.read(&name).unwrap().unwrap();
    assert_eq!(loaded.records, records(&[expected]));
    assert_eq!(
        loaded.warnings.len(),
        usize::from(!warning.is_empty()),
        "{:?}",
        loaded.warnings
    );
    for part in warning {
        assert!(loaded.warnings[0].contains(part), "{:?}", loaded.warnings);
    }
    let mut reader = store.reader(&name).unwrap().unwrap();
    assert_eq!(reader.read_all().unwrap(), loaded.records);
    assert_eq!(reader.warnings(), loaded.warnings);
    assert_eq!(
        (reader.path(), reader.format()),
        (&*loaded.path, loaded.format)
    );
}

#[test]
fn the_parquet_file_is_read_unless_the_json_file_is_newer() {
    let folder = tempfile::tempdir().unwrap();
    check(&both(folder.path(), 200, 100), PARQUET, &[]);
    check(&both(folder.path(), 200, 200), PARQUET, &[]);
    check(
        &both(folder.path(), 200, 201),
        JSON,
        &["`", "o.json` is newer than `", "so the JSON file is used"],
    );
}

#[test]
fn a_damaged_file_gives_way_to_the_other_one() {
    let folder = tempfile::tempdir().unwrap();
    let (parquet, json) = (
        folder.path().join("s/o.parquet"),
        folder.path().join("s/o.json"),
    );
    let store = both(folder.path(), 200, 100);
    std::fs::write(&parquet, "torn").unwrap();
    set_time(&parquet, 200);
    check(
        &store,
        JSON,
        &[
            "o.parquet` is damaged: it is cut off, or no Parquet file",
            "o.json` is used, which is older",
        ],
    );
    // The newer file is JSON whose writer did not finish.
    let store = both(folder.path(), 100, 200);
    std::fs::write(&json, &format!("[{JSON}")[..15]).unwrap();
    set_time(&json, 200);
    check(
        &store,
        PARQUET,
        &[
            "o.json` is damaged: at byte",
            "o.parquet` is used, which is older",
        ],
    );
}

#[test]
fn two_damaged_files_are_one_error_that_names_both() {
    let folder = tempfile::tempdir().unwrap();
    let store = both(folder.path(), 200, 100);
    std::fs::write(folder.path().join("s/o.parquet"), "torn").unwrap();
    std::fs::write(folder.path().join("s/o.json"), "").unwrap();
    let error = store.load("s", "o").unwrap_err();
    assert!(matches!(error, Error::Neither { .. }));
    let text = error.to_string();
    for part in [
        "o.parquet` is damaged",
        "o.json` is damaged: at byte 0: the file is empty",
        "run the operation again",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn saving_replaces_a_checkpoint_of_any_format_and_age() {
    for format in Format::ALL {
        for age in [100, 4_000_000_000] {
            let folder = tempfile::tempdir().unwrap();
            both(folder.path(), age, age);
            let store = store_in(folder.path(), format);
            store.save("s", "o", &records(&[r#"{"new": 1}"#])).unwrap();
            check(&store, r#"{"new": 1}"#, &[]);
            assert_eq!(
                store.list().unwrap().len(),
                1,
                "the other file is of the past"
            );
        }
    }
}

#[test]
fn what_is_not_there_is_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = IntermediateStore::open(folder.path().join("not/there")).unwrap();
    assert_eq!(store.load("s", "o").unwrap(), None);
    assert_eq!(store.load_batch("o", 0).unwrap(), None);
    assert_eq!(store.list().unwrap(), []);
    assert!(!folder.path().join("not").exists());
    std::fs::write(folder.path().join("s"), "a file").unwrap();
    let store = IntermediateStore::open(folder.path()).unwrap();
    assert_eq!(store.load("s", "o").unwrap(), None);
    assert!(store.save("s", "o", &[]).is_err());
    assert!(matches!(
        IntermediateStore::open(folder.path().join("s")),
        Err(Error::NotADirectory { .. })
    ));
}

#[test]
fn the_listing_has_each_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = both(folder.path(), 100, 200);
    store
        .save_batch("o", 12, &records(&[PARQUET, JSON]))
        .unwrap();
    std::fs::write(folder.path().join(".docetl_intermediate_config.json"), "{}").unwrap();
    std::fs::write(folder.path().join("notes.json"), "{}").unwrap();
    std::fs::write(folder.path().join("s/.o.parquet.1-0.tmp"), "").unwrap();
    std::fs::write(folder.path().join("s/readme.txt"), "").unwrap();
    std::fs::create_dir(folder.path().join("s/x.json")).unwrap();
    let listed = store.list().unwrap();
    let found: Vec<_> = listed
        .iter()
        .map(|entry| (entry.name.to_string(), entry.format, entry.rows))
        .collect();
    assert_eq!(
        found,
        [
            (
                "operation 'o' in step 's'".to_owned(),
                Format::Parquet,
                Some(1)
            ),
            ("operation 'o' in step 's'".to_owned(), Format::Json, None),
            (
                "batch 12 of operation 'o'".to_owned(),
                Format::Parquet,
                Some(2)
            ),
        ]
    );
    assert_eq!(
        listed[1].bytes,
        std::fs::metadata(&listed[1].path).unwrap().len()
    );
}
