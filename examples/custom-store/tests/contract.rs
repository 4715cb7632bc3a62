//! The store keeps the contract of all stores.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use coldpress::storage::{LocalStore, MemoryStore, ObjectName, ObjectStore, suite};
use custom_store::CountingStore;

#[test]
fn over_memory() {
    suite::run_all(&|| Arc::new(CountingStore::new(MemoryStore::new())));
}

#[test]
fn over_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let next = std::cell::Cell::new(0);
    suite::run_all(&|| {
        next.set(next.get() + 1);
        Arc::new(CountingStore::new(LocalStore::new(
            folder.path().join(next.get().to_string()),
        )))
    });
}

#[test]
fn only_finished_objects_count() {
    let store = CountingStore::new(MemoryStore::new());
    let name = ObjectName::new("a").unwrap();
    let mut writer = store.put_new(&name).unwrap();
    writer.write_all(b"dropped").unwrap();
    drop(writer);
    let mut writer = store.put_new(&name).unwrap();
    writer.write_all(b"kept").unwrap();
    writer.finish().unwrap();
    store.get(&name).unwrap();
    let counts = store.counts();
    assert_eq!(counts.written.load(Ordering::Relaxed), 1);
    assert_eq!(counts.bytes.load(Ordering::Relaxed), 4);
    assert_eq!(counts.opened.load(Ordering::Relaxed), 1);
}
