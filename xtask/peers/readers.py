"""What each program reads from files of each form, as rows of JSON values and the types of the columns.

A reader gets the files of one output, and the columns to leave out. It gives `(rows, kinds)`: dicts of parsed JSON, and
name -> Arrow type (None where a form has no types). It raises `CannotRead` for what a program does not claim to read.
"""

import contextlib
import csv
import gzip
import io
import os
import sys

import duckdb
import polars
import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

import infer
import render
from neutral import is_json, parse


class CannotRead(Exception):
    """The program does not read this form, or not this kind of content."""


def of_table(table):
    """Rows and types of an Arrow table, by the rules for JSON."""
    rows = [parse(row) for row in render.rows(table)]
    return rows, {field.name: field.type for field in table.schema}


def joined(tables):
    # Tables without columns lose their rows when they are put together.
    return of_table(pa.concat_tables(tables, promote_options="none") if len(tables) > 1 else tables[0])


# Parquet and Arrow IPC


def pyarrow_parquet(files, skipped):
    return joined([render.read(file).drop_columns(list(skipped)) for file in files])


def duckdb_parquet(files, skipped):
    with database() as found:
        everything = found.read_parquet([str(file) for file in files])
        columns = [name for name in everything.columns if name not in skipped]
        if not columns:
            raise CannotRead("no columns")
        return of_table(everything.select(*map(duckdb.ColumnExpression, columns)).to_arrow_table())


def polars_parquet(files, skipped):
    try:
        with silence():
            return joined([polars.read_parquet(file, glob=False, columns=without(file, skipped)).to_arrow() for file in files])
    except polars.exceptions.PanicException as error:
        # What it panics with at a type of the embedded Arrow schema that it has not.
        if "not yet implemented" in str(error):
            raise CannotRead(str(error)) from None
        raise


@contextlib.contextmanager
def silence():
    """Keeps from the terminal what Polars says of a panic before it becomes an error."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def without(file, skipped):
    """The columns of a file that Polars is to read."""
    columns = [name for name in render.read(file).schema.names if name not in skipped]
    if not columns:
        raise CannotRead("no columns")
    return columns


def beyond_polars(kind):
    """Types that Polars has not."""
    types = pa.types
    if types.is_decimal(kind):
        return kind.precision > 38
    refused = (types.is_union, types.is_run_end_encoded, types.is_interval, types.is_list_view, types.is_large_list_view)
    return any(refuses(kind) for refuses in refused)


def beyond_duckdb(kind):
    """Types that DuckDB reads as something else."""
    return pa.types.is_decimal(kind) and kind.precision > 38


BEYOND = {"duckdb": beyond_duckdb, "polars": beyond_polars}


def pyarrow_arrow(files, skipped):
    return pyarrow_parquet(files, skipped)


# What Polars says of types and dictionaries that it has not; for a type it blames the footer.
POLARS_LACKS = ("not supported", "not yet implemented", "NegativeFooterLength")


def polars_arrow(files, skipped):
    try:
        with silence():
            return joined([polars_table(file, without(file, skipped)) for file in files])
    except (polars.exceptions.ComputeError, polars.exceptions.PanicException) as error:
        if any(lack in str(error) for lack in POLARS_LACKS):
            raise CannotRead(str(error).split("\n")[0]) from None
        raise


def polars_table(file, columns):
    with open(file, "rb") as opened:
        start = opened.read(6)
    if start == b"ARROW1":
        return polars.read_ipc(file, columns=columns).to_arrow()
    return polars.read_ipc_stream(file, columns=columns).to_arrow()


# JSON


def text_of(file):
    data = file.read_bytes()
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()


def python_lines(files, _skipped):
    rows = []
    for file in files:
        lines = text_of(file).split("\n")
        assert lines.pop() == "", f"{file.name} does not end with a line break"
        rows.extend(parse(line) for line in lines)
    return rows, None


def python_array(files, _skipped):
    return [row for file in files for row in parse(text_of(file))], None


def duckdb_lines(files, _skipped):
    return duckdb_objects("newline_delimited", files)


def duckdb_array(files, _skipped):
    return duckdb_objects("array", files)


def duckdb_objects(form, files):
    """Each record as DuckDB cuts it out of the file."""
    rows = []
    with database() as found:
        for file in files:
            query = f"SELECT json FROM read_json_objects(?, format = '{form}', maximum_object_size = 100000000)"
            rows.extend(parse(text) for (text,) in found.execute(query, [str(file)]).fetchall())
    return rows, None


def pyarrow_lines(files, _skipped):
    """Read with the types that the rows must have; PyArrow has none for values that differ from row to row."""
    wanted = types_for(files, python_lines)
    tables = []
    for file in files:
        if not text_of(file):
            continue
        parsing = pyarrow.json.ParseOptions(explicit_schema=pa.schema(wanted))
        with pa.input_stream(str(file), compression="gzip" if file.suffix == ".gz" else None) as source:
            tables.append(pyarrow.json.read_json(source, parse_options=parsing))
    if not tables:
        raise CannotRead("no rows")
    return joined(tables)


def polars_lines(files, _skipped):
    return polars_json(files, types_for(files, python_lines), polars.read_ndjson)


def polars_array(files, _skipped):
    return polars_json(files, types_for(files, python_array), polars.read_json)


def polars_json(files, wanted, read):
    columns = polars.from_arrow(pa.schema(wanted).empty_table()).schema
    if not columns:
        raise CannotRead("no columns")
    return joined([read(io.BytesIO(text_of(file).encode()), schema=columns).to_arrow() for file in files])


def types_for(files, read):
    rows, _ = read(files, ())
    wanted = infer.schema(rows)
    if not rows or not wanted:
        raise CannotRead("no rows")
    if any(infer.holds_mixed(kind) or holds_mixed_inside(kind) for _, kind in wanted):
        raise CannotRead("values of several types")
    if any(holds_null(kind) for _, kind in wanted):
        raise CannotRead("a field without values")
    return wanted


def holds_mixed_inside(kind):
    return pa.types.is_struct(kind) and any(is_json(field.type) for field in kind)


def holds_null(kind):
    if pa.types.is_list(kind):
        return holds_null(kind.value_type)
    if pa.types.is_struct(kind):
        return any(holds_null(field.type) for field in kind)
    return pa.types.is_null(kind)


# CSV: every cell is a text


def python_csv(files, _skipped):
    rows = []
    for file in files:
        rows.extend(csv.DictReader(io.StringIO(text_of(file), newline=""), strict=True))
    return rows, None


def pyarrow_csv(files, _skipped):
    rows = []
    for file in files:
        with pa.input_stream(str(file), compression="gzip" if file.suffix == ".gz" else None) as source:
            names = next(csv.reader(io.StringIO(text_of(file), newline="")), [])
            convert = pyarrow.csv.ConvertOptions(column_types={name: pa.string() for name in names}, strings_can_be_null=False)
            parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
            reading = pyarrow.csv.ReadOptions(block_size=64 << 20)
            rows.extend(pyarrow.csv.read_csv(source, reading, parsing, convert).to_pylist())
    return rows, None


def duckdb_csv(files, _skipped):
    rows = []
    with database() as found:
        for file in files:
            query = "SELECT * FROM read_csv(?, all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"')"
            result = found.execute(query, [str(file)])
            names = [column[0] for column in result.description]
            rows.extend(dict(zip(names, row)) for row in result.fetchall())
    return rows, None


def polars_csv(files, _skipped):
    rows = []
    for file in files:
        rows.extend(polars.read_csv(file, infer_schema=False, glob=False).to_dicts())
    return rows, None


def database():
    found = duckdb.connect()
    found.execute("SET TimeZone = 'UTC'")
    return found


READERS = {
    "parquet": {"pyarrow": pyarrow_parquet, "duckdb": duckdb_parquet, "polars": polars_parquet},
    "arrow": {"pyarrow": pyarrow_arrow, "polars": polars_arrow},
    "csv": {"python": python_csv, "pyarrow": pyarrow_csv, "duckdb": duckdb_csv, "polars": polars_csv},
    "jsonl": {"python": python_lines, "pyarrow": pyarrow_lines, "duckdb": duckdb_lines, "polars": polars_lines},
    "json": {"python": python_array, "duckdb": duckdb_array, "polars": polars_array},
}
