"""Writes the intermediate directories beside this file anew; README.md says what is in which.

    cargo xtask docetl        # makes the environment, and runs everything that needs the real package
    target/docetl-venv/bin/python crates/docetl/testdata/make.py [FOLDER]
"""

import json
import os
import pathlib
import shutil
import sys
import tempfile

# DocETL makes a cache for the answers of models where it is imported, by default in the home folder.
HOME = tempfile.TemporaryDirectory()
os.environ["DOCETL_HOME_DIR"] = HOME.name

import pandas
import pyarrow as pa
import pyarrow.parquet as pq
from docetl import DSLRunner

import pipeline

BATCH = 5


def main():
    target = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    for name in ["docetl", "numbers", "document", "pandas", "mixed"]:
        shutil.rmtree(target / name, ignore_errors=True)
    run(pipeline.config(target / "docetl"))
    write_batches(target / "docetl")
    run(pipeline.numbers(target / "numbers"))
    as_the_document(target / "docetl", target / "document")
    as_pandas(target / "docetl", target / "pandas")
    mixed(target / "docetl", target / "document", target / "mixed")


def run(config):
    """Runs a pipeline with the real package, which leaves its intermediate files."""
    with tempfile.TemporaryDirectory() as folder:
        output = config["pipeline"]["output"]
        output["path"] = f"{folder}/output.json"
        DSLRunner(config, max_threads=1).load_run_save()


def write_batches(folder):
    """Batches of a map with `flush_partial_results`, by DocETL's own code.

    Only maps that call a model write batches, so the records are handed over instead of computed.
    """
    config = pipeline.config(folder)
    runner = DSLRunner(config, max_threads=1)
    rows = json.loads((folder / "prepare/measure.json").read_text())
    for index in range(0, len(rows), BATCH):
        runner._flush_partial_results("measure", index // BATCH, rows[index : index + BATCH])


def as_the_document(source, target):
    """The layout that the document about PyArrow storage describes: objects and lists as JSON texts, Snappy."""
    for path in json_files(source):
        rows = json.loads(path.read_text())
        table = document_table(rows)
        written = place(source, target, path)
        pq.write_table(table, written, compression="snappy", use_dictionary=True, write_statistics=True)
    shutil.copy(source / CONFIG, target / CONFIG)


def document_table(rows):
    if not rows:
        return pa.table({"_placeholder": ["empty"]})
    encoded = [
        {key: json.dumps(value) if isinstance(value, (dict, list)) else value for key, value in row.items()} for row in rows
    ]
    columns = {key: None for row in encoded for key in row}
    return pa.table({key: [row.get(key) for row in encoded] for key in columns})


def as_pandas(source, target):
    """The layout of DocETL's branch with `storage_type: arrow`: a data frame, objects and lists as nested columns."""
    for path in json_files(source):
        rows = json.loads(path.read_text())
        table = pa.Table.from_pandas(pandas.DataFrame(rows)) if rows else pa.Table.from_arrays([], names=[])
        pq.write_table(table, place(source, target, path), compression="snappy")
    shutil.copy(source / CONFIG, target / CONFIG)


def mixed(source, document, target):
    """A directory on its way from one format to the other: both, only Parquet, only JSON, a torn JSON."""
    (target / "prepare").mkdir(parents=True)
    (target / "measure_batches").mkdir()
    for name in ["prepare/measure.json", "prepare/not_empty.json", "measure_batches/batch_1.json", CONFIG]:
        shutil.copy(source / name, target / name)
    for name in ["prepare/measure.parquet", "prepare/without_ascii.parquet", "measure_batches/batch_0.parquet"]:
        shutil.copy(document / name, target / name)
    whole = (source / "prepare/all_of_them.json").read_bytes()
    (target / "prepare/all_of_them.json").write_bytes(whole[: len(whole) // 2])


CONFIG = ".docetl_intermediate_config.json"


def json_files(folder):
    return sorted(path for path in folder.glob("*/*.json"))


def place(source, target, path):
    written = (target / path.relative_to(source)).with_suffix(".parquet")
    written.parent.mkdir(parents=True, exist_ok=True)
    return written


if __name__ == "__main__":
    main()
