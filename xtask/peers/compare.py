#!/usr/bin/env python3
"""Opens what Coldpress wrote with PyArrow, DuckDB and Polars, and compares every value and the types of the columns.

    compare.py FOLDER

`FOLDER/cases.json` is a list of

    {"name": ..., "input": "rows.jsonl", "types": "file.parquet", "outputs": [{"path": ..., "form": ...}]}

`input` has the expected rows, one JSON object each. `types` names a Parquet or Arrow file whose columns the outputs must
have; without it the types follow from the rows. `form` is parquet, arrow, csv, json or jsonl; a path may be a folder of
shards. `"beyond": {"polars parquet": ["a"]}` names columns that a program is known not to read as they are from files of a form,
`"*"` all of them. Paths are relative to FOLDER. Prints a table; exits 1 when anything differs, 2 when there is nothing to compare.
"""

import json
import pathlib
import sys

import infer
import render
from kinds import as_parquet, same_class, same_type
from neutral import neutral, parse, plain
from readers import BEYOND, READERS, CannotRead

SHOWN = 160


class Differs(Exception):
    """The first difference."""


def main(folder):
    cases = json.loads((folder / "cases.json").read_text())
    results = [
        (case["name"], output, reader, check(folder, case, output, reader, read))
        for case in cases
        for output in case["outputs"]
        for reader, read in READERS[output["form"]].items()
    ]
    print_table(results)
    failed = [result for *_, result in results if result.startswith("differs")]
    if not any(result.startswith("ok") for *_, result in results):
        print("nothing was compared")
        return 2
    return 1 if failed else 0


def print_table(results):
    lines = [(name, output["path"], reader, result) for name, output, reader, result in results]
    widths = [max(len(line[column]) for line in lines) for column in range(3)] if lines else []
    for *head, result in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(head, widths)) + "  " + result)
    counts = {}
    for *_, result in lines:
        word = result.split(":")[0].split(",")[0]
        counts[word] = counts.get(word, 0) + 1
    print(", ".join(f"{count} {word}" for word, count in sorted(counts.items())))


def check(folder, case, output, reader, read):
    """`ok`, `differs: …`, or `not read: …` for what a program does not claim to read."""
    try:
        expected = [parse(line) for line in (folder / case["input"]).read_text().split("\n") if line]
        files = files_of(folder / output["path"])
        wanted = wanted_types(folder, case, expected)
        skipped = skip_unknown(case, output["form"], reader, wanted)
        rows, kinds = read(files, skipped)
        compare(output["form"], expected, wanted, rows, kinds, exact=reader == "pyarrow")
    except CannotRead as reason:
        return f"not read: {reason}"
    except Differs as difference:
        return f"differs: {difference}"
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic inside of Polars is no Exception
        return f"differs: {type(error).__name__}: {first_line(error)}"
    return f"ok, without {', '.join(map(repr, skipped))}" if skipped else "ok"


def skip_unknown(case, form, reader, wanted):
    """Takes the columns that a program does not read as they are out of `wanted`."""
    named = case.get("beyond", {}).get(f"{reader} {form}", [])
    if "*" in named:
        raise CannotRead("known not to be read as it is")
    beyond = BEYOND.get(reader) if form in ("parquet", "arrow") else None
    skipped = [name for name, kind in wanted.items() if name in named or (beyond and beyond(kind))]
    for name in skipped:
        del wanted[name]
    return skipped


def first_line(error):
    return (str(error).strip() or "no message").split("\n")[0][:SHOWN]


def files_of(path):
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if not file.name.startswith((".", "_")))
    if not files:
        raise Differs("the folder has no files")
    return files


def wanted_types(folder, case, expected):
    if "types" not in case:
        return dict(infer.schema(expected))
    return {field.name: field.type for field in render.read(folder / case["types"]).schema}


def compare(form, expected, wanted, rows, kinds, exact):
    if len(rows) != len(expected):
        raise Differs(f"{len(rows)} rows instead of {len(expected)}")
    if form in ("parquet", "arrow"):
        given = wanted
        if form == "parquet":
            wanted = {name: as_parquet(kind) for name, kind in wanted.items()}
        compare_columns(expected, given, wanted, rows, kinds, exact)
    elif form == "csv":
        compare_cells(expected, wanted, rows)
    elif kinds is None:
        compare_objects(expected, rows)
    else:
        inferred = dict(infer.schema(expected))
        compare_columns(expected, inferred, inferred, rows, kinds, exact=False)


def compare_columns(expected, given, wanted, rows, kinds, exact):
    """`given` are the types of the expected values, `wanted` those that the columns should have."""
    if list(kinds) != list(wanted):
        raise Differs(f"columns {list(kinds)} instead of {list(wanted)}"[:SHOWN])
    for name, kind in wanted.items():
        alike = same_type if exact else same_class
        if not alike(kinds[name], kind):
            raise Differs(f"column {name!r} is {kinds[name]} instead of {kind}")
    for index, (want, found) in enumerate(zip(expected, rows)):
        for name, kind in wanted.items():
            left = neutral(want.get(name), given[name], kind)
            right = neutral(found[name], kinds[name], kind)
            if left != right:
                differ(index, name, want.get(name), found[name])


def compare_cells(expected, wanted, rows):
    """Texts as they are, numbers and nested values by what they mean; a null and an empty text are the same cell."""
    for index, (want, found) in enumerate(zip(expected, rows)):
        if list(found) != list(wanted):
            raise Differs(f"columns {list(found)} instead of {list(wanted)}"[:SHOWN])
        for name in wanted:
            value, cell = want.get(name), found[name] or ""
            same = cell == (value or "") if value is None or isinstance(value, str) else same_json(cell, value)
            if not same:
                differ(index, name, value, cell)


def same_json(cell, value):
    try:
        return plain(parse(cell)) == plain(value)
    except ValueError:
        return False


def compare_objects(expected, rows):
    for index, (want, found) in enumerate(zip(expected, rows)):
        if list(want) != list(found):
            raise Differs(f"row {index}: fields {list(found)} instead of {list(want)}"[:SHOWN])
        for name in want:
            if plain(want[name]) != plain(found[name]):
                differ(index, name, want[name], found[name])


def differ(index, name, want, found):
    def shown(value):
        text = repr(value)
        return text if len(text) <= SHOWN else text[:SHOWN] + "…"

    raise Differs(f"row {index}, column {name!r}: {shown(found)} instead of {shown(want)}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(sys.argv[1])))
