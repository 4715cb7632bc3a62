use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    DurationSecondArray, FixedSizeBinaryArray, FixedSizeListArray, Float64Array, Int32Array,
    Int64Array, LargeBinaryArray, LargeListArray, LargeStringArray, ListArray, MapArray, NullArray,
    RecordBatch, StringArray, StringViewArray, StructArray, TimestampMicrosecondArray, UInt8Array,
};
use arrow::buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Fields, Schema};
use arrow::ipc::CompressionType;
use coldpress_dataset::{Error, TableFile};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use proptest::prelude::*;

use crate::allocated::peak_of;
use crate::tables::{Layout, open, read, rendered, source, write};

/// Returns text number `at`: none, empty, short, some KB, with characters of several bytes.
fn text(at: usize) -> Option<String> {
    match at % 7 {
        0 => None,
        1 => Some(String::new()),
        2 => Some("ä€𝄞".repeat(at % 900)),
        other => Some(format!("{at} ").repeat(other)),
    }
}

fn texts(rows: usize) -> Vec<Option<String>> {
    (0..rows).map(text).collect()
}

/// Returns lengths 0, 1, 2, 3 in turn, and nulls.
fn lists(rows: usize) -> (OffsetBuffer<i32>, NullBuffer, usize) {
    let lengths: Vec<usize> = (0..rows).map(|row| row % 4).collect();
    let nulls = NullBuffer::new(BooleanBuffer::from_iter(
        (0..rows).map(|row| row % 4 > 0 || row % 8 == 0),
    ));
    let total = lengths.iter().sum();
    (OffsetBuffer::from_lengths(lengths), nulls, total)
}

/// Returns rows of many types; `with_arrow_only` adds types that Parquet does not have.
fn rows(rows: usize, with_arrow_only: bool) -> RecordBatch {
    let numbers = || (0..rows as i64).map(|row| (row % 5 > 0).then_some(row * 7 - 100));
    let (offsets, nulls, values) = lists(rows);
    let item = |data_type| Arc::new(Field::new("element", data_type, true));
    let inner = StringArray::from(texts(values));
    let list = ListArray::new(
        item(DataType::Utf8),
        offsets.clone(),
        Arc::new(inner.clone()),
        Some(nulls.clone()),
    );
    let large = LargeListArray::new(
        item(DataType::Int64),
        OffsetBuffer::from_lengths((0..rows).map(|row| row % 4)),
        Arc::new(Int64Array::from_iter_values(0..values as i64)),
        None,
    );
    let of_lists = ListArray::new(
        item(list.data_type().clone()),
        OffsetBuffer::from_lengths(
            (0..rows).map(|row| (row % 2) * 2 * usize::from(row + 1 < rows)),
        ),
        Arc::new(list.clone()),
        None,
    );
    let meta = StructArray::new(
        Fields::from(vec![
            Field::new("text", DataType::Utf8, true),
            Field::new("n", DataType::Int64, true),
        ]),
        vec![
            Arc::new(StringArray::from(texts(rows))),
            Arc::new(numbers().collect::<Int64Array>()),
        ],
        Some(NullBuffer::new(BooleanBuffer::from_iter(
            (0..rows).map(|row| row % 6 > 0),
        ))),
    );
    let entries = StructArray::from(vec![
        (
            Arc::new(Field::new("key", DataType::Utf8, false)),
            Arc::new(StringArray::from_iter_values(
                (0..values).map(|at| format!("k{at}")),
            )) as ArrayRef,
        ),
        (
            Arc::new(Field::new("value", DataType::Utf8, true)),
            Arc::new(inner) as ArrayRef,
        ),
    ]);
    let entries_field = Arc::new(Field::new("entries", entries.data_type().clone(), false));
    let map = MapArray::new(entries_field, offsets, entries, Some(nulls), false);
    // There is one dictionary for all batches, because the writer of the file form accepts no other.
    let words = DictionaryArray::new(
        (0..rows as i32)
            .map(|row| Some(row % 4).filter(|key| *key < 3))
            .collect::<Int32Array>(),
        Arc::new(StringArray::from(vec!["red", "grün", ""])),
    );
    let pairs = FixedSizeListArray::new(
        item(DataType::UInt8),
        2,
        Arc::new(
            (0..2 * rows)
                .map(|at| (at % 3 > 0).then_some(at as u8))
                .collect::<UInt8Array>(),
        ),
        None,
    );
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("text", Arc::new(StringArray::from(texts(rows)))),
        ("large", Arc::new(LargeStringArray::from(texts(rows)))),
        ("view", Arc::new(StringViewArray::from(texts(rows)))),
        ("words", Arc::new(words)),
        ("n", Arc::new(numbers().collect::<Int64Array>())),
        (
            "x",
            Arc::new(
                numbers()
                    .map(|n| n.map(|n| n as f64 / 3.0))
                    .collect::<Float64Array>(),
            ),
        ),
        (
            "flag",
            Arc::new(
                numbers()
                    .map(|n| n.map(|n| n % 2 == 0))
                    .collect::<BooleanArray>(),
            ),
        ),
        (
            "day",
            Arc::new(
                numbers()
                    .map(|n| n.map(|n| n as i32))
                    .collect::<Date32Array>(),
            ),
        ),
        (
            "time",
            Arc::new(
                numbers()
                    .collect::<TimestampMicrosecondArray>()
                    .with_timezone("UTC"),
            ),
        ),
        (
            "price",
            Arc::new(
                numbers()
                    .map(|n| n.map(i128::from))
                    .collect::<Decimal128Array>()
                    .with_precision_and_scale(20, 3)
                    .unwrap(),
            ),
        ),
        (
            "bytes",
            Arc::new(
                texts(rows)
                    .iter()
                    .map(|text| text.as_ref().map(String::as_bytes))
                    .collect::<LargeBinaryArray>(),
            ),
        ),
        (
            "id",
            Arc::new(
                FixedSizeBinaryArray::try_from_iter((0..rows).map(|row| [row as u8; 3])).unwrap(),
            ),
        ),
        ("nothing", Arc::new(NullArray::new(rows))),
        ("list", Arc::new(list)),
        ("large_list", Arc::new(large)),
        ("of_lists", Arc::new(of_lists)),
        ("meta", Arc::new(meta)),
        ("map", Arc::new(map)),
        ("pairs", Arc::new(pairs)),
    ];
    if with_arrow_only {
        let durations = numbers().collect::<DurationSecondArray>();
        columns.push(("duration", Arc::new(durations)));
    }
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let metadata = [("origin".to_owned(), "made up".to_owned())];
    let schema = Schema::new_with_metadata(fields, metadata);
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(schema), arrays).unwrap()
}

fn layout() -> impl Strategy<Value = Layout> {
    let codec = prop_oneof![
        Just(Compression::UNCOMPRESSED),
        Just(Compression::SNAPPY),
        Just(Compression::LZ4_RAW),
        Just(Compression::ZSTD(ZstdLevel::default())),
    ];
    let parquet = (codec, 1_usize..900, 64_usize..40_000, any::<[bool; 4]>());
    let parquet = parquet.prop_map(
        |(codec, group_rows, page_bytes, [v2, dictionary, index, small])| {
            let version = match v2 {
                true => WriterVersion::PARQUET_2_0,
                false => WriterVersion::PARQUET_1_0,
            };
            let statistics = match index {
                true => EnabledStatistics::Page,
                false => EnabledStatistics::None,
            };
            let properties = WriterProperties::builder()
                .set_compression(codec)
                .set_writer_version(version)
                .set_dictionary_enabled(dictionary)
                .set_dictionary_page_size_limit(page_bytes)
                .set_statistics_enabled(statistics)
                .set_offset_index_disabled(!index)
                .set_data_page_size_limit(page_bytes)
                .set_data_page_row_count_limit(if small { 7 } else { 20_000 })
                .set_write_batch_size(16)
                .set_max_row_group_row_count(Some(group_rows))
                .build();
            Layout::Parquet(Box::new(properties))
        },
    );
    let codec = || {
        prop_oneof![
            Just(None),
            Just(Some(CompressionType::LZ4_FRAME)),
            Just(Some(CompressionType::ZSTD)),
        ]
    };
    prop_oneof![
        4 => parquet,
        1 => codec().prop_map(Layout::File),
        1 => codec().prop_map(Layout::Stream),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the layout, the whole is what was written, and ranges are parts of it.
    #[test]
    fn what_was_written_is_read(
        layout in layout(),
        sizes in prop::collection::vec(1_usize..700, 1..4),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 6),
    ) {
        let with_arrow_only = !matches!(layout, Layout::Parquet(_));
        let batches: Vec<RecordBatch> = sizes.iter().map(|size| rows(*size, with_arrow_only)).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), &batches, &layout);
        let all = rendered(&batches);
        let table = open(&path);
        prop_assert_eq!(table.rows(), all.len() as u64);
        prop_assert_eq!(table.schema(), batches[0].schema_ref());
        let whole = read(&table, 0..table.rows()).unwrap();
        prop_assert_eq!(&rendered(&whole), &all);
        let joined = concat_batches(table.schema(), &whole).unwrap();
        joined.columns().iter().for_each(|column| column.to_data().validate_full().unwrap());
        for pair in cuts.chunks(2) {
            let (a, b) = (pair[0].index(all.len() + 1), pair[1].index(all.len() + 1));
            let (start, end) = (a.min(b), a.max(b));
            let part = read(&table, start as u64..end as u64).unwrap();
            prop_assert_eq!(rendered(&part), &all[start..end], "{}..{}", start, end);
        }
        let boundaries = table.groups().iter().scan(0, |row, group| { *row += group.rows; Some(*row) });
        for row in boundaries.take(3) {
            let range = row.saturating_sub(1)..(row + 1).min(table.rows());
            let part = read(&table, range.clone()).unwrap();
            prop_assert_eq!(rendered(&part), &all[range.start as usize..range.end as usize]);
        }
    }
}

#[test]
fn only_the_columns_that_are_named_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let batch = rows(50, false);
    for layout in [
        Layout::Parquet(Box::default()),
        Layout::File(None),
        Layout::Stream(None),
    ] {
        let path = write(folder.path(), std::slice::from_ref(&batch), &layout);
        let mut source = source(&path);
        source.columns = vec!["meta".to_owned(), "words".to_owned()];
        let table = TableFile::open(&source).unwrap();
        let expected = batch.project(&[3, 16]).unwrap();
        assert_eq!(
            rendered(&read(&table, 0..50).unwrap()),
            rendered(&[expected])
        );
        source.columns.push("missing".to_owned());
        let error = TableFile::open(&source).unwrap_err();
        assert!(matches!(&error, Error::MissingColumn { column, .. } if column == "missing"));
        assert!(error.to_string().contains("`text`, `large`"), "{error}");
    }
}

#[test]
fn digests_tell_row_groups_apart_and_the_length_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let batches = [rows(40, false), rows(30, false)];
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(40))
        .build();
    for layout in [
        Layout::Parquet(Box::new(properties)),
        Layout::File(None),
        Layout::Stream(None),
    ] {
        let path = write(folder.path(), &batches, &layout);
        let table = open(&path);
        let digest = |groups| table.digest(groups).unwrap();
        assert_eq!(digest(0..1), digest(0..1));
        assert_ne!(digest(0..1), digest(1..2));
        assert_ne!(digest(0..2), digest(1..2));
        assert!(table.digest(0..3).is_err());
        assert!(table.stream(0..71).is_err());
        let before = source(&path);
        let (first, bytes) = (digest(0..1), std::fs::read(&path).unwrap());
        let at = bytes.len() / 5;
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        assert_ne!(table.digest(0..1).unwrap(), first);
        std::fs::write(&path, &bytes[1..]).unwrap();
        for error in [
            TableFile::open(&before).unwrap_err(),
            table.stream(0..1).unwrap_err(),
            table.digest(0..1).unwrap_err(),
        ] {
            assert!(matches!(error, Error::Changed { .. }), "{error}");
        }
    }
}

/// Rows in one row group may differ greatly in length. Memory follows pages, not the row group.
#[test]
fn memory_is_bounded_by_pages_and_batches() {
    let folder = tempfile::tempdir().unwrap();
    let long = |row: usize| match row {
        0..20_000 => "x".repeat(20),
        20_000..20_200 => "long text ".repeat(10_000),
        _ => format!("{row} short"),
    };
    let column: ArrayRef = Arc::new(StringArray::from_iter_values((0..40_000).map(long)));
    let batch = RecordBatch::try_from_iter([("text", column)]).unwrap();
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_write_batch_size(64)
        .set_data_page_size_limit(1 << 20)
        .build();
    let path = write(
        folder.path(),
        std::slice::from_ref(&batch),
        &Layout::Parquet(Box::new(properties)),
    );
    let table = open(&path);
    assert_eq!(table.groups().len(), 1);
    drop(batch);
    let mut largest = 0;
    let (rows, peak) = peak_of(|| {
        let (mut stream, mut rows) = (table.stream(0..40_000).unwrap(), 0);
        while let Some(batch) = stream.next_rows().unwrap() {
            let bytes = batch.column(0).to_data().get_slice_memory_size().unwrap();
            largest = largest.max(bytes);
            rows += batch.num_rows();
        }
        rows
    });
    assert_eq!(rows, 40_000);
    assert!(largest <= 600 << 10, "a batch of {largest} bytes");
    assert!(peak < 24 << 20, "{peak} bytes");
}

/// Texts that share nearly everything with the one before take few bytes in the file.
#[test]
fn repeated_long_texts_take_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let text = "repeated ".repeat(20_000);
    let column: ArrayRef = Arc::new(StringArray::from_iter_values(vec![text.as_str(); 600]));
    let batch = RecordBatch::try_from_iter([("text", column)]).unwrap();
    for encoding in [Encoding::DELTA_BYTE_ARRAY, Encoding::RLE_DICTIONARY] {
        let properties = WriterProperties::builder().set_write_batch_size(100);
        let properties = match encoding {
            Encoding::RLE_DICTIONARY => properties,
            other => properties.set_dictionary_enabled(false).set_encoding(other),
        };
        let layout = Layout::Parquet(Box::new(properties.build()));
        let path = write(folder.path(), std::slice::from_ref(&batch), &layout);
        assert!(path.metadata().unwrap().len() < 1 << 20);
        let table = open(&path);
        let (rows, peak) = peak_of(|| {
            let (mut stream, mut rows) = (table.stream(0..600).unwrap(), 0);
            while let Some(part) = stream.next_rows().unwrap() {
                assert_eq!(part.column(0).as_string::<i32>().value(0), text);
                rows += part.num_rows();
            }
            rows
        });
        assert_eq!(rows, 600);
        assert!(peak < 110 << 20, "{encoding}: {peak} bytes");
    }
}

#[test]
fn streams_can_be_moved_to_other_threads() {
    fn check<T: Send>() {}
    check::<coldpress_dataset::TableStream>();
    check::<Arc<TableFile>>();
}

/// Small batches of a large one do not hold on to its texts when they are written.
#[test]
fn batches_are_as_small_as_their_rows() {
    let folder = tempfile::tempdir().unwrap();
    let texts = || (0..20_000).map(|row| format!("{row} {}", "text ".repeat(20)));
    let views: ArrayRef = Arc::new(StringViewArray::from_iter_values(texts()));
    let field = Arc::new(Field::new("item", DataType::Utf8View, false));
    let lists = FixedSizeListArray::new(field, 2, Arc::clone(&views), None);
    let lists: ArrayRef = Arc::new(lists);
    let half = views.slice(0, 10_000);
    let batch = RecordBatch::try_from_iter([("text", half), ("pair", lists)]).unwrap();
    for layout in [Layout::Parquet(Box::default()), Layout::File(None)] {
        let path = write(folder.path(), std::slice::from_ref(&batch), &layout);
        let table = open(&path);
        let batches = read(&table, 0..table.rows()).unwrap();
        assert!(batches.len() > 10);
        assert_eq!(rendered(&batches), rendered(std::slice::from_ref(&batch)));
        let whole = path.metadata().unwrap().len();
        let copied = write(folder.path(), &batches, &Layout::Stream(None));
        let copied = copied.metadata().unwrap().len();
        assert!(copied < 6_000_000, "{copied} bytes from {whole}");
    }
}
