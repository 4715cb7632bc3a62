//! Disks, memory and open files that run short: a job that meets such a limit ends cleanly or slows down, loses nothing,
//! and goes on with the same bytes.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// Shared by all tests of the program.
#[path = "../bench/shared.rs"]
mod shared;

// A folder of its own, the program in it, and file systems of its own.
mod bench;
// Limits of the system, and folders that may not be written.
mod environment;
// Disks that are full, of all that is written.
mod full_disk;
// How much memory attempts may take together.
mod memory;
// Too few open files.
mod open_files;
// Pipes, devices and huge files in the place of files.
mod pipes;
// File systems that are mounted read-only.
mod read_only;
// Free space that is looked at beforehand.
mod space;
// An event log on a device that stalls.
mod stalled_log;
