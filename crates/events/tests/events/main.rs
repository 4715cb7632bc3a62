//! The event log as a whole: write, drop, reopen, check.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// Devices that refuse or stall.
#[cfg(target_os = "linux")]
mod device;
// Reading a log that grows and rotates.
mod follow;
// The form on disk, frozen and foreign.
mod format;
// Writing: numbers, threads, rotation, restarts.
mod writing;
// What the tests share.
mod support;
