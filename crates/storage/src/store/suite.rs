//! The contract of [`ObjectStore`] as functions that any store can be run against.
//!
//! A store's tests call [`run_all`]; every clause is also a function of its own. A store that breaks a clause makes
//! it panic with what was expected. What cannot be seen from outside (durability above all) is not checked.
//!
//! ```
//! use std::sync::Arc;
//! use coldpress_storage::{MemoryStore, suite};
//!
//! suite::run_all(&|| Arc::new(MemoryStore::new()));
//! ```

pub mod uploads;

use std::io::Write;
use std::sync::Arc;
use std::thread;

use super::contract::{ObjectMeta, ObjectStore, StoreWriter, verify_stamp};
use super::name::ObjectName;
use crate::{FileStamp, Result};

/// A clause of the contract: it panics when the (empty) store breaks it.
pub type Clause = fn(&dyn ObjectStore);

/// Every clause with its name.
pub const CLAUSES: [(&str, Clause); 13] = [
    (
        "finished_objects_read_back",
        finished_objects_read_back as Clause,
    ),
    ("any_range_can_be_read", any_range_can_be_read),
    ("what_is_missing_is_not_found", what_is_missing_is_not_found),
    ("nothing_is_overwritten", nothing_is_overwritten),
    (
        "an_unfinished_writer_leaves_nothing",
        an_unfinished_writer_leaves_nothing,
    ),
    ("one_writer_of_a_name_wins", one_writer_of_a_name_wins),
    (
        "listings_are_whole_and_sorted",
        listings_are_whole_and_sorted,
    ),
    (
        "deleted_objects_are_gone_and_deleting_again_is_fine",
        deleted_objects_are_gone_and_deleting_again_is_fine,
    ),
    (
        "a_name_written_again_gives_the_new_bytes",
        a_name_written_again_gives_the_new_bytes,
    ),
    (
        "an_open_reader_never_gives_other_bytes",
        an_open_reader_never_gives_other_bytes,
    ),
    (
        "threads_do_not_disturb_each_other",
        threads_do_not_disturb_each_other,
    ),
    ("views_can_be_replaced", views_can_be_replaced),
    (
        "folders_are_those_of_the_listing",
        folders_are_those_of_the_listing,
    ),
];

/// Runs every clause, each against a new, empty store.
///
/// # Panics
/// When the store breaks a clause.
pub fn run_all(make: &dyn Fn() -> Arc<dyn ObjectStore>) {
    for (_, clause) in CLAUSES {
        clause(&*make());
    }
}

/// A finished object has the bytes that were written, however they were cut, and their stamp.
///
/// # Panics
/// When the store breaks this.
pub fn finished_objects_read_back(store: &dyn ObjectStore) {
    for (index, length) in [0, 1, 1000, (1 << 20) + 3].into_iter().enumerate() {
        let name = name(&format!("folder/object_{index}"));
        let bytes = pattern(length, index);
        let mut writer = begin(store, &name);
        assert_eq!(writer.name(), &name, "a writer knows its name");
        for piece in bytes.chunks(333_333) {
            writer.write_all(piece).expect("a write succeeds");
            writer.flush().expect("a flush succeeds");
        }
        let stamp = writer.finish().expect("finish succeeds");
        assert_eq!(stamp, FileStamp::of(&bytes), "finish gives the stamp");
        check_bytes(store, &name, &bytes);
        let reader = store.get(&name).expect("a finished object opens");
        assert_eq!(reader.name(), &name, "a reader knows its name");
        verify_stamp(&*reader, &stamp).expect("a finished object verifies");
    }
}

/// A view has the bytes that it was last replaced with, whatever was there before.
///
/// # Panics
/// When the store breaks this.
pub fn views_can_be_replaced(store: &dyn ObjectStore) {
    let view = name("folder/view.json");
    for length in [5, 0, 70_000, 3] {
        let bytes = pattern(length, length);
        store.replace(&view, &bytes).expect("replacing succeeds");
        check_bytes(store, &view, &bytes);
    }
    let listed = store.list("folder/").expect("listing succeeds");
    let expected = [ObjectMeta {
        name: view.clone(),
        length: 3,
    }];
    assert_eq!(listed, expected, "a replaced view is one object");
    store.delete(&view).expect("deleting succeeds");
    assert!(store.get(&view).is_err(), "a deleted view is gone");
}

/// The folders are the first parts of all names that have more than one.
///
/// # Panics
/// When the store breaks this.
pub fn folders_are_those_of_the_listing(store: &dyn ObjectStore) {
    assert_eq!(
        store.folders().expect("an empty store has no folders"),
        [""; 0]
    );
    for text in ["b/x/1", "a-1/y", "b/2", "c"] {
        put(store, &name(text), b"1");
    }
    assert_eq!(store.folders().expect("folders are told"), ["a-1", "b"]);
}

/// Any range within an object can be read, in any order; none beyond its end.
///
/// # Panics
/// When the store breaks this.
pub fn any_range_can_be_read(store: &dyn ObjectStore) {
    let bytes = pattern(10_000, 7);
    put(store, &name("a"), &bytes);
    let reader = store.get(&name("a")).expect("a finished object opens");
    for (offset, length) in [
        (9_999, 1),
        (0, 10_000),
        (5_000, 17),
        (0, 0),
        (10_000, 0),
        (3, 1),
    ] {
        let mut buffer = vec![0; length];
        reader
            .read_at(offset as u64, &mut buffer)
            .expect("a range within the object can be read");
        assert_eq!(
            buffer,
            bytes[offset..offset + length],
            "{length} bytes from {offset}"
        );
    }
    for (offset, length) in [(9_999, 2), (10_000, 1), (u64::MAX, 1), (20_000, 5)] {
        let read = reader.read_at(offset, &mut vec![0; length]);
        assert!(
            read.is_err(),
            "{length} bytes from {offset} are beyond the end"
        );
    }
}

/// What is not there is [`Error::NotFound`](crate::Error::NotFound), and an empty store lists nothing.
///
/// # Panics
/// When the store breaks this.
pub fn what_is_missing_is_not_found(store: &dyn ObjectStore) {
    assert_eq!(list(store, ""), [], "an empty store lists nothing");
    check_missing(store, &name("a"));
    check_missing(store, &name("folder/a"));
    put(store, &name("folder/b"), b"x");
    check_missing(store, &name("folder/a"));
    assert!(!store.to_string().is_empty(), "a store names itself");
}

/// An object that is there is never overwritten.
///
/// # Panics
/// When the store breaks this.
pub fn nothing_is_overwritten(store: &dyn ObjectStore) {
    let name = name("folder/a");
    put(store, &name, b"first");
    for bytes in [&b"second"[..], b"", b"first"] {
        let error = try_put(store, &name, bytes).expect_err("the name is taken");
        assert!(
            error.is_already_exists(),
            "expected AlreadyExists, got: {error}"
        );
        check_bytes(store, &name, b"first");
    }
}

/// A writer that is dropped leaves no object, and its name is free.
///
/// # Panics
/// When the store breaks this.
pub fn an_unfinished_writer_leaves_nothing(store: &dyn ObjectStore) {
    let name = name("a");
    let mut writer = begin(store, &name);
    writer
        .write_all(&pattern(1 << 20, 1))
        .expect("a write succeeds");
    drop(writer);
    drop(begin(store, &name));
    check_missing(store, &name);
    assert_eq!(list(store, ""), [], "nothing was finished");
    put(store, &name, b"at last");
    check_bytes(store, &name, b"at last");
}

/// Of several writers of one name, exactly one finishes when all others are done.
///
/// # Panics
/// When the store breaks this.
pub fn one_writer_of_a_name_wins(store: &dyn ObjectStore) {
    let name = name("a");
    let candidates: Vec<Vec<u8>> = (0..4)
        .map(|index| pattern(100_000 + index, index))
        .collect();
    let won: Vec<bool> = thread::scope(|scope| {
        let writers: Vec<_> = candidates
            .iter()
            .map(|bytes| scope.spawn(|| try_put(store, &name, bytes)))
            .collect();
        let results = writers
            .into_iter()
            .map(|writer| writer.join().expect("no panic"));
        results
            .map(|result| match result {
                Ok(_) => true,
                Err(error) if error.is_already_exists() => false,
                Err(error) => panic!("expected success or AlreadyExists, got: {error}"),
            })
            .collect()
    });
    let winners: Vec<usize> = (0..won.len()).filter(|index| won[*index]).collect();
    assert!(
        winners.len() == 1,
        "exactly one writer wins, here {}",
        winners.len()
    );
    check_bytes(store, &name, &candidates[winners[0]]);
}

/// A listing holds all that was finished under the prefix, with lengths, sorted by name.
///
/// # Panics
/// When the store breaks this.
pub fn listings_are_whole_and_sorted(store: &dyn ObjectStore) {
    let names = ["b", "a.x", "a/2", "a/10", "a-x", "ab/c/d", "B", "a/1"];
    for (length, text) in names.iter().enumerate() {
        put(store, &name(text), &pattern(length, 0));
    }
    for prefix in [
        "", "a", "a/", "a/1", "ab/c", "ab/c/d", "ab/c/de", "x", "/", "b",
    ] {
        let mut expected: Vec<ObjectMeta> = (0u64..)
            .zip(names)
            .filter(|(_, text)| text.starts_with(prefix))
            .map(|(length, text)| ObjectMeta {
                name: name(text),
                length,
            })
            .collect();
        expected.sort();
        assert_eq!(
            list(store, prefix),
            expected,
            "the objects under {prefix:?}"
        );
    }
}

/// A deleted object is gone, others stay, and deleting what is not there succeeds.
///
/// # Panics
/// When the store breaks this.
pub fn deleted_objects_are_gone_and_deleting_again_is_fine(store: &dyn ObjectStore) {
    let (gone, stays) = (name("folder/a"), name("folder/ab"));
    store
        .delete(&gone)
        .expect("deleting what never was succeeds");
    put(store, &gone, b"x");
    put(store, &stays, b"y");
    store.delete(&gone).expect("deleting succeeds");
    check_missing(store, &gone);
    store.delete(&gone).expect("deleting again succeeds");
    put(store, &gone, b"x");
    let failures = store.delete_all(&[&gone, &name("folder/never"), &name("never")]);
    assert!(
        failures.is_empty(),
        "deleting several succeeds, here: {failures:?}"
    );
    check_missing(store, &gone);
    check_bytes(store, &stays, b"y");
    assert_eq!(list(store, "").len(), 1, "one object is left");
}

/// A name that was deleted may be written again, and then gives the new bytes.
///
/// # Panics
/// When the store breaks this.
pub fn a_name_written_again_gives_the_new_bytes(store: &dyn ObjectStore) {
    let name = name("a");
    check_missing(store, &name);
    for bytes in [&b"one"[..], b"two", b"three!", b""] {
        put(store, &name, bytes);
        check_bytes(store, &name, bytes);
        assert_eq!(list(store, "a").len(), 1, "the object is listed once");
        store.delete(&name).expect("deleting succeeds");
        check_missing(store, &name);
    }
}

/// A reader that was opened before its object was deleted gives its bytes or an error.
///
/// # Panics
/// When the store breaks this.
pub fn an_open_reader_never_gives_other_bytes(store: &dyn ObjectStore) {
    let name = name("a");
    put(store, &name, b"before");
    let reader = store.get(&name).expect("a finished object opens");
    store.delete(&name).expect("deleting succeeds");
    put(store, &name, b"behind");
    let mut buffer = [0; 6];
    if reader.read_at(0, &mut buffer).is_ok() {
        assert_eq!(
            &buffer, b"before",
            "a reader gives the object that it opened"
        );
    }
    check_bytes(store, &name, b"behind");
}

/// Threads write and read different objects at the same time, and each sees what is finished.
///
/// # Panics
/// When the store breaks this.
pub fn threads_do_not_disturb_each_other(store: &dyn ObjectStore) {
    let shared = pattern(200_000, 99);
    put(store, &name("shared"), &shared);
    let reader = store.get(&name("shared")).expect("a finished object opens");
    thread::scope(|scope| {
        for thread in 0..4usize {
            let (reader, shared) = (&reader, &shared);
            scope.spawn(move || {
                for round in 0..5usize {
                    let own = name(&format!("thread_{thread}/object_{round}"));
                    let bytes = pattern(10_000 + round, thread);
                    put(store, &own, &bytes);
                    check_bytes(store, &own, &bytes);
                    let offset = (thread * 31_000 + round * 1_000) % 190_000;
                    let mut buffer = vec![0; 9_999];
                    reader
                        .read_at(offset as u64, &mut buffer)
                        .expect("one reader serves many threads");
                    assert_eq!(
                        buffer,
                        shared[offset..offset + 9_999],
                        "bytes from {offset}"
                    );
                }
            });
        }
    });
    assert_eq!(list(store, "thread_").len(), 20, "all objects are listed");
}

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).expect("the suite uses good names")
}

fn pattern(length: usize, seed: usize) -> Vec<u8> {
    (0..length)
        .map(|at| (at * 31 + at / 251 + seed) as u8)
        .collect()
}

#[track_caller]
fn begin(store: &dyn ObjectStore, name: &ObjectName) -> Box<dyn StoreWriter> {
    match store.put_new(name) {
        Ok(writer) => writer,
        Err(error) => panic!("`{name}` is free, but put_new said: {error}"),
    }
}

fn try_put(store: &dyn ObjectStore, name: &ObjectName, bytes: &[u8]) -> Result<FileStamp> {
    let mut writer = store.put_new(name)?;
    writer.write_all(bytes).expect("a write succeeds");
    writer.finish()
}

#[track_caller]
fn put(store: &dyn ObjectStore, name: &ObjectName, bytes: &[u8]) {
    let stamp = try_put(store, name, bytes);
    assert_eq!(stamp.ok(), Some(FileStamp::of(bytes)), "`{name}` is stored");
}

#[track_caller]
fn list(store: &dyn ObjectStore, prefix: &str) -> Vec<ObjectMeta> {
    store.list(prefix).expect("a listing succeeds")
}

#[track_caller]
fn check_missing(store: &dyn ObjectStore, name: &ObjectName) {
    match store.get(name) {
        Ok(_) => panic!("`{name}` must not be there"),
        Err(error) => assert!(error.is_not_found(), "expected NotFound, got: {error}"),
    }
}

#[track_caller]
fn check_bytes(store: &dyn ObjectStore, name: &ObjectName, expected: &[u8]) {
    let reader = match store.get(name) {
        Ok(reader) => reader,
        Err(error) => panic!("`{name}` was finished, but get said: {error}"),
    };
    assert_eq!(
        reader.len(),
        expected.len() as u64,
        "the length of `{name}`"
    );
    let mut found = vec![0; expected.len()];
    reader
        .read_at(0, &mut found)
        .expect("an object can be read whole");
    assert!(
        found == expected,
        "`{name}` has other bytes than were written"
    );
}

#[cfg(test)]
mod tests;
