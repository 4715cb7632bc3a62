//! What operators do, seen from outside.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

/// Operators written for single records and for batches of them do the same.
mod both_ways;
/// Calls of batch-level operators: their sizes, and what becomes of those that fail.
mod calls;
