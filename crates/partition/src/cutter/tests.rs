use std::fs;

use coldpress_dataset::{FileCompression, RowsEncoder, resolve};
use coldpress_storage::{Digest, LocalStore, verify};
use proptest::prelude::*;

use super::*;

fn sources(folder: &std::path::Path, files: &[(&str, Vec<u8>)]) -> Vec<Source> {
    let paths: Vec<String> = files
        .iter()
        .map(|(name, bytes)| {
            let path = folder.join(name);
            fs::write(&path, bytes).unwrap();
            path.display().to_string()
        })
        .collect();
    resolve(&paths, &[]).unwrap().sources
}

fn copies(folder: &std::path::Path, epoch: u64) -> CopyPlace {
    let store = LocalStore::new(folder.join("copies"));
    CopyPlace::new(std::sync::Arc::new(store), epoch)
}

fn all(mut cutter: Cutter) -> Vec<Cut> {
    std::iter::from_fn(|| cutter.next_cut().unwrap()).collect()
}

fn partitions(cuts: &[Cut]) -> Vec<&PlannedPartition> {
    cuts.iter()
        .filter_map(|cut| {
            if let Cut::Partition(partition) = cut {
                Some(partition)
            } else {
                None
            }
        })
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = RowsEncoder::new(Vec::new(), FileCompression::Gzip).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_partition_ends_where_the_first_limit_does() {
    let folder = tempfile::tempdir().unwrap();
    let text = "{\"n\": 1}\n{\"n\": 2}\n\n{\"longer\": \"record\"}\n{\"n\": 3}\n\n";
    let cut = |settings: CutSettings| {
        let sources = sources(
            folder.path(),
            &[("a.jsonl", text.into()), ("b.jsonl", b"{}".to_vec())],
        );
        let cuts = all(Cutter::new(sources, settings, copies(folder.path(), 1)));
        partitions(&cuts)
            .iter()
            .map(|p| (p.slice.source, p.slice.start, p.slice.end, p.slice.records))
            .collect::<Vec<_>>()
    };
    let by_records = CutSettings {
        max_records: 2,
        ..CutSettings::default()
    };
    assert_eq!(
        cut(by_records),
        [(0, 0, 19, 2), (0, 19, 50, 2), (1, 0, 2, 1)]
    );
    let by_bytes = CutSettings {
        max_bytes: 20,
        ..CutSettings::default()
    };
    assert_eq!(
        cut(by_bytes),
        [(0, 0, 19, 2), (0, 19, 40, 1), (0, 40, 50, 1), (1, 0, 2, 1)]
    );
    let limited = CutSettings {
        limit: Some(3),
        max_records: 2,
        ..CutSettings::default()
    };
    assert_eq!(cut(limited), [(0, 0, 19, 2), (0, 19, 40, 1)]);
    let limited = CutSettings {
        limit: Some(4),
        ..CutSettings::default()
    };
    assert_eq!(cut(limited), [(0, 0, 50, 4)]);
}

#[test]
fn what_cannot_be_sought_is_copied_but_for_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let text: String = (0..10).map(|n| format!("{{\"n\": {n}}}\n")).collect();
    let sources = sources(folder.path(), &[("a.jsonl.gz", gzip(text.as_bytes()))]);
    let settings = CutSettings {
        max_records: 4,
        ..CutSettings::default()
    };
    let cuts = all(Cutter::new(sources, settings, copies(folder.path(), 7)));
    let copies: Vec<_> = partitions(&cuts)
        .iter()
        .map(|p| p.slice.copy.clone())
        .collect();
    assert!(copies[0].is_none());
    let second = copies[1].as_ref().unwrap();
    assert_eq!(second.to_string(), "partitions/partition_000001.e7.jsonl");
    let path = folder.path().join("copies/partition_000001.e7.jsonl");
    verify(&path, &second.stamp).unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), text[36..72]);
}

#[test]
fn damage_is_told_behind_what_could_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut packed = gzip(b"{}\n{}\n");
    packed.extend_from_slice(b"garbage");
    let sources = sources(
        folder.path(),
        &[("a.jsonl.gz", packed), ("b.jsonl", b"{}\n".to_vec())],
    );
    let cuts = all(Cutter::new(
        sources,
        CutSettings::default(),
        copies(folder.path(), 1),
    ));
    assert_eq!(cuts.len(), 3);
    assert!(
        matches!(
            &cuts[1],
            Cut::Damage {
                source: 0,
                position: 6,
                ..
            }
        ),
        "{cuts:?}"
    );
    assert_eq!(partitions(&cuts).last().unwrap().first_record, 2);
}

#[test]
fn a_record_too_long_to_hold_is_counted_and_hashed() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("{{\"text\": \"{}\"}}\n", "x".repeat(600_000));
    let text = format!("{{\"n\": 1}}\n{long}{{\"n\": 2}}\n");
    let sources = sources(folder.path(), &[("a.jsonl", text.clone().into_bytes())]);
    let settings = CutSettings {
        max_record_bytes: 300_000,
        ..CutSettings::default()
    };
    let cuts = all(Cutter::new(sources, settings, copies(folder.path(), 1)));
    let found: Vec<_> = partitions(&cuts)
        .iter()
        .map(|p| (p.slice.start, p.slice.records, p.slice.digest))
        .collect();
    let bytes = text.as_bytes();
    assert_eq!(
        found,
        [
            (0, 1, Digest::of(&bytes[..9])),
            (9, 2, Digest::of(&bytes[9..]))
        ]
    );
}

#[test]
fn marks_are_the_same_under_every_cut() {
    let folder = tempfile::tempdir().unwrap();
    let text: String = (0..3500).map(|n| format!("{{\"n\": {n}}}\n")).collect();
    let marks = |max_records| {
        let sources = sources(
            folder.path(),
            &[
                ("a.jsonl", text.clone().into_bytes()),
                ("b.jsonl", b"{}\n".repeat(1200)),
            ],
        );
        let settings = CutSettings {
            max_records,
            ..CutSettings::default()
        };
        let cuts = all(Cutter::new(sources, settings, copies(folder.path(), 1)));
        let marks = |p: &PlannedPartition| {
            p.mark_numbers()
                .zip(p.slice.marks.clone())
                .collect::<Vec<_>>()
        };
        partitions(&cuts)
            .into_iter()
            .flat_map(marks)
            .collect::<Vec<_>>()
    };
    let expected = marks(1_000_000);
    assert_eq!(
        expected
            .iter()
            .map(|(number, _)| *number)
            .collect::<Vec<_>>(),
        [1000, 2000, 3000, 4000]
    );
    assert_eq!(expected[3].1, 500 * 3);
    for max_records in [1, 7, 999, 1000, 1001] {
        assert_eq!(marks(max_records), expected, "{max_records}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn slices_cover_the_records_once_and_resume_where_they_were(
        files in prop::collection::vec(prop::collection::vec("[a-z ]{0,30}", 0..20), 1..4),
        packed in any::<bool>(),
        max_records in 1u64..6,
        max_bytes in 1u64..200,
        limit in prop::option::of(0u64..40),
        stop_after in 0usize..10,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let texts: Vec<String> = files.iter().map(|lines| lines.iter().map(|line| format!("{line}\n")).collect()).collect();
        let named: Vec<(String, Vec<u8>)> = texts.iter().enumerate().map(|(at, text)| {
            if packed { (format!("{at}.jsonl.gz"), gzip(text.as_bytes())) } else { (format!("{at}.jsonl"), text.clone().into_bytes()) }
        }).collect();
        let named: Vec<(&str, Vec<u8>)> = named.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
        let sources = sources(folder.path(), &named);
        let settings = CutSettings { max_records, max_bytes, limit, ..CutSettings::default() };
        let cutter = |epoch| Cutter::new(sources.clone(), settings.clone(), copies(folder.path(), epoch));
        let cuts = all(cutter(1));
        let found = partitions(&cuts);
        let wanted = texts.iter().flat_map(|text| text.lines()).filter(|line| !line.trim().is_empty()).count() as u64;
        let counted: u64 = found.iter().map(|p| p.slice.records).sum();
        prop_assert_eq!(counted, limit.map_or(wanted, |limit| limit.min(wanted)));
        let mut first_record = 0;
        for (at, partition) in found.iter().enumerate() {
            let slice = &partition.slice;
            let bytes = &texts[slice.source as usize].as_bytes()[slice.start as usize..slice.end as usize];
            prop_assert_eq!((partition.index, partition.first_record), (at as u32, first_record));
            prop_assert_eq!(slice.digest, Digest::of(bytes));
            prop_assert!(slice.records <= max_records && slice.records > 0);
            first_record += slice.records;
        }
        for (at, source) in sources.iter().enumerate() {
            let slices: Vec<_> = found.iter().map(|p| &p.slice).filter(|slice| slice.source as usize == at).collect();
            crate::verify_slices(source, &slices, settings.max_record_bytes).unwrap();
        }
        if let Some(last) = found.get(stop_after) {
            let mut resumed = cutter(2);
            let of_source = found[..=stop_after].iter().filter(|p| p.slice.source == last.slice.source);
            resumed.resume_after(last, of_source.count() as u64);
            let rest = all(resumed);
            let plain = |p: &PlannedPartition| (p.index, p.first_record, p.slice.start, p.slice.end, p.slice.digest);
            let rest: Vec<_> = partitions(&rest).into_iter().map(plain).collect();
            let expected: Vec<_> = found[stop_after + 1..].iter().map(|p| plain(p)).collect();
            prop_assert_eq!(rest, expected);
        }
    }
}
