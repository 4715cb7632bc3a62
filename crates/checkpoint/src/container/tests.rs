//! In every format, what is written comes back, and anything else does not.

use std::io::Read;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int64Array, LargeBinaryArray, LargeStringArray, ListArray, RecordBatch,
    UInt32Array, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type};
use proptest::prelude::*;

use super::*;
use crate::{Compression, Error, Format, Result};
use coldpress_storage::{Fault, MemoryStore, ObjectName, ObjectStore, Step};

/// A row with all the types that are stored.
type Row = (
    u32,
    u64,
    Option<i64>,
    Option<u64>,
    String,
    Vec<u8>,
    Option<Vec<u32>>,
);

fn schema() -> SchemaRef {
    let element = Arc::new(Field::new("element", DataType::UInt32, true));
    Arc::new(Schema::new(vec![
        Field::new("u32", DataType::UInt32, false),
        Field::new("u64", DataType::UInt64, false),
        Field::new("int", DataType::Int64, true),
        Field::new("float", DataType::Float64, true),
        Field::new("text", DataType::LargeUtf8, false),
        Field::new("bytes", DataType::LargeBinary, false),
        Field::new("list", DataType::List(element), true),
    ]))
}

fn rows_of(rows: &[Row]) -> RecordBatch {
    let lists = rows
        .iter()
        .map(|row| row.6.as_ref().map(|list| list.iter().copied().map(Some)));
    let lists = ListArray::from_iter_primitive::<UInt32Type, _, _>(lists);
    let element = Arc::new(Field::new("element", DataType::UInt32, true));
    let (_, offsets, values, nulls) = lists.into_parts();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt32Array::from_iter_values(rows.iter().map(|row| row.0))),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.1))),
        Arc::new(rows.iter().map(|row| row.2).collect::<Int64Array>()),
        Arc::new(
            rows.iter()
                .map(|row| row.3.map(f64::from_bits))
                .collect::<Float64Array>(),
        ),
        Arc::new(LargeStringArray::from_iter_values(
            rows.iter().map(|row| &row.4),
        )),
        Arc::new(LargeBinaryArray::from_iter_values(
            rows.iter().map(|row| &row.5),
        )),
        Arc::new(ListArray::new(element, offsets, values, nulls)),
    ];
    RecordBatch::try_new(schema(), columns).unwrap()
}

fn any_row() -> impl Strategy<Value = Row> {
    let odd = [
        f64::NAN,
        -f64::NAN,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e300,
        0.1,
    ];
    let float = prop_oneof![
        any::<u64>(),
        prop::sample::select(odd.map(f64::to_bits).to_vec())
    ];
    (
        any::<u32>(),
        any::<u64>(),
        prop_oneof![
            any::<Option<i64>>(),
            Just(Some(i64::MIN)),
            Just(Some(i64::MAX))
        ],
        prop::option::of(float),
        any::<String>(),
        prop::collection::vec(any::<u8>(), 0..20),
        prop::option::of(prop::collection::vec(any::<u32>(), 0..4)),
    )
}

fn any_options() -> impl Strategy<Value = ContainerOptions> {
    use crate::delta::tests::world::any_format;
    any_format().prop_map(|(format, compression)| ContainerOptions {
        format,
        compression,
    })
}

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).unwrap()
}

fn write(
    store: &MemoryStore,
    groups: &[Vec<Vec<Row>>],
    options: &ContainerOptions,
) -> Result<coldpress_storage::FileStamp> {
    let mut writer = ContainerWriter::create(store.put_new(&name("a"))?, schema(), options)?;
    for group in groups {
        for rows in group {
            writer.write(&rows_of(rows))?;
        }
        writer.end_group()?;
    }
    writer.finish(MANIFEST.to_owned())
}

const MANIFEST: &str = r#"{"a":  1.50, "é": "\u00e9\n\"", "big": 12345678901234567890.10}"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn rows_come_back_group_by_group(
        groups in prop::collection::vec(prop::collection::vec(prop::collection::vec(any_row(), 0..5), 0..4), 0..4),
        options in any_options(), columns in prop::sample::subsequence((0..7).collect::<Vec<usize>>(), 1..7),
    ) {
        let store = MemoryStore::new();
        let stamp = write(&store, &groups, &options).unwrap();
        let reader = ContainerReader::open(store.get(&name("a")).unwrap(), &stamp).unwrap();
        prop_assert_eq!(reader.manifest_json(), MANIFEST);
        prop_assert_eq!((reader.format(), reader.compression()), (options.format, options.compression));
        prop_assert!(reader.is_sealed());
        let expected: Vec<RecordBatch> = groups.iter().map(|group| rows_of(&group.concat())).collect();
        let expected: Vec<RecordBatch> = expected.into_iter().filter(|rows| rows.num_rows() > 0).collect();
        prop_assert_eq!(reader.groups().len(), expected.len());
        for (index, expected) in expected.iter().enumerate() {
            let found = reader.read_group(index, &schema(), None).unwrap();
            let found = arrow::compute::concat_batches(&schema(), &found).unwrap();
            prop_assert_eq!(&found, expected);
            let some = reader.read_group(index, &schema(), Some(&columns)).unwrap();
            let expected = expected.project(&columns).unwrap();
            let some = arrow::compute::concat_batches(&expected.schema(), &some).unwrap();
            prop_assert_eq!(some, expected);
        }
        prop_assert!(reader.read_group(expected.len(), &schema(), None).is_err());
        if !expected.is_empty() {
            let mut fields: Vec<Field> = schema().fields().iter().map(|field| (**field).clone()).collect();
            fields[0] = Field::new("u32", DataType::LargeUtf8, false);
            let other = Arc::new(Schema::new(fields));
            let error = reader.read_group(0, &other, None).unwrap_err();
            prop_assert!(matches!(error, Error::Corrupt { .. }), "{}", error);
        }
    }

    #[test]
    fn bytes_depend_on_groups_and_not_on_batches(
        rows in prop::collection::vec(any_row(), 1..12), cut in 1usize..12, options in any_options(),
    ) {
        let (one, other) = (MemoryStore::new(), MemoryStore::new());
        let cut: Vec<Vec<Row>> = rows.chunks(cut).map(<[Row]>::to_vec).collect();
        let one = write(&one, &[cut], &options).unwrap();
        prop_assert_eq!(write(&other, &[vec![rows]], &options).unwrap(), one);
    }
}

fn some_rows(count: u32) -> Vec<Row> {
    let row = |at: u32| {
        (
            at,
            u64::from(at),
            None,
            Some(0),
            format!("text {at}"),
            vec![1, 2],
            None,
        )
    };
    (0..count).map(row).collect()
}

#[test]
fn json_lines_are_read_by_any_tool() {
    for compression in [
        Compression::None,
        Compression::Gzip,
        Compression::Zstd,
        Compression::Auto,
    ] {
        let store = MemoryStore::new();
        let options = ContainerOptions {
            format: Format::Jsonl,
            compression,
        };
        write(&store, &[vec![some_rows(3)], vec![some_rows(2)]], &options).unwrap();
        let reader = store.get(&name("a")).unwrap();
        let mut bytes = vec![0; reader.len() as usize];
        reader.read_at(0, &mut bytes).unwrap();
        let text = match compression {
            Compression::None => bytes,
            Compression::Gzip => {
                let mut text = Vec::new();
                flate2::read::MultiGzDecoder::new(&*bytes)
                    .read_to_end(&mut text)
                    .unwrap();
                text
            }
            _ => zstd::decode_all(&*bytes).unwrap(),
        };
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5 + 2);
        assert_eq!(
            lines[4],
            r#"{"u32": 1, "u64": 1, "int": null, "float": 0.0, "text": "text 1", "bytes": "AQI=", "list": null}"#
        );
        let last: serde_json::Value = serde_json::from_str(lines[5]).unwrap();
        assert_eq!(last["coldpress.container"]["groups"][1]["rows"], 2);
        assert!(lines[5].ends_with(&format!("\"coldpress.manifest\":{MANIFEST}}}")));
        assert!(lines[6].starts_with("{\"coldpress_trailer\": "));
    }
}

#[test]
fn only_groups_with_unusual_numbers_say_their_bits() {
    let store = MemoryStore::new();
    let options = ContainerOptions {
        format: Format::Jsonl,
        compression: Compression::None,
    };
    let mut odd = some_rows(2);
    odd[0].3 = Some((-f64::NAN).to_bits());
    odd[1].3 = Some(f64::NAN.to_bits());
    write(&store, &[vec![some_rows(1)], vec![odd]], &options).unwrap();
    let reader = store.get(&name("a")).unwrap();
    let mut text = vec![0; reader.len() as usize];
    reader.read_at(0, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let bits: Vec<bool> = text
        .lines()
        .take(3)
        .map(|line| line.contains("\"float.bits\""))
        .collect();
    assert_eq!(bits, [false, true, true]);
    assert_eq!(text.matches("\"float\": \"NaN\"").count(), 2);
}

#[test]
fn a_manifest_that_is_no_json_line_is_refused_by_json_lines() {
    let options = ContainerOptions {
        format: Format::Jsonl,
        compression: Compression::None,
    };
    for manifest in ["{\n}", "{", "no"] {
        let store = MemoryStore::new();
        let out = store.put_new(&name("a")).unwrap();
        let writer = ContainerWriter::create(out, schema(), &options).unwrap();
        let error = writer.finish(manifest.to_owned()).unwrap_err();
        assert!(matches!(error, Error::Write { .. }), "{error}");
        assert_eq!(store.list("").unwrap(), []);
    }
}

#[test]
fn rows_of_another_schema_are_refused() {
    let store = MemoryStore::new();
    let out = store.put_new(&name("a")).unwrap();
    let mut writer = ContainerWriter::create(out, schema(), &ContainerOptions::default()).unwrap();
    let other = rows_of(&some_rows(1)).project(&[0, 1]).unwrap();
    let error = writer.write(&other).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot write `a`: the rows are of another schema"
    );
}

#[test]
fn a_store_that_fails_at_any_step_leaves_no_object() {
    let kind = std::io::ErrorKind::StorageFull;
    let mut long = some_rows(4);
    long.iter_mut().for_each(|row| row.5 = vec![9; 100_000]);
    for format in [Format::Parquet, Format::Arrow, Format::Jsonl] {
        let options = ContainerOptions {
            format,
            compression: Compression::None,
        };
        for step in [Step::PutNew, Step::Write, Step::Finish] {
            let mut failures = 0;
            for after in 0.. {
                let store = MemoryStore::new();
                store.inject(Fault { step, after, kind });
                let groups = [vec![long.clone()], vec![long.clone()]];
                let Err(error) = write(&store, &groups, &options) else {
                    break;
                };
                failures += 1;
                assert_eq!(
                    error.io_kind(),
                    Some(kind),
                    "{format} {step:?} {after}: {error}"
                );
                assert_eq!(store.list("").unwrap(), []);
            }
            assert!(
                failures >= if step == Step::Write { 2 } else { 1 },
                "{format} {step:?}"
            );
        }
    }
}

#[test]
fn nothing_can_be_finished_after_a_failure() {
    let store = MemoryStore::new();
    store.inject(Fault {
        step: Step::Write,
        after: 0,
        kind: std::io::ErrorKind::StorageFull,
    });
    let out = store.put_new(&name("a")).unwrap();
    let mut writer = ContainerWriter::create(out, schema(), &ContainerOptions::default()).unwrap();
    let mut long = some_rows(1);
    long[0].5 = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    writer.write(&rows_of(&long)).unwrap();
    writer.end_group().unwrap_err();
    let error = writer.finish(MANIFEST.to_owned()).unwrap_err();
    assert!(error.to_string().starts_with("cannot write `a`"), "{error}");
    assert_eq!(store.list("").unwrap(), []);
}

#[test]
fn columns_have_the_compression_that_suits_them() {
    let store = MemoryStore::new();
    let digest = |at: u64| {
        coldpress_storage::Digest::of(&at.to_le_bytes())
            .0
            .to_le_bytes()
    };
    let rows: Vec<Row> = (0..200)
        .map(|at| {
            let noise = (0..100)
                .flat_map(|piece| digest(at * 100 + piece))
                .collect();
            (
                0,
                at,
                None,
                None,
                "the same text again and again ".repeat(50),
                noise,
                None,
            )
        })
        .collect();
    let options = |compression| ContainerOptions {
        format: Format::Parquet,
        compression,
    };
    write(&store, &[vec![rows.clone()]], &options(Compression::Auto)).unwrap();
    let (body, _) = parquet_read::ParquetBody::open(&*store.get(&name("a")).unwrap()).unwrap();
    use parquet::basic::{Compression as Codec, ZstdLevel};
    let codecs = body.codecs();
    assert_eq!(codecs[5], Codec::UNCOMPRESSED);
    assert_eq!(codecs[4], Codec::ZSTD(ZstdLevel::default()));
    store.delete(&name("a")).unwrap();
    write(&store, &[vec![rows]], &options(Compression::Lz4)).unwrap();
    let (body, _) = parquet_read::ParquetBody::open(&*store.get(&name("a")).unwrap()).unwrap();
    assert!(body.codecs().iter().all(|codec| *codec == Codec::LZ4_RAW));
}
