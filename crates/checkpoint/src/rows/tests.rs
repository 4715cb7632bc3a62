//! Rows come back as they were, however they are cut, and nothing else does.

use std::sync::Arc;

use coldpress_record::{
    Batch, ChildPath, DeclaredFields, Edits, Ledger, Lines, Origin, Stat, StatKind, StatValue,
};
use coldpress_storage::{Digest, FileStamp};
use proptest::prelude::*;

use super::*;
use crate::{Compression, Error, Format, Manifest, Result, RowGroups};
use coldpress_storage::{Fault, MemoryStore, ObjectName, ObjectStore, Step};

mod damage;
mod frozen;

/// A row in its original form.
#[derive(Clone, Debug)]
struct Row {
    json: String,
    changed_text: Option<String>,
    origin: Origin,
    stats: Vec<Option<StatValue>>,
    alive: bool,
}

/// A row in the form in which it must come back, with floats as their bits.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Expected {
    line: String,
    origin: Origin,
    stats: Vec<Option<Vec<u8>>>,
}

/// Returns a value as its bytes, which differ for floats that compare as equal.
fn bits(value: Option<&StatValue>) -> Option<Vec<u8>> {
    value.map(|value| {
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        bytes
    })
}

const STATS: [&str; 3] = ["text_len", "a.ratio", "langs"];

fn stats() -> Vec<Stat> {
    let kinds = [StatKind::Int, StatKind::Float, StatKind::List];
    let stats = STATS.into_iter().zip(kinds);
    let stats = stats.map(|(name, kind)| Stat {
        name: name.to_owned(),
        kind,
    });
    stats.collect()
}

fn fields() -> DeclaredFields {
    DeclaredFields::new(["text"])
}

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).unwrap()
}

fn manifest(rows: u64) -> Manifest {
    Manifest {
        partition: 3,
        operation: 2,
        chain: "chain".into(),
        slice: Digest::of(b"slice"),
        ledger: Ledger::new(["a", "b"]),
        rows,
        error_marks: Vec::new(),
        unreadable: Vec::new(),
        quarantine: Vec::new(),
        seen: Default::default(),
        types: None,
        dropped: None,
        trace: None,
    }
}

fn batch_of(rows: &[Row]) -> Batch {
    let mut lines = Lines::new(0);
    for row in rows {
        lines.push(0, row.json.as_bytes());
    }
    let mut batch = Batch::default();
    let mut rejects = Vec::new();
    batch.fill(&mut lines, &fields(), &mut rejects);
    assert_eq!(rejects, []);
    batch.set_origins(rows.iter().map(|row| row.origin.clone()));
    batch.reset_stats(STATS);
    for (index, row) in rows.iter().enumerate() {
        if let Some(text) = &row.changed_text {
            let mut edits = Edits::default();
            let before = batch.text(0, index).unwrap().to_owned();
            edits.replace_all(&before, text);
            batch.edit_text(0, index, &edits).unwrap();
        }
        for (column, value) in row.stats.iter().enumerate() {
            if let Some(value) = value {
                batch.stats_mut().set(column, index, value.clone());
            }
        }
    }
    batch.retain(|index| rows[index].alive);
    batch
}

fn expected(rows: &[Row]) -> Vec<Expected> {
    let batch = batch_of(rows);
    let row = |index: &u32| {
        let index = *index as usize;
        let mut line = Vec::new();
        batch.write_record(index, &fields(), &mut line);
        line.pop();
        Expected {
            line: String::from_utf8(line).unwrap(),
            origin: rows[index].origin.clone(),
            stats: rows[index]
                .stats
                .iter()
                .map(|value| bits(value.as_ref()))
                .collect(),
        }
    };
    batch.selection().iter().map(row).collect()
}

fn write(
    store: &MemoryStore,
    object: &str,
    rows: &[Row],
    cut: usize,
    options: &RowsOptions<'_>,
) -> Result<FileStamp> {
    let mut writer = RowsWriter::create(store.put_new(&name(object))?, options)?;
    for rows in rows.chunks(cut) {
        writer.write(&batch_of(rows), &fields())?;
    }
    let rows = writer.rows();
    writer.finish(&manifest(rows))
}

fn open(store: &MemoryStore, object: &str, stamp: &FileStamp) -> Result<RowsReader> {
    RowsReader::open(store.get(&name(object))?, stamp)
}

/// Returns all rows, read into a batch whose statistics are in another order and include one that the file does not have.
fn read_back(mut next: impl FnMut(&mut RowBlock) -> Result<bool>) -> Result<Vec<Expected>> {
    let (mut block, mut batch) = (RowBlock::default(), Batch::default());
    let mut found = Vec::new();
    while next(&mut block)? {
        block.fill_batch(&mut batch, &fields())?;
        batch.reset_stats([STATS[1], "unknown", STATS[0], STATS[2]]);
        block.restore_stats(&mut batch);
        for row in 0..batch.rows() {
            assert_eq!(batch.stats().get(1, row), None);
            let stats = [2, 0, 3].map(|column| bits(batch.stats().get(column, row)));
            found.push(Expected {
                line: line_of(&batch, row),
                origin: batch.origin(row).clone(),
                stats: stats.to_vec(),
            });
        }
    }
    assert!(block.is_empty());
    Ok(found)
}

fn line_of(batch: &Batch, row: usize) -> String {
    let mut line = Vec::new();
    batch.write_record(row, &fields(), &mut line);
    line.pop();
    String::from_utf8(line).unwrap()
}

fn any_stat() -> impl Strategy<Value = Option<StatValue>> {
    let odd = [
        f64::NAN,
        -f64::NAN,
        -0.0,
        0.0,
        f64::INFINITY,
        f64::from_bits(0x7FF0_0000_0000_0001),
    ];
    prop_oneof![
        2 => Just(None),
        2 => any::<i64>().prop_map(|int| Some(StatValue::Int(int))),
        1 => any::<u64>().prop_map(|bits| Some(StatValue::Float(f64::from_bits(bits)))),
        1 => prop::sample::select(odd.to_vec()).prop_map(|float| Some(StatValue::Float(float))),
    ]
}

/// Generates a statistic that isn't a number, with numbers in it.
fn any_list() -> impl Strategy<Value = Option<StatValue>> {
    let text = ".{0,3}".prop_map(|text| Some(StatValue::Text(text.into())));
    let values = prop::collection::vec(prop_oneof![any_stat(), text], 0..4);
    let list =
        |values: Vec<Option<StatValue>>| StatValue::List(values.into_iter().flatten().collect());
    prop::option::of(values.prop_map(list))
}

fn any_row() -> impl Strategy<Value = Row> {
    let piece = prop_oneof![Just(vec![]), prop::collection::vec(any::<u32>(), 1..4)];
    let place = (any::<u32>(), any::<u64>(), piece);
    let text = prop_oneof![3 => any::<String>(), 1 => Just("word ".repeat(2_000))];
    let stats = (any_stat(), any_stat(), any_list());
    let changed = prop::option::of(any::<String>());
    (
        place,
        text,
        any::<f64>(),
        stats,
        changed,
        prop::bool::weighted(0.8),
    )
        .prop_map(
            |((source, position, piece), text, number, stats, changed_text, alive)| Row {
                json: serde_json::json!({"text": text, "n": number, "nested": {"list": [1, null]}})
                    .to_string(),
                changed_text,
                origin: Origin {
                    source,
                    position,
                    piece: ChildPath::from_indices(&piece),
                },
                stats: vec![stats.0, stats.1, stats.2],
                alive,
            },
        )
}

fn plain_rows(count: usize, text_bytes: usize) -> Vec<Row> {
    let row = |index: usize| Row {
        json: format!(r#"{{"text": "{}", "id": {index}}}"#, "x".repeat(text_bytes)),
        changed_text: None,
        origin: Origin::new(0, index as u64),
        stats: vec![Some(StatValue::Int(index as i64)), None, None],
        alive: !index.is_multiple_of(7),
    };
    (0..count).map(row).collect()
}

fn compression() -> impl Strategy<Value = Compression> {
    prop::sample::select(vec![
        Compression::None,
        Compression::Snappy,
        Compression::Gzip,
        Compression::Zstd,
        Compression::Lz4,
        Compression::Auto,
    ])
}

fn groups() -> impl Strategy<Value = RowGroups> {
    prop_oneof![
        Just(RowGroups::Bytes),
        (1u32..9).prop_map(RowGroups::Rows),
        Just(RowGroups::One)
    ]
}

fn format() -> impl Strategy<Value = Format> {
    prop::sample::select(vec![Format::Parquet, Format::Arrow, Format::Jsonl])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_come_back_as_they_were(
        rows in prop::collection::vec(any_row(), 0..40), cut in 1usize..20, batch_rows in 0u32..20,
        groups in groups(), compression in compression(), format in format(),
    ) {
        let store = MemoryStore::new();
        let stats = stats();
        let options = RowsOptions { format, compression, stats: &stats, batch_rows, groups, ..RowsOptions::default() };
        let stamp = write(&store, "rows", &rows, cut, &options).unwrap();
        let mut reader = open(&store, "rows", &stamp).unwrap();
        let counts: Vec<u64> = reader.container().groups().iter().map(|group| group.rows).collect();
        if let RowGroups::Rows(most) = groups {
            let full = counts.iter().rev().skip(1).all(|rows| *rows == u64::from(most));
            prop_assert!(full && counts.iter().all(|rows| *rows <= u64::from(most)), "{:?}", counts);
        } else {
            prop_assert!(counts.len() <= 1, "{:?}", counts);
        }
        let expected = expected(&rows);
        prop_assert_eq!(reader.manifest(), &manifest(expected.len() as u64));
        prop_assert!(reader.has_records());
        prop_assert!(reader.stat_names().eq(STATS));
        prop_assert_eq!(read_back(|block| reader.next(block)).unwrap(), expected);
    }

    #[test]
    fn lines_under_an_index_come_back_as_rows(
        rows in prop::collection::vec(any_row(), 0..20), cut in 1usize..20, spoil in 0usize..3,
    ) {
        let store = MemoryStore::new();
        let stats = stats();
        let options = RowsOptions { with_records: false, stats: &stats, ..RowsOptions::default() };
        let stamp = write(&store, "index", &rows, cut, &options).unwrap();
        let expected = expected(&rows);
        let mut lines: String = expected.iter().map(|row| format!("{}\n", row.line)).collect();
        let good = lines.clone();
        match spoil {
            0 => lines.push_str("{}\n"),
            1 => { lines.pop(); }
            _ => lines.truncate(good.trim_end_matches('\n').rfind('\n').map_or(0, |at| at + 1)),
        }
        for (lines, is_good) in [(&good, true), (&lines, good == lines)] {
            let index = open(&store, "index", &stamp).unwrap();
            let mut indexed = IndexedRows::new(index, lines.as_bytes(), "rows.jsonl").unwrap();
            match read_back(|block| indexed.next(block)) {
                Ok(found) => {
                    prop_assert!(is_good);
                    prop_assert_eq!(&found, &expected);
                }
                Err(error) => {
                    prop_assert!(!is_good && error.to_string().starts_with("`rows.jsonl` is damaged"), "{}", error);
                }
            }
        }
    }

    #[test]
    fn bytes_depend_on_rows_and_not_on_batches(
        rows in prop::collection::vec(any_row(), 0..30), cut in 1usize..30, other_cut in 1usize..30,
        compression in compression(), format in format(),
    ) {
        let store = MemoryStore::new();
        let stats = stats();
        let options = RowsOptions { format, compression, stats: &stats, batch_rows: 7, ..RowsOptions::default() };
        let one = write(&store, "one", &rows, cut, &options).unwrap();
        prop_assert_eq!(write(&store, "other", &rows, other_cut, &options).unwrap(), one);
    }
}

/// Opens these bytes as if they had been written.
fn open_anyway(store: &MemoryStore, bytes: Vec<u8>) -> Result<RowsReader> {
    let stamp = FileStamp::of(&bytes);
    let object = name("foreign");
    store.put_new(&object)?.finish()?;
    store.tamper(&object, |stored| *stored = bytes);
    open(store, "foreign", &stamp)
}

#[test]
fn large_files_have_many_row_groups_and_blocks_of_bounded_size() {
    let store = MemoryStore::new();
    let rows = plain_rows(3_000, 10_000);
    let stamp = write(&store, "rows", &rows, 25, &RowsOptions::default()).unwrap();
    let other_cut = write(&store, "again", &rows, 999, &RowsOptions::default()).unwrap();
    assert_eq!(stamp, other_cut);
    let mut reader = open(&store, "rows", &stamp).unwrap();
    let (mut block, mut lines) = (RowBlock::default(), Vec::new());
    while reader.next(&mut block).unwrap() {
        assert!(block.lines.bytes.len() < BLOCK_BYTES + 20_000);
        lines.extend_from_slice(&block.lines.bytes);
    }
    let expected: String = expected(&rows)
        .iter()
        .map(|row| format!("{}\n", row.line))
        .collect();
    assert!(lines == expected.as_bytes());
}

#[test]
fn a_block_of_tiny_rows_is_bounded_too() {
    let store = MemoryStore::new();
    let rows: Vec<Row> = plain_rows(20_000, 0);
    let options = RowsOptions {
        with_records: false,
        ..RowsOptions::default()
    };
    let stamp = write(&store, "index", &rows, 5_000, &options).unwrap();
    let mut reader = open(&store, "index", &stamp).unwrap();
    let (mut block, mut positions) = (RowBlock::default(), Vec::new());
    while reader.next(&mut block).unwrap() {
        assert!(block.rows() <= BLOCK_ROWS && block.lines.bytes.is_empty());
        positions.extend(block.origins.iter().map(|origin| origin.position));
    }
    let alive: Vec<u64> = (0..20_000).filter(|position| position % 7 != 0).collect();
    assert_eq!(positions, alive);
    assert!(
        stamp.length < 20_000,
        "an index of even places is small: {stamp}"
    );
}

#[test]
fn an_index_is_no_rows_file_and_a_rows_file_no_index() {
    let store = MemoryStore::new();
    let rows = plain_rows(3, 3);
    let options = RowsOptions {
        with_records: false,
        ..RowsOptions::default()
    };
    let index = write(&store, "index", &rows, 9, &options).unwrap();
    let mut reader = open(&store, "index", &index).unwrap();
    let error = read_back(|block| reader.next(block)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`index` is damaged: 2 rows have 0 records"
    );
    let full = write(&store, "rows", &rows, 9, &RowsOptions::default()).unwrap();
    let error = IndexedRows::new(open(&store, "rows", &full).unwrap(), &b""[..], "x").unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }));
}

#[test]
fn readers_and_writers_go_to_other_threads() {
    fn check<T: Send>() {}
    check::<RowsWriter>();
    check::<RowsReader>();
    check::<IndexedRows<&[u8]>>();
    check::<RowBlock>();
    check::<Arc<dyn ObjectStore>>();
}

/// A checkpoint in JSON lines shows each record byte for byte, with one more field.
#[test]
fn records_in_json_lines_are_records() {
    let store = MemoryStore::new();
    let rows = plain_rows(3, 10);
    let options = RowsOptions {
        format: Format::Jsonl,
        compression: Compression::None,
        ..RowsOptions::default()
    };
    write(&store, "rows", &rows, 2, &options).unwrap();
    let reader = store.get(&name("rows")).unwrap();
    let mut bytes = vec![0; reader.len() as usize];
    reader.read_at(0, &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let expected = expected(&rows);
    assert_eq!(
        lines.len(),
        expected.len() + 2,
        "the records, and two lines about the file"
    );
    for (line, row) in lines.iter().zip(expected) {
        let record = row.line.strip_suffix('}').unwrap();
        assert!(
            line.starts_with(&format!("{record}, \"__coldpress__\": {{\"source\": ")),
            "{line}"
        );
        assert!(
            serde_json::from_str::<serde_json::Value>(line)
                .unwrap()
                .is_object()
        );
    }
}
