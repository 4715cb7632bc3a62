//! Tests the whole event log: write, drop, reopen, check.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// Devices that refuse or stall.
#[cfg(target_os = "linux")]
mod device;
// Reading a log that grows and rotates.
mod follow;
// The format on disk: frozen files and foreign ones.
mod format;
// Writing: numbers, threads, rotation, restarts.
mod writing;
// Functions that the tests share.
mod support;
