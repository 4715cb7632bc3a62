#!/usr/bin/env python3
"""Writes the test files of this folder: data files by PyArrow, DuckDB and Polars, what they hold as JSON, and bad files.

    python3 -m venv VENV && VENV/bin/pip install -r xtask/peers/requirements.txt
    VENV/bin/python crates/dataset/testdata/make.py

The files of one table share the part of the name before the first point; `NAME.expected.jsonl` has their rows.
Every file is read again with PyArrow, and must hold these rows.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "xtask" / "peers"))

import duckdb
import polars
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet as pq

import bad_arrow
import bad_parquet
import render
import tables

KINDS = (".parquet", ".arrow", ".arrows", ".feather")


def main():
    sys.dont_write_bytecode = True
    for old in HERE.rglob("*"):
        if old.suffix in (*KINDS, ".jsonl"):
            old.unlink()
    parquet_types()
    parquet_layouts()
    parquet_by_others()
    arrow_types()
    arrow_layouts()
    expectations()
    (HERE / "bad").mkdir(exist_ok=True)
    bad_parquet.write(HERE / "bad")
    bad_arrow.write(HERE / "bad")


def parquet(name, table, **options):
    pq.write_table(table, HERE / f"{name}.parquet", **options)


def parquet_types():
    every = tables.every_type()
    parquet("all_types", every, row_group_size=12, compression="snappy", write_page_index=True)
    parquet(
        "all_types.plain",
        every,
        row_group_size=15,
        compression="zstd",
        data_page_version="2.0",
        use_dictionary=False,
        store_schema=False,
        store_decimal_as_integer=True,
        write_statistics=False,
    )
    parquet("required", tables.required())
    parquet("field_ids", tables.field_ids())
    parquet("huggingface", tables.huggingface())
    parquet("extremes", tables.extremes())
    parquet("doubtful_floats", tables.doubtful_floats())
    parquet("odd_names", tables.odd_names())
    instants = tables.every_type().select(["instant_ms", "instant_us", "instant_ns", "instant_us_utc"])
    parquet("int96", instants, use_deprecated_int96_timestamps=True, store_schema=False)


def parquet_layouts():
    records = tables.records()
    for compression in ("none", "snappy", "gzip", "brotli", "lz4", "zstd"):
        version = "2.0" if compression in ("none", "gzip", "lz4") else "1.0"
        parquet(f"records.{compression}", records, compression=compression, data_page_version=version, row_group_size=10)
    parquet("records.checksums", records, write_page_checksum=True, use_dictionary=["id"])
    parquet("many_row_groups", tables.plain(30), row_group_size=1, compression="none", write_statistics=False, store_schema=False)
    pages = tables.plain(200)
    parquet("many_pages", pages, data_page_size=256, write_batch_size=16, write_page_index=True, compression="zstd")
    parquet("many_pages.v2", pages, data_page_size=256, write_batch_size=16, data_page_version="2.0", compression="zstd")
    parquet("many_pages.dictionary_given_up", pages, dictionary_pagesize_limit=512, compression="zstd", data_page_size=512, write_batch_size=16)
    encodings = {"id": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY", "score": "BYTE_STREAM_SPLIT"}
    parquet("many_pages.delta", pages, use_dictionary=False, column_encoding=encodings, compression="zstd")
    parquet("many_pages.delta_length", pages, use_dictionary=False, column_encoding={"text": "DELTA_LENGTH_BYTE_ARRAY"}, compression="zstd")
    parquet("zero_rows", tables.plain(0))
    parquet("zero_columns", zero_columns())


def zero_columns():
    return pa.table({"a": [1, 2, 3]}).select([])


def parquet_by_others():
    records, plain = tables.records(), tables.plain(200)
    database = duckdb.connect()
    database.execute("SET threads = 1")
    database.register("records", records)
    database.register("plain", plain)
    for name, source, options in (
        ("records.duckdb", "records", "COMPRESSION zstd"),
        ("book.duckdb", "plain", "PARQUET_VERSION v2, ROW_GROUP_SIZE 2048, COMPRESSION lz4_raw"),
    ):
        database.execute(f"COPY (FROM {source}) TO '{HERE / name}.parquet' (FORMAT parquet, {options})")
    database.execute(f"COPY ({DUCKDB_TYPES}) TO '{HERE / 'duckdb_types'}.parquet' (FORMAT parquet)")
    polars.from_arrow(records).write_parquet(HERE / "records.polars.parquet", compression="zstd", row_group_size=7)
    polars.from_arrow(plain).write_parquet(HERE / "book.polars.parquet", data_page_size=1024)
    polars_types().write_parquet(HERE / "polars_types.parquet")


DUCKDB_TYPES = """
    SELECT n AS id, n::UTINYINT AS u8, n::HUGEINT::DECIMAL(38, 0) AS huge, (n * 1.25)::DECIMAL(4, 2) AS dec_4_2,
        (n * 1.25)::DECIMAL(9, 3) AS dec_9_3, (n * 1.25)::DECIMAL(18, 4) AS dec_18_4, n::FLOAT / 8 AS f32,
        DATE '2024-01-31' + n::INTEGER AS day, TIME '12:34:56.000001' AS at, TIMESTAMP_NS '2024-01-31 12:34:56.000000001' AS instant_ns,
        TIMESTAMP_MS '2024-01-31 12:34:56.001' AS instant_ms, TIMESTAMP '2024-01-31 12:34:56.000001' AS instant,
        TIMESTAMPTZ '2024-01-31 12:34:56.000001+01' AS instant_utc,
        'aéb' AS text, '\\x00\\xFFa'::BLOB AS blob, ['a', NULL, 'c'] AS list,
        {'x': n, 'y': NULL::VARCHAR} AS pair, MAP {'k': n, 'l': NULL} AS counts, MAP {n: 'v'} AS by_number,
        '{"a": [1, 2.50]}'::JSON AS json, (['red', 'green'])[1 + n % 2]::ENUM ('red', 'green') AS colour,
        '00010203-0405-0607-0809-0a0b0c0d0e0f'::UUID AS uuid, n % 2 = 0 AS flag, NULL::INTEGER AS nothing
    FROM range(5) AS numbers (n)
"""


def polars_types():
    frame = polars.DataFrame({"id": range(6), "text": ["a", None, "long enough for a view of its own", "", "b", "a"]})
    return frame.with_columns(
        polars.col("text").cast(polars.Categorical).alias("category"),
        polars.col("text").cast(polars.Binary).alias("blob"),
        polars.col("id").cast(polars.UInt16).alias("u16"),
        polars.col("id").cast(polars.Float32).alias("f32"),
        polars.col("id").cast(polars.Decimal(12, 3)).alias("decimal"),
        polars.lit(19_753).cast(polars.Date).alias("day"),
        polars.lit(45_296_000_001_000).cast(polars.Time).alias("at"),
        polars.lit(1_706_704_496_000_001).cast(polars.Datetime("us")).alias("instant"),
        polars.lit(1_706_704_496_001).cast(polars.Datetime("ms", "Europe/Berlin")).alias("instant_berlin"),
        polars.concat_list("id", polars.lit(None)).alias("list"),
        polars.concat_list("id", "id").list.to_array(2).alias("array"),
        polars.struct(polars.col("id").alias("x"), polars.col("text").alias("y")).alias("pair"),
        polars.lit(None).alias("nothing"),
    )


def arrow_file(name, source, **options):
    schema, batches = source if isinstance(source, tuple) else (source[0].schema, source)
    with pa.ipc.new_file(HERE / f"{name}.arrow", schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch)


def arrow_stream(name, source, suffix="arrows", **options):
    schema, batches = source if isinstance(source, tuple) else (source[0].schema, source)
    with pa.ipc.new_stream(HERE / f"{name}.{suffix}", schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch)


def batches(table, size):
    return table.schema, table.combine_chunks().to_batches(max_chunksize=size)


def arrow_types():
    arrow_file("all_types", batches(tables.every_type(), 12), compression="zstd")
    arrow_stream("all_types", batches(tables.every_type(), 24), compression="lz4")
    arrow_file("arrow_types", [batch_of(tables.arrow_only())])
    arrow_stream("arrow_types", [batch_of(tables.arrow_only())])
    arrow_file("views", batches(tables.views(), 4))
    arrow_stream("views", batches(tables.views(), 4), compression="lz4")
    arrow_file("extremes", [batch_of(tables.extremes())])
    arrow_file("odd_names", [batch_of(tables.odd_names())])


def batch_of(table):
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in table.columns], schema=table.schema)


def arrow_layouts():
    records = tables.records()
    for name, compression in (("none", None), ("lz4", "lz4"), ("zstd", "zstd")):
        arrow_file(f"records.{name}", batches(records, 5), compression=compression)
        arrow_stream(f"records.{name}", batches(records, 5), compression=compression)
    pyarrow.feather.write_feather(records, HERE / "records.feather", chunksize=8)
    arrow_stream("huggingface.cache", batches(tables.huggingface(), 4), suffix="arrow")
    arrow_file("words.growing", tables.growing_dictionary(), emit_dictionary_deltas=True)
    arrow_stream("words.growing", tables.growing_dictionary(), emit_dictionary_deltas=True)
    arrow_stream("words.changing", tables.changing_dictionary())
    unified = pa.Table.from_batches(tables.changing_dictionary()).unify_dictionaries()
    arrow_file("words.unified", unified.to_batches())
    arrow_stream("records.without_marker", batches(records, 9), use_legacy_format=True)
    arrow_stream("records.version_4", batches(records, 9), metadata_version=pa.ipc.MetadataVersion.V4)
    without_end("records.without_end", batches(records, 9))
    arrow_file("zero_rows", (tables.plain(0).schema, []))
    arrow_stream("zero_rows", (tables.plain(0).schema, []))
    arrow_file("zero_rows.empty_batch", [batch_of(tables.plain(0))])
    arrow_file("rows_without_columns", batches(zero_columns(), 2))
    frame = polars.from_arrow(records)
    frame.write_ipc(HERE / "records.polars.arrow", compression="zstd", compat_level=polars.CompatLevel.newest())
    frame.write_ipc_stream(HERE / "records.polars.arrows", compression="uncompressed", compat_level=polars.CompatLevel.oldest())


def without_end(name, source):
    """A stream that just stops behind its last message, as the format allows."""
    arrow_stream(name, source)
    path = HERE / f"{name}.arrows"
    data = path.read_bytes()
    assert data.endswith(b"\xff\xff\xff\xff\0\0\0\0")
    path.write_bytes(data[:-8])


def expectations():
    """Writes the rows of each table once, and checks that every file of the table has them."""
    known = {}
    for path in sorted(path for path in HERE.iterdir() if path.suffix in KINDS):
        found = list(render.rows(render.read(path)))
        stem = path.name.split(".")[0]
        expected = known.setdefault(stem, found)
        assert found == expected, f"{path.name}: {first_difference(found, expected)}"
    for stem, rows in known.items():
        (HERE / f"{stem}.expected.jsonl").write_text("".join(row + "\n" for row in rows))
    for stem, table in (("all_types", tables.every_type()), ("records", tables.records()), ("arrow_types", tables.arrow_only())):
        assert known[stem] == list(render.rows(table)), f"{stem}: files and table differ"


def first_difference(found, expected):
    pairs = ((one, other) for one, other in zip(found, expected) if one != other)
    return next(pairs, f"{len(found)} rows instead of {len(expected)}")


if __name__ == "__main__":
    main()
