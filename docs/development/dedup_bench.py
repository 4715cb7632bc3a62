#!/usr/bin/env python3
"""Times Coldpress's deduplicators beside Data-Juicer, datasketch, rensa, datatrove and DuckDB, in one run.

    python3 -m venv target/dedup-venv
    target/dedup-venv/bin/pip install datasketch rensa datatrove tokenizers duckdb numpy py-data-juicer
    target/dedup-venv/bin/python docs/development/dedup_bench.py DATA.jsonl --rounds 3 --workers 2

DATA has records with a `text`; without it, documents of a kilobyte are made, of which one in twenty is a copy of an earlier
one with a word changed. A peer that is not installed is left out. Cases take turns, round by round; the least counts, in CPU
seconds too, so that figures can be compared on a busy machine.

"signatures" is MinHash with 250 or 256 permutations over runs of five words, shingling included, on one thread and without
reading. "fuzzy" is reading JSONL, MinHash at 0.7, and writing what is left; "exact" is the same with equal texts. A peer that
would take long is given the first documents only, as many as `--limit` says.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import platform
import random
import resource
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WINDOW, PERMUTATIONS, THRESHOLD = 5, 256, 0.7
BANDS, ROWS = 25, 10


def main():
    arguments = parse_arguments()
    if arguments.case:
        return run_case(arguments)
    output = arguments.output / "dedup-bench"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    data = arguments.data.resolve() if arguments.data else make_documents(output / "documents.jsonl", arguments.documents)
    few = take(data, output / "few.jsonl", arguments.limit)
    print(f"{platform.platform()}, {os.cpu_count()} cores, {arguments.workers} workers, least of {arguments.rounds} rounds")
    for name in sorted({case.module for case in CASES.values() if case.module}):
        print(f"{name}: {version_of(name)}")
    print("\n| case | documents | MB of text | seconds | CPU seconds | documents per CPU second | MB per CPU second | kept | peak memory, MB |")
    print("| --- |" + " ---: |" * 8)
    best = {}
    for _ in range(arguments.rounds):
        for name, case in CASES.items():
            if case.module and importlib.util.find_spec(case.module) is None:
                continue
            found = start(name, few if case.is_slow else data, arguments, output)
            best[name] = min(best.get(name, found), found, key=lambda found: found["cpu"])
    for name, found in best.items():
        print(row(name, found))
    shutil.rmtree(output)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=pathlib.Path)
    parser.add_argument("--documents", type=int, default=200_000, help="how many are made where no data is given")
    parser.add_argument("--limit", type=int, default=5_000, help="documents for peers that take long")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "target/release/coldpress", help="a release build")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "target", help="a folder on the disk to write to")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    return parser.parse_args()


def make_documents(path, count):
    """Documents of about a kilobyte in a language of its own."""
    chance = random.Random(20_260_101)
    syllables = [consonant + vowel for consonant in "bdfghklmnprstvwz" for vowel in "aeiou"]
    words = ["".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(20_000)]
    earlier = []
    with open(path, "w") as out:
        for number in range(count):
            text = chance.choices(words, k=170)
            if earlier and number % 20 == 0:
                text = list(chance.choice(earlier))
                text[chance.randrange(len(text))] = "changed"
            if len(earlier) < 1000:
                earlier.append(text)
            out.write(json.dumps({"id": number, "text": " ".join(text)}) + "\n")
    return path


def take(data, path, limit):
    with open(data) as lines, open(path, "w") as out:
        for _, line in zip(range(limit), lines):
            out.write(line)
    return path


def version_of(module):
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version({"data_juicer": "py-data-juicer"}.get(module, module))
    except PackageNotFoundError:
        return "not installed"


def start(name, data, arguments, output):
    """Runs a case in a process of its own."""
    for left in ("kept.jsonl", "jobs", "datatrove"):
        path = output / left
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    command = [sys.executable, __file__, str(data), "--case", name, "--output", str(output)]
    command += ["--workers", str(arguments.workers), "--program", str(arguments.program)]
    # One thread is one thread, whatever libraries think.
    environment = dict(os.environ, OMP_NUM_THREADS="1", RAYON_NUM_THREADS=str(arguments.workers))
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def run_case(arguments):
    case = CASES[arguments.case]
    # Other output would be taken for the result.
    told = os.dup(1)
    os.dup2(2, 1)
    work = case.prepare(arguments.data, arguments)
    usages = lambda: [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = lambda: sum(usage.ru_utime + usage.ru_stime for usage in usages())
    before, started = cpu(), time.monotonic()
    kept = work()
    seconds, cpu_seconds = time.monotonic() - started, cpu() - before
    texts = list(texts_of(arguments.data)) if not arguments.case.startswith("coldpress") else None
    size = arguments.data.stat().st_size if texts is None else sum(len(text.encode()) for text in texts)
    count = sum(1 for _ in open(arguments.data, "rb")) if texts is None else len(texts)
    peak = 1024 * max(usage.ru_maxrss for usage in usages())
    found = {"seconds": seconds, "cpu": cpu_seconds, "documents": count, "bytes": size, "kept": kept, "peak": peak}
    os.write(told, (json.dumps(found) + "\n").encode())


def row(name, found):
    kept = "" if found["kept"] is None else found["kept"]
    cells = [name, found["documents"], f"{found['bytes'] / 1e6:.1f}", f"{found['seconds']:.2f}", f"{found['cpu']:.2f}"]
    cells += [f"{found['documents'] / found['cpu']:.0f}", f"{found['bytes'] / 1e6 / found['cpu']:.2f}", kept]
    return "| " + " | ".join(map(str, cells)) + f" | {found['peak'] / 1e6:.0f} |"


class Case:
    """What is timed: `prepare` is given the data, and what it gives back is timed; it gives the number of records kept."""

    def __init__(self, prepare, module=None, is_slow=False):
        self.prepare, self.module, self.is_slow = prepare, module, is_slow


def texts_of(data):
    with open(data) as lines:
        for line in lines:
            yield json.loads(line).get("text") or ""


def shingles(text):
    words = [word for word in text.lower().split(" ") if word]
    return {" ".join(words[at : at + WINDOW]) for at in range(len(words) - WINDOW + 1)}


def coldpress(deduplicator):
    def prepare(data, arguments):
        recipe = arguments.output / "recipe.yaml"
        recipe.write_text(
            f"dataset_path: {data}\nexport_path: {arguments.output}/kept.jsonl\nwork_dir: {arguments.output}/jobs\n"
            f"np: {arguments.workers}\nprocess:\n  - {deduplicator}\n"
        )
        command = [arguments.program, "process", "--no-progress", "--config", recipe]

        def work():
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            return sum(1 for _ in open(arguments.output / "kept.jsonl", "rb"))

        return work

    return prepare


def signatures_of(make):
    """Times `make` of each text, the texts being in memory."""

    def prepare(data, _):
        texts, sign = list(texts_of(data)), make()

        def work():
            for text in texts:
                sign(text)

        return work

    return prepare


def datasketch_signer():
    from datasketch import MinHash

    # Copies share the permutations, which take long to make.
    empty = MinHash(num_perm=PERMUTATIONS)

    def sign(text):
        minhash = empty.copy()
        minhash.update_batch([shingle.encode() for shingle in shingles(text)])
        return minhash

    return sign


def rensa_signer():
    from rensa import RMinHash

    def sign(text):
        minhash = RMinHash(PERMUTATIONS, 42)
        minhash.update(list(shingles(text)))
        return minhash

    return sign


def datatrove_signer():
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
    from datatrove.utils.hashing import HashConfig
    from datatrove.utils.word_tokenizers import WordTokenizer

    class Spaces(WordTokenizer):
        """Cuts at spaces like the others here; its own tokenizers need spaCy, and take longer."""

        def word_tokenize(self, text):
            return text.split()

        sent_tokenize = span_tokenize = word_tokenize

    hashes = HashConfig(hash_fc="sha1")
    config = MinhashConfig(n_grams=WINDOW, num_buckets=BANDS, hashes_per_bucket=ROWS, hash_config=hashes)
    signer = MinhashDedupSignature("/nowhere", config, language=Spaces())

    def sign(text):
        grams = signer.get_shingles(text)
        return signer.get_signature(grams) if grams.size else None

    return sign


def data_juicer_operator():
    from data_juicer.ops.deduplicator.document_minhash_deduplicator import DocumentMinhashDeduplicator

    return DocumentMinhashDeduplicator(window_size=WINDOW, num_permutations=PERMUTATIONS, jaccard_threshold=THRESHOLD)


def data_juicer_signer():
    operator = data_juicer_operator()
    return lambda text: operator.compute_hash({"text": text})


def kept_by(sign, insert):
    """Reads, signs, and writes the lines whose signature resembles no earlier one."""

    def prepare(data, arguments):
        signer, is_new = sign(), insert()

        def work():
            kept = 0
            with open(data) as lines, open(arguments.output / "kept.jsonl", "w") as out:
                for number, line in enumerate(lines):
                    text = json.loads(line).get("text") or ""
                    if is_new(number, signer(text)):
                        out.write(line)
                        kept += 1
            return kept

        return work

    return prepare


def datasketch_index():
    from datasketch import MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, params=(BANDS, ROWS))

    def is_new(number, signature):
        found = index.query(signature)
        index.insert(number, signature)
        return not found

    return is_new


def rensa_index():
    from rensa import RMinHashLSH

    # Bands of as many rows as fit evenly.
    index = RMinHashLSH(THRESHOLD, PERMUTATIONS, 32)

    def is_new(number, signature):
        found = index.query(signature)
        index.insert(number, signature)
        return not found

    return is_new


def data_juicer_fuzzy(data, arguments):
    from datasets import Dataset

    operator = data_juicer_operator()

    def work():
        dataset = Dataset.from_list([{"id": number, "text": text} for number, text in enumerate(texts_of(data))])
        dataset = dataset.map(operator.compute_hash, num_proc=arguments.workers)
        kept, _ = operator.process(dataset)
        kept.to_json(str(arguments.output / "kept.jsonl"))
        return len(kept)

    return work


def duckdb_exact(query):
    def prepare(data, arguments):
        import duckdb

        database = duckdb.connect()
        database.execute(f"SET threads = {int(arguments.workers)}")
        written = arguments.output / "kept.jsonl"

        def work():
            source = f"(SELECT row_number() OVER () AS place, * FROM read_json('{data}', format = 'newline_delimited', columns = {{text: 'VARCHAR'}}))"
            database.execute(f"COPY ({query.format(source=source)}) TO '{written}' (FORMAT json)")
            return database.execute(f"SELECT count(*) FROM read_json('{written}', columns = {{text: 'VARCHAR'}})").fetchone()[0]

        return work

    return prepare


DISTINCT_ON = "SELECT DISTINCT ON (trim(text)) text FROM {source} ORDER BY place"
ARG_MIN = "SELECT arg_min(text, place) AS text FROM {source} GROUP BY md5(trim(text)) ORDER BY min(place)"

CASES = {
    "datasketch, signatures": Case(signatures_of(datasketch_signer), "datasketch", is_slow=True),
    "rensa, signatures": Case(signatures_of(rensa_signer), "rensa", is_slow=True),
    "datatrove, signatures": Case(signatures_of(datatrove_signer), "datatrove", is_slow=True),
    "Data-Juicer, signatures": Case(signatures_of(data_juicer_signer), "data_juicer", is_slow=True),
    "coldpress, fuzzy": Case(coldpress("document_minhash_deduplicator:")),
    "coldpress, SimHash": Case(coldpress("document_simhash_deduplicator:")),
    "datasketch, fuzzy": Case(kept_by(datasketch_signer, datasketch_index), "datasketch", is_slow=True),
    "rensa, fuzzy": Case(kept_by(rensa_signer, rensa_index), "rensa", is_slow=True),
    "Data-Juicer, fuzzy": Case(data_juicer_fuzzy, "data_juicer", is_slow=True),
    "coldpress, exact": Case(coldpress("document_deduplicator:")),
    "DuckDB DISTINCT ON, exact": Case(duckdb_exact(DISTINCT_ON), "duckdb"),
    "DuckDB arg_min, exact": Case(duckdb_exact(ARG_MIN), "duckdb"),
}

if __name__ == "__main__":
    main()
