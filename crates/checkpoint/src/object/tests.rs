//! Files of every kind and format: described, verified, rewritten.

use coldpress_record::Batch;
use coldpress_storage::FileStamp;
use proptest::prelude::*;

use super::*;
use crate::delta::tests::world::*;
use crate::{
    Compression, ContainerOptions, DeltaBase, DeltaReader, Error, Format, RowsOptions, RowsReader,
    RowsWriter,
};
use coldpress_storage::{MemoryStore, ObjectStore};

fn attempt(sections: &[Vec<Step>], format: (Format, Compression)) -> Attempt<'_> {
    Attempt {
        object: "deltas",
        base: DeltaBase::default(),
        before: &[],
        sections,
        tag: "chain",
        format,
        buffer_bytes: 1000,
    }
}

fn index(store: &MemoryStore, batches: &[Vec<String>]) -> FileStamp {
    let options = RowsOptions {
        with_records: false,
        ..RowsOptions::default()
    };
    let out = store.put_new(&name("index")).unwrap();
    let mut writer = RowsWriter::create(out, &options).unwrap();
    let mut batch = Batch::default();
    for (at, lines) in batches.iter().enumerate() {
        fill(&mut batch, at, lines);
        writer.write(&batch, &fields()).unwrap();
    }
    let rows = writer.rows();
    writer.finish(&manifest(1, "index", rows)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_file_in_another_format_is_the_same_file(
        batches in any_batches(), sections in any_sections(), format in any_format(), other in any_format(),
    ) {
        let (store, target) = (MemoryStore::new(), MemoryStore::new());
        let attempt = attempt(&sections, format);
        let (delta, expected) = attempt.run(&store, &batches);
        let full = attempt.write_full(&store, &batches, sections.len() - 1);
        let options = ContainerOptions { format: other.0, compression: other.1 };
        let delta = rewrite(&store, (&name("deltas"), &delta), &target, &name("new"), &options).unwrap();
        let reader = DeltaReader::open(target.get(&name("new")).unwrap(), &delta).unwrap();
        for (at, expected) in expected.iter().enumerate() {
            let replay = reader.replayer(at as u32 + 1).unwrap();
            prop_assert_eq!(&replayed(replay, &batches).unwrap(), expected);
        }
        let full = rewrite(&store, (&name("full"), &full), &target, &name("full"), &options).unwrap();
        let reader = RowsReader::open(target.get(&name("full")).unwrap(), &full).unwrap();
        prop_assert_eq!(&loaded(reader).unwrap(), expected.last().unwrap());
        for object in ["new", "full"] {
            let described = describe(&target, &name(object)).unwrap();
            prop_assert_eq!((described.format, described.compression), other);
        }
    }

    #[test]
    fn every_damage_is_told(
        batches in any_batches(), sections in any_sections(), format in any_format(),
        at in any::<prop::sample::Index>(), flip in 1u8.., cut in prop::bool::weighted(0.2),
    ) {
        let store = MemoryStore::new();
        let attempt = attempt(&sections, format);
        let (delta, _) = attempt.run(&store, &batches);
        let full = attempt.write_full(&store, &batches, 0);
        let index = index(&store, &batches);
        for (object, stamp) in [("deltas", delta), ("full", full), ("index", index)] {
            let good = verify(&store, &name(object), Some(&stamp)).unwrap();
            prop_assert!(good.is_good(), "{:?}", good.problems);
            prop_assert_eq!(good.stamp, stamp);
            prop_assert!(verify(&store, &name(object), None).unwrap().is_good());
            store.tamper(&name(object), |bytes| {
                let at = at.index(bytes.len());
                if cut { bytes.truncate(at) } else { bytes[at] ^= flip }
            });
            prop_assert!(!verify(&store, &name(object), Some(&stamp)).unwrap().is_good());
            // The call only has to end.
            let _ = verify(&store, &name(object), None).unwrap();
        }
    }
}

#[test]
fn files_are_described() {
    let store = MemoryStore::new();
    let batches: Vec<Vec<String>> =
        vec![vec![r#"{"text": "a text of some words", "other": "o"}"#.to_owned(); 10]; 4];
    let sections = vec![vec![Step::Edit(0, 2, "é".into())], vec![Step::Drop(2, 1)]];
    let attempt = attempt(&sections, (Format::Jsonl, Compression::Lz4));
    attempt.run(&store, &batches);
    attempt.write_full(&store, &batches, 1);
    index(&store, &batches);
    let described = |object| describe(&store, &name(object)).unwrap();
    let delta = described("deltas");
    assert_eq!(
        (delta.kind, delta.partition, delta.base),
        (ObjectKind::Delta, 3, Some(DeltaBase::default()))
    );
    assert_eq!(
        (delta.format, delta.compression),
        (Format::Jsonl, Compression::Lz4)
    );
    let told: Vec<_> = delta
        .sections
        .iter()
        .map(|section| {
            (
                section.operation,
                section.operator.as_deref(),
                section.rows,
                section.parts,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, Some("operator_0"), 40, Some(4)),
            (2, Some("operator_1"), 20, Some(4))
        ]
    );
    assert!(
        delta
            .sections
            .iter()
            .all(|section| section.plain_bytes > 0 && section.stored_bytes > 0)
    );
    let full = described("full");
    assert_eq!(
        (full.kind, full.sections[0].rows, full.sections[0].operation),
        (ObjectKind::Full, 20, 2)
    );
    assert!(full.sections[0].plain_bytes > 20 * 40);
    let index = described("index");
    assert_eq!(
        (index.kind, index.sections[0].rows),
        (ObjectKind::Index, 40)
    );
    assert_eq!(serde_json::to_value(&index).unwrap()["kind"], "index");
}

#[test]
fn frozen_files_are_described_verified_and_rewritten() {
    let files: [(&[u8], ObjectKind, Compression); 3] = [
        (
            include_bytes!("../../testdata/rows_v1_zstd.parquet"),
            ObjectKind::Full,
            Compression::Zstd,
        ),
        (
            include_bytes!("../../testdata/rows_v1_snappy.parquet"),
            ObjectKind::Full,
            Compression::Snappy,
        ),
        (
            include_bytes!("../../testdata/index_v1.parquet"),
            ObjectKind::Index,
            Compression::None,
        ),
    ];
    for (bytes, kind, compression) in files {
        let store = MemoryStore::new();
        store.put_new(&name("old")).unwrap().finish().unwrap();
        store.tamper(&name("old"), |stored| *stored = bytes.to_vec());
        let stamp = FileStamp::of(bytes);
        let verified = verify(&store, &name("old"), Some(&stamp)).unwrap();
        assert!(verified.is_good(), "{:?}", verified.problems);
        let described = verified.description.unwrap();
        assert_eq!((described.kind, described.compression), (kind, compression));
        assert_eq!(described.sections[0].rows, 3);
        assert!(described.sections[0].stored_bytes > 0);
        for (at, format) in FORMATS.into_iter().enumerate() {
            let options = ContainerOptions {
                format,
                compression,
            };
            let to = name(&format!("new{at}"));
            let new = rewrite(&store, (&name("old"), &stamp), &store, &to, &options).unwrap();
            assert!(verify(&store, &to, Some(&new)).unwrap().is_good());
        }
    }
}

#[test]
fn what_is_missing_or_of_another_kind_is_told() {
    let store = MemoryStore::new();
    assert!(verify(&store, &name("a"), None).unwrap_err().is_not_found());
    assert!(describe(&store, &name("a")).unwrap_err().is_not_found());
    let full =
        attempt(&[Vec::new()], (Format::Arrow, Compression::None)).write_full(&store, &[], 0);
    let error = DeltaReader::open(store.get(&name("full")).unwrap(), &full).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`full` is damaged: it is not a delta file"
    );
    let (delta, _) = attempt(&[Vec::new()], (Format::Arrow, Compression::None)).run(&store, &[]);
    let error = RowsReader::open(store.get(&name("deltas")).unwrap(), &delta).unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
}
