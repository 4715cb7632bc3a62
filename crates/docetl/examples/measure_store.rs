//! Times the store on Linux, for a case of `docs/development/docetl_bench.py`, which describes the cases.
//!
//! ```text
//! $ cargo run --release -p coldpress-docetl --example measure_store -- write records.json intermediate
//! {"bytes":45678901,"cpu":1.05,"memory":123456789,"rows":1000000,"seconds":0.61}
//! ```
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use coldpress_docetl::{CheckpointName, Format, IntermediateStore, MigrateOptions, Record};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

const STEP: &str = "step";
const OPERATION: &str = "operation";

fn main() -> Fallible<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [case, source, target] = &words[..] else {
        return Err("usage: measure_store write|read|columns|migrate|stream SOURCE TARGET".into());
    };
    let (path, folder) = (Path::new(source), Path::new(target));
    match case.as_str() {
        "write" => write(path, folder),
        "read" => read(path),
        "columns" => columns(path, target),
        "migrate" => migrate(path, folder),
        "stream" => stream(path),
        other => Err(format!("there is no case `{other}`").into()),
    }
}

/// Saves the records of a JSON file, which are in memory before the clock runs.
fn write(source: &Path, folder: &Path) -> Fallible<()> {
    let records = in_memory(source)?;
    let store = emptied(folder)?;
    let clock = Clock::start();
    let path = store.save(STEP, OPERATION, &records)?;
    clock.print(records.len(), Some(&path))
}

/// Loads all records.
fn read(folder: &Path) -> Fallible<()> {
    let store = IntermediateStore::open(folder)?;
    let clock = Clock::start();
    let records = store
        .load(STEP, OPERATION)?
        .ok_or("there is no checkpoint")?;
    clock.print(records.len(), None)
}

/// Loads some columns, given as a comma-separated list.
fn columns(folder: &Path, columns: &str) -> Fallible<()> {
    let keys: Vec<&str> = columns.split(',').collect();
    let store = IntermediateStore::open(folder)?;
    let clock = Clock::start();
    let records = store
        .load_columns(STEP, OPERATION, &keys, 0..u64::MAX)?
        .ok_or("there is no checkpoint")?;
    clock.print(records.len(), None)
}

/// Converts a JSON file to verified Parquet, with no more than some batches in memory.
fn migrate(source: &Path, folder: &Path) -> Fallible<()> {
    let store = emptied(folder)?;
    let name = CheckpointName::operation(STEP, OPERATION)?;
    let json = folder.join(name.path(Format::Json));
    std::fs::create_dir_all(folder.join(STEP))?;
    std::fs::hard_link(source, &json)?;
    let clock = Clock::start();
    let migration = store
        .migrate(&name, MigrateOptions::to(Format::Parquet))?
        .ok_or("there is no checkpoint")?;
    clock.print(
        migration.rows as usize,
        Some(&folder.join(name.path(Format::Parquet))),
    )
}

/// Reads all records batch by batch.
fn stream(folder: &Path) -> Fallible<()> {
    let store = IntermediateStore::open(folder)?;
    let name = CheckpointName::operation(STEP, OPERATION)?;
    let clock = Clock::start();
    let mut reader = store.reader(&name)?.ok_or("there is no checkpoint")?;
    let mut rows = 0;
    while let Some(records) = reader.next_batch()? {
        rows += records.len();
    }
    clock.print(rows, None)
}

fn in_memory(source: &Path) -> Fallible<Vec<Record>> {
    let folder = tempfile::tempdir_in(source.parent().unwrap_or(Path::new(".")))?;
    std::fs::create_dir(folder.path().join(STEP))?;
    let name = CheckpointName::operation(STEP, OPERATION)?;
    std::fs::hard_link(source, folder.path().join(name.path(Format::Json)))?;
    let records = IntermediateStore::open(folder.path())?.load(STEP, OPERATION)?;
    Ok(records.ok_or("there are no records")?)
}

fn emptied(folder: &Path) -> Fallible<IntermediateStore> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(IntermediateStore::open(folder)?)
}

/// The time that has passed since it was started.
struct Clock {
    wall: Instant,
    cpu: f64,
}

impl Clock {
    fn start() -> Self {
        Self {
            wall: Instant::now(),
            cpu: cpu_seconds(),
        }
    }

    fn print(&self, rows: usize, written: Option<&PathBuf>) -> Fallible<()> {
        let (seconds, cpu) = (self.wall.elapsed().as_secs_f64(), cpu_seconds() - self.cpu);
        let mut found =
            json!({"seconds": seconds, "cpu": cpu, "memory": peak_memory()?, "rows": rows});
        if let Some(path) = written {
            found["bytes"] = std::fs::metadata(path)?.len().into();
        }
        println!("{found}");
        Ok(())
    }
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Returns the most memory that the process has had, in bytes.
fn peak_memory() -> Fallible<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: u64 = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .ok_or("no VmHWM")?
        .parse()?;
    Ok(kib * 1024)
}
