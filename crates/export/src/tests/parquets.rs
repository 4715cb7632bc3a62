//! Parquet files, read back by the parquet crate.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, Int32Array, Int64Array, ListArray,
    StringArray, StructArray, TimestampMicrosecondArray, UnionArray, new_null_array,
};
use arrow::buffer::ScalarBuffer;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Int8Type, Int64Type, Schema, UnionFields};
use coldpress_table::Renderer;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::basic::Compression as Packed;
use parquet::file::metadata::KeyValue;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};

use super::*;

/// Returns all rows of the files as one batch.
fn read(files: &[(String, Vec<u8>)]) -> RecordBatch {
    let mut batches = Vec::new();
    let mut schema = None;
    for file in files {
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes_of(file)).unwrap();
        let builder = builder.with_batch_size(1 << 20);
        schema = Some(SchemaRef::clone(builder.schema()));
        batches.extend(builder.build().unwrap().map(Result::unwrap));
    }
    concat_batches(&schema.unwrap(), &batches).unwrap()
}

/// Returns the rows as JSON.
pub(crate) fn rendered(batch: &RecordBatch) -> Vec<Value> {
    let renderer = Renderer::new(&batch.schema());
    let row = |row| {
        let mut json = Vec::new();
        renderer.write_row(batch, row, &[], &mut json);
        serde_json::from_slice(&json).unwrap()
    };
    (0..batch.num_rows()).map(row).collect()
}

#[test]
fn lines_of_many_types_become_columns() {
    let mut bench = Bench::new();
    bench.plain("{\"a\": 1, \"t\": \"x\"}\n{\"t\": null, \"l\": [1, 2]}\n");
    bench.lines(
        "{\"a\": 2.5, \"o\": {\"k\": \"v\"}, \"m\": 1}\n",
        FileCompression::Zstd,
    );
    bench.plain("{\"m\": {\"n\": [1.50, true]}, \"e\": []}\n");
    let target = bench.target("a.parquet", 0);
    let batch = read(&bench.exported(&target));
    assert_eq!(
        rendered(&batch),
        [
            json!({"a": 1.0, "t": "x", "l": null, "o": null, "m": null, "e": null}),
            json!({"a": null, "t": null, "l": [1, 2], "o": null, "m": null, "e": null}),
            json!({"a": 2.5, "t": null, "l": null, "o": {"k": "v"}, "m": 1, "e": null}),
            json!({"a": null, "t": null, "l": null, "o": null, "m": {"n": [1.5, true]}, "e": []}),
        ]
    );
    let mixed = batch.column_by_name("m").unwrap().as_string::<i32>();
    assert_eq!(mixed.value(3), "{\"n\": [1.50, true]}");
    let field = batch.schema().field_with_name("m").unwrap().clone();
    assert_eq!(field.extension_type_name(), Some("arrow.json"));
    let mixed = bench.export(&target, 2).unwrap().mixed;
    assert_eq!(
        mixed
            .iter()
            .map(|field| field.name.as_str())
            .collect::<Vec<_>>(),
        ["m"]
    );
}

#[test]
fn columns_are_compressed_as_asked() {
    let mut bench = Bench::new();
    bench.plain(&"{\"a\": 1, \"t\": \"to and fro, to and fro, to and fro\"}\n".repeat(1000));
    let target = bench.target("a.parquet", 0);
    let rows = rendered(&read(&bench.exported(&target)));
    let mut names = vec![target.form_name()];
    for (codec, expected) in [
        (ParquetCodec::Snappy, "SNAPPY"),
        (ParquetCodec::Zstd, "ZSTD"),
        (ParquetCodec::Gzip, "GZIP"),
        (ParquetCodec::Lz4, "LZ4_RAW"),
        (ParquetCodec::None, "UNCOMPRESSED"),
    ] {
        let target = target.clone().compressed(codec).unwrap();
        let files = bench.exported(&target);
        let reader = SerializedFileReader::new(bytes_of(&files[0])).unwrap();
        for column in reader.metadata().row_group(0).columns() {
            let found = column.compression().to_string();
            assert!(found.starts_with(expected), "{found}");
        }
        assert_eq!(rendered(&read(&files)), rows);
        names.push(target.form_name());
    }
    // Snappy is the default, and the others all differ.
    assert_eq!(names[..2], [".parquet", ".parquet"]);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 5, "{names:?}");
    for other in ["a.jsonl", "a.csv.gz", "a.arrow"] {
        let target = bench.target(other, 0);
        assert!(target.compressed(ParquetCodec::Zstd).is_err(), "{other}");
    }
}

#[test]
fn no_rows_keep_the_schema() {
    let mut bench = Bench::new();
    let batch = read(&bench.exported(&bench.target("a.parquet", 0)));
    assert_eq!((batch.num_columns(), batch.num_rows()), (0, 0));
    let schema: SchemaRef = Arc::new(Schema::new(vec![Field::new("n", DataType::Int8, false)]));
    bench.table(&schema, &[]);
    let shards = bench.exported(&bench.typed("s/", "parquet", 0));
    assert_eq!(shards[0].0, "part-00000.parquet");
    let batch = read(&shards);
    assert_eq!((batch.schema(), batch.num_rows()), (schema, 0));
}

/// Readers of Arrow take only the pairs of the embedded schema.
#[test]
fn pairs_of_the_schema_are_in_the_footer_and_in_the_embedded_schema() {
    let pairs = [
        ("huggingface", "{\"info\": 1}"),
        ("pandas", "{\"index\": 2}"),
    ];
    let field = Field::new("n", DataType::Int64, true);
    let schema = Arc::new(Schema::new_with_metadata(vec![field], pairs));
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let rows = RecordBatch::try_new(Arc::clone(&schema), vec![numbers]).unwrap();
    let mut bench = Bench::new();
    bench.table(&schema, &[rows]);
    let target = bench.target("a.parquet", 0);
    let files = bench.exported(&target);
    let file = SerializedFileReader::new(bytes_of(&files[0])).unwrap();
    let metadata = file.metadata().file_metadata();
    let footer = metadata.key_value_metadata().unwrap();
    for (key, value) in pairs {
        let found: Vec<_> = footer.iter().filter(|pair| pair.key == key).collect();
        assert_eq!(found.len(), 1, "{key}");
        assert_eq!(found[0].value.as_deref(), Some(value));
    }
    let is_schema = |pair: &&KeyValue| pair.key == "ARROW:schema";
    let embedded: Vec<_> = footer.iter().filter(is_schema).cloned().collect();
    let embedded = parquet_to_arrow_schema(metadata.schema_descr(), Some(&embedded)).unwrap();
    for (key, value) in pairs {
        assert_eq!(
            embedded.metadata().get(key).map(String::as_str),
            Some(value)
        );
    }
}

#[test]
fn records_without_fields_are_refused() {
    let mut bench = Bench::new();
    bench.plain("{}\n{}\n{}\n");
    for form in ["a.parquet", "a.csv"] {
        let ended = bench.export(&bench.target(form, 0), 2).unwrap_err();
        assert!(ended.to_string().contains("export JSONL"), "{ended}");
    }
}

/// Returns a batch with what Parquet files of other writers contain.
fn rich(first: i64) -> RecordBatch {
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("")]));
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(first..first + 3));
    let times =
        TimestampMicrosecondArray::from(vec![Some(first), None, Some(3)]).with_timezone("UTC");
    let values: ArrayRef = Arc::new(StringArray::from(vec!["x", "y"]));
    let codes = DictionaryArray::<Int8Type>::new(vec![Some(1), None, Some(0)].into(), values);
    let child = Arc::new(Field::new("child", DataType::Int64, false));
    let object = StructArray::new(
        vec![child].into(),
        vec![Arc::clone(&numbers)],
        Some(vec![true, false, true].into()),
    );
    let element = Arc::new(Field::new("element", object.data_type().clone(), true));
    let offsets = arrow::buffer::OffsetBuffer::from_lengths([2, 0, 1]);
    let list = ListArray::new(element, offsets, Arc::new(object.clone()), None);
    let noted = Field::new("numbers", DataType::Int64, false).with_metadata([("unit", "bytes")]);
    let field = |name: &str, array: &dyn Array| Field::new(name, array.data_type().clone(), true);
    let fields = vec![
        field("texts", &texts),
        noted,
        field("times", &times),
        field("codes", &codes),
        field("object", &object),
        field("list", &list),
        Field::new("nothing", DataType::Null, true),
    ];
    let metadata = [("b", "two"), ("a", "one"), ("huggingface", "{}")];
    let nothing = new_null_array(&DataType::Null, 3);
    RecordBatch::try_new(
        Arc::new(Schema::new_with_metadata(fields, metadata)),
        vec![
            texts,
            numbers,
            Arc::new(times),
            Arc::new(codes),
            Arc::new(object),
            Arc::new(list),
            nothing,
        ],
    )
    .unwrap()
}

#[test]
fn tables_of_one_schema_come_out_as_they_are() {
    let mut bench = Bench::new();
    let schema = rich(0).schema();
    bench
        .table(&schema, &[rich(0), rich(3)])
        .table(&schema, &[])
        .table(&schema, &[rich(6)]);
    let target = bench.target("a.parquet", 0);
    let files = bench.exported(&target);
    let batch = read(&files);
    assert_eq!(batch.schema(), schema);
    let expected = concat_batches(&schema, &[rich(0), rich(3), rich(6)]).unwrap();
    assert_eq!(rendered(&batch), rendered(&expected));
    assert_eq!(batch.column(4), expected.column(4));
    assert!(bench.export(&target, 1).unwrap().mixed.is_empty());
    let reader = SerializedFileReader::new(bytes_of(&files[0])).unwrap();
    let pairs = reader
        .metadata()
        .file_metadata()
        .key_value_metadata()
        .unwrap();
    let keys: Vec<&str> = pairs.iter().map(|pair| pair.key.as_str()).collect();
    assert_eq!(keys, ["a", "b", "huggingface", "ARROW:schema"]);
}

/// Returns the bytes of an exported file as a file.
fn bytes_of(file: &(String, Vec<u8>)) -> File {
    let mut copy = tempfile::tempfile().unwrap();
    copy.write_all(&file.1).unwrap();
    copy
}

#[test]
fn tables_of_different_schemas_and_lines_are_joined() {
    let narrow: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
    let narrow = RecordBatch::try_from_iter_with_nullable([("n", narrow, true)]).unwrap();
    let wide: ArrayRef = Arc::new(Int64Array::from(vec![1 << 40]));
    let other: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let wide = RecordBatch::try_from_iter([("other", other), ("n", wide)]).unwrap();
    let mut bench = Bench::new();
    bench.table(&narrow.schema(), &[narrow]);
    bench.plain("{\"n\": 7, \"other\": 1}\n");
    bench.table(&wide.schema(), &[wide]);
    let batch = read(&bench.exported(&bench.target("a.parquet", 0)));
    assert_eq!(
        rendered(&batch),
        [
            json!({"n": 1, "other": null}),
            json!({"n": null, "other": null}),
            json!({"n": 7, "other": 1}),
            json!({"n": 1_i64 << 40, "other": "x"}),
        ]
    );
}

#[test]
fn lines_of_a_table_keep_its_schema() {
    let mut bench = Bench::new();
    bench.plain("{\"n\": 7, \"__dj__stats__\": {\"len\": 3}}\n{\"n\": null}\n");
    let mut types = Types::default();
    types.observe("{\"__dj__stats__\": {\"len\": 3}}", &Origin::new(0, 0));
    bench.partitions[0].types = Some(types);
    let column = Field::new("n", DataType::Int16, true).with_metadata([("unit", "bytes")]);
    bench.partitions[0].schema = Some(Arc::new(Schema::new(vec![column.clone()])));
    let batch = read(&bench.exported(&bench.target("a.parquet", 0)));
    assert_eq!(batch.schema().field(0), &column);
    assert_eq!(
        rendered(&batch),
        [
            json!({"n": 7, "__dj__stats__": {"len": 3}}),
            json!({"n": null, "__dj__stats__": null}),
        ]
    );
}

#[test]
fn lines_of_which_nothing_is_noted_are_read_to_see() {
    for packing in [FileCompression::None, FileCompression::Gzip] {
        let mut bench = Bench::new();
        bench.lines("{\"n\": 7}\n{\"t\": \"x\"}\n", packing);
        bench.partitions[0].types = None;
        let batch = read(&bench.exported(&bench.target("a.parquet", 0)));
        assert_eq!(
            rendered(&batch),
            [json!({"n": 7, "t": null}), json!({"n": null, "t": "x"})]
        );
    }
}

#[test]
fn what_parquet_does_not_have_becomes_json_text() {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let fields: UnionFields = [
        (0, Arc::new(Field::new("number", DataType::Int64, true))),
        (1, Arc::new(Field::new("text", DataType::Utf8, true))),
    ]
    .into_iter()
    .collect();
    let ids: ScalarBuffer<i8> = vec![0, 1].into();
    let union = UnionArray::try_new(fields, ids, None, vec![numbers, texts]).unwrap();
    let empty = StructArray::new_empty_fields(2, Some(vec![true, false].into()));
    let columns: [(&str, ArrayRef, bool); 2] = [
        ("union", Arc::new(union), true),
        ("empty", Arc::new(empty), true),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut bench = Bench::new();
    bench.table(&batch.schema(), std::slice::from_ref(&batch));
    let read = read(&bench.exported(&bench.target("a.parquet", 0)));
    assert_eq!(rendered(&read), rendered(&batch));
    assert!(
        read.columns()
            .iter()
            .all(|column| column.data_type() == &DataType::Utf8)
    );
}

#[test]
fn row_groups_have_a_size_whatever_the_pieces() {
    let row = |n: usize| format!("{{\"n\": {n}, \"text\": \"{}\"}}\n", "y".repeat(5000));
    let groups = |cuts: &[usize]| {
        let mut bench = Bench::new();
        let ends = cuts[1..].iter().copied().chain([8_000]);
        for (start, end) in cuts.iter().copied().zip(ends) {
            bench.plain(&(start..end).map(row).collect::<String>());
        }
        bench.exported(&bench.target("a.parquet", 0))
    };
    let files = groups(&[0]);
    let reader = SerializedFileReader::new(bytes_of(&files[0])).unwrap();
    let metadata = reader.metadata();
    assert_eq!(metadata.num_row_groups(), 2);
    assert_eq!(metadata.file_metadata().created_by(), Some("coldpress"));
    let column = metadata.row_group(0).column(1);
    assert_eq!(column.compression(), Packed::SNAPPY);
    assert!(column.statistics().is_some() && column.column_index_offset().is_some());
    assert!(column.bloom_filter_offset().is_none());
    let batch = read(&files);
    let numbers = batch
        .column(0)
        .as_primitive::<Int64Type>()
        .values()
        .iter()
        .copied();
    assert!(numbers.eq(0..8_000));
    assert!(
        groups(&[0, 10, 2000, 7_000]) == files,
        "partitions show in the bytes"
    );
}

#[test]
fn neither_pieces_nor_batches_show_in_the_bytes() {
    let texts = (0..9_000).map(|n| match n % 7 {
        0 => None,
        _ => Some("word ".repeat(n % 41 * n % 97)),
    });
    let texts: ArrayRef = Arc::new(texts.collect::<StringArray>());
    let lists = (0..9_000).map(|n| (n % 3 > 0).then(|| vec![Some(n); n as usize % 11]));
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(lists));
    let flags: ArrayRef = Arc::new(
        (0..9_000)
            .map(|n| Some(n % 5 == 0))
            .collect::<BooleanArray>(),
    );
    let columns = [("text", texts), ("list", lists), ("flag", flags)];
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    let exported = |name: &str, shard: u64, partitions: &[usize], batch_rows: usize| {
        let mut bench = Bench::new();
        let ends = partitions[1..].iter().copied().chain([rows.num_rows()]);
        for (start, end) in partitions.iter().copied().zip(ends) {
            let starts = (start..end).step_by(batch_rows);
            let batches = starts.map(|at| rows.slice(at, batch_rows.min(end - at)));
            bench.table(&rows.schema(), &batches.collect::<Vec<_>>());
        }
        let path = if shard == 0 { "a" } else { "a/" };
        bench.exported(&bench.typed(path, name, shard))
    };
    for (name, shard) in [
        ("parquet", 0),
        ("arrow", 0),
        ("parquet", 1 << 20),
        ("arrow", 1 << 20),
    ] {
        let expected = exported(name, shard, &[0], 9_000);
        for (partitions, batch_rows) in [
            (&[0][..], 100),
            (&[0, 1, 777, 8_000], 1_000),
            (&[0, 4_500], 1),
        ] {
            let found = exported(name, shard, partitions, batch_rows);
            assert!(
                found == expected,
                "{name}: {partitions:?} in batches of {batch_rows}"
            );
        }
    }
}

#[test]
fn row_groups_have_at_most_so_many_rows() {
    let numbers: ArrayRef = Arc::new(Int32Array::from_iter_values(0..700_000));
    let batch = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
    let mut bench = Bench::new();
    bench.table(&batch.schema(), &[batch.clone(), batch.clone(), batch]);
    let files = bench.exported(&bench.target("a.parquet", 0));
    let reader = SerializedFileReader::new(bytes_of(&files[0])).unwrap();
    let rows: Vec<i64> = reader
        .metadata()
        .row_groups()
        .iter()
        .map(|group| group.num_rows())
        .collect();
    assert_eq!(rows, [1 << 20, 1 << 20, 2_100_000 - (2 << 20)]);
}

#[test]
fn shards_end_with_the_row_group_that_reaches_the_limit() {
    let mut state = 1_u64;
    let mut row = |n: usize| {
        // This text does not compress well.
        let noise = (0..100).map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            format!("{:05x}", state >> 44)
        });
        format!(
            "{{\"n\": {n}, \"text\": \"{}\"}}\n",
            noise.collect::<String>()
        )
    };
    let mut bench = Bench::new();
    bench.plain(&(0..2000).map(&mut row).collect::<String>());
    let shards = bench.exported(&bench.typed("s/", "parquet", 150_000));
    assert!(shards.len() > 2, "{}", shards.len());
    for (_, shard) in &shards[..shards.len() - 1] {
        assert!((150_000..250_000).contains(&shard.len()), "{}", shard.len());
    }
    let batch = read(&shards);
    let numbers = batch
        .column(0)
        .as_primitive::<Int64Type>()
        .values()
        .iter()
        .copied();
    assert!(numbers.eq(0..2000));
}
