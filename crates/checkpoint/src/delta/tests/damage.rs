//! Whatever happens to a file, it never gives rows other than those that were there.

use super::*;

fn bytes_of(store: &MemoryStore, object: &str) -> Vec<u8> {
    let reader = store.get(&name(object)).unwrap();
    let mut bytes = vec![0; reader.len() as usize];
    reader.read_at(0, &mut bytes).unwrap();
    bytes
}

/// Replays everything usable of a damaged file, which must be what was there. Returns the number of usable sections.
fn check_damaged(store: &MemoryStore, batches: &[Vec<String>], expected: &[Vec<Shown>]) -> usize {
    let opened = DeltaReader::open_damaged(store.get(&name("deltas")).unwrap());
    let (delta, damages) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            assert!(error.is_unusable(), "{error}");
            return 0;
        }
    };
    assert_eq!(delta.sections().len() == expected.len(), damages.is_empty());
    for (at, section) in delta.sections().iter().enumerate() {
        let replay = delta.replayer(section.manifest.operation).unwrap();
        assert_eq!(replayed(replay, batches).unwrap(), expected[at]);
    }
    delta.sections().len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn damage_is_found_and_what_is_before_it_can_be_used(
        batches in any_batches(), sections in any_sections(), format in any_format(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 0..4),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()), near_end in any::<bool>(),
    ) {
        let store = MemoryStore::new();
        let (stamp, expected) = attempt(&sections, format).run(&store, &batches);
        let original = bytes_of(&store, "deltas");
        store.tamper(&name("deltas"), |bytes| {
            let from = if near_end { bytes.len().saturating_sub(1500) } else { 0 };
            for (at, flip) in &changes {
                let at = from + at.index(bytes.len() - from);
                bytes[at] ^= flip;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
        });
        let opened = DeltaReader::open(store.get(&name("deltas")).unwrap(), &stamp);
        prop_assert_eq!(opened.is_ok(), bytes_of(&store, "deltas") == original);
        let usable = check_damaged(&store, &batches, &expected);
        prop_assert!(changes.len() + usize::from(cut.is_some()) > 0 || usable == expected.len());
    }

    #[test]
    fn noise_is_no_delta_file(noise in prop::collection::vec(any::<u8>(), 0..300), head in 0usize..5) {
        let heads: [&[u8]; 5] = [b"", b"PAR1", b"ARROW1\0\0", b"{", &[0x28, 0xB5, 0x2F, 0xFD]];
        let mut bytes = heads[head].to_vec();
        bytes.extend_from_slice(&noise);
        bytes.extend_from_slice(heads[head]);
        let store = MemoryStore::new();
        store.put_new(&name("deltas")).unwrap().finish().unwrap();
        store.tamper(&name("deltas"), |stored| stored.clone_from(&bytes));
        let error = DeltaReader::open_damaged(store.get(&name("deltas")).unwrap()).unwrap_err();
        prop_assert!(error.is_unusable(), "{}", error);
        let stamp = FileStamp::of(&bytes);
        let error = DeltaReader::open(store.get(&name("deltas")).unwrap(), &stamp).unwrap_err();
        prop_assert!(error.is_unusable(), "{}", error);
    }
}

fn batches() -> Vec<Vec<String>> {
    let line = |row| format!(r#"{{"text": "row {row} of a batch", "other": "{row}"}}"#);
    (1..9)
        .map(|rows| (0..rows * 3).map(line).collect())
        .collect()
}

fn sections() -> Vec<Vec<Step>> {
    vec![
        vec![Step::Edit(2, 3, "é".into())],
        vec![Step::Drop(3, 1)],
        vec![Step::Split(true)],
    ]
}

#[test]
fn any_byte_of_a_section_costs_that_section_and_those_behind_it() {
    for format in FORMATS {
        let store = MemoryStore::new();
        let (_, expected) =
            attempt(&sections(), (format, Compression::None)).run(&store, &batches());
        let (delta, damages) =
            DeltaReader::open_damaged(store.get(&name("deltas")).unwrap()).unwrap();
        assert_eq!(damages, []);
        for section in 0..3 {
            for group in delta.groups(section) {
                let group = delta.container().groups()[group];
                for at in [
                    group.offset,
                    group.offset + group.stored_bytes / 2,
                    group.offset + group.stored_bytes - 1,
                ] {
                    store.tamper(&name("deltas"), |bytes| bytes[at as usize] ^= 1);
                    let (damaged, damages) =
                        DeltaReader::open_damaged(store.get(&name("deltas")).unwrap()).unwrap();
                    assert_eq!(damaged.sections().len(), section, "{format} {at}");
                    assert_eq!(damages.len(), 1);
                    assert_eq!(damages[0].operation as usize, section + 1);
                    assert_eq!(check_damaged(&store, &batches(), &expected), section);
                    assert!(damaged.replayer(section as u32 + 1).is_err());
                    store.tamper(&name("deltas"), |bytes| bytes[at as usize] ^= 1);
                }
            }
        }
    }
}

#[test]
fn no_byte_can_change_unseen() {
    for format in FORMATS {
        for compression in [Compression::None, Compression::Zstd] {
            let store = MemoryStore::new();
            let few = &batches()[..2];
            let (_, expected) = attempt(&sections(), (format, compression)).run(&store, few);
            let length = bytes_of(&store, "deltas").len();
            let mut unharmed = 0;
            for at in 0..length {
                store.tamper(&name("deltas"), |bytes| bytes[at] ^= 0x10);
                unharmed += usize::from(check_damaged(&store, few, &expected) == expected.len());
                store.tamper(&name("deltas"), |bytes| bytes[at] ^= 0x10);
            }
            // The first bytes of a file are repeated in its footer.
            let head = match format {
                Format::Parquet => 4,
                Format::Arrow => 1000,
                Format::Jsonl => 0,
            };
            assert!(unharmed <= head, "{format}: {unharmed}");
        }
    }
}

#[test]
fn empty_and_swapped_files_are_refused() {
    let store = MemoryStore::new();
    let format = (Format::Parquet, Compression::Snappy);
    let sections = sections();
    let (stamp, expected) = attempt(&sections, format).run(&store, &batches());
    let other = Attempt {
        object: "other",
        tag: "other",
        ..attempt(&sections[..2], format)
    };
    let (other_stamp, _) = other.run(&store, &batches());
    let (bytes, other_bytes) = (bytes_of(&store, "deltas"), bytes_of(&store, "other"));
    store.tamper(&name("deltas"), |stored| *stored = other_bytes);
    store.tamper(&name("other"), |stored| *stored = bytes);
    for (object, stamp) in [("deltas", stamp), ("other", other_stamp)] {
        let error = DeltaReader::open(store.get(&name(object)).unwrap(), &stamp).unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    }
    // The file is whole, so only its own content gives it away.
    let (swapped, _) = DeltaReader::open_damaged(store.get(&name("deltas")).unwrap()).unwrap();
    assert_eq!(swapped.sections()[1].manifest.chain, "other 1");
    store.tamper(&name("deltas"), Vec::clear);
    assert_eq!(check_damaged(&store, &batches(), &expected), 0);
}
