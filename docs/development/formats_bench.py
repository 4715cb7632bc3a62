#!/usr/bin/env python3
"""Times Coldpress over JSONL and Parquet beside PyArrow and DuckDB, in one run.

    cargo xtask peers                                                 # makes target/peers-venv
    target/peers-venv/bin/python docs/development/formats_bench.py    # examples/data
    target/peers-venv/bin/python docs/development/formats_bench.py DATA.jsonl --rounds 5 --workers 2

DATA is JSONL or Parquet with a `text`; the other form is made from it first. Cases take turns, round by round, after
one round that is not counted; medians count. MB are 10^6 bytes, of the same rows in two measures: as uncompressed JSONL,
and as Arrow buffers. Coldpress is timed as a whole process (start, plan, hashing, work, syncing, commit of the export),
PyArrow and DuckDB behind their imports, with the syncing of their file.
"""

import argparse
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

RECIPES = {
    "carry": ["text_length_filter: {min_len: 0}"],
    "ten": [
        "clean_links_mapper:",
        "clean_email_mapper:",
        "whitespace_normalization_mapper:",
        "fix_unicode_mapper:",
        "punctuation_normalization_mapper:",
        "text_length_filter: {min_len: 50}",
        "alphanumeric_filter: {min_ratio: 0.25}",
        "special_characters_filter: {max_ratio: 0.4}",
        "character_repetition_filter: {max_ratio: 0.4}",
        "word_repetition_filter: {max_ratio: 0.3}",
    ],
}
WAYS = [("jsonl", "jsonl"), ("jsonl", "parquet"), ("parquet", "parquet"), ("parquet", "jsonl")]
PEERS = {
    "pyarrow, one thread": "pyarrow-1",
    "pyarrow, threads": "pyarrow-n",
    "duckdb COPY, threads": "duckdb",
}


def main():
    arguments = parse_arguments()
    if arguments.peer:
        return run_peer(*arguments.peer, arguments.workers)
    program = arguments.program or build()
    output = arguments.output / "formats-bench"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    files = prepare(program, arguments, output)
    json_bytes, arrow_bytes, rows = measure(files)
    print_head(program, arguments, files, json_bytes, arrow_bytes, rows)
    times = play(cases(program, arguments, files, output), arguments.rounds, output)
    print_table(times, json_bytes, arrow_bytes)
    shutil.rmtree(output)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=pathlib.Path, default=ROOT / "examples/data/webtext-mini.jsonl")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--program", type=pathlib.Path, help="a release build; none given: one is built")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "target", help="a folder on the disk to write to")
    parser.add_argument("--peer", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


def build():
    subprocess.run(["cargo", "build", "--release", "--package", "coldpress-cli"], cwd=ROOT, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    return ROOT / target / "release" / "coldpress"


def prepare(program, arguments, output):
    """Both forms of the data: the one given, the other made from it."""
    for name, steps in RECIPES.items():
        lines = "".join(f"  - {step}\n" for step in steps)
        head = "dataset_path: unset\nexport_path: unset.jsonl\ncheckpoint: {strategy: disabled}\nprocess:\n"
        (output / f"{name}.yaml").write_text(head + lines)
    data = arguments.data.resolve()
    is_parquet = data.suffix == ".parquet"
    jsonl = output / "data.jsonl" if is_parquet else data
    if is_parquet:
        subprocess.run(coldpress(program, "carry", data, jsonl, arguments, output), check=True, stdout=subprocess.DEVNULL)
        return {"parquet": data, "jsonl": jsonl}
    parquet = output / "data.parquet"
    subprocess.run(coldpress(program, "carry", jsonl, parquet, arguments, output), check=True, stdout=subprocess.DEVNULL)
    import pyarrow.parquet as pq

    # As most files are: written by PyArrow with its defaults.
    pq.write_table(pq.read_table(parquet), output / "pyarrow.parquet", compression="snappy")
    return {"parquet": output / "pyarrow.parquet", "jsonl": jsonl}


def measure(files):
    import pyarrow.parquet as pq

    table = pq.read_table(files["parquet"])
    return files["jsonl"].stat().st_size, table.nbytes, table.num_rows


def print_head(program, arguments, files, json_bytes, arrow_bytes, rows):
    import duckdb
    import pyarrow

    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{platform.platform()}, {os.cpu_count()} cores, {arguments.workers} workers, median of {arguments.rounds} rounds")
    print(f"{version}, pyarrow {pyarrow.__version__}, duckdb {duckdb.__version__}")
    sizes = f"{json_bytes} bytes of JSONL, {arrow_bytes} of Arrow, {files['parquet'].stat().st_size} of Parquet"
    print(f"{arguments.data.name}: {rows} records, {sizes}\n")


def cases(program, arguments, files, output):
    """Name, command, file that is written, and whether the command tells its time itself."""
    for recipe in RECIPES:
        for source, target in WAYS:
            written = output / "run" / f"out.{target}"
            command = coldpress(program, recipe, files[source], written, arguments, output)
            yield f"coldpress, {recipe}, {source} to {target}", command, written, False
    for name, peer in PEERS.items():
        written = output / "run" / "out.parquet"
        workers = ["--workers", str(arguments.workers)]
        command = [sys.executable, __file__, *workers, "--peer", peer, str(files["parquet"]), str(written)]
        yield f"{name}, parquet to parquet", command, written, True


def coldpress(program, recipe, data, written, arguments, output):
    places = ["--dataset_path", data, "--export_path", written, "--work_dir", output / "run" / "jobs"]
    settings = ["--config", output / f"{recipe}.yaml", *places, "--np", arguments.workers, "--no-progress"]
    return [str(part) for part in [program, "process", *settings]]


def play(cases, rounds, output):
    """Seconds and peak memory in bytes of each case, for each round but the first."""
    cases = list(cases)
    times = {name: [] for name, *_ in cases}
    for number in range(rounds + 1):
        for name, command, written, tells_time in cases:
            shutil.rmtree(output / "run", ignore_errors=True)
            (output / "run").mkdir()
            found = run_once(name, command, tells_time)
            if not written.stat().st_size:
                sys.exit(f"{name} wrote nothing")
            if number:
                times[name].append(found)
    return times


def run_once(name, command, tells_time):
    started = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{name} failed:\n{said}")
    return (float(said) if tells_time else seconds), usage.ru_maxrss * 1024


def print_table(times, json_bytes, arrow_bytes):
    medians = {name: statistics.median(seconds for seconds, _ in found) for name, found in times.items()}
    duckdb = next(median for name, median in medians.items() if name.startswith("duckdb"))
    threads = next(median for name, median in medians.items() if name.startswith("pyarrow, threads"))
    print("| case | seconds | lowest to highest | MB/s of JSONL | MB/s of Arrow | peak memory, MB | pyarrow's time = 1 | duckdb's time = 1 |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, found in times.items():
        seconds = medians[name]
        spread = f"{min(found)[0]:.2f} to {max(found)[0]:.2f}"
        peak = max(memory for _, memory in found) / 1e6
        rates = f"{json_bytes / seconds / 1e6:.0f} | {arrow_bytes / seconds / 1e6:.0f}"
        print(f"| {name} | {seconds:.2f} | {spread} | {rates} | {peak:.0f} | {seconds / threads:.2f} | {seconds / duckdb:.2f} |")


def run_peer(peer, source, target, workers):
    """Reads and writes one Parquet file, and prints the seconds."""
    seconds = peer_duckdb(source, target, workers) if peer == "duckdb" else peer_pyarrow(source, target, peer, workers)
    print(seconds)


def peer_pyarrow(source, target, peer, workers):
    import pyarrow
    import pyarrow.parquet as pq

    pyarrow.set_cpu_count(workers)
    started = time.monotonic()
    table = pq.read_table(source, use_threads=peer == "pyarrow-n")
    pq.write_table(table, target, compression="snappy")
    sync(target)
    return time.monotonic() - started


def peer_duckdb(source, target, workers):
    import duckdb

    database = duckdb.connect()
    started = time.monotonic()
    database.execute(f"SET threads = {int(workers)}")
    database.execute("COPY (FROM read_parquet(?)) TO '" + target.replace("'", "''") + "' (FORMAT parquet, COMPRESSION snappy)", [source])
    sync(target)
    return time.monotonic() - started


def sync(path):
    with open(path, "rb") as file:
        os.fsync(file.fileno())


if __name__ == "__main__":
    main()
