//! The behaviour of operators, seen from outside.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

/// Operators written for single records and for batches of records do the same.
mod both_ways;
/// The calls of batch-level operators: their sizes, and the treatment of those that fail.
mod calls;
