#!/usr/bin/env python3
"""Runs every operator that Coldpress and Data-Juicer both have, with many settings, over the same records, and compares.

    fidelity.py --program COLDPRESS --listed FILE [--operator NAME ...] [--data FILE|FOLDER ...] [--records N] [--minutes N]

`cargo xtask peers fidelity` starts it. Coldpress runs with `compat: data_juicer`, one process per setting; Data-Juicer's operators
run in this process. The records that are kept, their order, all fields and all statistics must be the same. The texts are those
of the vectors of all operators and the paragraphs of docs/, or those of `--data`: JSON lines with a `text`, text files, or
`code-points` for texts with every character of Unicode.
Nulls count as missing fields, and the columns with Data-Juicer's hashes do not count.

Prints a table, and for each difference the smallest record that shows it. Exits with 1 if anything differs that no row of
docs/compatibility.md says, or if a row is said to be the reason and nothing differs, and with 2 if the time was not enough.
"""

import argparse
import json
import os
import pathlib
import shutil
import sys
import time

import yaml

from compare import differences
from corpus import grouped, own_rows, texts_of, to_rows
from programs import STATS, Coldpress, DataJuicer
from shrink import smallest_rows, smallest_text

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTDATA = ROOT / "crates/ops/testdata"
SHOWN = 300


def main():
    options = parse_arguments()
    started = time.monotonic()
    cases = yaml.safe_load((pathlib.Path(__file__).parent / "cases.yaml").read_text())
    assets = gather_assets(options.work / "assets")
    theirs = DataJuicer(assets, TESTDATA / "assets/nltk_data")
    ours = Coldpress(options.program, assets, options.work / "run")
    check_names(cases, theirs, json.loads(options.names.read_text()))
    bench = Bench(ours, theirs, options, json.loads(options.listed.read_text()), started + options.minutes * 60)
    chosen = {name: case for name, case in cases["operators"].items() if is_chosen(name, options.operator)}
    print(f"{len(bench.texts)} texts, {len(chosen)} operators, at most {options.minutes} minutes\n")
    print("| operator | settings | runs | records | different | listed | seconds |")
    print("| --- |" + " ---: |" * 6)
    for name, case in chosen.items():
        bench.operator(name, case)
    shutil.rmtree(options.work)
    for line in bench.found:
        print(line)
    print(f"\n{bench.runs} runs, {bench.different} differ that no row of docs/compatibility.md says; {time.monotonic() - started:.0f} s")
    if bench.skipped:
        print(f"out of time; not run: {', '.join(bench.skipped)}")
    sys.exit(1 if bench.different or bench.stale else 2 if bench.skipped else 0)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--listed", type=pathlib.Path, required=True, help="a JSON list of the rows that a case may name")
    parser.add_argument("--names", type=pathlib.Path, required=True, help="a JSON list of Coldpress's operators")
    parser.add_argument("--operator", action="append", help="the beginning of a name")
    parser.add_argument("--data", type=pathlib.Path, action="append")
    parser.add_argument("--records", type=int, default=400, help="texts of each file")
    parser.add_argument("--skip", type=int, default=0, help="leave out the first texts of each file")
    parser.add_argument("--no-edges", action="store_true", help="leave out the bounds on a record's statistic")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--work", type=pathlib.Path, default=default_work())
    return parser.parse_args()


def default_work():
    """Some hundred jobs are run, which take a fraction of the time where nothing is synced to a disk."""
    memory = pathlib.Path("/dev/shm")
    return memory / f"coldpress-fidelity-{os.getpid()}" if memory.is_dir() else ROOT / "target/fidelity"


def is_chosen(name, beginnings):
    return not beginnings or any(name.startswith(beginning) for beginning in beginnings)


def gather_assets(folder):
    """Puts models and word lists where both programs look for them."""
    shutil.rmtree(folder, ignore_errors=True)
    for source in ("models", "words", "nltk_data/tokenizers"):
        shutil.copytree(TESTDATA / "assets" / source, folder, dirs_exist_ok=True)
    return folder


def check_names(cases, theirs, ours):
    named = cases["operators"].keys() | cases["without"].keys()
    both = theirs.names() & set(ours)
    if named != both:
        sys.exit(f"cases.yaml and the operators that both programs have differ: {sorted(named ^ both)}")


class Bench:
    def __init__(self, ours, theirs, options, listed, deadline):
        self.ours, self.theirs, self.listed, self.deadline = ours, theirs, listed, deadline
        self.texts = texts_of(ROOT, options.data, options.records, options.skip)
        self.has_other_texts = bool(options.data)
        self.has_edges = not options.no_edges
        self.found, self.skipped = [], []
        self.runs = self.different = self.stale = 0

    def operator(self, name, case):
        if time.monotonic() > self.deadline:
            self.skipped.append(name)
            return
        started = time.monotonic()
        rows = self.rows_for(name, case)
        settings = [dict(setting) for setting in case["settings"]]
        runs = different = listed = 0
        for setting in settings:
            known = setting.pop("differs", case.get("differs"))
            if known is not None and known not in self.listed:
                sys.exit(f"{name} names {known!r}, which is no row of docs/compatibility.md that still differs with `compat`")
            results = [self.compare(name, case, setting, rows)]
            if case.get("edges") and self.has_edges:
                results += [self.compare(name, case, edge, rows) for edge in self.edges(name, setting, rows)]
            runs += len(results)
            shown = [result for result in results if result]
            if known is None:
                different += len(shown)
                self.found += [line for result in shown for line in result]
            elif shown:
                listed += len(shown)
            elif not self.has_other_texts:
                self.stale += 1
                self.found.append(f"\n{name} {json.dumps(setting)}: nothing differs, though {known!r} is said to be the reason")
        self.runs += runs
        self.different += different
        seconds = time.monotonic() - started
        print(f"| `{name}` | {len(settings)} | {runs} | {len(rows)} | {different} | {listed} | {seconds:.1f} |", flush=True)

    def rows_for(self, name, case):
        own = own_rows(ROOT, name) if case.get("own") or case.get("texts") == "vectors" else []
        if case.get("grouped"):
            return grouped(to_rows(self.texts))
        if case.get("own"):
            return [dict(row, id=number) for number, row in enumerate(own)]
        texts = [row["text"] for row in own if isinstance(row.get("text"), str)]
        return to_rows(list(dict.fromkeys(texts + self.texts)))

    def both(self, name, case, params, rows):
        alone = case.get("own")
        run = self.theirs.run_alone if alone else self.theirs.run
        return self.ours.run(name, params, rows), run(name, params, rows)

    def edges(self, name, setting, rows):
        """Returns the setting with bounds that are a record's statistic, as Data-Juicer stores it and as Python writes it."""
        least, greatest = self.theirs.bounds(name)
        bounds = [bound for bound in (least, greatest) if bound]
        wide = {bound: -1e9 if bound == least else 1e9 for bound in bounds}
        kept = self.theirs.run(name, dict(setting, **wide), rows).rows
        values = sorted({value for row in kept for value in (row.get(STATS) or {}).values() if is_number(value)})
        if not values:
            return []
        middle = values[len(values) // 2]
        edges = [dict(setting, **{bound: middle}) for bound in bounds]
        if greatest:
            both = dict(setting, **{least: middle, greatest: middle})
            edges += [both, dict(both, reversed_range=True), dict(both, min_closed_interval=False)]
        edges.append(dict(setting, **{least: middle}, min_closed_interval=False))
        return edges + [dict(setting, **wide)]

    def compare(self, name, case, params, rows):
        """Returns what differs, in lines to print."""
        lines = []
        for what, numbers in differences(*self.both(name, case, params, rows)):
            some = f" ({len(numbers)} of {len(rows)} records)" if numbers else ""
            lines.append(f"\n{name} {json.dumps(params, ensure_ascii=False)}: {what}{some}")
            lines += [f"    {line}" for line in self.example(name, case, params, rows, numbers)]
        return lines

    def example(self, name, case, params, rows, numbers):
        """Returns the smallest input that was found to differ, and what the programs make of it."""
        if case.get("dataset") or not numbers:
            rows = smallest_rows(rows, lambda part: bool(differences(*self.both(name, case, params, part))))
        else:
            by_number = {row["id"]: row for row in rows}
            row = min((by_number[number] for number in numbers if number in by_number), key=lambda row: len(json.dumps(row)))
            if not case.get("own"):
                text = smallest_text(row["text"], lambda texts: self.differing(name, case, params, row, texts))
                row = dict(row, text=text)
            rows = [row]
        ours, theirs = self.both(name, case, params, rows)
        shown = [row if case.get("own") else {"id": row["id"], "text": row["text"]} for row in rows[:4]]
        more = f" and {len(rows) - 4} more" if len(rows) > 4 else ""
        return [f"smallest: {cut(shown)}{more}", f"Coldpress: {tell(ours)}", f"Data-Juicer: {tell(theirs)}"]

    def differing(self, name, case, params, row, texts):
        rows = [dict(row, id=number, text=text) for number, text in enumerate(texts)]
        found = differences(*self.both(name, case, params, rows))
        numbers = {number for _, numbers in found for number in numbers}
        return [text for number, text in enumerate(texts) if number in numbers]


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def tell(outcome):
    if outcome.error:
        return f"fails: {outcome.error}"[:SHOWN]
    names = ("id", "label", "number", "share", "digits", "meta", "__dj__suffix__", "__dj__uid")
    rows = [{name: value for name, value in row.items() if name not in names} for row in outcome.rows]
    failed = f", fails for {sorted(outcome.failed)[:4]}" if outcome.failed else ""
    return cut(rows) + failed


def cut(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


if __name__ == "__main__":
    main()
