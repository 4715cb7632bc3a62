//! coldpress-worker
