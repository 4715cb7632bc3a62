//! coldpress-executor
