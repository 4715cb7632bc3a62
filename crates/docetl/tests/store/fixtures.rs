use std::path::{Path, PathBuf};

use coldpress_docetl::{CheckpointName, Format, IntermediateStore, Record, Value};

use crate::store_in;

fn fixtures(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(name)
}

/// Returns the checkpoints of the directory that DocETL itself wrote.
fn checkpoints() -> Vec<CheckpointName> {
    let store = IntermediateStore::open(fixtures("docetl")).unwrap();
    let names: Vec<CheckpointName> = store
        .list()
        .unwrap()
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    assert!(names.len() > 10);
    names
}

fn read(folder: &str, name: &CheckpointName) -> Vec<Record> {
    let store = IntermediateStore::open(fixtures(folder)).unwrap();
    store.read(name).unwrap().unwrap().records
}

/// Returns the records with a null for each key that another one has.
fn with_nulls(records: Vec<Record>) -> Vec<Record> {
    let all: Record = records
        .iter()
        .flat_map(|record| record.keys())
        .map(|key| (key.to_owned(), Value::Null))
        .collect();
    let complete = records.into_iter().map(|record| {
        let fields = all
            .iter()
            .map(|(key, null)| (key.to_owned(), record.get(key).unwrap_or(null).clone()));
        fields.collect()
    });
    complete.collect()
}

#[test]
fn json_of_docetl_is_written_again_byte_for_byte() {
    for name in checkpoints() {
        let folder = tempfile::tempdir().unwrap();
        let store = store_in(folder.path(), Format::Json);
        let saved = store.write(&name, &read("docetl", &name)).unwrap();
        let original = std::fs::read(fixtures("docetl").join(name.path(Format::Json))).unwrap();
        assert!(std::fs::read(saved.path).unwrap() == original, "{name}");
    }
}

#[test]
fn parquet_of_the_document_has_the_records_of_the_json() {
    for name in checkpoints() {
        assert_eq!(
            read("document", &name),
            with_nulls(read("docetl", &name)),
            "{name}"
        );
    }
}

#[test]
fn parquet_of_pandas_has_the_keys_and_texts_of_the_json() {
    for name in checkpoints() {
        let (ours, originals) = (read("pandas", &name), with_nulls(read("docetl", &name)));
        assert_eq!(ours.len(), originals.len());
        for (ours, original) in ours.iter().zip(&originals) {
            assert!(ours.keys().eq(original.keys()), "{name}");
            for (key, value) in original
                .iter()
                .filter(|(_, value)| value.as_str().is_some())
            {
                assert_eq!(ours.get(key), Some(value), "{name} {key}");
            }
        }
    }
}
