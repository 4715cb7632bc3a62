//! A store that does not answer any more while a job needs it: it is reported and waited for, but not when the job is to stop.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use crate::bench::{Bench, Ran};

/// The ways in which the store treats requests for the rest of its object, or all requests.
const ANSWERS: u8 = 0;
const IS_SILENT: u8 = 1;
const RESETS: u8 = 2;
const IS_SILENT_TO_ALL: u8 = 3;

/// Longer than anything takes on a busy machine, and shorter than a request is tried where nobody is in a hurry.
const A_MOMENT: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that speaks as S3 does, with the bucket `data` and the object `in.jsonl`.
struct Store {
    address: String,
    mode: Arc<AtomicU8>,
}

impl Store {
    fn new(mode: u8, object: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mode = Arc::new(AtomicU8::new(mode));
        let (now, object) = (Arc::clone(&mode), Arc::new(object));
        // They end with the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (now, object) = (Arc::clone(&now), Arc::clone(&object));
                std::thread::spawn(move || answer(stream, &now, &object));
            }
        });
        Self { address, mode }
    }

    fn set(&self, mode: u8) {
        self.mode.store(mode, Ordering::SeqCst);
    }
}

fn answer(mut stream: TcpStream, mode: &AtomicU8, object: &str) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    let _ = reader.read_line(&mut first);
    let mut range = None;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) < 3 {
            break;
        }
        if let Some(asked) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            let (start, end) = asked.trim().split_once('-').unwrap();
            let end: usize = end.parse().unwrap_or(object.len());
            range = Some((start.parse().unwrap_or(0), (end + 1).min(object.len())));
        }
    }
    let is_later = range.is_some_and(|(start, _)| start > 0);
    loop {
        match mode.load(Ordering::SeqCst) {
            RESETS if is_later => return,
            IS_SILENT if is_later => {}
            IS_SILENT_TO_ALL => {}
            _ => break,
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let (start, end) = range.unwrap_or((0, object.len()));
    let (status, of) = match range {
        Some(_) => {
            let of = format!(
                "Content-Range: bytes {start}-{}/{}\r\n",
                end - 1,
                object.len()
            );
            (206, of)
        }
        None => (200, String::new()),
    };
    let body = &object.as_bytes()[start..end];
    let head = format!(
        "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n{of}ETag: \"1\"\r\n\
         Last-Modified: Mon, 05 Jan 2026 00:00:00 GMT\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes());
    if !first.starts_with("HEAD") {
        let _ = stream.write_all(body);
    }
}

struct Running {
    bench: Bench,
    store: Store,
    child: Child,
}

const LINE: &str = "process --config recipe.yaml --job_id a --no-progress";

impl Running {
    fn begin(mode: u8) -> Self {
        let line = |id| format!("{{\"id\": {id}, \"text\": \"a text of some length, {id}\"}}\n");
        let store = Store::new(mode, (0..50_000).map(line).collect());
        let bench = Bench::new();
        bench.write(
            "recipe.yaml",
            format!(
                "dataset_path: s3://data/in.jsonl\nexport_path: out/clean.jsonl\nwork_dir: jobs\nnp: 2\n\
                 storage_options: {{endpoint: 'http://{}', region: here, access_key_id: a, secret_access_key: bbbbbb}}\n\
                 process:\n  - text_length_filter: {{min_len: 8}}\n",
                store.address
            ),
        );
        let mut command = bench.command(LINE);
        let told = File::create(bench.path("told")).unwrap();
        let printed = File::create(bench.path("printed")).unwrap();
        let child = command.stderr(told).stdout(printed).spawn().unwrap();
        let running = Self {
            bench,
            store,
            child,
        };
        running.wait_until_it_tells("`s3://data` has not answered since ");
        running
    }

    fn told(&self) -> String {
        // The terminal has no backticks.
        self.bench.read("told").replace('`', "")
    }

    fn wait_until_it_tells(&self, part: &str) {
        let begun = Instant::now();
        while !self.told().contains(&part.replace('`', "")) {
            assert!(begun.elapsed() < PATIENCE, "{part}: {}", self.told());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn ends(mut self) -> (i32, Self) {
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        (code, self)
    }
}

#[test]
fn a_store_that_is_silent_is_told_of_and_waited_for() {
    for mode in [IS_SILENT, RESETS] {
        let running = Running::begin(mode);
        running.store.set(ANSWERS);
        let (code, running) = running.ends();
        let told = running.told();
        assert_eq!(code, 0, "{told}");
        assert_eq!(told.matches("has not answered since").count(), 1, "{told}");
        assert_eq!(
            told.matches("s3://data answers again, after ").count(),
            1,
            "{told}"
        );
        let events = running
            .bench
            .run("events a --base-dir jobs --type warning,info");
        events
            .expect(0)
            .prints(&["has not answered since", "answers again"]);
        assert_eq!(
            running.bench.read("out/clean.jsonl").lines().count(),
            50_000
        );
    }
}

#[test]
fn a_stop_is_heeded_though_a_store_does_not_answer() {
    for mode in [IS_SILENT, RESETS, IS_SILENT_TO_ALL] {
        let running = Running::begin(mode);
        let pid = running.child.id().to_string();
        let asked = Instant::now();
        assert!(
            Command::new("kill")
                .args(["-INT", &pid])
                .status()
                .unwrap()
                .success()
        );
        let (code, running) = running.ends();
        assert!(asked.elapsed() < A_MOMENT, "{mode}: {:?}", asked.elapsed());
        assert_eq!(code, 130, "{mode}: {}", running.told());
        running.store.set(ANSWERS);
        let ran: Ran = running.bench.run(LINE).expect(0);
        assert_eq!(
            running.bench.read("out/clean.jsonl").lines().count(),
            50_000,
            "{}",
            ran.stdout
        );
    }
}
