#!/usr/bin/env python3
"""Runs recipes of the published shape in Coldpress and in Data-Juicer, and compares what is kept and how long it takes.

    python3 -m venv target/recipes-venv
    target/recipes-venv/bin/pip install py-data-juicer==1.6.1 fasttext-predict kenlm sentencepiece simhash-pybind ftfy \\
        scipy selectolax ray transformers aiohttp
    cargo build --release -p coldpress-cli
    target/recipes-venv/bin/python docs/development/recipes_bench.py DATA.jsonl --records 2000

DATA has records with a `text` and a `lang`. The recipes are those of crates/cli/tests/published/recipes.yaml, which
`--recipe NAME` chooses from by the beginnings of their names; the models and word lists are the small ones of the tests, or
those of the folder that `--assets` names. Coldpress runs with `compat: data_juicer`.

Each recipe runs over the first records of its kind in both programs, round by round in turn; the least CPU time counts, so that
figures can be compared on a busy machine. Data-Juicer takes some seconds to start, however few the records are, so
the last column has the ratio without that time, which is measured with a few records.

Then the exports are compared: the same records in the same order, with the same texts. With `--open`, all bounds of filters are
made so wide that nothing is dropped, and each statistic of each record is compared. The exit code is 1 if anything differs.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import platform
import resource
import shutil
import subprocess
import sys
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECIPES = ROOT / "crates/cli/tests/published/recipes.yaml"
ASSETS = ROOT / "crates/ops/testdata/assets"
STATS = "__dj__stats__"
# Enough for Data-Juicer to use all of its processes, and done in no time.
FEW = 20


def main():
    options = parse_arguments()
    output = options.output / "recipes-bench"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    assets = gather_assets(options.assets, output / "assets")
    rows = [json.loads(line) for line in open(options.data)]
    recipes = [recipe for recipe in yaml.safe_load_all(open(RECIPES)) if recipe and is_chosen(recipe, options.recipe)]
    print(f"{platform.platform()}, {os.cpu_count()} cores, {options.workers} workers, least of {options.rounds} rounds\n")
    print("| recipe | records | MB | kept | Coldpress, CPU s | Data-Juicer, CPU s | ratio | to start | ratio without starting |")
    print("| --- |" + " ---: |" * 8)
    differences = []
    for recipe in recipes:
        name = recipe["project_name"]
        folder = output / name
        folder.mkdir()
        field = recipe.get("text_keys", "text")
        whole = write_rows(rows, recipe, field, options.records, folder / "whole.jsonl")
        few = write_rows(rows, recipe, field, FEW, folder / "few.jsonl")
        change(recipe, options, assets)
        ours, theirs, starts = [], [], []
        for _ in range(options.rounds):
            ours.append(run("coldpress", recipe, whole, folder, options, assets))
            if not options.ours:
                theirs.append(run("data-juicer", recipe, whole, folder, options, assets))
            if not options.ours and not options.compare:
                starts.append(run("start", recipe, few, folder, options, assets))
        kept = read(folder / "coldpress.jsonl")
        count, size = sum(1 for _ in open(whole)), whole.stat().st_size / 1e6
        cells = [name, count, f"{size:.1f}", len(kept), f"{min(ours):.2f}"]
        if theirs:
            cells += [f"{min(theirs):.1f}", f"{min(theirs) / min(ours):.0f}"]
            if starts:
                cells += [f"{min(starts):.1f}", f"{(min(theirs) - min(starts)) / min(ours):.0f}"]
            differences += [f"{name}: {difference}" for difference in compare(kept, read(folder / "data-juicer.jsonl"), field)]
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    for difference in differences:
        print(difference)
    if not options.keep:
        shutil.rmtree(output)
    sys.exit(1 if differences else 0)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--recipe", action="append", help="the beginning of a recipe's name; all without it")
    parser.add_argument("--records", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--open", action="store_true", help="drop nothing, and compare all statistics")
    parser.add_argument("--ours", action="store_true", help="run Coldpress alone")
    parser.add_argument("--compare", action="store_true", help="do not measure Data-Juicer's start")
    parser.add_argument("--keep", action="store_true", help="leave the exports and logs")
    parser.add_argument("--assets", type=pathlib.Path, help="a folder with models and word lists")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "target/release/coldpress", help="a release build")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "target", help="a folder on the disk to write to")
    return parser.parse_args()


def is_chosen(recipe, beginnings):
    name = recipe["project_name"]
    return not beginnings or any(name.startswith(beginning) for beginning in beginnings)


def gather_assets(given, folder):
    """Puts models and word lists into one folder, where both programs look for them."""
    for source in [given] if given else [ASSETS / "models", ASSETS / "words"]:
        shutil.copytree(source, folder, dirs_exist_ok=True)
    return folder


def write_rows(rows, recipe, field, count, path):
    """Writes the first records that suit the recipe's dataset, with nothing but what recipes look at."""
    lang = {"chinese.jsonl": "zh"}.get(recipe["dataset_path"])
    suffixes = [".py", ".rs", ".md"]
    written = 0
    with open(path, "w") as out:
        for number, row in enumerate(rows):
            if written == count:
                break
            if row.get("text") is None or lang and row.get("lang") != lang:
                continue
            suffix = suffixes[number % len(suffixes)]
            out.write(json.dumps({"id": number, field: row["text"], "__dj__suffix__": suffix}) + "\n")
            written += 1
    return path


def change(recipe, options, assets):
    """Adds to a recipe what the comparison needs."""
    recipe["np"] = options.workers
    # Both write samples of what operators did, each in its own way.
    recipe["open_tracer"] = False
    if not options.open:
        return
    recipe["keep_stats_in_res_ds"] = True
    for call in recipe["process"]:
        for operator, params in call.items():
            if operator == "language_id_score_filter":
                call[operator] = {"min_score": 0.0}
            elif operator.endswith("_filter") and params:
                widen(params)


def widen(params):
    for name in list(params):
        if name.startswith("min_"):
            params[name] = 0 if isinstance(params[name], int) else 0.0
        elif name.startswith("max_"):
            params[name] = 10**9 if isinstance(params[name], int) else 1e9
        elif name == "suffixes":
            params[name] = []


def run(program, recipe, data, folder, options, assets):
    """Runs one program over the data, and returns the CPU seconds of all its processes."""
    export, jobs = folder / f"{program}.jsonl", folder / f"{program}-jobs"
    shutil.rmtree(jobs, ignore_errors=True)
    for left in folder.glob(f"{program}*.jsonl"):
        left.unlink()
    recipe = dict(recipe, dataset_path=str(data), export_path=str(export), work_dir=str(jobs))
    path = folder / f"{program}.yaml"
    environment = dict(os.environ)
    if program == "coldpress":
        recipe.update(compat="data_juicer", assets_dir=str(assets))
        command = [options.program, "process", "--no-progress", "--config", path]
    else:
        recipe["use_cache"] = False
        command = [pathlib.Path(sys.executable).parent / "dj-process", "--config", path]
        cache = folder / "cache"
        environment.update(DATA_JUICER_MODELS_CACHE=str(assets), DATA_JUICER_ASSETS_CACHE=str(assets))
        environment.update(DATA_JUICER_EXTERNAL_MODELS_HOME=str(assets), USE_TORCH="0")
        environment.update(DATA_JUICER_CACHE_HOME=str(cache), HF_HOME=str(cache), HF_HUB_OFFLINE="1")
        # It would install packages while it runs.
        environment.update(PIP_NO_INDEX="1", UV_OFFLINE="1")
        # It needs no more of PyTorch than this, but the library of tokenizers does where PyTorch is installed.
        if not has_tokenizer(recipe) or importlib.util.find_spec("torch") is None:
            environment.update(PYTHONPATH=str(stand_in_for_torch(folder)))
    path.write_text(yaml.safe_dump(recipe, sort_keys=False))
    log = folder / f"{program}.log"
    before = cpu_seconds()
    with open(log, "w") as said:
        code = subprocess.run(command, stdout=said, stderr=said, env=environment).returncode
    if code:
        sys.exit(f"{recipe['project_name']}: {program} failed with {code}, see {log}")
    return cpu_seconds() - before


def has_tokenizer(recipe):
    """Returns whether a recipe makes tokens of texts with a tokenizer of Hugging Face."""
    calls = [call for call in recipe["process"] if "alphanumeric_filter" in call]
    return any((call["alphanumeric_filter"] or {}).get("tokenization") for call in calls)


def stand_in_for_torch(folder):
    """Writes a module that says there is no GPU. Data-Juicer asks PyTorch, which has some gigabytes, whatever the recipe is."""
    module = folder / "stand-in/torch"
    module.mkdir(parents=True, exist_ok=True)
    (module / "cuda.py").write_text("def device_count(): return 0\ndef empty_cache(): pass\ndef is_available(): return False\n")
    (module / "nn.py").write_text("class Module: pass\n")
    (module / "__init__.py").write_text(
        "from . import cuda, nn\n__version__ = '2.0.0'\nclass Tensor: pass\nclass Generator: pass\n"
        "def set_num_threads(_): pass\ndef set_num_interop_threads(_): pass\n"
    )
    return module.parent


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def read(path):
    return [json.loads(line) for line in open(path)] if path.exists() else []


def compare(ours, theirs, field):
    """Returns what differs, in lines to print."""
    differences = []
    ours_by_id, theirs_by_id = ({row["id"]: row for row in rows} for rows in (ours, theirs))
    only = sorted(ours_by_id.keys() - theirs_by_id.keys()), sorted(theirs_by_id.keys() - ours_by_id.keys())
    for who, ids in zip(["Coldpress", "Data-Juicer"], only):
        if ids:
            differences.append(f"{len(ids)} records are kept by {who} alone, such as {ids[:8]}")
    both = [row["id"] for row in ours if row["id"] in theirs_by_id]
    if both != [row["id"] for row in theirs if row["id"] in ours_by_id]:
        differences.append("the order differs")
    texts = [number for number in both if ours_by_id[number].get(field) != theirs_by_id[number].get(field)]
    if texts:
        differences.append(f"{len(texts)} texts differ, such as those of {texts[:8]}")
    wrong = {}
    for number in both:
        ours, theirs = (rows[number].get(STATS) or {} for rows in (ours_by_id, theirs_by_id))
        for name in ours.keys() | theirs.keys():
            if not is_near(ours.get(name), theirs.get(name)):
                wrong.setdefault(name, []).append((number, ours.get(name), theirs.get(name)))
    for name, found in sorted(wrong.items()):
        differences.append(f"{len(found)} of {len(both)} values of {name} differ, such as {found[:4]}")
    return differences


def is_near(one, other):
    if isinstance(one, float) or isinstance(other, float):
        if one is None or other is None:
            return False
        # Data-Juicer's exports have ten decimals.
        return abs(one - other) <= 1e-9 * max(abs(one), abs(other)) + 1e-10
    return one == other


if __name__ == "__main__":
    main()
