use coldpress_docetl::{CheckpointName, Format, Record};

use crate::{records, store_in};

#[test]
fn some_keys_and_rows_are_read_alone() {
    let lines = [
        r#"{"a": 1, "b": "x", "c": [1]}"#,
        r#"{"c": null, "a": 2.5}"#,
        r#"{"d": {}}"#,
        r#"{"__rest__": "without a column", "b": "y"}"#,
    ];
    for format in Format::ALL {
        let folder = tempfile::tempdir().unwrap();
        let store = store_in(folder.path(), format);
        store.save("s", "o", &records(&lines)).unwrap();
        let load = |keys: &[&str], rows| store.load_columns("s", "o", keys, rows).unwrap().unwrap();
        assert_eq!(
            load(&["c", "a"], 0..9),
            records(&[
                r#"{"a": 1, "c": [1]}"#,
                r#"{"c": null, "a": 2.5}"#,
                "{}",
                "{}"
            ])
        );
        assert_eq!(
            load(&["__rest__"], 2..4),
            records(&["{}", r#"{"__rest__": "without a column"}"#])
        );
        assert_eq!(load(&["b"], 3..4), records(&[r#"{"b": "y"}"#]));
        // A key that an earlier run did not have.
        assert_eq!(load(&["new"], 0..2), records(&["{}", "{}"]));
        assert_eq!(load(&[], 1..3), records(&["{}", "{}"]));
        assert_eq!(load(&["a"], 4..9), []);
        assert_eq!(
            store.load_rows("s", "o", 1..3).unwrap().unwrap(),
            records(&lines[1..3])
        );
        assert_eq!(store.load_columns("s", "none", &["a"], 0..1).unwrap(), None);
    }
}

#[test]
fn rows_are_found_across_row_groups() {
    let written: Vec<Record> = (0..100_000)
        .map(|id| [("id", id), ("twice", 2 * id)].into_iter().collect())
        .collect();
    for format in Format::ALL {
        let folder = tempfile::tempdir().unwrap();
        let store = store_in(folder.path(), format);
        store.save("s", "o", &written).unwrap();
        for rows in [0..1, 32_767..32_769, 40_000..99_999, 99_999..100_001, 5..5] {
            let expected = &written[rows.start..rows.end.min(written.len())];
            let rows = rows.start as u64..rows.end as u64;
            assert_eq!(
                store.load_rows("s", "o", rows.clone()).unwrap().unwrap(),
                expected
            );
            let ids = store
                .load_columns("s", "o", &["id"], rows)
                .unwrap()
                .unwrap();
            assert!(
                ids.iter()
                    .zip(expected)
                    .all(|(ids, whole)| ids.len() == 1 && ids.get("id") == whole.get("id"))
            );
            assert_eq!(ids.len(), expected.len());
        }
    }
}

#[test]
fn records_are_written_and_read_a_few_at_a_time() {
    for format in Format::ALL {
        let folder = tempfile::tempdir().unwrap();
        let store = store_in(folder.path(), format);
        let name = CheckpointName::operation("s", "o").unwrap();
        let mut writer = store.writer(&name).unwrap();
        for id in 0..70_000 {
            writer.write([("id", id)].into_iter().collect()).unwrap();
        }
        writer.write_all(&records(&[r#"{"last": true}"#])).unwrap();
        assert_eq!(
            store.load("s", "o").unwrap(),
            None,
            "it is not there before it is finished"
        );
        let saved = writer.finish().unwrap();
        assert_eq!((saved.rows, saved.format), (70_001, format));
        assert_eq!(saved.bytes, std::fs::metadata(&saved.path).unwrap().len());
        let mut reader = store.reader(&name).unwrap().unwrap();
        let mut batches = 0;
        let mut next = 0;
        while let Some(batch) = reader.next_batch().unwrap() {
            batches += 1;
            for record in batch {
                match next {
                    70_000 => assert_eq!(record.to_json(), r#"{"last":true}"#),
                    id => assert_eq!(record.get("id").unwrap().as_i64(), Some(id)),
                }
                next += 1;
            }
        }
        assert_eq!(next, 70_001);
        assert!(batches >= 3, "{batches}");
    }
}

#[test]
fn the_same_records_make_the_same_bytes_with_any_number_of_threads() {
    let written: Vec<Record> = (0..70_000)
        .map(|id| [("id", format!("id {id}"))].into_iter().collect())
        .collect();
    let bytes = [1, 2, 5].map(|threads| {
        let folder = tempfile::tempdir().unwrap();
        let options = coldpress_docetl::Options::new().threads(threads);
        let store = coldpress_docetl::IntermediateStore::open_with(folder.path(), options).unwrap();
        std::fs::read(store.save("s", "o", &written).unwrap()).unwrap()
    });
    assert!(bytes[0] == bytes[1] && bytes[1] == bytes[2]);
}
