#!/usr/bin/env python3
"""Analyzes a dataset with Coldpress and with Data-Juicer, and compares what both say of each statistic.

    python3 -m venv target/analyze-venv
    target/analyze-venv/bin/pip install py-data-juicer==1.6.1
    cargo build -p coldpress-cli
    target/analyze-venv/bin/python docs/development/analyze_compare.py RECIPE.yaml

Coldpress runs with `compat: data_juicer`, so neither runs mappers. Count, mean, standard deviation, extremes and quantiles of
`overall.csv` must be equal up to a part in 10^8: Data-Juicer rounds some statistics to ten digits. The exit code is 1 if
anything differs.
"""

import argparse
import csv
import math
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOLERANCE = 1e-8


def main():
    options = parse_arguments()
    shutil.rmtree(options.output, ignore_errors=True)
    options.output.mkdir(parents=True)
    ours = run_coldpress(options)
    theirs = run_data_juicer(options)
    differences = list(compare(ours, theirs))
    statistics = len(next(iter(theirs.values())))
    print(f"{statistics} statistics, {len(theirs)} figures each: {len(differences)} differences")
    for difference in differences:
        print(difference)
    sys.exit(1 if differences else 0)


def run_coldpress(options):
    program = ROOT / "target/debug/coldpress"
    run([program, "analyze", "--config", options.recipe, "--compat", "data_juicer", "--no-progress",
         "--percentiles", options.percentiles, "--work_dir", options.output / "ours", "--job_id", "compare"])
    return read(options.output / "ours/compare_analysis/analysis/overall.csv")


def run_data_juicer(options):
    program = pathlib.Path(sys.executable).with_name("dj-analyze")
    export = options.output / "theirs/clean.jsonl"
    run([program, "--config", options.recipe, "--percentiles", f"[{options.percentiles}]", "--export_path", export,
         "--work_dir", options.output / "theirs", "--use_cache", "false", "--np", "1"])
    (path,) = (options.output / "theirs").rglob("overall.csv")
    return read(path)


def run(words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{words[0]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def read(path):
    """The table of a file: by row and column."""
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    return {row[0]: dict(zip(rows[0][1:], row[1:])) for row in rows[1:]}


def compare(ours, theirs):
    for row, columns in theirs.items():
        for column, expected in columns.items():
            found = ours.get(row, {}).get(column)
            if found is None or not is_equal(found, expected):
                yield f"{row} of {column}: {found} instead of {expected}"
    for row in ours.keys() - theirs.keys():
        yield f"{row} is there in addition"


def is_equal(one, other):
    try:
        return math.isclose(float(one), float(other), rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    except ValueError:
        return one == other


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=pathlib.Path)
    parser.add_argument("--percentiles", default="0.01,0.05,0.95,0.99")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "target/analyze-compare")
    return parser.parse_args()


if __name__ == "__main__":
    main()
