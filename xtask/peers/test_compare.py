#!/usr/bin/env python3
"""Shows that compare.py can pass and can fail: right files of every form, and each with something wrong."""

import csv
import gzip
import json
import pathlib
import tempfile

import pyarrow as pa
import pyarrow.parquet

import compare

ROWS = [
    '{"text": "a \\"b\\"\\nc", "n": 1, "x": 0.5, "ok": true, "tags": ["a", null], "meta": {"a": 1, "b": null}, "any": 1, "u": 18446744073709551615}',
    '{"text": null, "n": -2, "x": 2, "ok": null, "tags": [], "meta": null, "any": "one", "u": 0}',
    '{"text": "", "n": 3, "x": -1e300, "ok": false, "tags": null, "meta": {"a": null, "b": "é"}, "any": {"k": [1, 2.50]}, "u": 1}',
]
# The last column as JSON text, and the value as a program must give it.
ANY = ["1", '"one"', '{"k": [1, 2.50]}']


def table(**changes):
    columns = {
        "text": pa.array(['a "b"\nc', None, ""]),
        "n": pa.array([1, -2, 3], pa.int64()),
        "x": pa.array([0.5, 2.0, -1e300]),
        "ok": pa.array([True, None, False]),
        "tags": pa.array([["a", None], [], None], pa.list_(pa.string())),
        "meta": pa.array([{"a": 1, "b": None}, None, {"a": None, "b": "é"}], pa.struct([("a", pa.int64()), ("b", pa.string())])),
        "any": pa.ExtensionArray.from_storage(pa.json_(), pa.array(ANY)),
        "u": pa.array([2**64 - 1, 0, 1], pa.uint64()),
    }
    return pa.table(columns | changes)


WRONG_TABLES = {
    "value": {"n": pa.array([1, -2, 4], pa.int64())},
    "type": {"n": pa.array([1, -2, 3], pa.float64())},
    "null": {"text": pa.array(['a "b"\nc', "", ""])},
    "nested null": {"tags": pa.array([["a", ""], [], None], pa.list_(pa.string()))},
    "empty list": {"tags": pa.array([["a", None], None, None], pa.list_(pa.string()))},
    "struct": {"meta": pa.array([{"a": 1, "b": None}, None, {"a": None, "b": "e"}], pa.struct([("a", pa.int64()), ("b", pa.string())]))},
    "child type": {"meta": pa.array([{"a": "1", "b": None}] * 3)},
    "float": {"x": pa.array([0.5, 2.0000000000000004, -1e300])},
    "json": {"any": pa.ExtensionArray.from_storage(pa.json_(), pa.array([ANY[0], ANY[1], '{"k": [1, 2.51]}']))},
    "row order": {"n": pa.array([-2, 1, 3], pa.int64())},
}


def write(path, form, text_or_table):
    if form == "parquet":
        pyarrow.parquet.write_table(text_or_table, path)
    elif form == "arrow":
        with pa.ipc.new_file(path, text_or_table.schema) as writer:
            writer.write_table(text_or_table)
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(text_or_table.encode()))
    else:
        path.write_text(text_or_table)


def csv_text(path, cells):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(json.loads(ROWS[0]))
        writer.writerows(cells)
    return path.read_text()


CELLS = [
    ['a "b"\nc', "1", "0.5", "true", '["a", null]', '{"a": 1, "b": null}', "1", "18446744073709551615"],
    ["", "-2", "2", "", "[]", "", "one", "0"],
    ["", "3", "-1e300", "false", "", '{"a": null, "b": "é"}', '{"k": [1, 2.50]}', "1"],
]


def cases(folder):
    """Form, suffix, what is written, and whether it is right."""
    lines = "".join(row + "\n" for row in ROWS)
    yield "parquet", "parquet", table(), True
    yield "arrow", "arrow", table(), True
    for form in ("parquet", "arrow"):
        for changes in WRONG_TABLES.values():
            yield form, form, table(**changes), False
        yield form, form, table().slice(0, 2), False
        yield form, form, table().drop_columns("u"), False
        yield form, form, table().select(["n", "text", "x", "ok", "tags", "meta", "any", "u"]), False
    for suffix in ("jsonl", "jsonl.gz"):
        yield "jsonl", suffix, lines, True
        yield "jsonl", suffix, lines.replace("-2", "-3"), False
        yield "jsonl", suffix, lines.replace("2.50", "2.51"), False
        yield "jsonl", suffix, lines.replace('"text": null', '"text": ""'), False
        yield "jsonl", suffix, lines.replace('"text": null, ', ""), False
        yield "jsonl", suffix, lines.replace("18446744073709551615", "18446744073709551616"), False
        yield "jsonl", suffix, lines + ROWS[0] + "\n", False
    array = "[\n" + ",\n".join(ROWS) + "\n]\n"
    yield "json", "json", array, True
    yield "json", "json", array.replace("0.5", "0.50001"), False
    yield "json", "json", array.replace("]\n", "", 1), False
    yield "csv", "csv", csv_text(folder / "cells", CELLS), True
    for row, column, cell in ((0, 0, "a b"), (1, 1, "2"), (2, 2, "-1e301"), (0, 4, '["a"]'), (2, 6, "{}"), (1, 0, "x"), (0, 7, "18446744073709551614")):
        wrong = [list(cells) for cells in CELLS]
        wrong[row][column] = cell
        yield "csv", "csv", csv_text(folder / "cells", wrong), False
    yield "csv", "csv", csv_text(folder / "cells", CELLS[:2]), False


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "rows.jsonl").write_text("".join(row + "\n" for row in ROWS))
        counted = 0
        for number, (form, suffix, content, right) in enumerate(cases(folder)):
            output = {"path": f"{number}.{suffix}", "form": form}
            write(folder / output["path"], form, content)
            for reader, read in compare.READERS[form].items():
                result = compare.check(folder, {"name": "", "input": "rows.jsonl"}, output, reader, read)
                if not result.startswith("not read"):
                    assert result.startswith("ok") == right, f"{form} {number}, {reader}: {result}"
                    counted += 1
        print(f"compare.py tells right from wrong in {counted} readings")


if __name__ == "__main__":
    main()
