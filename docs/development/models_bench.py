#!/usr/bin/env python3
"""Compares the readers of model files with the C++ libraries, on one thread, in one run.

    pip install fasttext-predict kenlm tokenizers
    cargo build --release -p coldpress-models --example measure_models
    models_bench.py rows.jsonl --fasttext lid.176.bin --kenlm en.arpa.bin --tokenizer tokenizer.json

Each side makes three passes over the texts, and the one with the least processor time counts. Sums over all results
must be equal, of tokenizers a sum in which each id counts by its place. The C++ libraries are called through Python once for each text, which takes about a
microsecond.
"""

import argparse
import json
import pathlib
import subprocess
import time

MEASURE = pathlib.Path(__file__).parents[2] / "target/release/examples/measure_models"


def fasttext(path):
    import fasttext

    model = fasttext.load_model(path)
    return lambda text: model.predict(text)[1][0]


def kenlm(path):
    import kenlm

    return kenlm.Model(path).score


def ids(path):
    import os

    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(path)

    def score(text):
        found = tokenizer.encode(text, add_special_tokens=False).ids
        return float(sum((place % 1009 + 1) * number for place, number in enumerate(found)))

    return score


def passes(score, texts):
    best, total = float("inf"), 0.0
    for _ in range(3):
        start = time.thread_time()
        total = 0.0
        for text in texts:
            total += score(text)
        best = min(best, time.thread_time() - start)
    return best, total


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rows")
    parser.add_argument("--fasttext")
    parser.add_argument("--kenlm", action="append", default=[])
    parser.add_argument("--tokenizer", action="append", default=[])
    options = parser.parse_args()
    rows = [json.loads(line) for line in open(options.rows)]
    whole = [row.get("text") or "" for row in rows]
    lines = [text.replace("\n", " ").replace("\0", " ") for text in whole]
    models = [("kenlm", path, kenlm) for path in options.kenlm]
    if options.fasttext:
        models.append(("fasttext", options.fasttext, fasttext))
    models += [("ids", path, ids) for path in options.tokenizer]
    for kind, path, load in models:
        texts = whole if kind == "ids" else lines
        command = [MEASURE, kind, path, options.rows]
        ours = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        seconds, total = passes(load(path), texts)
        for name, time_taken, sum_of_all in [("library", seconds, total), ("Coldpress", ours["seconds"], ours["sum"])]:
            rate = ours["documents"] / time_taken
            megabytes = ours["bytes"] / time_taken / 1e6
            print(f"{kind:9} {name:10} {time_taken:8.3f} s {rate:10.0f} documents/s {megabytes:8.1f} MB/s  sum {sum_of_all!r}")


if __name__ == "__main__":
    main()
