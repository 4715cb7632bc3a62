"""Prints the rows of exports in a bucket as pyarrow and DuckDB read them: `readers.py s3://BUCKET PLACE...`.

A place with a `/` at its end is a folder of shards. Each line of the output is a JSON array: reader, place, rows.
"""

import importlib.util
import io
import json
import os
import sys

import duckdb
import pyarrow as pa
import pyarrow.fs
import pyarrow.json
import pyarrow.parquet

BUCKET = sys.argv[1].removeprefix("s3://")
ENDPOINT = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
KEY, SECRET = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
REGION = os.environ["AWS_REGION"]


def with_pyarrow(_place, shards):
    tables = []
    for shard in shards:
        if shard.endswith(".parquet"):
            tables.append(pyarrow.parquet.read_table(shard, filesystem=FILES))
        else:
            # The stream is unpacked by the end of the name.
            lines = FILES.open_input_stream(shard).read()
            tables.append(pyarrow.json.read_json(io.BytesIO(lines)))
    return pa.concat_tables(tables).to_pylist()


def with_duckdb(place, shards):
    pattern = f"s3://{BUCKET}/{place}" + ("*" if place.endswith("/") else "")
    if shards[0].endswith(".parquet"):
        found = DATABASE.read_parquet(pattern)
    else:
        found = DATABASE.read_json(pattern, format="newline_delimited")
    rows = found.fetchall()
    return [dict(zip(found.columns, row)) for row in rows]


def shards_of(place):
    """The files of an export, in order, listed as a user of pyarrow would."""
    path = f"{BUCKET}/{place}"
    if not place.endswith("/"):
        return [path]
    selector = pyarrow.fs.FileSelector(path.rstrip("/"), recursive=True)
    return sorted(info.path for info in FILES.get_file_info(selector) if info.is_file)


def database():
    found = duckdb.connect()
    package = os.path.dirname(importlib.util.find_spec("duckdb_extension_httpfs").origin)
    (extension,) = (
        os.path.join(folder, name)
        for folder, _, names in os.walk(package)
        for name in names
        if name.endswith(".duckdb_extension")
    )
    found.load_extension(extension)
    found.execute(
        f"CREATE SECRET (TYPE s3, KEY_ID '{KEY}', SECRET '{SECRET}', REGION '{REGION}', "
        f"ENDPOINT '{ENDPOINT}', URL_STYLE 'path', USE_SSL false)"
    )
    return found


FILES = pyarrow.fs.S3FileSystem(
    endpoint_override=ENDPOINT, scheme="http", access_key=KEY, secret_key=SECRET, region=REGION
)
DATABASE = database()

for place in sys.argv[2:]:
    shards = shards_of(place)
    for name, read in ("pyarrow", with_pyarrow), ("duckdb", with_duckdb):
        print(json.dumps([name, place, read(place, shards)]))
