//! Tests of the store, and of files that are damaged or not its own.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// A directory with two formats, and what decides between them.
mod mixed;
// Records come back as they were.
mod round_trips;
// Files that are not what was written.
mod damage;
// JSON as DocETL and others write it, whole and torn.
mod json_files;
// Files of pandas and of DocETL's own Parquet.
mod foreign;
// Parts of checkpoints.
mod parts;
// Writers that are killed, and devices that are full.
mod crash;
// Names and links that lead elsewhere.
mod links;
// Files of every version of the form.
mod frozen;
// A store that is no folder.
mod remote;
// Directories that DocETL, pandas and the code of the document wrote.
mod fixtures;
// What changed since another checkpoint, and what is removed.
mod since;
// From one format to the other.
mod migration;

use coldpress_docetl::{Format, IntermediateStore, Options, Record};

fn records(lines: &[&str]) -> Vec<Record> {
    lines
        .iter()
        .map(|line| Record::parse(line).unwrap())
        .collect()
}

fn store_in(folder: &std::path::Path, format: Format) -> IntermediateStore {
    IntermediateStore::open_with(folder, Options::new().format(format)).unwrap()
}

/// Sets when a file was last changed, in seconds since 1970.
fn set_time(path: &std::path::Path, seconds: u64) {
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    std::fs::File::options()
        .append(true)
        .open(path)
        .unwrap()
        .set_modified(time)
        .unwrap();
}
