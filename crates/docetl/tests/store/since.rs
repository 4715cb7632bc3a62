use std::fs;

use coldpress_docetl::{
    CheckpointName, Error, Format, IntermediateStore, Record, Retention, Saved,
};
use proptest::prelude::*;

use crate::{records, set_time, store_in};

fn name(operation: &str) -> CheckpointName {
    CheckpointName::operation("s", operation).unwrap()
}

/// Returns records with texts that do not compress well.
fn given() -> Vec<Record> {
    let text = |id: u128| {
        format!(
            "{:x}",
            id.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
        )
    };
    let lines = (1..2_000).map(|id| {
        format!(
            r#"{{"id": {id}, "text": "{}", "tags": ["{}"]}}"#,
            text(id),
            text(id * 7)
        )
    });
    lines.map(|line| Record::parse(&line).unwrap()).collect()
}

fn mapped() -> Vec<Record> {
    let mut records = given();
    for (record, id) in records.iter_mut().zip(0i64..) {
        record.insert("length", id % 7);
        if id % 3 == 0 {
            record.insert("text", "another");
        }
        if id % 5 == 0 {
            record.remove("tags");
        }
    }
    records
}

#[track_caller]
fn check(
    what: &str,
    made: &[Record],
    most_bytes_of_hundred: u64,
) -> (tempfile::TempDir, IntermediateStore, Saved) {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path(), Format::Parquet);
    store.save("s", "given", &given()).unwrap();
    let whole = store.write(&name("whole"), made).unwrap();
    let saved = store
        .save_since(&name("made"), &name("given"), made)
        .unwrap();
    assert_eq!(saved.rows, made.len() as u64);
    assert_eq!(saved.bytes, fs::metadata(&saved.path).unwrap().len());
    assert!(
        saved.bytes * 100 <= whole.bytes * most_bytes_of_hundred,
        "{what}: {} of {}",
        saved.bytes,
        whole.bytes
    );
    assert!(store.load("s", "made").unwrap().unwrap() == made, "{what}");
    assert_eq!(store.list().unwrap().len(), 3, "{what}");
    (folder, store, saved)
}

#[test]
fn what_an_operation_changed_is_stored_and_comes_back() {
    check("a map", &mapped(), 40);
    let kept: Vec<Record> = given()
        .into_iter()
        .filter(|record| record.get("id").unwrap().as_i64().unwrap() % 10 > 2)
        .collect();
    check("a filter", &kept, 10);
    check("nothing", &given(), 5);
    let many = given().into_iter().flat_map(|record| {
        (0..3).map(move |part| {
            let mut record = record.clone();
            record.insert("part", part);
            record
        })
    });
    check("an unnest", &many.collect::<Vec<_>>(), 10);
    check("no records", &[], 100);
    // Records that share nothing with their base are stored whole.
    let others: Vec<Record> = (0..100)
        .map(|id| [("other", id)].into_iter().collect())
        .collect();
    let (_folder, store, _) = check("others", &others, 100);
    assert_eq!(store.base_of(&name("made")).unwrap(), None);
    let taken = records(&[r#"{"__rows_on__": 1}"#]);
    check("a key of changes", &taken, 100);
}

#[test]
fn parts_of_it_are_read_like_those_of_any_other() {
    let (_folder, store, _) = check("a map", &mapped(), 40);
    assert_eq!(store.base_of(&name("made")).unwrap(), Some(name("given")));
    assert_eq!(
        store.load_rows("s", "made", 7..11).unwrap().unwrap(),
        mapped()[7..11]
    );
    let lengths = store
        .load_columns("s", "made", &["length"], 7..9)
        .unwrap()
        .unwrap();
    assert_eq!(lengths, records(&[r#"{"length": 0}"#, r#"{"length": 1}"#]));
}

#[test]
fn a_base_that_is_not_as_it_was_is_one_clear_error() {
    let (folder, store, _) = check("a map", &mapped(), 40);
    let base = folder.path().join("s/given.parquet");
    let bytes = fs::read(&base).unwrap();
    let fails = |reason: &str| {
        let error = store.load("s", "made").unwrap_err();
        assert!(
            matches!(error, Error::Base { .. } | Error::Damaged { .. }),
            "{error}"
        );
        assert!(error.to_string().contains(reason), "{error}");
    };
    fs::remove_file(&base).unwrap();
    fails("given.parquet`, which is not there; run its operation again");
    store.save("s", "given", &records(&["{}"])).unwrap();
    fails("which is not the file that they were made of any more");
    fs::write(&base, "torn").unwrap();
    fails("which cannot be read");
    let mut flipped = bytes.clone();
    flipped[100] ^= 1;
    fs::write(&base, flipped).unwrap();
    fails("given.parquet` is damaged");
    fs::write(&base, &bytes).unwrap();
    assert!(store.load("s", "made").unwrap().unwrap() == mapped());
}

#[test]
fn a_base_is_removed_once_nothing_needs_it() {
    let (_folder, store, _) = check("a map", &mapped(), 40);
    store
        .save_since(&name("third"), &name("made"), &mapped())
        .unwrap();
    assert_eq!(store.base_of(&name("third")).unwrap(), Some(name("made")));
    assert_eq!(store.dependents(&name("given")).unwrap(), [name("made")]);
    assert!(store.remove(&name("given")).unwrap());
    assert_eq!(store.load("s", "given").unwrap(), None);
    for operation in ["made", "third"] {
        assert!(store.load("s", operation).unwrap().unwrap() == mapped());
        assert_eq!(store.base_of(&name(operation)).unwrap(), None);
    }
    assert!(!store.remove(&name("given")).unwrap());
}

/// Removing many checkpoints opens each file a few times at most, and not once for each removed one.
#[test]
fn many_checkpoints_are_removed_in_time_that_grows_with_their_number() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path(), Format::Parquet);
    let batch = |number| CheckpointName::batch("o", number).unwrap();
    let one = records(&[r#"{"a": 1}"#]);
    (0..400).for_each(|number| drop(store.save_batch("o", number, &one).unwrap()));
    let begun = std::time::Instant::now();
    drop(store.dependents(&batch(0)).unwrap());
    let of_one = begun.elapsed();
    let begun = std::time::Instant::now();
    (0..400).for_each(|number| assert_eq!(store.dependents(&batch(number)).unwrap(), []));
    assert!(
        begun.elapsed() < of_one * 200,
        "{:?} {of_one:?}",
        begun.elapsed()
    );
    // A checkpoint that is saved in the meantime is noticed.
    store.save("s", "given", &given()).unwrap();
    assert_eq!(store.dependents(&name("given")).unwrap(), []);
    store
        .clone()
        .save_since(&name("made"), &name("given"), &mapped())
        .unwrap();
    assert_eq!(store.dependents(&name("given")).unwrap(), [name("made")]);
}

#[test]
fn no_checkpoint_is_made_of_itself_and_no_chain_is_long() {
    let (_folder, store, _) = check("a map", &mapped(), 40);
    store
        .save_since(&name("given"), &name("made"), &given())
        .unwrap();
    store
        .save_since(&name("given"), &name("given"), &given())
        .unwrap();
    assert!(store.load("s", "given").unwrap().unwrap() == given());
    let mut last = name("given");
    for number in 0..12 {
        let next = name(&format!("next {number}"));
        store.save_since(&next, &last, &mapped()).unwrap();
        assert!(store.read(&next).unwrap().unwrap().records == mapped());
        last = next;
    }
}

#[test]
fn a_retention_keeps_the_last_ones() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path(), Format::Parquet);
    for (number, time) in [(0, 300), (1, 100), (2, 200)] {
        let path = store
            .save_batch("o", number, &records(&[r#"{"a": 1}"#]))
            .unwrap();
        set_time(&path, time);
    }
    let batch = |number| CheckpointName::batch("o", number).unwrap();
    let bytes = store.list().unwrap()[0].bytes;
    let goes = |retention: Retention| retention.goes(&store.list().unwrap());
    assert_eq!(goes(Retention::new()), []);
    assert_eq!(goes(Retention::new().keep_last(2)), [batch(1)]);
    assert_eq!(goes(Retention::new().max_bytes(bytes * 2)), [batch(1)]);
    assert_eq!(
        goes(Retention::new().max_bytes(bytes).keep_last(2)),
        [batch(1), batch(2)]
    );
    assert_eq!(
        store.retain(Retention::new().keep_last(1)).unwrap(),
        [batch(1), batch(2)]
    );
    assert_eq!(store.list().unwrap().len(), 1);
    assert_eq!(
        store.retain(Retention::new().keep_last(0)).unwrap(),
        [batch(0)]
    );
    assert_eq!(store.list().unwrap(), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_changes_come_back(picks in prop::collection::vec((0..30usize, 0..6u8), 0..40)) {
        let base: Vec<Record> = given().into_iter().take(30).collect();
        let made: Vec<Record> = picks.into_iter().map(|(at, change)| {
            let mut record = base[at].clone();
            match change {
                0 => drop(record.remove("id")),
                1 => drop(record.insert("text", at as i64)),
                2 => record = record.iter().map(|(key, value)| (key, value.clone())).collect::<Vec<_>>().into_iter().rev().collect(),
                3 => record = Record::new(),
                _ => {}
            }
            record
        }).collect();
        let folder = tempfile::tempdir().unwrap();
        let store = store_in(folder.path(), Format::Parquet);
        store.save("s", "given", &base).unwrap();
        store.save_since(&name("made"), &name("given"), &made).unwrap();
        prop_assert_eq!(store.load("s", "made").unwrap().unwrap(), made);
    }
}
