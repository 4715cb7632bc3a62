#!/usr/bin/env python3
"""Measures what operators take in whole runs of the program: each alone, less what a run takes that only reads and writes.

    cargo build --release -p coldpress-cli
    docs/development/operators_bench.py DATA.jsonl --assets MODELS [OPERATOR ...]

DATA has records with a `text`; without names all mappers and filters run that `coldpress ops` lists. It takes no build of a
benchmark, and the least CPU time of some runs counts, so that it works on a busy machine. Times of less than a
hundredth of the run are noise. `cargo bench -p coldpress-ops --bench operators` is more precise, and gives operators for pages,
papers and dialogues such texts.
"""

import argparse
import json
import pathlib
import resource
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Where the defaults are none, do nothing, or drop much.
PARAMS = {
    "flagged_words_filter": {"max_ratio": 1.0},
    "general_field_filter": {"filter_condition": "'the end' in text or 3 < n <= 5"},
    "remove_long_words_mapper": {"max_len": 30},
    "replace_content_mapper": {"pattern": r"\d+", "repl": "<N>"},
    "specified_field_filter": {"field_key": "text", "target_value": ["a", "b"]},
    "specified_numeric_field_filter": {"field_key": "text"},
    "stopwords_filter": {"min_ratio": 0.0},
    "text_chunk_mapper": {"max_len": 1000, "overlap_len": 100},
    "word_repetition_filter": {"max_ratio": 1.0},
    "words_num_filter": {"min_num": 0},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("operators", nargs="*")
    parser.add_argument("--assets", type=pathlib.Path, default=ROOT / "crates/ops/testdata/assets/models", help="a folder with models")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "target/release/coldpress", help="a release build")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "target", help="a folder on the disk to write to")
    options = parser.parse_intermixed_args()
    folder = options.output / "operators-bench"
    megabytes = sum(len((json.loads(line)["text"] or "").encode()) for line in open(options.data)) / 1e6
    nothing = least("text_length_filter", {"min_len": 0}, folder, options)
    print(f"{megabytes:.1f} MB of text, {nothing:.2f} CPU seconds to read and write\n\n| operator | MB/s | ns/byte |\n| --- | ---: | ---: |")
    for name in options.operators or known(options.program):
        seconds = least(name, PARAMS.get(name, {}), folder, options)
        if seconds is None:
            print(f"| `{name}` | failed, see {folder / 'log'} | |", flush=True)
            continue
        taken = max(seconds - nothing, nothing / 100)
        print(f"| `{name}` | {megabytes / taken:.0f} | {taken / megabytes * 1e3:.2f} |", flush=True)
    shutil.rmtree(folder)


def known(program):
    """Returns the names of all mappers and filters."""
    listed = subprocess.run([program, "ops"], check=True, capture_output=True, text=True).stdout
    names = [line.split()[0] for line in listed.splitlines() if line.strip()]
    return [name for name in names if name.endswith(("_mapper", "_filter"))]


def least(name, params, folder, options):
    """Returns the least CPU seconds of some runs with one operator, or none if it fails."""
    times = [run(name, params, folder, options) for _ in range(options.rounds)]
    return None if None in times else min(times)


def run(name, params, folder, options):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    recipe = dict(project_name="operator", dataset_path=str(options.data.resolve()), export_path=str(folder / "out.jsonl"))
    recipe.update(work_dir=str(folder / "jobs"), assets_dir=str(options.assets.resolve()), np=1, process=[{name: params}])
    path = folder / "recipe.yaml"
    path.write_text(json.dumps(recipe))
    before = cpu_seconds()
    with open(folder / "log", "w") as log:
        command = [options.program, "process", "--no-progress", "--config", path]
        code = subprocess.run(command, stdout=log, stderr=log).returncode
    # Done, or done but for some records.
    return cpu_seconds() - before if code in (0, 3) else None


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
