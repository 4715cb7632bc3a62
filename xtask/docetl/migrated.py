"""Migrates copies of the frozen directories to Parquet and back, and reads them with pandas, DuckDB and DocETL."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HOME = tempfile.TemporaryDirectory()
os.environ["DOCETL_HOME_DIR"] = HOME.name

import duckdb
import pandas

TESTDATA = pathlib.Path("crates/docetl/testdata")
PROGRAM = sys.argv[1]
FOLDER = pathlib.Path(sys.argv[2])

sys.path.insert(0, str(TESTDATA))
import pipeline


def main():
    there_and_back("docetl", expected=rows_of(TESTDATA / "docetl"), same=identical)
    there_and_back("numbers", expected=rows_of(TESTDATA / "numbers"), same=identical)
    # Parquet of others cannot tell a missing field from null.
    and_back("document", expected=rows_of(TESTDATA / "docetl"), same=identical_without_nulls)
    and_back("pandas", expected=rows_of(TESTDATA / "docetl"), same=identical_without_nulls)
    mixed()
    for name, config in [("docetl", pipeline.config), ("numbers", pipeline.numbers)]:
        resumes(config, FOLDER / name, rows_of(TESTDATA / name))


def there_and_back(name, expected, same):
    folder = copy(name)
    migrate(folder, "--to", "parquet", "--remove-originals")
    assert not list(folder.glob("*/*.json")), f"{name}: originals were left"
    for path in sorted(folder.glob("*/*.parquet")):
        check_readers(path, expected[key(folder, path)])
    back(name, folder, expected, same)


def and_back(name, expected, same):
    back(name, copy(name), expected, same)


def back(name, folder, expected, same):
    migrate(folder, "--to", "json", "--remove-originals")
    assert not list(folder.glob("*/*.parquet")), f"{name}: Parquet files were left"
    found = rows_of(folder)
    assert found.keys() == expected.keys(), (found.keys(), expected.keys())
    for checkpoint, rows in found.items():
        assert same(rows, expected[checkpoint]), (name, checkpoint, rows, expected[checkpoint])
    print(f"{name}: {len(found)} checkpoints of JSON with the same records")


def check_readers(path, wanted):
    """The count of the rows and their plain columns, as other programs see them."""
    frame = pandas.read_parquet(path)
    assert len(frame) == len(wanted), (path, len(frame), len(wanted))
    quoted = str(path).replace("'", "''")
    [(count,)] = duckdb.sql(f"SELECT count(*) FROM '{quoted}'").fetchall()
    assert count == len(wanted), (path, count)
    if all("id" in row for row in wanted) and wanted:
        ids = [row["id"] for row in wanted]
        assert list(frame["id"]) == ids, path
        assert [row[0] for row in duckdb.sql(f"SELECT id FROM '{quoted}'").fetchall()] == ids, path
    if wanted and all(isinstance(row.get("length"), dict) for row in wanted):
        lengths = [row["length"] for row in wanted]
        assert [json.loads(text) for text in frame["length"]] == lengths, path


def mixed():
    """What is damaged is reported and left alone, and so is JSON that says more than the Parquet beside it."""
    folder = copy("mixed")
    # The later file is the one that counts.
    os.utime(folder / "prepare/measure.json", (0, 0))
    torn = (folder / "prepare/all_of_them.json").read_bytes()
    ended = subprocess.run([PROGRAM, "docetl", "migrate", folder, "--remove-originals"], capture_output=True, text=True)
    assert ended.returncode == 3, ended
    assert "all_of_them" in ended.stdout + ended.stderr, ended
    assert (folder / "prepare/all_of_them.json").read_bytes() == torn
    left = sorted(str(path.relative_to(folder)) for path in folder.glob("*/*.json"))
    # Of others' Parquet, a missing field cannot be told from null.
    assert left == ["prepare/all_of_them.json", "prepare/measure.json"], left
    print("mixed: the damaged file is reported and stays, and what only the JSON says")


def resumes(config, folder, expected):
    """DocETL goes on from files that were Parquet in between, and runs no operation."""
    from docetl import DSLRunner
    from docetl.operations import get_operation

    config = config(folder)
    config["pipeline"]["output"]["path"] = str(FOLDER / "output.json")
    for operation in config["operations"]:
        get_operation(operation["type"]).execute = fails
    before = rows_of(folder)
    DSLRunner(config, max_threads=1).load_run_save()
    assert rows_of(folder).keys() == before.keys()
    for checkpoint, rows in rows_of(folder).items():
        assert identical(rows, expected[checkpoint]), checkpoint
    print(f"{folder.name}: DocETL resumed without running an operation")


def fails(operation, *_):
    raise AssertionError(f"{operation.config['name']} ran again")


def copy(name):
    folder = FOLDER / name
    shutil.copytree(TESTDATA / name, folder)
    return folder


def migrate(folder, *arguments):
    subprocess.run([PROGRAM, "docetl", "migrate", folder, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def rows_of(folder):
    return {key(folder, path): json.loads(path.read_text()) for path in folder.glob("*/*.json")}


def key(folder, path):
    return str(path.relative_to(folder).with_suffix(""))


def identical(left, right):
    """The same values of the same types, fields in the same order; NaN is NaN."""
    return json.dumps(left) == json.dumps(right)


def identical_without_nulls(left, right):
    return json.dumps(without_nulls(left), sort_keys=True) == json.dumps(without_nulls(right), sort_keys=True)


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    # Columns of numbers are columns of floats where pandas had to put a null.
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


if __name__ == "__main__":
    main()
