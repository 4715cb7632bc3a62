//! The page of a job, in a real browser: of jobs that are done, failed, were stopped or killed, or run; with hostile data in
//! every field; with very many partitions.
//!
//! If Chromium isn't installed, these tests say so and pass; `.ci/run` installs one, and fails without.
#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test may fail by panicking, and says why it cannot look at pages"
)]

// Shared by all tests of the program.
#[path = "../bench/shared.rs"]
mod shared;

// A folder with a job to report on.
mod bench;
// Chromium without a window.
mod browser;
// Data that would like to be script.
mod hostile;
// The page of a job, however the job ended.
mod jobs;
// The pages of a server.
mod live;
// `coldpress serve` as a process of its own.
mod server;
// A tab of Chromium that stays open.
mod tab;
// Very many partitions, keys, and a newer report.
mod use_of_it;
