//! Where inputs, outputs and the files of jobs lie: none of them takes another's place, however it is spelled or linked.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// Shared by all tests of the program.
#[path = "../bench/shared.rs"]
mod shared;

// What lies beside the export: locked and owned as the export is.
mod beside;
// A folder of its own, the program in it, and what came of a run.
mod bench;
// Folders of a job: on this machine, without links, wherever they are.
mod folders;
// Outputs where inputs are.
mod inputs;
// Inputs that are spelled otherwise, or were moved.
mod moved;
// Exports that lack records where better ones are.
mod partial;
