#!/usr/bin/env python3
"""Looks at jobs of Coldpress with Data-Juicer's own monitor, utilities and stopper, and compares with what Coldpress says.

    jobs.py PROGRAM FOLDER

PROGRAM is `coldpress`; FOLDER is emptied and takes the jobs. Needs Python with the package `py-data-juicer`, version 1.6.1.
The jobs: finished, finished after a resume, with a barrier, failed, stopped, killed, and running, which is stopped by
Data-Juicer in the end. Prints a line for each comparison; exits 1 when anything differs.

What Data-Juicer cannot see, whatever a job's files hold, is in KNOWN_LIMITS.
"""

import contextlib
import io
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from loguru import logger

from data_juicer.utils.job.common import JobUtils, list_running_jobs
from data_juicer.utils.job.monitor import JobProgressMonitor, show_job_progress
from data_juicer.utils.job.snapshot import ProcessingSnapshotAnalyzer
from data_juicer.utils.job.stopper import JobStopper

SAMPLE = pathlib.Path("examples/data/webtext-mini.jsonl")
COPIES = 60
CLEAN = ["clean_links_mapper", "fix_unicode_mapper", "whitespace_normalization_mapper", "text_length_filter"]

# What a job at work does while it is looked at, in partitions of each worker.
STEP = 500 * 2

# The monitor takes the status of a partition from its start and its end in the event log, and knows no other end than
# success: an attempt that failed, or ended with its process, is `processing` for ever. It does not know that a process is gone.
KNOWN_LIMITS = {
    ("stopped", "processing_partitions"),
    ("failed", "failed_partitions"),
    ("failed", "processing_partitions"),
    ("killed", "job_status"),
    ("killed", "processing_partitions"),
}


class Jobs:
    """Runs jobs in a folder."""

    def __init__(self, program, folder):
        self.program = pathlib.Path(program).resolve()
        self.folder = pathlib.Path(folder).resolve()
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.base = self.folder / "jobs"
        self.base.mkdir(parents=True)
        sample = SAMPLE.read_bytes()
        self.dataset = self.folder / "texts.jsonl"
        self.dataset.write_bytes(sample * COPIES)
        self.records = sample.count(b"\n") * COPIES

    def command(self, job, process=CLEAN, **keys):
        recipe = self.folder / f"{job}.yaml"
        settings = {
            "dataset_path": str(self.dataset),
            "export_path": str(self.folder / job / "out.jsonl"),
            "work_dir": str(self.base),
            "partition.size": 500,
            "checkpoint.strategy": "every_op",
            "np": 2,
            **keys,
        }
        # JSON is YAML.
        recipe.write_text(json.dumps({**nested(settings), "process": [as_call(name) for name in process]}))
        return [str(self.program), "process", "--config", str(recipe), "--job_id", job, "--no-progress"]

    def run(self, job, **keys):
        return subprocess.run(self.command(job, **keys), capture_output=True, text=True).returncode

    def start(self, job, **keys):
        """Starts a job, and returns its process once some of its partitions are through."""
        process = subprocess.Popen(
            self.command(job, **keys), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while True:
            if process.poll() is not None:
                raise SystemExit(f"the job {job} ended before it could be looked at: raise COPIES")
            with contextlib.suppress(subprocess.CalledProcessError):
                progress = self.told(job)["overall_progress"]
                if progress["plan_complete"] and 2 <= progress["completed_partitions"]:
                    return process
            time.sleep(0.05)

    def told(self, job):
        """What Coldpress says of a job."""
        line = [str(self.program), "monitor", job, "--base-dir", str(self.base), "--json"]
        return json.loads(subprocess.run(line, capture_output=True, text=True, check=True).stdout)


def as_call(call):
    return {call: None} if isinstance(call, str) else call


def nested(settings):
    tree = {}
    for path, value in settings.items():
        *above, key = path.split(".")
        node = tree
        for name in above:
            node = node.setdefault(name, {})
        node[key] = value
    return tree


class Comparison:
    """Counts what is the same and what is not."""

    def __init__(self):
        self.differences = 0

    def same(self, job, what, theirs, ours):
        if theirs == ours:
            print(f"ok       {job}: {what} {shown(theirs)}")
        elif (job, what) in KNOWN_LIMITS:
            print(f"known    {job}: {what} {shown(theirs)}, not {shown(ours)}")
        else:
            self.differences += 1
            print(f"DIFFERS  {job}: {what} is {shown(theirs)}, not {shown(ours)}")


def shown(value):
    text = json.dumps(value, default=str)
    return text if len(text) <= 80 else text[:80] + "…"


def compare(check, jobs, job, status, operators):
    """A job that does not change while it is looked at."""
    ours = jobs.told(job)["overall_progress"]
    utils = JobUtils(job, base_dir=str(jobs.base))
    theirs = utils.calculate_overall_progress()
    check.same(job, "job_status", theirs["job_status"], status)
    for name in (
        "total_partitions",
        "completed_partitions",
        "processing_partitions",
        "failed_partitions",
        "total_samples",
        "processed_samples",
    ):
        check.same(job, name, theirs[name], ours[name])
    compare_operators(check, job, utils, operators)
    compare_checkpoints(check, jobs, job, utils)
    check_snapshot(check, jobs, job, ours)
    with contextlib.redirect_stdout(io.StringIO()) as text:
        data = show_job_progress(job, base_dir=str(jobs.base), detailed=True)
    named = f"Status: {theirs['job_status'].upper()}" in text.getvalue()
    check.same(job, "the monitor's text names the status", named, True)
    check.same(job, "the monitor's data", data["overall_progress"]["job_status"], theirs["job_status"])
    check.same(job, "dataset", data["dataset_mapping"]["original_dataset_size"], jobs.records)


def compare_operators(check, job, utils, operators):
    done = [part for part in utils.get_partition_status().values() if part["status"] == "completed"]
    names = {tuple(op["name"] for op in part["completed_ops"]) for part in done}
    check.same(job, "operators of completed partitions", sorted(names), [tuple(operators)] if done else [])
    indices = {tuple(op["idx"] for op in part["completed_ops"]) for part in done}
    check.same(job, "their places", sorted(indices), [tuple(range(len(operators)))] if done else [])
    first = sum(part["completed_ops"][0]["input_rows"] for part in done)
    check.same(job, "records into the first operator", first, sum(part["sample_count"] for part in done))
    check.same(job, "operators at work", [part["current_op"] for part in done], [None] * len(done))


def compare_checkpoints(check, jobs, job, utils):
    saved = {
        number: {(one["operation_name"], one["operation_idx"]) for one in part["checkpoints"]}
        for number, part in utils.get_partition_status().items()
    }
    kept = {
        int(number): {(one["operation_name"], one["operation_idx"]) for one in part["checkpoints"]}
        for number, part in jobs.told(job)["partition_status"].items()
    }
    lost = [number for number, checkpoints in kept.items() if not checkpoints <= saved.get(number, set())]
    check.same(job, "partitions whose checkpoints it does not see", lost, [])


def check_snapshot(check, jobs, job, ours):
    snapshot = ProcessingSnapshotAnalyzer(str(jobs.base / job)).generate_snapshot()
    check.same(job, "snapshot: partitions", snapshot.total_partitions, ours["total_partitions"])
    check.same(job, "snapshot: completed", snapshot.completed_partitions, ours["completed_partitions"])
    counted = sum(part.sample_count or 0 for part in snapshot.partition_statuses.values())
    check.same(job, "snapshot: samples", counted, ours["total_samples"])


def listed(jobs, job):
    return next(one for one in list_running_jobs(str(jobs.base)) if one["job_id"] == job)


def look_at_running(check, jobs):
    process = jobs.start("running")
    try:
        monitor = JobProgressMonitor("running", base_dir=str(jobs.base))
        # The views of a running job are written every few seconds.
        time.sleep(2.5)
        process.send_signal(signal.SIGSTOP)
        theirs = monitor.get_progress_data()["overall_progress"]
        ours = jobs.told("running")["overall_progress"]
        check.same("running", "job_status", theirs["job_status"], "running")
        for name in ("total_partitions", "total_samples"):
            check.same("running", name, theirs[name], ours[name])
        # The last events may not be written yet.
        behind = ours["processed_samples"] - theirs["processed_samples"]
        check.same("running", "is less than a step behind", 0 <= behind <= STEP, True)
        at_work = [part for part in monitor.job_utils.get_partition_status().values() if part["current_op"]]
        names = {part["current_op"]["name"] for part in at_work}
        check.same("running", "operators at work are the recipe's", names <= set(CLEAN), True)
        check.same("running", "processes", listed(jobs, "running")["processes"], 1)
        process.send_signal(signal.SIGCONT)
        stopper = JobStopper("running", base_dir=str(jobs.base))
        # It waits for a child of its own as for any process, which must not stay a zombie.
        result = stopper.stop_job(timeout=60)
        check.same("running", "stopped by Data-Juicer", result["success"], True)
        check.same("running", "processes that it ended", result["processes_terminated"], 1)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(60)
        if process.poll() is None:
            process.kill()
    check.same("running", "status after that", listed(jobs, "running")["status"], "stopped")
    check.same("running", "processes after that", listed(jobs, "running")["processes"], 0)
    check.same("running", "resumed after that", jobs.run("running"), 0)
    compare(check, jobs, "running", "completed", CLEAN)


def main(program, folder):
    # Each of Data-Juicer's utilities sets up its own log.
    logger.disable("data_juicer")
    jobs, check = Jobs(program, folder), Comparison()

    check.same("finished", "exit", jobs.run("finished"), 0)
    compare(check, jobs, "finished", "completed", CLEAN)

    with_barrier = [*CLEAN, "document_deduplicator", "alphanumeric_filter"]
    check.same("barrier", "exit", jobs.run("barrier", process=with_barrier), 0)
    compare(check, jobs, "barrier", "completed", with_barrier)

    strict = [{"words_num_filter": {"min_num": 0}}]
    damaged = jobs.dataset.read_bytes() + b'{"text": 7}\n'
    whole, jobs.dataset = jobs.dataset, jobs.folder / "damaged.jsonl"
    jobs.dataset.write_bytes(damaged)
    keys = {"max_errors": 0, "retry.max_retries": 0}
    check.same("failed", "exit", jobs.run("failed", process=strict, **keys) != 0, True)
    jobs.records += 1
    compare(check, jobs, "failed", "failed", ["words_num_filter"])
    jobs.dataset, jobs.records = whole, jobs.records - 1

    process = jobs.start("stopped")
    subprocess.run([str(jobs.program), "stop", "stopped", "--base-dir", str(jobs.base)], stdout=subprocess.DEVNULL)
    process.wait()
    compare(check, jobs, "stopped", "stopped", CLEAN)
    check.same("stopped", "resumed", jobs.run("stopped"), 0)
    compare(check, jobs, "stopped", "completed", CLEAN)

    process = jobs.start("killed")
    process.kill()
    process.wait()
    check.same("killed", "processes", listed(jobs, "killed")["processes"], 0)
    compare(check, jobs, "killed", "interrupted", CLEAN)
    check.same("killed", "resumed", jobs.run("killed"), 0)
    compare(check, jobs, "killed", "completed", CLEAN)

    look_at_running(check, jobs)
    print(f"{check.differences} differences")
    return 1 if check.differences else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
