use std::io::Write as _;

use proptest::prelude::*;

use super::*;
use crate::DeltaBase;
use crate::delta::tests::world::*;
use coldpress_storage::MemoryStore;

fn free(_: &ObjectName) -> NameUse {
    NameUse::Free
}

fn put(store: &MemoryStore, object: &ObjectName, bytes: &[u8]) {
    store.delete(object).unwrap();
    let mut writer = store.put_new(object).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap();
}

fn bytes(store: &MemoryStore, object: &ObjectName) -> Vec<u8> {
    let reader = store.get(object).unwrap();
    let mut bytes = vec![0; usize::try_from(reader.len()).unwrap()];
    reader.read_at(0, &mut bytes).unwrap();
    bytes
}

fn to(format: Format, compression: Option<Compression>) -> MigrateOptions {
    MigrateOptions {
        format,
        compression,
        dry_run: false,
    }
}

/// Returns a store with a delta file of three sections, and its name and stamp.
fn world(
    batches: &[Vec<String>],
    sections: &[Vec<Step>],
    format: (Format, Compression),
) -> (MemoryStore, ObjectName, FileStamp) {
    let store = MemoryStore::new();
    let object = format!("deltas{}", format.0.suffix(format.1));
    let attempt = Attempt {
        object: &object,
        base: DeltaBase::default(),
        before: &[],
        sections,
        tag: "chain",
        format,
        buffer_bytes: 1000,
    };
    let (stamp, _) = attempt.run(&store, batches);
    (store, name(&object), stamp)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn there_and_back_gives_the_same_bytes(
        batches in any_batches(), sections in any_sections(), format in any_format(), other in any_format(),
    ) {
        prop_assume!(format.0 != other.0);
        let (store, original, stamp) = world(&batches, &sections, format);
        let before = bytes(&store, &original);
        let there = migrate(&store, &original, Some(&stamp), &to(other.0, Some(other.1)), &free).unwrap();
        let copy = name(there.copy().unwrap());
        prop_assert_eq!(&bytes(&store, &original), &before, "the original stays");
        store.delete(&original).unwrap();
        let back = migrate(&store, &copy, None, &to(format.0, Some(format.1)), &free).unwrap();
        prop_assert_eq!(back.copy(), Some(original.as_str()));
        prop_assert_eq!(bytes(&store, &original), before);
    }

    #[test]
    fn what_was_cut_off_is_written_again(
        batches in any_batches(), sections in any_sections(), cut in any::<prop::sample::Index>(),
    ) {
        let (store, original, stamp) = world(&batches, &sections, (Format::Parquet, Compression::Snappy));
        let options = to(Format::Arrow, None);
        let once = || migrate(&store, &original, Some(&stamp), &options, &free).unwrap();
        let copy = name(once().copy().unwrap());
        let whole = bytes(&store, &copy);
        let is_there = |made: &Migrated| matches!(made.outcome, MigrationOutcome::AlreadyThere { .. });
        prop_assert!(is_there(&once()));
        put(&store, &copy, &whole[..cut.index(whole.len())]);
        prop_assert!(!is_there(&once()));
        prop_assert_eq!(bytes(&store, &copy), whole);
    }
}

#[test]
fn what_must_stay_stays() {
    let (batches, sections) = (vec![vec![r#"{"a": 1}"#.to_owned()]], vec![Vec::new()]);
    let (store, original, stamp) = world(&batches, &sections, (Format::Parquet, Compression::Zstd));
    let options = to(Format::Arrow, None);
    let migrate = |options: &MigrateOptions, expected, name_use: NameUse| {
        let made = migrate(&store, &original, expected, options, &|_| name_use);
        made.unwrap().outcome
    };
    let failed = |outcome: MigrationOutcome, part: &str| match outcome {
        MigrationOutcome::Failed { reason } => assert!(reason.contains(part), "{reason}"),
        other => panic!("{other:?}"),
    };
    let same = migrate(&to(Format::Parquet, None), Some(&stamp), NameUse::Free);
    assert_eq!(same, MigrationOutcome::SameFormat);
    let dry = MigrateOptions {
        dry_run: true,
        ..options
    };
    let planned = migrate(&dry, Some(&stamp), NameUse::Free);
    let copy = name("deltas.arrow");
    let to_copy = copy.to_string();
    let MigrationOutcome::Planned { to, bytes: planned } = planned else {
        panic!("{planned:?}");
    };
    // It reports how long the file would be.
    let parquet = (Format::Parquet, Compression::Zstd);
    let (other, there, stamp_there) = world(&batches, &sections, parquet);
    let made = super::migrate(&other, &there, Some(&stamp_there), &options, &|_| {
        NameUse::Free
    });
    let (to_there, bytes_there) = (to_copy.clone(), planned);
    assert_eq!(to, to_copy);
    assert_eq!(
        made.unwrap().outcome,
        MigrationOutcome::Written {
            to: to_there,
            bytes: bytes_there
        }
    );
    assert!(store.get(&copy).is_err());
    failed(
        migrate(&options, Some(&stamp), NameUse::GivenUp),
        "for good",
    );
    // Neither a damaged file that something depends on nor a good one with other content is overwritten.
    put(&store, &copy, b"torn");
    failed(migrate(&options, Some(&stamp), NameUse::Cited), "damaged");
    assert_eq!(bytes(&store, &copy), b"torn");
    let (others, object, _) = world(
        &batches,
        &[Vec::new(), Vec::new()],
        (Format::Arrow, Compression::Lz4),
    );
    put(&store, &copy, &bytes(&others, &object));
    failed(
        migrate(&options, Some(&stamp), NameUse::Free),
        "holds something else",
    );
    // A file that isn't the one that was cited is not migrated either.
    failed(
        migrate(&options, Some(&FileStamp::of(b"other")), NameUse::Free),
        "it is damaged",
    );
}
