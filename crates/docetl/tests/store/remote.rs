use std::io::Write;
use std::sync::Arc;

use coldpress_docetl::{CheckpointName, Error, Format, Options, Record, RemoteStore};
use coldpress_storage::{MemoryStore, ObjectName, ObjectStore};

use crate::records;

fn name() -> CheckpointName {
    CheckpointName::operation("a step", "größer.gleich").unwrap()
}

fn stored(objects: &MemoryStore) -> Vec<String> {
    objects
        .list("")
        .unwrap()
        .into_iter()
        .map(|object| object.name.to_string())
        .collect()
}

#[test]
fn checkpoints_are_kept_in_any_store() {
    let objects = MemoryStore::new();
    for format in Format::ALL {
        let store = RemoteStore::new(Arc::new(objects.clone()), Options::new().format(format));
        let some: Vec<Record> = records(&[r#"{"a": 1}"#, r#"{"b": [NaN], "a": 1.0}"#]);
        let saved = store.write(&name(), &some).unwrap();
        let loaded = store.read(&name()).unwrap().unwrap();
        assert_eq!(
            (&loaded.records, &loaded.path, loaded.bytes),
            (&some, &saved.path, saved.bytes)
        );
        store
            .write(&CheckpointName::batch("o", 3).unwrap(), &[])
            .unwrap();
        assert_eq!(
            store.list().unwrap(),
            [name(), CheckpointName::batch("o", 3).unwrap()]
        );
        // A new version replaces the old one, whatever its format.
        store.write(&name(), &records(&["{}"])).unwrap();
        assert_eq!(
            store.read(&name()).unwrap().unwrap().records,
            records(&["{}"])
        );
        assert_eq!(stored(&objects).len(), 2);
    }
    let store = RemoteStore::new(Arc::new(objects.clone()), Options::new());
    assert!(store.remove(&name()).unwrap());
    assert!(!store.remove(&name()).unwrap());
    assert_eq!(store.read(&name()).unwrap(), None);
}

#[test]
fn a_version_that_is_not_whole_gives_way_to_the_one_before() {
    let objects = MemoryStore::new();
    let store = RemoteStore::new(Arc::new(objects.clone()), Options::new());
    let saved = store.write(&name(), &records(&[r#"{"a": 1}"#])).unwrap();
    let newer = saved
        .path
        .to_str()
        .unwrap()
        .replace("1.parquet", "2.parquet");
    let mut torn = objects
        .put_new(&ObjectName::new(newer.clone()).unwrap())
        .unwrap();
    torn.write_all(b"PAR1 and no more").unwrap();
    torn.finish().unwrap();
    let loaded = store.read(&name()).unwrap().unwrap();
    assert_eq!(loaded.records, records(&[r#"{"a": 1}"#]));
    assert!(
        loaded.warnings[0].starts_with(&format!("`{newer}` is damaged")),
        "{:?}",
        loaded.warnings
    );
    objects
        .delete(&ObjectName::new(saved.path.to_str().unwrap()).unwrap())
        .unwrap();
    assert!(matches!(store.read(&name()), Err(Error::Damaged { .. })));
    store.write(&name(), &records(&["{}"])).unwrap();
    assert_eq!(stored(&objects).len(), 1);
}
