//! The commands for DocETL's intermediate files: what they show, what they write, and what a kill or a full disk leaves.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// Shared by all tests of the program.
#[path = "../bench/shared.rs"]
mod shared;

// The size of checkpoints.
mod analyze;
// A folder with copies of the frozen directories, and the program in it.
mod bench;
// Disks that are full.
mod full_disk;
// Kills at every point and at any instant.
mod kill;
// There and back, in part, and again.
mod migrate;
// Directories that aren't DocETL's, and damaged files.
mod wrong;
