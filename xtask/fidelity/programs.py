"""The two programs: each runs one operator over rows, and returns what it made of them."""

import contextlib
import copy
import dataclasses
import json
import logging
import os
import pathlib
import shutil
import subprocess
import sys

STATS = "__dj__stats__"
# Columns that Data-Juicer's deduplicators leave in the records.
HASHES = ("__dj__hash", "__dj__simhash", "__dj__minhash")


@dataclasses.dataclass
class Outcome:
    """The rows that came out, the numbers of those that failed alone, or why the operator failed as a whole."""

    rows: list = dataclasses.field(default_factory=list)
    failed: set = dataclasses.field(default_factory=set)
    error: str | None = None


class Coldpress:
    """One process per run, with `compat: data_juicer`."""

    def __init__(self, program, assets, folder):
        self.program, self.assets, self.folder = program, assets, folder

    def run(self, operator, params, rows):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        data, export, jobs = (self.folder / name for name in ("in.jsonl", "out.jsonl", "jobs"))
        with open(data, "w") as out:
            out.writelines(json.dumps(row) + "\n" for row in rows)
        recipe = dict(project_name="fidelity", dataset_path=str(data), export_path=str(export), work_dir=str(jobs))
        recipe.update(assets_dir=str(self.assets), np=1, compat="data_juicer", keep_stats_in_res_ds=True, max_error_ratio=1.0)
        # Records without a text are dropped as they are read, which is not the operator's doing.
        recipe.update(text_keys="id", process=[{operator: dict({"text_key": "text"}, **params)}])
        config = self.folder / "recipe.yaml"
        config.write_text(json.dumps(recipe))
        command = [self.program, "process", "--no-progress", "--config", config]
        ended = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, stdin=subprocess.DEVNULL)
        if ended.returncode not in (0, 3):
            said = [line for line in ended.stderr.splitlines() if line.strip()]
            return Outcome(error=" ".join(said[:4]) or f"exit code {ended.returncode}")
        failed = set()
        for entries in jobs.glob("*/quarantine/*.jsonl"):
            for line in open(entries):
                failed.add(key(json.loads(json.loads(line)["record"])))
        return Outcome(rows=read(export), failed=failed)


class DataJuicer:
    """The operators themselves, in this process: starting the program takes ten seconds."""

    def __init__(self, assets, nltk_data):
        # It would download models and install packages while it runs.
        os.environ.update(DATA_JUICER_MODELS_CACHE=str(assets), DATA_JUICER_ASSETS_CACHE=str(assets))
        os.environ.update(DATA_JUICER_EXTERNAL_MODELS_HOME=str(assets), HF_HUB_OFFLINE="1", PIP_NO_INDEX="1", UV_OFFLINE="1")
        import datasets
        import nltk
        logging.disable(logging.WARNING)
        datasets.disable_progress_bars()
        datasets.disable_caching()
        nltk.download = lambda *_, **__: False
        nltk.data.path[:] = [str(nltk_data)]
        from data_juicer.core.data import NestedDataset
        from data_juicer.ops import OPERATORS

        self.dataset, self.operators = NestedDataset, OPERATORS.modules

    def names(self):
        return set(self.operators)

    def bounds(self, operator):
        """Returns the names of a range filter's parameters for the least and the greatest value."""
        import inspect

        names = inspect.signature(self.operators[operator].__init__).parameters
        bounds = [[name for name in names if name.startswith(prefix)] for prefix in ("min_", "max_")]
        return [found[0] if found else None for found in bounds]

    def make(self, operator, params):
        # No processes of its own for each operator.
        return self.operators[operator](**copy.deepcopy(params), auto_op_parallelism=False, num_proc=None)

    def run(self, operator, params, rows):
        with silence():
            try:
                made = self.make(operator, params)
            except (Exception, SystemExit) as error:
                return Outcome(error=f"{type(error).__name__}: {first_line(error)}")
            return self.apply(made, rows)

    def apply(self, made, rows):
        try:
            return Outcome(rows=made.run(self.dataset.from_list(rows)).to_list())
        except Exception as error:
            if len(rows) == 1 or not hasattr(made, "process_batched"):
                return Outcome(error=f"{type(error).__name__}: {first_line(error)}")
        # Records are done one by one, so some of them fail and the others do not.
        outcome = Outcome()
        for part in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
            found = self.apply(made, part)
            if found.error:
                outcome.failed.add(key(part[0]))
            outcome.rows += found.rows
            outcome.failed |= found.failed
        return outcome

    def run_alone(self, operator, params, rows):
        """Gives each row to a mapper by itself: rows of different types do not fit into one dataset."""
        outcome = Outcome()
        with silence():
            try:
                made = self.make(operator, params)
            except (Exception, SystemExit) as error:
                return Outcome(error=f"{type(error).__name__}: {first_line(error)}")
            for row in rows:
                try:
                    # Pairs become lists, as in a dataset.
                    outcome.rows += json.loads(json.dumps(call(made, row)))
                except Exception:
                    outcome.failed.add(key(row))
        return outcome


def key(row):
    """Returns the number of a record. Where records were grouped it is a list."""
    number = row.get("id")
    return json.dumps(number) if isinstance(number, list) else number


def call(made, row):
    row = copy.deepcopy(row)
    row.setdefault("__dj__meta__", {})
    if made.is_batched_op():
        columns = made.process_batched({key: [value] for key, value in row.items()})
        count = len(next(iter(columns.values())))
        return [{key: values[place] for key, values in columns.items()} for place in range(count)]
    return [made.process_single(row)]


@contextlib.contextmanager
def silence():
    """Operators print, log and have libraries in C++ that do, whatever they are told."""
    sys.stdout.flush()
    kept = [os.dup(stream) for stream in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    try:
        yield
    finally:
        sys.stderr.flush()
        for stream, copied in zip((1, 2), kept):
            os.dup2(copied, stream)
        for opened in (*kept, nowhere):
            os.close(opened)


def first_line(error):
    return (str(error).strip() or "no message").split("\n")[0][:200]


def read(path):
    path = pathlib.Path(path)
    return [json.loads(line) for line in open(path)] if path.exists() else []
