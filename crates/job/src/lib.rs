//! coldpress-job
