//! A bridge that speaks the protocol and needs no Ray: it runs workers on this machine, or breaks in the way that its mode says.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use coldpress_partition::Task;
use coldpress_worker::{Answer, AttemptError, WORKER_ARGUMENT};
use serde_json::{Value, json};

use crate::bench::kill;

/// The modes in which it connects; any other is the class of an error before work starts.
const MODES: [&str; 9] = [
    "works",
    "late",
    "silent",
    "dies",
    "comes_back",
    "gone",
    "nodes_die",
    "oom",
    "infeasible",
];

/// Serves a driver.
///
/// Modes: `works`; `late`: the first attempt at each partition is given up, and answered after all when the next one is
/// submitted; `silent`: the first attempt at the first partition says that it lives, then nothing more, and is answered like a late
/// one; `nodes_die`: every attempt fails at once, and what the workers would be told is kept beside the dataset; `dies`: it ends in
/// the midst of the job the first time, which a file beside the dataset remembers; `comes_back`: the same, and the cluster is not
/// there when it is started again, but later; `gone`: the cluster does not come back; `oom`: the node of the first attempt runs out
/// of memory; `infeasible`: no node can ever run an attempt.
pub(crate) fn serve(mode: &str) -> ExitCode {
    say(json!({"event": "hello", "python": "none", "ray": "none"}));
    let mut lines = io::stdin().lock().lines().map_while(Result::ok);
    let init: Value = serde_json::from_str(&lines.next().unwrap_or_default()).unwrap();
    if !MODES.contains(&mode) {
        say(json!({"event": "error", "class": mode, "message": "as the test wants it"}));
        return ExitCode::FAILURE;
    }
    let marker = init["files"][0]
        .as_str()
        .unwrap()
        .replace("in.jsonl", "died");
    let is_there = |path: &str| std::fs::metadata(path).is_ok();
    let came_back = marker.replace("died", "came_back");
    if is_there(&marker) && (mode == "gone" || (mode == "comes_back" && !is_there(&came_back))) {
        std::fs::write(&came_back, "").unwrap();
        say(json!({"event": "error", "class": "unreachable", "message": "nothing answers"}));
        return ExitCode::FAILURE;
    }
    say(json!({"event": "ready", "slots": 2, "nodes": [{"id": "n", "ip": "10.0.0.1", "cpus": 2}]}));
    let bridge = Arc::new(Bridge {
        mode: mode.to_owned(),
        begin: init["begin"].as_str().unwrap().to_owned(),
        running: AtomicU32::new(0),
        workers: Mutex::default(),
    });
    let mut count = 0;
    for line in lines {
        let order: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(order["v"], 1);
        match order["op"].as_str() {
            Some("submit") => {}
            Some("cancel") => {
                bridge.cancel(&order);
                continue;
            }
            _ => break,
        }
        count += 1;
        if mode == "nodes_die" {
            if count == 1 {
                let kept = json!([init["begin"], order["run"]]);
                std::fs::write(marker.replace("died", "kept"), kept.to_string()).unwrap();
            }
            say(about(&order, "failed", json!({"class": "node_died"})));
            continue;
        }
        let fails = match mode {
            "oom" if count == 1 => Some("oom"),
            "infeasible" => Some("unschedulable"),
            _ => None,
        };
        if let Some(class) = fails {
            say(about(
                &order,
                "failed",
                json!({"class": class, "message": "of its kind"}),
            ));
            continue;
        }
        let dies = matches!(mode, "dies" | "comes_back" | "gone");
        if dies && count == 5 && !is_there(&marker) {
            std::fs::write(&marker, "").unwrap();
            return ExitCode::FAILURE;
        }
        // More than twice the slots may not be here at a time.
        assert!(bridge.running.fetch_add(1, Ordering::SeqCst) < 4);
        let bridge = Arc::clone(&bridge);
        std::thread::spawn(move || bridge.answer(&order));
    }
    say(json!({"event": "bye"}));
    ExitCode::SUCCESS
}

struct Bridge {
    mode: String,
    /// What each worker is told first.
    begin: String,
    running: AtomicU32,
    /// The processes at work, by task and attempt.
    workers: Mutex<HashMap<String, u32>>,
}

impl Bridge {
    fn answer(&self, order: &Value) {
        let number = order["attempt"].as_u64().unwrap();
        let place = json!({"node": "n", "ip": "10.0.0.1", "pid": 7});
        say(about(order, "started", place));
        let is_late = self.mode == "late" || self.is_silent(order);
        if is_late && number == 1 {
            self.running.fetch_sub(1, Ordering::SeqCst);
            say(match self.mode.as_str() {
                "silent" => about(order, "alive", json!({})),
                _ => about(
                    order,
                    "failed",
                    json!({"class": "node_lost", "message": "lost"}),
                ),
            });
            return;
        }
        if is_late {
            // The worker of the attempt before was not dead after all, and found something else.
            let mut before = order.clone();
            before["attempt"] = (number - 1).into();
            let (stage, partition) = order["task"].as_str().unwrap().split_once('/').unwrap();
            let answer = Answer {
                task: Task::new(stage.parse().unwrap(), partition.parse().unwrap()),
                number: number as u32 - 1,
                seconds: 0.0,
                result: Err(AttemptError::obstacle(
                    "a late answer was taken for a new one",
                )),
            };
            let finished = json!({"type": "finished", "answers": [answer]}).to_string();
            say(about(&before, "finished", json!({"result": finished})));
            let failed = json!({"class": "launch", "message": "late"});
            say(about(&before, "failed", failed));
        }
        let (event, fields) = match self.work(order) {
            Ok(result) => ("finished", json!({"result": result})),
            // What was cancelled is not listened to.
            Err(status) => ("failed", json!({"class": "worker", "status": status})),
        };
        self.running.fetch_sub(1, Ordering::SeqCst);
        say(about(order, event, fields));
    }

    fn is_silent(&self, order: &Value) -> bool {
        self.mode == "silent" && order["task"] == "0/0"
    }

    /// Ends a worker whose attempt is of no use any more.
    fn cancel(&self, order: &Value) {
        if let Some(worker) = self.workers.lock().unwrap().get(&name_of(order)) {
            kill(*worker);
        }
    }

    /// Has a worker process do an attempt; gives what it said last, or how it ended.
    fn work(&self, order: &Value) -> Result<String, i32> {
        let mut worker = start_worker();
        let mut workers = self.workers.lock().unwrap();
        workers.insert(name_of(order), worker.id());
        drop(workers);
        let said = attend(&mut worker, &self.begin, order["run"].as_str().unwrap());
        self.workers.lock().unwrap().remove(&name_of(order));
        drop(worker.stdin.take());
        let status = worker.wait().unwrap();
        said.ok_or(status.into_raw())
    }
}

/// Starts a worker process of this executable.
pub(crate) fn start_worker() -> Child {
    let own = std::env::current_exe().unwrap();
    let mut worker = Command::new(own);
    worker.arg(WORKER_ARGUMENT);
    worker.stdin(Stdio::piped()).stdout(Stdio::piped());
    // Its last words are read by those who want to know why it ended.
    worker.stderr(Stdio::piped());
    worker.spawn().unwrap()
}

/// Tells a worker process to do an attempt, and gives what it says at the end; none where it ends before.
fn attend(worker: &mut Child, begin: &str, run: &str) -> Option<String> {
    let mut output = BufReader::new(worker.stdout.take().unwrap());
    for text in [begin, run] {
        tell(worker, text).ok()?;
    }
    loop {
        let mut length = [0; 4];
        output.read_exact(&mut length).ok()?;
        let mut text = vec![0; u32::from_le_bytes(length) as usize];
        output.read_exact(&mut text).ok()?;
        let text = String::from_utf8(text).unwrap();
        if text.starts_with(r#"{"type":"finished""#) {
            return Some(text);
        }
    }
}

/// Says something to a worker process.
pub(crate) fn tell(worker: &mut Child, text: &str) -> io::Result<()> {
    let input = worker.stdin.as_mut().unwrap();
    input.write_all(&(text.len() as u32).to_le_bytes())?;
    input.write_all(text.as_bytes())
}

fn name_of(order: &Value) -> String {
    format!("{} {}", order["task"], order["attempt"])
}

/// An event about the attempt that an order names.
fn about(order: &Value, event: &str, more: Value) -> Value {
    let mut message = json!({"event": event, "task": order["task"], "attempt": order["attempt"]});
    let fields = message.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    message
}

/// Writes a line in one piece.
fn say(mut message: Value) {
    message["v"] = 1.into();
    let line = format!("{message}\n");
    // A driver that is gone does not listen.
    let _ = io::stdout().lock().write_all(line.as_bytes());
}
