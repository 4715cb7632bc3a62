//! coldpress-report
