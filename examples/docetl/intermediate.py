"""Keeps the intermediate files of a DocETL pipeline as Parquet, and resumes the pipeline from them.

    pip install docetl pandas pyarrow
    python examples/docetl/intermediate.py

runs a small pipeline that calls no model, and then, with `coldpress` on the path (or named by the variable COLDPRESS):

1. `coldpress docetl analyze` says what the JSON files take, and what they would take as Parquet.
2. `coldpress docetl migrate --remove-originals` makes Parquet of them. pandas reads it.
3. `coldpress docetl migrate --to json --remove-originals` makes JSON of it again, with the same records. DocETL resumes
   from that: no operation runs twice.

It ends with

    2400 reviews, 2000 of them kept, and the same from the checkpoints without another call
"""

import json
import os
import pathlib
import subprocess
import tempfile

COLDPRESS = os.environ.get("COLDPRESS", "coldpress")

# The code notes each call in a file, so that we see below what was not called again.
CALLS = pathlib.Path(tempfile.mkdtemp()) / "calls"

COUNT_WORDS = f"""
def transform(doc):
    with open({str(CALLS)!r}, "a") as file:
        file.write("count_words\\n")
    words = doc["text"].split()
    return {{"words": words, "counts": {{"words": len(words), "mean": sum(map(len, words)) / max(1, len(words))}}}}
"""

KEEP_LONG = f"""
def transform(doc):
    with open({str(CALLS)!r}, "a") as file:
        file.write("keep_long\\n")
    return doc["counts"]["words"] >= 4
"""


def main():
    # DocETL keeps answers of models in the home folder; this pipeline has none.
    os.environ.setdefault("DOCETL_HOME_DIR", tempfile.mkdtemp())
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        intermediate = folder / "intermediate"
        config = pipeline(intermediate, folder / "output.json")

        first = run(config)
        calls = CALLS.read_text()
        files = json_files(intermediate)

        coldpress("analyze", intermediate)
        coldpress("migrate", intermediate, "--remove-originals")
        read_with_pandas(intermediate, files)

        coldpress("migrate", intermediate, "--to", "json", "--remove-originals")
        assert json_files(intermediate) == files, "the JSON files came back with other records"

        again = run(config)
        assert again == first
        assert CALLS.read_text() == calls, "an operation ran again"
        print(f"{len(reviews())} reviews, {len(first)} of them kept, and the same from the checkpoints without another call")


REVIEWS = [
    "Boils fast, and the lid never leaked",
    "Meh",
    "Battery lasted the whole night",
    "Zu laut, nach zwei Wochen kaputt",
    "写真と色が違います",
    "It flickers at the lowest setting, 2.50 € wasted",
    "The crack shows in photo number 17",
    "Perfekt für Camping 👍",
    "Warm and bright, as promised",
    "Bought a second one for the office",
    "Arrived late, in a torn box",
    "Does what it says on the tin",
]


def reviews():
    texts = enumerate(REVIEWS * 200)
    return [{"id": at, "text": text} for at, text in texts]


def pipeline(intermediate, output):
    return {
        "default_model": "none",
        "datasets": {"reviews": {"type": "memory", "path": reviews()}},
        "operations": [
            {"name": "count_words", "type": "code_map", "code": COUNT_WORDS},
            {"name": "keep_long", "type": "code_filter", "code": KEEP_LONG},
        ],
        "pipeline": {
            "steps": [{"name": "measure", "input": "reviews", "operations": ["count_words", "keep_long"]}],
            "output": {"type": "file", "path": str(output), "intermediate_dir": str(intermediate)},
        },
    }


def run(config):
    """Runs the pipeline with DocETL and returns what it exports."""
    from docetl import DSLRunner

    DSLRunner(config, max_threads=1).load_run_save()
    return json.loads(pathlib.Path(config["pipeline"]["output"]["path"]).read_text())


def coldpress(command, folder, *arguments):
    subprocess.run([COLDPRESS, "docetl", command, str(folder), *arguments], check=True)


def json_files(folder):
    """The records of each JSON file, by its path in the folder."""
    return {str(path.relative_to(folder)): json.loads(path.read_text()) for path in sorted(folder.glob("*/*.json"))}


def read_with_pandas(folder, files):
    """Compares what pandas reads from the Parquet files with the records that were in the JSON files."""
    import pandas

    for name, expected in files.items():
        frame = pandas.read_parquet((folder / name).with_suffix(".parquet"))
        # Objects and lists are JSON texts, which any program can read.
        for column in ["words", "counts"]:
            frame[column] = frame[column].map(json.loads)
        columns = list(expected[0])
        assert frame[columns].to_dict("records") == expected, name
    kept = pandas.read_parquet(folder / "measure/keep_long.parquet", columns=["id", "text"])
    print(kept.head(3).to_string(index=False))


if __name__ == "__main__":
    main()
