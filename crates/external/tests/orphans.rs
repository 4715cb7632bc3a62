//! Python processes end with the process that started them, however that ends.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use coldpress_external::{Code, Interpreter, Limits, Mode, Python};

/// The variable with the file to which a worker's Python writes its number. It is set only for workers.
const WORKER: &str = "COLDPRESS_TEST_WORKER";

#[test]
fn python_dies_with_a_worker_that_is_killed_in_the_middle_of_a_call() {
    if let Some(file) = std::env::var_os(WORKER) {
        return work(Path::new(&file));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("number");
    let mut worker = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "python_dies_with_a_worker_that_is_killed_in_the_middle_of_a_call",
        ])
        .env(WORKER, &file)
        .spawn()
        .unwrap();
    let number = || {
        std::fs::read_to_string(&file)
            .ok()
            .filter(|number| number.ends_with('\n'))
    };
    wait_until("Python has begun", || number().is_some());
    let process = format!("/proc/{}/stat", number().unwrap().trim());
    assert!(lives(&process), "{process}");
    worker.kill().unwrap();
    worker.wait().unwrap();
    wait_until("Python has ended", || !lives(&process));
}

/// Asks Python something that it never answers, from a thread that ends before the process does.
fn work(file: &Path) {
    let source = format!(
        "lambda d: [print(__import__('os').getpid(), file=open({:?}, 'w'), flush=True), __import__('time').sleep(1000)]",
        file.display().to_string()
    );
    let limits = Limits {
        timeout: Duration::from_secs(100),
        memory: None,
        log: None,
    };
    let start = move || {
        Python::start(
            Interpreter::find(None),
            &Code::Lambda(source),
            Mode::Record,
            limits,
        )
    };
    let mut python = std::thread::spawn(start).join().unwrap().unwrap();
    let _ = python.ask(b"{}\n", 1);
}

/// Returns whether a process is alive. A zombie is dead, even if nobody has waited for it.
fn lives(stat: &str) -> bool {
    let stat = std::fs::read_to_string(stat).unwrap_or_default();
    let state = stat
        .rsplit(')')
        .next()
        .and_then(|rest| rest.trim().chars().next());
    state.is_some_and(|state| state != 'Z' && state != 'X')
}

#[track_caller]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
