//! A bridge that speaks the protocol and needs no Ray: it runs workers on this machine, or breaks in the way that its mode says.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use coldpress_worker::WORKER_ARGUMENT;
use serde_json::{Value, json};

/// Serves a driver.
///
/// Modes: `works`; `late`: the first attempt at each partition is given up, and answered after all when the next one is
/// submitted; `nodes_die`: every attempt fails at once, and what the workers would be told is kept beside the dataset; `dies`:
/// it ends in the midst of the job the first time, which a file beside the dataset remembers; anything
/// else is the class of an error before work starts.
pub(crate) fn serve(mode: &str) -> ExitCode {
    say(json!({"event": "hello", "python": "none", "ray": "none"}));
    let mut lines = io::stdin().lock().lines().map_while(Result::ok);
    let init: Value = serde_json::from_str(&lines.next().unwrap_or_default()).unwrap();
    if !matches!(mode, "works" | "late" | "dies" | "nodes_die") {
        say(json!({"event": "error", "class": mode, "message": "as the test wants it"}));
        return ExitCode::FAILURE;
    }
    say(json!({"event": "ready", "slots": 2, "nodes": [{"id": "n", "ip": "10.0.0.1", "cpus": 2}]}));
    let begin: Arc<str> = init["begin"].as_str().unwrap().into();
    let marker = init["files"][0]
        .as_str()
        .unwrap()
        .replace("in.jsonl", "died");
    let running = Arc::new(AtomicU32::new(0));
    let mut count = 0;
    for line in lines {
        let order: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(order["v"], 1);
        match order["op"].as_str() {
            Some("submit") => {}
            Some("cancel") => continue,
            _ => break,
        }
        count += 1;
        if mode == "nodes_die" {
            if count == 1 {
                let kept = json!([init["begin"], order["run"]]);
                std::fs::write(marker.replace("died", "kept"), kept.to_string()).unwrap();
            }
            let (task, attempt) = (&order["task"], &order["attempt"]);
            say(json!({"event": "failed", "task": task, "attempt": attempt, "class": "node_died"}));
            continue;
        }
        if mode == "dies" && count == 5 && std::fs::metadata(&marker).is_err() {
            std::fs::write(&marker, "").unwrap();
            return ExitCode::FAILURE;
        }
        // More than twice the slots may not be here at a time.
        assert!(running.fetch_add(1, Ordering::SeqCst) < 4);
        let (begin, running, is_late) = (Arc::clone(&begin), Arc::clone(&running), mode == "late");
        std::thread::spawn(move || {
            answer(&order, &begin, is_late, &running);
        });
    }
    say(json!({"event": "bye"}));
    ExitCode::SUCCESS
}

fn answer(order: &Value, begin: &str, is_late: bool, running: &AtomicU32) {
    let (task, attempt) = (&order["task"], order["attempt"].as_u64().unwrap());
    let about = |number: u64, event: &str, more: Value| {
        let mut message = json!({"event": event, "task": task, "attempt": number});
        message
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        message
    };
    say(about(
        attempt,
        "started",
        json!({"node": "n", "ip": "10.0.0.1", "pid": 7}),
    ));
    if is_late && attempt == 1 {
        running.fetch_sub(1, Ordering::SeqCst);
        say(about(
            1,
            "failed",
            json!({"class": "node_lost", "message": "the node is lost"}),
        ));
        return;
    }
    if is_late {
        // The worker of the attempt before was not dead after all, and found something else.
        let stopped =
            coldpress_worker::AttemptError::obstacle("a late answer was taken for a new one");
        let finished = json!({"type": "finished", "result": {"Err": stopped}}).to_string();
        say(about(attempt - 1, "finished", json!({"result": finished})));
        say(about(
            attempt - 1,
            "failed",
            json!({"class": "launch", "message": "late"}),
        ));
    }
    let result = work(begin, order["run"].as_str().unwrap());
    running.fetch_sub(1, Ordering::SeqCst);
    say(about(attempt, "finished", json!({"result": result})));
}

/// Has a worker process do an attempt.
fn work(begin: &str, run: &str) -> String {
    let own = std::env::current_exe().unwrap();
    let mut worker = Command::new(own)
        .arg(WORKER_ARGUMENT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = worker.stdin.take().unwrap();
    let mut output = BufReader::new(worker.stdout.take().unwrap());
    for text in [begin, run] {
        input.write_all(&(text.len() as u32).to_le_bytes()).unwrap();
        input.write_all(text.as_bytes()).unwrap();
    }
    let said = loop {
        let mut length = [0; 4];
        output.read_exact(&mut length).unwrap();
        let mut text = vec![0; u32::from_le_bytes(length) as usize];
        output.read_exact(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        if text.starts_with(r#"{"type":"finished""#) {
            break text;
        }
    };
    drop(input);
    worker.wait().unwrap();
    said
}

/// Writes a line in one piece.
fn say(mut message: Value) {
    message["v"] = 1.into();
    let line = format!("{message}\n");
    // A driver that is gone does not listen.
    let _ = io::stdout().lock().write_all(line.as_bytes());
}
