//! A replay gives what was there, and never anything else.

use coldpress_record::{Batch, DeclaredFields};
use coldpress_storage::FileStamp;
use proptest::prelude::*;

use super::*;
use crate::{Compression, Error, Format, RowsReader};
use coldpress_storage::{MemoryStore, ObjectStore};

mod damage;
mod frozen;
pub(crate) mod world;

use world::*;

fn attempt<'a>(sections: &'a [Vec<Step>], format: (Format, Compression)) -> Attempt<'a> {
    Attempt {
        object: "deltas",
        base: DeltaBase::default(),
        before: &[],
        sections,
        tag: "first",
        format,
        buffer_bytes: 300,
    }
}

fn open(store: &MemoryStore, object: &str, stamp: &FileStamp) -> DeltaReader {
    DeltaReader::open(store.get(&name(object)).unwrap(), stamp).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_delta_leads_to_the_rows_of_a_full_checkpoint(
        batches in any_batches(), sections in any_sections(), format in any_format(),
        buffer_bytes in prop::sample::select(vec![0, 200, 1 << 20]), point in any::<prop::sample::Index>(),
    ) {
        let store = MemoryStore::new();
        let attempt = Attempt { buffer_bytes, ..attempt(&sections, format) };
        let (stamp, expected) = attempt.run(&store, &batches);
        let delta = open(&store, "deltas", &stamp);
        prop_assert_eq!(delta.sections().len(), sections.len());
        for (at, section) in delta.sections().iter().enumerate() {
            let operation = at as u32 + 1;
            let chain = attempt.chain(at);
            prop_assert_eq!(&section.manifest, &manifest(operation, &chain, expected[at].len() as u64));
            prop_assert_eq!(section.parts as usize, batches.len());
            let rows = replayed(delta.replayer(operation).unwrap(), &batches).unwrap();
            prop_assert_eq!(&rows, &expected[at]);
        }
        let point = point.index(sections.len());
        let full = attempt.write_full(&store, &batches, point);
        let full = RowsReader::open(store.get(&name("full")).unwrap(), &full).unwrap();
        prop_assert_eq!(&loaded(full).unwrap(), &expected[point]);
        let (_, damages) = DeltaReader::open_damaged(store.get(&name("deltas")).unwrap()).unwrap();
        prop_assert_eq!(damages, []);
    }

    #[test]
    fn files_that_go_on_from_each_other_are_a_chain(
        batches in any_batches(), first in any_sections(), second in any_sections(), third in any_sections(),
        format in any_format(), cut in any::<prop::sample::Index>(), other_cut in any::<prop::sample::Index>(),
    ) {
        let store = MemoryStore::new();
        let (cut, other_cut) = (cut.index(first.len()), other_cut.index(second.len()));
        let one = attempt(&first, format);
        let (one_stamp, _) = one.run(&store, &batches);
        let mut before = first[..=cut].to_vec();
        let base = |operation: usize, chain: String| DeltaBase { operation: operation as u32, chain, files: Vec::new() };
        let two = Attempt {
            object: "second", base: base(cut + 1, one.chain(cut)), before: &before, tag: "second",
            ..attempt(&second, format)
        };
        let (two_stamp, two_rows) = two.run(&store, &batches);
        let two_chain = two.chain(other_cut);
        before.extend_from_slice(&second[..=other_cut]);
        let three = Attempt {
            object: "third", base: base(cut + other_cut + 2, two_chain), before: &before, tag: "third",
            ..attempt(&third, format)
        };
        let (three_stamp, three_rows) = three.run(&store, &batches);
        let files = vec![
            open(&store, "deltas", &one_stamp), open(&store, "second", &two_stamp), open(&store, "third", &three_stamp),
        ];
        let chain = DeltaChain::new(files.clone()).unwrap();
        let operations: Vec<u32> = chain.sections().map(|section| section.manifest.operation).collect();
        prop_assert_eq!(operations, (1..=(cut + other_cut + 2 + third.len()) as u32).collect::<Vec<_>>());
        for (at, expected) in three_rows.iter().enumerate() {
            let replay = chain.replayer((cut + other_cut + 3 + at) as u32).unwrap();
            prop_assert_eq!(&replay.manifest().unwrap().manifest.chain, &three.chain(at));
            prop_assert_eq!(&replayed(replay, &batches).unwrap(), expected);
        }
        let replay = chain.replayer((cut + other_cut + 2) as u32).unwrap();
        prop_assert_eq!(&replayed(replay, &batches).unwrap(), &two_rows[other_cut]);
        prop_assert!(chain.replayer((cut + other_cut + 3 + third.len()) as u32).is_err());
        // The third file does not continue from the first.
        prop_assert!(DeltaChain::new(vec![files[0].clone(), files[2].clone()]).is_err());
    }

    #[test]
    fn other_batches_are_refused(batches in any_batches(), sections in any_sections(), format in any_format()) {
        let store = MemoryStore::new();
        let (stamp, _) = attempt(&sections, format).run(&store, &batches);
        let delta = open(&store, "deltas", &stamp);
        let last = sections.len() as u32;
        let replay = || delta.replayer(last).unwrap();
        let mut more = batches.clone();
        more.push(Vec::new());
        prop_assert!(replayed(replay(), &more).unwrap_err().is_unusable());
        if let Some(fewer) = batches.len().checked_sub(1) {
            prop_assert!(replayed(replay(), &batches[..fewer]).unwrap_err().is_unusable());
            let mut longer = batches.clone();
            longer[0].push(r#"{"text": "", "other": ""}"#.to_owned());
            prop_assert!(replayed(replay(), &longer).unwrap_err().is_unusable());
        }
        prop_assert!(delta.replayer(last + 1).unwrap_err().is_unusable());
        prop_assert!(delta.replayer(0).unwrap_err().is_unusable());
    }
}

#[test]
fn every_format_and_compression_is_written_and_read() {
    let batches: Vec<Vec<String>> = (0..20)
        .map(|at| {
            (0..at)
                .map(|row| format!(r#"{{"text": "row {row} of {at}", "other": ""}}"#))
                .collect()
        })
        .collect();
    let sections = vec![
        vec![Step::Edit(2, 3, "é".into())],
        vec![Step::Drop(3, 1)],
        vec![Step::Split(true)],
    ];
    for format in FORMATS {
        for compression in COMPRESSIONS {
            let store = MemoryStore::new();
            let (stamp, expected) = attempt(&sections, (format, compression)).run(&store, &batches);
            let delta = open(&store, "deltas", &stamp);
            assert_eq!(delta.container().format(), format);
            assert_eq!(delta.container().compression(), compression);
            let rows = replayed(delta.replayer(3).unwrap(), &batches).unwrap();
            assert_eq!(rows, expected[2], "{format} {compression}");
        }
    }
}

#[test]
fn fields_and_statistics_are_found_by_name() {
    let batches = vec![vec![r#"{"text": "some text", "other": "o"}"#.to_owned()]];
    let stat = Step::Stat(1, coldpress_record::StatValue::Int(7));
    let sections = vec![vec![Step::Edit(0, 1, "x".into())], vec![stat]];
    let store = MemoryStore::new();
    let (stamp, _) = attempt(&sections, (Format::Parquet, Compression::Zstd)).run(&store, &batches);
    let delta = open(&store, "deltas", &stamp);
    let replay = |operation, names: &[&str], stats: &[&str]| {
        let fields = DeclaredFields::new(names.iter().copied());
        let mut lines = coldpress_record::Lines::new(0);
        lines.push(0, batches[0][0].as_bytes());
        let mut batch = Batch::default();
        batch.fill(&mut lines, &fields, &mut Vec::new());
        batch.reset_stats(stats.iter().copied());
        let mut replay = delta.replayer(operation).unwrap();
        replay.next(&mut batch, &fields).map(|()| batch)
    };
    // Row 0's edit is of `other`, the statistic is `b.ratio`.
    let batch = replay(2, &["text", "more", "other"], &["z", "b.ratio", "a", "é"]).unwrap();
    assert_eq!(batch.text(2, 0), Ok("x"));
    assert_eq!(
        batch.stats().get(1, 0),
        Some(&coldpress_record::StatValue::Int(7))
    );
    // Fields that the replayed sections do not use may be missing.
    replay(1, &["other"], &[]).unwrap();
    // So may a statistic that nobody asks for any more.
    let batch = replay(2, &["other"], &["a"]).unwrap();
    assert_eq!(batch.stats().get(0, 0), None);
    let error = replay(2, &["text"], &["a"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`deltas` is damaged: its section after operator 1: what was recorded does not fit the records, \
         or they lack `other`"
    );
    assert!(replay(1, &["text"], &[]).unwrap_err().is_unusable());
}

#[test]
fn the_writer_holds_no_more_than_its_bound() {
    let store = MemoryStore::new();
    let fields = field_names();
    let base = DeltaBase::default();
    let options = DeltaOptions {
        format: Format::Arrow,
        compression: Compression::None,
        fields: &fields,
        stats: &[],
        base: &base,
    };
    let mut writer = DeltaWriter::create(store.put_new(&name("a")).unwrap(), &options).unwrap();
    let part = vec![7_u8; 1 << 20];
    for _ in 0..25 {
        for section in 0..3 {
            writer.write_part(section, 0, 0, &part).unwrap();
            assert!(
                writer.buffered_bytes() <= (32 << 20),
                "{}",
                writer.buffered_bytes()
            );
        }
    }
    let manifests = [1, 2, 3].map(|operation| manifest(operation, "", 0));
    let stamp = writer.finish(&manifest(3, "", 0), &manifests).unwrap();
    let delta = open(&store, "a", &stamp);
    let largest = delta
        .container()
        .groups()
        .iter()
        .map(|group| group.plain_bytes)
        .max();
    assert!(largest.unwrap() < 12 << 20, "{largest:?}");
    assert_eq!(delta.container().groups().len(), 9);
    let (_, damages) = DeltaReader::open_damaged(store.get(&name("a")).unwrap()).unwrap();
    assert_eq!(damages, []);
}

#[test]
fn sections_that_do_not_meet_are_found() {
    let store = MemoryStore::new();
    let (fields, base) = (field_names(), DeltaBase::default());
    let options = DeltaOptions {
        format: Format::Arrow,
        compression: Compression::None,
        fields: &fields,
        stats: &[],
        base: &base,
    };
    let mut writer = DeltaWriter::create(store.put_new(&name("a")).unwrap(), &options).unwrap();
    for (section, before, after) in [(0, 5, 4), (1, 3, 3), (2, 3, 1)] {
        writer.write_part(section, before, after, b"").unwrap();
    }
    let manifests = [(1, 4), (2, 3), (3, 1)].map(|(operation, rows)| manifest(operation, "", rows));
    writer.finish(&manifest(3, "", 0), &manifests).unwrap();
    let (delta, damages) = DeltaReader::open_damaged(store.get(&name("a")).unwrap()).unwrap();
    assert_eq!(delta.sections().len(), 1);
    let reason = "its section after operator 2: it begins with 3 rows where 4 were left";
    assert_eq!(
        damages,
        [SectionDamage {
            operation: 2,
            reason: reason.to_owned()
        }]
    );
}

#[test]
fn manifests_that_do_not_fit_publish_nothing() {
    let fields = field_names();
    let base = DeltaBase {
        operation: 2,
        ..DeltaBase::default()
    };
    let options = DeltaOptions {
        format: Format::Jsonl,
        compression: Compression::None,
        fields: &fields,
        stats: &[],
        base: &base,
    };
    let store = MemoryStore::new();
    let finish = |parts: &[(usize, u32)], manifests: &[crate::Manifest]| {
        let mut writer = DeltaWriter::create(store.put_new(&name("a")).unwrap(), &options).unwrap();
        for (section, after) in parts {
            writer.write_part(*section, *after, *after, b"").unwrap();
        }
        writer
            .finish(&manifest(9, "", 0), manifests)
            .unwrap_err()
            .to_string()
    };
    let other = crate::Manifest {
        partition: 4,
        ..manifest(3, "", 5)
    };
    let cases = [
        (finish(&[(0, 5)], &[]), "1 sections have 0 manifests"),
        (
            finish(&[(0, 5)], &[manifest(3, "", 6)]),
            "a manifest says 6 rows, its section has 5",
        ),
        (
            finish(&[(0, 5)], &[manifest(2, "", 5)]),
            "the points of its sections do not rise",
        ),
        (
            finish(&[(0, 5)], &[other]),
            "its manifests are of several partitions",
        ),
        (
            finish(
                &[(0, 5), (0, 0), (1, 5)],
                &[manifest(3, "", 5), manifest(4, "", 5)],
            ),
            "its sections have 2 and 1 parts",
        ),
    ];
    for (error, expected) in cases {
        assert_eq!(error, format!("cannot write `a`: {expected}"));
    }
    assert_eq!(store.list("").unwrap(), []);
}

#[test]
fn a_newer_file_is_refused_by_name_of_both_versions() {
    let store = MemoryStore::new();
    let sections = vec![Vec::new()];
    let (_, _) = attempt(&sections, (Format::Jsonl, Compression::None)).run(&store, &[]);
    let container =
        crate::ContainerReader::open_unverified(store.get(&name("deltas")).unwrap()).unwrap();
    let newer = container
        .manifest_json()
        .replace("\"schema_version\":1", "\"schema_version\":7");
    let options = crate::ContainerOptions::default();
    let out = store.put_new(&name("newer")).unwrap();
    let writer = crate::ContainerWriter::create(out, columns::schema(), &options).unwrap();
    let stamp = writer.finish(newer).unwrap();
    let error = DeltaReader::open(store.get(&name("newer")).unwrap(), &stamp).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Newer {
                found: 7,
                supported: 1,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn readers_and_writers_go_to_other_threads() {
    fn check<T: Send>() {}
    check::<DeltaWriter>();
    check::<DeltaReader>();
    check::<DeltaChain>();
    check::<DeltaReplay>();
}
