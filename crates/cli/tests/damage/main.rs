//! Every file that a job writes, damaged: the next start of the job exports what an undisturbed run does, or refuses
//! with the name of the file and leaves the export alone.
//!
//! A job is brought into a state once. Then, for the first and the last file of each kind that lie there, and for each
//! harm, a copy of the job is damaged and the same command run again.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// Shared by all tests of the program.
#[path = "../bench/shared.rs"]
mod shared;

// The folder of the cases: the program, the undisturbed run.
mod bench;
// A case: damage, run again, judge.
mod case;
// The files of a job by kind, and what may come of damage to each.
mod files;
// What happens to a file.
mod harm;
// How far the job has come before its files are damaged.
mod state;

use bench::Bench;
use state::State;

/// Plays every case of a state on two threads, and fails with the rows of those that went wrong.
#[track_caller]
fn check(state: State) {
    let bench = Bench::new(state);
    let scene = state.set(&bench);
    let cases = case::cases_of(&scene, state);
    let failed = case::play_all(&bench, &scene, &cases);
    assert!(
        failed.is_empty(),
        "{state:?}: {} of {} cases failed:\n{}",
        failed.len(),
        cases.len(),
        failed.join("\n")
    );
}

#[test]
fn files_of_a_job_that_was_killed_in_the_middle() {
    check(State::Killed);
}

#[test]
fn files_of_a_job_that_was_killed_before_its_export_took_its_place() {
    check(State::Staged);
}

#[test]
fn files_of_a_complete_job() {
    check(State::Complete);
}

#[test]
fn files_of_a_job_whose_export_is_gone() {
    check(State::WithoutExport);
}

#[test]
fn files_of_a_job_whose_export_and_results_are_gone() {
    check(State::WithoutResults);
}

#[test]
fn checkpoints_of_whole_records() {
    check(State::FullCheckpoints);
}

#[test]
fn files_of_a_barrier_that_is_not_resolved() {
    check(State::Signed);
}

#[test]
fn files_of_a_barrier_that_is_resolved() {
    check(State::Decided);
}

#[test]
fn files_of_a_barrier_that_placed_rows() {
    check(State::Placed);
}
