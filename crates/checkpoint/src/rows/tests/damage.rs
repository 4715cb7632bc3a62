//! A file that isn't the one that was cited, or isn't a file of rows at all, is detected.

use super::*;

fn bytes_of(store: &MemoryStore, object: &str) -> Vec<u8> {
    let reader = store.get(&name(object)).unwrap();
    let mut bytes = vec![0; reader.len() as usize];
    reader.read_at(0, &mut bytes).unwrap();
    bytes
}

#[test]
fn damage_at_any_byte_and_truncation_at_any_length_are_found_at_once() {
    let store = MemoryStore::new();
    let stamp = write(
        &store,
        "rows",
        &plain_rows(5, 20),
        2,
        &RowsOptions::default(),
    )
    .unwrap();
    let object = name("rows");
    let refused = |what: &str| {
        let error = open(&store, "rows", &stamp).unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }), "{what}: {error}");
        assert!(
            error.to_string().starts_with("`rows` is damaged: it"),
            "{what}: {error}"
        );
    };
    for at in 0..stamp.length as usize {
        for flip in [1, 0x80] {
            store.tamper(&object, |bytes| bytes[at] ^= flip);
            refused(&format!("byte {at}"));
            store.tamper(&object, |bytes| bytes[at] ^= flip);
        }
        let mut tail = Vec::new();
        store.tamper(&object, |bytes| tail = bytes.split_off(at));
        refused(&format!("cut at {at}"));
        store.tamper(&object, |bytes| bytes.append(&mut tail));
    }
    open(&store, "rows", &stamp).unwrap();
}

#[test]
fn a_manifest_that_miscounts_publishes_nothing() {
    let store = MemoryStore::new();
    let options = RowsOptions::default();
    let mut writer = RowsWriter::create(store.put_new(&name("a")).unwrap(), &options).unwrap();
    writer
        .write(&batch_of(&plain_rows(5, 5)), &fields())
        .unwrap();
    let error = writer.finish(&manifest(5)).unwrap_err();
    assert!(matches!(error, Error::Precondition { .. }), "{error}");
    assert_eq!(store.list("").unwrap(), []);
}

#[test]
fn a_store_that_fails_at_any_step_leaves_no_object() {
    let kind = std::io::ErrorKind::StorageFull;
    let rows = plain_rows(1_100, 20_000);
    let options = RowsOptions {
        compression: Compression::None,
        ..RowsOptions::default()
    };
    let mut failures = Vec::new();
    for step in [Step::PutNew, Step::Write, Step::Finish] {
        for after in 0.. {
            let store = MemoryStore::new();
            store.inject(Fault { step, after, kind });
            let Err(error) = write(&store, "a", &rows, 500, &options) else {
                failures.push(after);
                break;
            };
            assert_eq!(error.io_kind(), Some(kind), "{step:?} {after}: {error}");
            assert_eq!(store.list("").unwrap(), []);
        }
    }
    assert!(
        failures[0] == 1 && failures[1] > 5 && failures[2] == 1,
        "{failures:?}"
    );
}

#[test]
fn a_store_that_fails_to_read_is_not_a_damaged_file() {
    let store = MemoryStore::new();
    let stamp = write(
        &store,
        "a",
        &plain_rows(100, 100),
        9,
        &RowsOptions::default(),
    )
    .unwrap();
    let read = || {
        let mut reader = open(&store, "a", &stamp)?;
        let mut block = RowBlock::default();
        while reader.next(&mut block)? {}
        Ok(())
    };
    let mut failures = 0;
    for after in 0.. {
        let kind = std::io::ErrorKind::TimedOut;
        store.inject(Fault {
            step: Step::Read,
            after,
            kind,
        });
        let result: Result<()> = read();
        let Err(error) = result else { break };
        assert_eq!(error.io_kind(), Some(kind), "{error}");
        failures += 1;
    }
    assert!(
        failures >= 4,
        "verifying, footer, metadata and rows are read"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn foreign_bytes_are_an_error_even_where_their_digest_is_cited(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut framed = b"PAR1".to_vec();
        framed.extend_from_slice(&bytes);
        framed.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        framed.extend_from_slice(b"PAR1");
        for bytes in [bytes, framed] {
            let store = MemoryStore::new();
            let error = open_anyway(&store, bytes).unwrap_err();
            prop_assert!(matches!(error, Error::Corrupt { .. }), "{}", error);
        }
    }

    #[test]
    fn a_changed_file_whose_digest_is_cited_is_read_or_refused(
        rows in prop::collection::vec(any_row(), 1..10), compression in compression(), format in format(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), in_footer in any::<bool>(),
    ) {
        let store = MemoryStore::new();
        let stats = stats();
        let options = RowsOptions { format, compression, stats: &stats, ..RowsOptions::default() };
        write(&store, "rows", &rows, 5, &options).unwrap();
        let mut bytes = bytes_of(&store, "rows");
        let from = if in_footer { bytes.len().saturating_sub(1500) } else { 0 };
        for (at, value) in changes {
            let at = from + at.index(bytes.len() - from);
            bytes[at] = value;
        }
        if let Ok(mut reader) = open_anyway(&store, bytes) {
            // Rows with any content are fine, as long as reading ends.
            let mut block = RowBlock::default();
            while matches!(reader.next(&mut block), Ok(true)) {}
        }
    }
}
