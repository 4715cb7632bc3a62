#!/usr/bin/env python3
"""Times the store for DocETL's intermediate files beside Python's `json`, pandas and PyArrow, in one run.

    cargo xtask docetl                                               # makes target/docetl-venv
    target/docetl-venv/bin/python docs/development/docetl_bench.py --records 1000000 --rounds 3

The records have 20 fields, two of them objects and two lists, from a generator with a fixed seed. Each case is a process
of its own that has the records in memory before it begins to write, or ends with them in memory after it has read; only
that is timed, with the file synced. Cases take turns, round by round, after one round that is not counted, and medians
count. Peak memory is that of the whole process.

`pandas` is what DocETL's branch with `storage_type: arrow` did: a data frame, PyArrow, Snappy. `document` is what the
document about PyArrow storage describes: objects and lists as JSON texts in the columns.
"""

import argparse
import json
import os
import pathlib
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

WORDS = (
    "the of a and to in is it for on with as was at by that from this be are or an have not but they one all we can her has "
    "there been if more when will would who so no customer order battery screen delivery return price quality support "
    "kettle lamp torch camera strap broken perfect late early cheap sturdy refund received package manual language warm "
    "bright fast slow loud quiet heavy light small large colour size shipping"
).split()
SHOPS = ["kitchen", "outdoor", "home", "garden", "office", "toys"]
TOPICS = ["delivery", "quality", "price", "support", "design", "durability", "other"]
COLUMNS = ["id", "stars"]


def record(number, draw):
    """One record of about 450 bytes of JSON."""
    day = draw.randrange(3650)
    text = " ".join(WORDS[int(draw.random() ** 2 * len(WORDS))] for _ in range(draw.randrange(6, 18)))
    positive = round(draw.random(), 4)
    return {
        "id": f"review_{number:08d}",
        "user": draw.randrange(200_000),
        "shop": draw.choice(SHOPS),
        "product": f"P{draw.randrange(5000):05d}",
        "stars": draw.randrange(1, 6),
        "price": draw.randrange(500, 20_000) / 100,
        "text": text,
        "language": "en" if draw.random() < 0.9 else draw.choice(["de", "fr", "es"]),
        "date": f"20{10 + day // 365:02d}-{day % 365 // 31 + 1:02d}-{day % 28 + 1:02d}",
        "verified": draw.random() < 0.8,
        "helpful": int(draw.expovariate(0.5)),
        "source": "import",
        "characters": len(text),
        "topic": draw.choice(TOPICS),
        "confidence": round(draw.uniform(0.5, 1.0), 3),
        "sentiment": {"positive": positive, "negative": round(1 - positive, 4), "label": "good" if positive > 0.5 else "bad"},
        "tags": draw.sample(TOPICS, draw.randrange(0, 4)),
        "entities": [{"name": draw.choice(WORDS), "count": draw.randrange(1, 4)} for _ in range(draw.randrange(0, 3))],
        "seller": {"id": draw.randrange(300), "country": draw.choice(["DE", "FR", "US", "GB"])},
        "reply": None if draw.random() < 0.7 else "thank you for your order",
    }


def main():
    arguments = parse_arguments()
    if arguments.case:
        return run_case(*arguments.case)
    measure = arguments.measure or build()
    folder = arguments.output / "docetl-bench"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = folder / "records.json"
    print(f"{arguments.records} records ...", file=sys.stderr)
    write_records(source, arguments.records)
    # Files to read, each written by the program that reads them.
    prepared = prepare(measure, source, folder, arguments)
    chosen = [case for case in cases(measure, source, folder, prepared) if is_chosen(case[0], arguments)]
    times = play(chosen, arguments.rounds, arguments.warm_up)
    print_head(arguments, source)
    print_table(times)
    shutil.rmtree(folder)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--warm-up", type=int, default=1, help="rounds before, which are not counted")
    parser.add_argument("--only", action="append", help="cases whose names have this; may be given again")
    parser.add_argument("--measure", type=pathlib.Path, help="a release build of the example; none given: it is built")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "target", help="a folder on the disk to write to")
    parser.add_argument("--case", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


def build():
    subprocess.run(["cargo", "build", "--release", "--package", "coldpress-docetl", "--example", "measure_store"], cwd=ROOT, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    return ROOT / target / "release" / "examples" / "measure_store"


def write_records(path, count):
    draw = random.Random(14)
    with open(path, "w") as file:
        file.write("[")
        for number in range(count):
            file.write(", " if number else "")
            json.dump(record(number, draw), file)
        file.write("]")


def is_chosen(name, arguments):
    return not arguments.only or any(word in name for word in arguments.only)


def prepare(measure, source, folder, arguments):
    prepared = {}
    for name in ["pandas", "document"]:
        prepared[name] = folder / f"{name}.parquet"
        if not is_chosen(name, arguments):
            continue
        subprocess.run([sys.executable, __file__, "--case", f"{name}-write", source, prepared[name]], check=True, stdout=subprocess.DEVNULL)
    prepared["coldpress"] = folder / "coldpress"
    subprocess.run([measure, "write", source, prepared["coldpress"]], check=True, stdout=subprocess.DEVNULL)
    return prepared


def cases(measure, source, folder, prepared):
    """The name of each case, its command, and the case that it is compared with."""
    python = [sys.executable, __file__, "--case"]
    yield "write, Python json", [*python, "json-write", source, folder / "written.json"], None
    yield "write, Coldpress", [measure, "write", source, folder / "written"], "write, Python json"
    yield "write, pandas and PyArrow", [*python, "pandas-write", source, folder / "written.parquet"], "write, Python json"
    yield "write, as in the document", [*python, "document-write", source, folder / "written.parquet"], "write, Python json"
    yield "read, Python json", [*python, "json-read", source, "-"], None
    yield "read, Coldpress", [measure, "read", prepared["coldpress"], "-"], "read, Python json"
    yield "read, pandas and PyArrow", [*python, "pandas-read", prepared["pandas"], "-"], "read, Python json"
    yield "read, as in the document", [*python, "document-read", prepared["document"], "-"], "read, Python json"
    yield "2 of 20 columns, Coldpress", [measure, "columns", prepared["coldpress"], ",".join(COLUMNS)], "read, Python json"
    yield "2 of 20 columns, PyArrow", [*python, "columns", prepared["pandas"], "-"], "read, Python json"
    yield "JSON to Parquet in batches, Coldpress", [measure, "migrate", source, folder / "written"], None
    yield "read in batches, Coldpress", [measure, "stream", prepared["coldpress"], "-"], None


def play(cases, rounds, warm_up):
    times = {name: ([], compared) for name, _, compared in cases}
    for number in range(-warm_up, rounds):
        for name, command, _ in cases:
            said = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE).stdout
            found = json.loads(said)
            print(f"{number} {name}: {found}", file=sys.stderr)
            if number >= 0:
                times[name][0].append(found)
    return times


def print_head(arguments, source):
    import pandas
    import pyarrow

    print(f"{arguments.records:,} records, {source.stat().st_size / 1e6:.1f} MB of JSON; {arguments.rounds} rounds")
    print(f"Python {platform.python_version()}, pandas {pandas.__version__}, PyArrow {pyarrow.__version__}, {os.cpu_count()} cores\n")


def print_table(times):
    def median(name, what="seconds"):
        found = [round_[what] for round_ in times[name][0] if what in round_]
        return statistics.median(found) if found else None

    print("| case | seconds | CPU seconds | times as fast | by CPU seconds | file, MB | smaller by | peak memory, MB |")
    print("| --- |" + " ---: |" * 7)
    json_bytes = median("write, Python json", "bytes") if "write, Python json" in times else None
    for name, (rounds, compared) in times.items():
        faster = f"{median(compared) / median(name):.1f}" if compared in times else ""
        by_cpu = f"{median(compared, 'cpu') / median(name, 'cpu'):.1f}" if compared in times else ""
        size = median(name, "bytes")
        smaller = f"{100 - 100 * size / json_bytes:.1f} %" if size and json_bytes and size != json_bytes else ""
        size = f"{size / 1e6:.1f}" if size else ""
        peak = max(found["memory"] for found in rounds) / 1e6
        print(f"| {name} | {median(name):.2f} | {median(name, 'cpu'):.2f} | {faster} | {by_cpu} | {size} | {smaller} | {peak:.0f} |")


# What a case does, in a process of its own


def run_case(case, source, target):
    way = case.rpartition("-")[2]
    work = {
        "json-write": write_json,
        "json-read": read_json,
        "pandas-write": write_pandas,
        "pandas-read": read_pandas,
        "document-write": write_document,
        "document-read": read_document,
        "columns": read_columns,
    }[case]
    if not case.startswith("json"):
        # Imported before the clock runs; the functions below import them again, which costs nothing.
        import pandas, pyarrow.parquet  # noqa: E401, F401
    rows = json.loads(pathlib.Path(source).read_text()) if way == "write" else None
    started, cpu = time.monotonic(), time.process_time()
    result = work(rows, target) if way == "write" else work(source)
    if way == "write":
        with open(target, "rb") as file:
            os.fsync(file.fileno())
    found = {"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu}
    if way == "write":
        found["bytes"] = os.stat(target).st_size
    else:
        found["rows"] = len(result)
    # Linux counts in KiB.
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(found))


def write_json(rows, target):
    with open(target, "w") as file:
        json.dump(rows, file)


def read_json(source):
    with open(source) as file:
        return json.load(file)


def write_pandas(rows, target):
    import pandas
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pandas(pandas.DataFrame(rows)), target, compression="snappy")


def read_pandas(source):
    import pyarrow.parquet as pq

    return pq.read_table(source).to_pandas().to_dict("records")


def write_document(rows, target):
    import pyarrow as pa
    import pyarrow.parquet as pq

    encoded = [{key: json.dumps(value) if isinstance(value, (dict, list)) else value for key, value in row.items()} for row in rows]
    pq.write_table(pa.Table.from_pylist(encoded), target, compression="snappy")


def read_document(source):
    import pyarrow.parquet as pq

    rows = pq.read_table(source).to_pandas().to_dict("records")
    for row in rows:
        for key, value in row.items():
            if isinstance(value, str) and value.startswith(("{", "[")):
                row[key] = json.loads(value)
    return rows


def read_columns(source):
    import pyarrow.parquet as pq

    return pq.read_table(source, columns=COLUMNS).to_pandas().to_dict("records")


if __name__ == "__main__":
    main()
