#!/usr/bin/env python3
"""Splits texts into sentences with Coldpress and with NLTK, and compares.

    python3 -m venv target/sentences-venv
    target/sentences-venv/bin/pip install nltk
    cargo build --release -p coldpress-cli
    target/sentences-venv/bin/python docs/development/sentences_compare.py DATA.jsonl --tables nltk_data

The folder of NLTK's data must have `tokenizers/punkt_tab`, where `coldpress assets fetch` puts it for a recipe with
`sentence_split_mapper`. All four languages of the operator are compared over all texts, whatever their own language.
The exit code is 1 if anything differs.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import nltk
from nltk.tokenize.punkt import PunktTokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
LANGUAGES = {"en": "english", "fr": "french", "pt": "portuguese", "es": "spanish"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--tables", type=pathlib.Path, required=True)
    parser.add_argument("--program", default=ROOT / "target/release/coldpress")
    options = parser.parse_args()
    nltk.data.path = [str(options.tables.resolve())]
    different = 0
    for lang, name in LANGUAGES.items():
        tokenizer = PunktTokenizer(name)
        texts, sentences = 0, 0
        with tempfile.TemporaryDirectory() as folder:
            for row, split in zip(open(options.data), split_by_coldpress(options, lang, pathlib.Path(folder)), strict=True):
                text = json.loads(row).get("text") or ""
                expected = tokenizer.tokenize(text)
                texts, sentences = texts + 1, sentences + len(expected)
                if "\n".join(expected) != (json.loads(split).get("text") or ""):
                    different += 1
                    print(f"{lang}, row {texts}: differs")
        print(f"{lang}: {texts} texts, {sentences} sentences")
    sys.exit(different != 0)


def split_by_coldpress(options, lang, folder):
    recipe = {
        "project_name": "sentences",
        "dataset_path": str(pathlib.Path(options.data).resolve()),
        "export_path": str(folder / "split.jsonl"),
        "work_dir": str(folder / "work"),
        "assets_dir": str(options.tables.resolve().parent),
        "process": [{"sentence_split_mapper": {"lang": lang}}],
    }
    path = folder / "recipe.yaml"
    path.write_text(json.dumps(recipe))
    subprocess.run([options.program, "process", "--config", path, "--no-progress"], check=True, capture_output=True)
    return open(folder / "split.jsonl")


if __name__ == "__main__":
    main()
