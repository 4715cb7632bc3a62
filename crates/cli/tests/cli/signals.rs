//! Runs with worker processes that are stopped, frozen or killed: the same bytes in the end, and nobody is left behind.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::bench::{Bench, Ran};

const LINE: &str =
    "process --config recipe.yaml --job_id a --partition.size 20 --executor_type process";

/// A job of four hundred partitions that has published some.
struct Running {
    bench: Bench,
    child: Child,
    workers: Vec<String>,
}

impl Running {
    fn begin() -> Self {
        let bench = Bench::new();
        let line = |id| format!("{{\"id\": {id}.0, \"text\": \" text  {id}\"}}\n");
        bench.write("in.jsonl", (0..8_000).map(line).collect::<String>());
        let mut command = bench.command(LINE);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let results = bench.path("jobs/a/results");
        wait_until("there are results", || {
            std::fs::read_dir(&results).is_ok_and(|files| files.count() > 8)
        });
        wait_until("there are two workers", || {
            children_of(child.id()).len() == 2
        });
        let workers = children_of(child.id());
        Self {
            bench,
            child,
            workers,
        }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end of the driver; its workers end with it, and a resume comes to the export of an undisturbed run.
    fn ends(self, code: i32) -> Ran {
        let ran = Ran::of(self.child.wait_with_output().unwrap()).expect(code);
        wait_until("the workers are gone", || {
            self.workers.iter().all(|worker| !is_alive(worker))
        });
        let resumed = self.bench.run(&format!("{LINE} --json")).expect(0).json();
        assert!(resumed["partitions_reused"].as_u64() > Some(0), "{resumed}");
        let export = self.bench.read("out/clean.jsonl");
        self.bench
            .run(&LINE.replace("--job_id a", "--job_id b"))
            .expect(0);
        assert!(self.bench.read("out/clean.jsonl") == export);
        ran
    }
}

#[test]
fn a_polite_signal_is_obeyed_at_once() {
    let running = Running::begin();
    running.signal("TERM");
    let asked = Instant::now();
    let ran = running.ends(143);
    assert!(asked.elapsed() < Duration::from_secs(20));
    ran.prints(&["Job a: stopped"]);
}

#[test]
fn a_killed_driver_leaves_no_worker_behind() {
    let running = Running::begin();
    running.signal("KILL");
    running.ends(-1);
}

#[test]
fn a_frozen_driver_goes_on() {
    let mut running = Running::begin();
    running.signal("STOP");
    // Longer than a heartbeat; its workers finish what they have in hand, and wait.
    std::thread::sleep(Duration::from_millis(1500));
    assert!(running.child.try_wait().unwrap().is_none());
    running
        .bench
        .run(LINE)
        .expect(4)
        .tells(&["the job is running: process"]);
    running
        .bench
        .run("quarantine retry a --base-dir jobs")
        .expect(4)
        .tells(&["the job is running: process"]);
    running.signal("CONT");
    let output = running.child.wait_with_output().unwrap();
    Ran::of(output).expect(0).prints(&["Job a: completed"]);
    wait_until("the workers are gone", || {
        running.workers.iter().all(|worker| !is_alive(worker))
    });
}

#[test]
fn a_worker_that_somebody_ends_costs_an_attempt_and_no_record() {
    for signal in ["TERM", "ABRT", "SEGV"] {
        let running = Running::begin();
        for worker in &running.workers {
            let sent = Command::new("kill")
                .args([&format!("-{signal}"), worker])
                .status();
            assert!(sent.unwrap().success());
        }
        let output = running.child.wait_with_output().unwrap();
        Ran::of(output)
            .expect(0)
            .prints(&["Job a: completed", "0 quarantined"]);
        let bench = &running.bench;
        let events = bench.run("events a --base-dir jobs --type OP_FAILED --json");
        let events = events.expect(0).stdout;
        assert!(events.contains("signal 15 (SIGTERM)"), "{events}");
        if signal != "TERM" {
            assert!(events.contains("was sent by process"), "{events}");
        }
        bench
            .run("quarantine retry a --base-dir jobs")
            .expect(0)
            .prints(&["nothing is tried again"]);
    }
}

#[test]
fn killed_workers_are_replaced() {
    let running = Running::begin();
    for worker in &running.workers {
        let sent = Command::new("kill").args(["-KILL", worker]).status();
        assert!(sent.unwrap().success());
    }
    let output = running.child.wait_with_output().unwrap();
    Ran::of(output).expect(0).prints(&["Job a: completed"]);
    let events = running
        .bench
        .run("events a --base-dir jobs --type OP_FAILED --json");
    let events = events.expect(0).stdout;
    assert!(
        events.contains("was killed by signal 9 (SIGKILL)"),
        "{events}"
    );
    assert!(events.contains("\"memory\""), "{events}");
}

fn children_of(process: u32) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let children = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("children")));
    let children: String = children.map(|text| text.unwrap_or_default()).collect();
    children.split_whitespace().map(str::to_owned).collect()
}

/// Whether a process is there and no zombie.
fn is_alive(process: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .starts_with(" Z")
    })
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "not so: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
