//! Jobs of very many small partitions, timed: one record each, as a plain file and as a file for each record.
//!
//!     cargo bench --bench small_partitions
//!     COLDPRESS_BENCH_PARTITIONS=1000000 cargo bench --bench small_partitions
//!
//! Reported are the wall time of a whole job, syncing included, how many partitions that is in a second, the bytes of the
//! journal and of the event log for each, and the greatest memory that the process has used so far, so the last row has the
//! greatest. The first row is a job without records to speak of: what every job costs.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

use std::fs;
use std::io::Write;
use std::path::Path;

use coldpress::prelude::*;

/// A file for each record takes as many names on the disk, so there are fewer of them.
const FILES_SHARE: u32 = 10;

fn main() -> anyhow::Result<()> {
    let most = match std::env::var("COLDPRESS_BENCH_PARTITIONS") {
        Ok(count) => count.parse()?,
        Err(_) => 100_000,
    };
    println!(
        "{:<24} {:>10} {:>9} {:>12} {:>14} {:>13} {:>10}",
        "case",
        "partitions",
        "seconds",
        "partitions/s",
        "journal, bytes",
        "events, bytes",
        "peak, MB"
    );
    for (name, partitions, in_files) in [
        ("one record", 1, false),
        ("one file", most / 10, false),
        ("one file", most, false),
        ("a file for each", most / FILES_SHARE, true),
    ] {
        run(name, partitions.max(1), in_files)?;
    }
    Ok(())
}

fn run(name: &str, partitions: u32, in_files: bool) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    fs::create_dir(&data)?;
    write_dataset(&data, partitions, in_files)?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let recipe = Recipe::builder(path("data"), path("out.jsonl"))
        .set("work_dir", path("jobs"))
        .set("job_id", "bench")
        .set("partition.size", 1)
        .operator("whitespace_normalization_mapper", [("text_key", "text")])
        .operator("text_length_filter", [("min_len", 3)])
        .build()?;
    let report = coldpress::executor(recipe).build()?.run()?;
    anyhow::ensure!(
        report.partitions == partitions && report.ledger.exported() == u64::from(partitions),
        "{name}: {} partitions, {} records came out",
        report.partitions,
        report.ledger.exported()
    );
    let job = folder.path().join("jobs/bench");
    let each = |bytes: u64| bytes as f64 / f64::from(partitions);
    println!(
        "{name:<24} {partitions:>10} {:>9.3} {:>12.0} {:>14.0} {:>13.0} {:>10.0}",
        report.seconds,
        f64::from(partitions) / report.seconds,
        each(length_of(&job.join("journal"))?),
        each(length_of(&job.join("event_logs"))?),
        peak_bytes().unwrap_or(0) as f64 / 1e6,
    );
    Ok(())
}

fn write_dataset(folder: &Path, records: u32, in_files: bool) -> anyhow::Result<()> {
    let line =
        |number: u32| format!("{{\"id\": {number}, \"text\": \"record  number {number}\"}}\n");
    if in_files {
        for number in 0..records {
            fs::write(folder.join(format!("{number:07}.jsonl")), line(number))?;
        }
        return Ok(());
    }
    let mut file = std::io::BufWriter::new(fs::File::create(folder.join("data.jsonl"))?);
    (0..records).try_for_each(|number| file.write_all(line(number).as_bytes()))?;
    Ok(file.flush()?)
}

/// The bytes of all files in a folder.
fn length_of(folder: &Path) -> std::io::Result<u64> {
    let mut length = 0;
    for entry in fs::read_dir(folder)? {
        length += entry?.metadata()?.len();
    }
    Ok(length)
}

/// The most memory that this process has had; none where the system does not say.
fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes << 10)
}
