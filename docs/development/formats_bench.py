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
    # As most files are: written by PyArrow with its defaults.
    written = output / "pyarrow.parquet"
    subprocess.run([sys.executable, __file__, "--peer", "pyarrow-n", parquet, written], check=True, stdout=subprocess.DEVNULL)
    return {"parquet": written, "jsonl": jsonl}


def measure(files):
    """Bytes of JSONL, bytes of Arrow, and rows.

    Like all work with PyArrow in a process of its own: what this process holds would count as its children's memory.
    """
    script = "import sys, pyarrow.parquet as pq; table = pq.read_table(sys.argv[1]); print(table.nbytes, table.num_rows)"
    found = subprocess.run([sys.executable, "-c", script, files["parquet"]], capture_output=True, text=True, check=True)
    arrow_bytes, rows = map(int, found.stdout.split())
    return files["jsonl"].stat().st_size, arrow_bytes, rows


def print_head(program, arguments, files, json_bytes, arrow_bytes, rows):
    from importlib.metadata import version as installed

    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{platform.platform()}, {os.cpu_count()} cores, {arguments.workers} workers, median of {arguments.rounds} rounds")
    print(f"{version}, pyarrow {installed('pyarrow')}, duckdb {installed('duckdb')}")
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
    """What each round but the first measured of each case."""
    cases = list(cases)
    times = {name: [] for name, *_ in cases}
    for number in range(rounds + 1):
        for name, command, written, tells_time in cases:
            shutil.rmtree(output / "run", ignore_errors=True)
            (output / "run").mkdir()
            found = run_once(name, command, tells_time)
            found["output"] = written.stat().st_size
            if not found["output"]:
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
    cpu = usage.ru_utime + usage.ru_stime
    if tells_time:
        seconds, cpu = map(float, said.split())
    return {"seconds": seconds, "cpu": cpu, "memory": usage.ru_maxrss * 1024}


def print_table(times, json_bytes, arrow_bytes):
    def median(name, what="seconds"):
        return statistics.median(found[what] for found in times[name])

    duckdb = median(next(name for name in times if name.startswith("duckdb")))
    threads = median(next(name for name in times if name.startswith("pyarrow, threads")))
    columns = ["case", "seconds", "lowest to highest", "CPU seconds", "MB/s of JSONL", "MB/s of Arrow"]
    columns += ["peak memory, MB", "output, MB", "pyarrow with threads = 1", "duckdb = 1"]
    print("| " + " | ".join(columns) + " |")
    print("| --- |" + " ---: |" * (len(columns) - 1))
    for name, rounds in times.items():
        seconds = median(name)
        lowest, highest = (edge(found["seconds"] for found in rounds) for edge in (min, max))
        peak = max(found["memory"] for found in rounds)
        cells = [name, f"{seconds:.2f}", f"{lowest:.2f} to {highest:.2f}", f"{median(name, 'cpu'):.2f}"]
        cells += [f"{size / seconds / 1e6:.0f}" for size in (json_bytes, arrow_bytes)]
        cells += [f"{peak / 1e6:.0f}", f"{rounds[-1]['output'] / 1e6:.1f}", f"{seconds / threads:.2f}", f"{seconds / duckdb:.2f}"]
        print("| " + " | ".join(cells) + " |")


def run_peer(peer, source, target, workers):
    """Reads and writes one Parquet file, and prints the seconds and the CPU seconds, imports left out."""
    work = duckdb_copy(workers) if peer == "duckdb" else pyarrow_copy(workers, use_threads=peer == "pyarrow-n")
    started, cpu = time.monotonic(), time.process_time()
    work(source, target)
    with open(target, "rb") as file:
        os.fsync(file.fileno())
    print(time.monotonic() - started, time.process_time() - cpu)


def pyarrow_copy(workers, use_threads):
    import pyarrow
    import pyarrow.parquet as pq

    pyarrow.set_cpu_count(workers)
    return lambda source, target: pq.write_table(pq.read_table(source, use_threads=use_threads), target, compression="snappy")


def duckdb_copy(workers):
    import duckdb

    def copy(source, target):
        quoted = target.replace("'", "''")
        query = f"COPY (FROM read_parquet(?)) TO '{quoted}' (FORMAT parquet, COMPRESSION snappy)"
        database.execute(query, [source])

    database = duckdb.connect()
    database.execute(f"SET threads = {int(workers)}")
    return copy


if __name__ == "__main__":
    main()
