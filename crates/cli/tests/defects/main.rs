//! What Data-Juicer was seen to do wrong with checkpoints, resumes, exports and its event log, done here.
//!
//! Each test brings the situation about with the program itself, and compares what is exported with what an undisturbed
//! run exports, byte by byte.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// Shared by all tests of the program.
#[path = "../bench/shared.rs"]
mod shared;

// What is around a job: its events, the command that stops it.
mod around;
// The folder of a test: the program, the undisturbed run.
mod bench;
// Checkpoints that a crash tore, and those of other jobs.
mod checkpoints;
// Exports that are gone, doubled or out of order.
mod exports;
// Partitions that are worked on in stretches.
mod gates;
// The same job with another recipe, or on another machine.
mod recipes;
