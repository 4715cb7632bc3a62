//! A program of its own, which keeps every file of its jobs in a store of its own, and is `coldpress` besides.
//!
//! The jobs' worker processes and commands are started of the executable itself, so it has a `main` of its own.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod bench;
mod buckets;
mod exports;
mod parts;
mod tests;
mod vault;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// The first words that make it a program, not a test.
const WORDS: [&str; 11] = [
    "process",
    "analyze",
    "monitor",
    "events",
    "report",
    "stop",
    "trace",
    "checkpoint",
    "jobs",
    "quarantine",
    "--coldpress-worker",
];

fn main() -> ExitCode {
    let first = std::env::args().nth(1).unwrap_or_default();
    if first == bench::RUN {
        return bench::run_job();
    }
    if WORDS.contains(&first.as_str()) {
        return coldpress_cli::main(&vault::schemes());
    }
    let tests = tests::ALL.iter().chain(&parts::ALL);
    let tests = tests.chain(&exports::ALL).chain(&buckets::ALL);
    let tests = tests.map(|(name, test)| {
        Trial::test(*name, move || {
            test();
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), tests.collect()).exit_code()
}
