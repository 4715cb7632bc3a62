//! The program killed with `kill -9`, and resumed: at instants spread over a whole run, and at every crash point.
//!
//! Each round asserts that the kill hit, that what stood at the export path then was whole, that the resumed run
//! exports what an undisturbed run exports, with the same files beside it, and that nothing that was published before
//! the kill ran again.
//!
//! `cargo test` plays a seeded sample; `cargo xtask crash-matrix` plays all rounds, with release builds.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may fail by panicking, and long ones tell how far they are"
)]

// Shared by all tests of the program.
#[path = "../bench/shared.rs"]
mod shared;

// The folder of the rounds: the program, undisturbed runs.
mod bench;
// A bucket of a server, for rounds that are played there.
mod bucket;
// The sample dataset in every form of input.
mod datasets;
// What a run wrote: its export, and the files beside it.
mod folder;
// Kills of jobs that are in a bucket as a whole, and two drivers of one.
mod in_bucket;
// Kills at instants spread over the undisturbed run.
mod instants;
// The lines of a job's journal, read without the engine.
mod journal;
// Kills at the named places in the code.
mod points;
// A round: kill, resume, compare.
mod round;
// The rounds as tables.
mod table;
// What a run is like: strategy, input, export.
mod variant;

/// What went wrong in a round, so that the others are played all the same.
type Checked<T> = Result<T, String>;

/// Fails with a message unless something holds.
fn ensure(holds: bool, message: impl FnOnce() -> String) -> Checked<()> {
    if holds { Ok(()) } else { Err(message()) }
}

/// Whether all rounds are asked for, and not the sample.
fn is_full() -> bool {
    std::env::var("COLDPRESS_KILL_ROUNDS").is_ok_and(|rounds| rounds == "full")
}
