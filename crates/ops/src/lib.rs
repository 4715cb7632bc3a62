//! coldpress-ops
