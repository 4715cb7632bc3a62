//! The limits of a process.

use std::path::PathBuf;
use std::time::Duration;

/// The resources that a process may use to answer about records.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The longest time without an answer.
    pub timeout: Duration,
    /// The most bytes of memory that it may allocate, if there is a limit.
    pub memory: Option<u64>,
    /// The file to which everything it prints is appended, if any.
    pub log: Option<PathBuf>,
}
