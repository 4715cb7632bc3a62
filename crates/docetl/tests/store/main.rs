//! Tests of the store, and of files that are damaged or from other programs.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// A directory with two formats, and the rules that decide between them.
mod mixed;
// Records come back as they were.
mod round_trips;
// Files that differ from what was written.
mod damage;
// JSON as DocETL and others write it, complete and incomplete.
mod json_files;
// Files of pandas and of DocETL's own Parquet.
mod foreign;
// Partial loads of checkpoints.
mod parts;
// Writers that are killed, and devices that are full.
mod crash;
// Names and links that point elsewhere.
mod links;
// Files of every version of the format.
mod frozen;
// A store that isn't a folder.
mod remote;
// Directories that DocETL, pandas and the code in the documentation wrote.
mod fixtures;
// Changes since another checkpoint, and removal.
mod since;
// Migration from one format to the other.
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

/// Sets the modification time of a file, in seconds since 1970.
fn set_time(path: &std::path::Path, seconds: u64) {
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    std::fs::File::options()
        .append(true)
        .open(path)
        .unwrap()
        .set_modified(time)
        .unwrap();
}
