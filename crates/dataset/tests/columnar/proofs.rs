use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::datatypes::{Int32Type, Int64Type};
use coldpress_dataset::{KnownParts, TableFile};
use coldpress_storage::Digest;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

use crate::tables::{Layout, open, source, write};

/// Returns rows of a unique text, a text from a dictionary, a list and a number.
fn rows(from: i64, count: i64) -> RecordBatch {
    let ids = from..from + count;
    let texts = ids.clone().map(|id| format!("text {id:05} of this file"));
    let tags: DictionaryArray<Int32Type> = ids
        .clone()
        .map(|id| ["red", "green", "blue"][(id - from) as usize % 3])
        .collect();
    let lists = ids.clone().map(|id| {
        Some(
            (0..id % 4)
                .map(|at| Some(at * 1000 + id))
                .collect::<Vec<_>>(),
        )
    });
    let columns: [(&str, ArrayRef); 4] = [
        ("text", Arc::new(StringArray::from_iter_values(texts))),
        ("tag", Arc::new(tags)),
        (
            "list",
            Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(lists)),
        ),
        ("id", Arc::new(Int64Array::from_iter_values(ids))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn layouts() -> Vec<Layout> {
    let parquet = |version, statistics| {
        let properties = WriterProperties::builder()
            .set_writer_version(version)
            .set_max_row_group_row_count(Some(100))
            .set_data_page_row_count_limit(16)
            .set_write_batch_size(8)
            // Without statistics there is no index, so for lists it is not known which rows a page has.
            .set_offset_index_disabled(statistics == EnabledStatistics::None)
            .set_statistics_enabled(statistics)
            .build();
        Layout::Parquet(Box::new(properties))
    };
    vec![
        parquet(WriterVersion::PARQUET_1_0, EnabledStatistics::None),
        parquet(WriterVersion::PARQUET_1_0, EnabledStatistics::Page),
        parquet(WriterVersion::PARQUET_2_0, EnabledStatistics::None),
        Layout::File(None),
        Layout::Stream(None),
    ]
}

fn planned(table: &TableFile, cuts: &[u64]) -> Vec<Digest> {
    let mut known = KnownParts::default();
    let slices = cuts.windows(2);
    slices
        .map(|cut| table.digest_of_rows(cut[0]..cut[1], &mut known).unwrap())
        .collect()
}

/// Rows and the digest that proves them.
type Proven = (Vec<RecordBatch>, Digest);

/// Reads slices; none where they cannot be read.
fn read_all(table: &TableFile, cuts: &[u64]) -> Vec<Option<Proven>> {
    let read = |cut: &[u64]| {
        let (mut stream, mut rows) = (table.stream(cut[0]..cut[1]).ok()?, Vec::new());
        while let Some(batch) = stream.next_rows().ok()? {
            rows.push(batch);
        }
        Some((rows, stream.finish().ok()?))
    };
    cuts.windows(2).map(read).collect()
}

fn proven(table: &TableFile, cuts: &[u64]) -> Vec<Option<Digest>> {
    let read = read_all(table, cuts).into_iter();
    read.map(|slice| slice.map(|(_, digest)| digest)).collect()
}

const CUTS: [u64; 9] = [0, 7, 40, 99, 100, 101, 180, 230, 300];

fn written(folder: &Path, layout: &Layout) -> std::path::PathBuf {
    let batches = [rows(0, 100), rows(100, 100), rows(200, 100)];
    write(folder, &batches, layout)
}

/// Writes the same rows without the lists.
fn written_flat(folder: &Path, layout: &Layout) -> std::path::PathBuf {
    let batches = [rows(0, 100), rows(100, 100), rows(200, 100)];
    let flat = batches.map(|batch| batch.project(&[0, 1, 3]).unwrap());
    write(folder, &flat, layout)
}

#[test]
fn what_is_read_is_proven_to_be_what_was_planned() {
    let folder = tempfile::tempdir().unwrap();
    for layout in layouts() {
        let table = open(&written(folder.path(), &layout));
        let digests = planned(&table, &CUTS);
        let expected: Vec<_> = digests.iter().copied().map(Some).collect();
        assert_eq!(proven(&table, &CUTS), expected, "{layout:?}");
        for (at, digest) in digests.iter().enumerate() {
            assert!(!digests[..at].contains(digest), "{layout:?}");
        }
    }
}

/// Slice after slice of one open file, forwards and back, gives what each gives alone.
#[test]
fn slices_do_not_depend_on_those_before() {
    let folder = tempfile::tempdir().unwrap();
    for (layout, write) in [(0, written as fn(&Path, &Layout) -> _), (1, written_flat)] {
        let layout = &layouts()[layout];
        let path = write(folder.path(), layout);
        let table = open(&path);
        let forwards = (0..299).map(|row| [row, row + 1]);
        let with_gaps = (0..90).map(|row| [row * 3 + 1, row * 3 + 3]);
        let jumping = (0..90).map(|step| [step * 7919 % 300, 300.min(step * 7919 % 300 + step)]);
        for cuts in forwards.chain(with_gaps).chain(jumping) {
            let expected = read_all(&open(&path), &cuts);
            assert_eq!(read_all(&table, &cuts), expected, "{layout:?} {cuts:?}");
        }
    }
}

#[test]
fn few_rows_are_decoded_with_those_that_follow() {
    let folder = tempfile::tempdir().unwrap();
    let path = written_flat(folder.path(), &layouts()[1]);
    let table = open(&path);
    let cuts: Vec<u64> = (0..=100).collect();
    let digests = planned(&table, &cuts);
    assert_eq!(proven(&table, &[0, 1]), [Some(digests[0])]);
    // Decoded rows are not read again, so a later change of the file is not seen.
    let whole = fs::read(&path).unwrap();
    let found = whole.windows(10).position(|ten| ten == b"text 00003");
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(b"X", found.unwrap() as u64).unwrap();
    assert_eq!(proven(&table, &[3, 4]), [Some(digests[3])]);
    assert_ne!(proven(&open(&path), &[3, 4]), [Some(digests[3])]);
    // Rows before are read from the file.
    assert_ne!(proven(&table, &[1, 2]), [Some(digests[1])]);
}

/// Whichever byte is changed, no slice gives other rows than planned with the planned digest.
#[test]
fn no_byte_that_rows_depend_on_changes_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let with_lists = layouts().into_iter().map(|layout| (layout, false));
    let flat = layouts().into_iter().take(3).map(|layout| (layout, true));
    for (layout, is_flat) in with_lists.chain(flat) {
        let path = match is_flat {
            true => written_flat(folder.path(), &layout),
            false => written(folder.path(), &layout),
        };
        let whole = fs::read(&path).unwrap();
        let planned = read_all(&open(&path), &CUTS);
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        let mut seen = 0;
        for at in (0..whole.len()).step_by(19) {
            file.write_all_at(&[whole[at] ^ 4], at as u64).unwrap();
            if let Ok(changed) = TableFile::open(&source(&path)) {
                for (found, planned) in read_all(&changed, &CUTS).iter().zip(&planned) {
                    let digest = |slice: &Option<Proven>| slice.as_ref().map(|(_, digest)| *digest);
                    let is_same = digest(found) == digest(planned);
                    seen += usize::from(!is_same);
                    assert!(
                        !is_same || found == planned,
                        "{layout:?}: byte {at} changes rows unseen"
                    );
                }
            }
            file.write_all_at(&whole[at..=at], at as u64).unwrap();
        }
        assert!(seen > 100, "{layout:?}: {seen}");
    }
}

#[test]
fn a_file_that_changes_while_it_is_open_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    for layout in layouts() {
        let path = written(folder.path(), &layout);
        let table = open(&path);
        let digests = planned(&table, &CUTS);
        let whole = fs::read(&path).unwrap();
        let found = whole.windows(10).position(|ten| ten == b"text 00105");
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(b"X", found.unwrap() as u64).unwrap();
        let proofs = proven(&table, &CUTS);
        assert_eq!(proofs[0], Some(digests[0]), "{layout:?}");
        assert_ne!(proofs[5], Some(digests[5]), "{layout:?}");
    }
}

#[test]
fn metadata_is_part_of_the_proof_however_long_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(1))
        .build();
    let layout = Layout::Parquet(Box::new(properties));
    let path = write(folder.path(), &[rows(0, 300)], &layout);
    let (table, whole) = (open(&path), fs::read(&path).unwrap());
    let digests = planned(&table, &CUTS);
    // The first name in the schema is before all row groups, farther from the end than a sample reaches.
    let name = whole
        .windows(12)
        .position(|twelve| twelve == b"arrow_schema");
    let name = name.unwrap();
    let text = name
        + whole[name..]
            .windows(4)
            .position(|four| four == b"text")
            .unwrap();
    assert!(whole.len() - text > 64 << 10, "{}", whole.len() - text);
    let mut changed = whole.clone();
    changed[text..text + 4].copy_from_slice(b"texu");
    fs::write(&path, &changed).unwrap();
    let other = open(&path);
    assert_ne!(other.metadata_digest(), table.metadata_digest());
    assert!(
        planned(&other, &CUTS)
            .iter()
            .zip(&digests)
            .all(|(one, two)| one != two)
    );
}
