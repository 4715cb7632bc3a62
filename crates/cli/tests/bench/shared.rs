//! What all tests of the program share: a folder of its own, the program in it, and what came of a run.
//!
//! Each test binary has a `bench.rs` that puts its dataset and its recipe into such a [`Folder`].
#![allow(dead_code, unused_imports, reason = "no test binary needs all of it")]

// A folder, and the program in it.
mod folder;
// A driver that was stopped in the midst of its work.
mod frozen;
// File systems that a test mounts.
mod mounts;
// A run of the program.
mod ran;

pub(crate) use folder::{Folder, PATIENCE, PROGRAM, repository};
pub(crate) use frozen::Frozen;
pub(crate) use ran::Ran;
