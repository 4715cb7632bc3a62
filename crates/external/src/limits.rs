//! What a process may use.

use std::path::PathBuf;
use std::time::Duration;

/// What a process that is asked about records may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The longest time without an answer.
    pub timeout: Duration,
    /// The most bytes of memory that it may allocate, if there is a limit.
    pub memory: Option<u64>,
    /// The file that what it prints is appended to, if any.
    pub log: Option<PathBuf>,
}
