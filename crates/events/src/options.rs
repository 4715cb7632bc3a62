//! Options for keeping a log.

use crate::Level;

/// Options for keeping a log.
///
/// ```
/// use coldpress_events::{Level, LogOptions};
///
/// let options = LogOptions::default().level(Level::Warning).backup_count(2);
/// assert_eq!(options.max_log_size_bytes, 100_000_000);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogOptions {
    /// If set, files are written. Listeners get the events in either case.
    pub enabled: bool,
    /// The level below which events are dropped immediately.
    pub level: Level,
    /// The size at which a file is rotated, in bytes; 0 = never.
    pub max_log_size_bytes: u64,
    /// The number of rotated files of each kind that are kept; 0 = all.
    pub backup_count: u32,
    /// The number of events that may wait for the writing thread before new ones are counted as lost.
    pub queue_events: usize,
    /// The number of bytes that are kept in memory while the device refuses them, before new events are counted as lost.
    pub held_bytes: usize,
    /// The time in seconds that [`flush`](crate::EventLog::flush) and [`close`](crate::EventLog::close) wait for a stalled device.
    pub patience_seconds: u64,
}

impl LogOptions {
    /// Sets whether files are written. Default: true.
    #[must_use]
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Sets the lowest level that is kept. Default: [`Level::Info`].
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Sets the size at which a file is rotated, in bytes. Default: 100 MB; 0 = never.
    #[must_use]
    pub fn max_log_size_bytes(mut self, size_bytes: u64) -> Self {
        self.max_log_size_bytes = size_bytes;
        self
    }

    /// Sets the number of rotated files that are kept. Default: 5; 0 = all.
    #[must_use]
    pub fn backup_count(mut self, count: u32) -> Self {
        self.backup_count = count;
        self
    }

    /// Sets the number of events that may wait. Default: 16,384, at least 1. Raise it for bursts on slow devices.
    #[must_use]
    pub fn queue_events(mut self, count: usize) -> Self {
        self.queue_events = count.max(1);
        self
    }

    /// Sets the number of bytes that are kept while the device refuses them. Default: 16 MB.
    #[must_use]
    pub fn held_bytes(mut self, bytes: usize) -> Self {
        self.held_bytes = bytes;
        self
    }

    /// Sets the time that a flush or close waits. Default: 10 seconds.
    #[must_use]
    pub fn patience_seconds(mut self, seconds: u64) -> Self {
        self.patience_seconds = seconds;
        self
    }
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            enabled: true,
            level: Level::Info,
            max_log_size_bytes: 100_000_000,
            backup_count: 5,
            queue_events: 16_384,
            held_bytes: 16_000_000,
            patience_seconds: 10,
        }
    }
}
