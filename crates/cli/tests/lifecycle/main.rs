//! How long the files of a job stay, who else can use them, and the commands that look after checkpoints.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// Shared by all tests of the program.
#[path = "../bench/shared.rs"]
mod shared;

mod adoption;
mod bench;
mod commands;
mod observed;
mod retention;
