//! Tests of columnar files: what is read of good ones, and that bad ones do no harm.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// The memory that a thread holds.
mod allocated;
// Files with false numbers.
mod damaged;
// Batches of records made of columns, and columns made of them again.
mod gathered;
// Good files with bytes changed at random.
mod mutations;
// Files written by other programs.
mod peers;
// Rows are made of the bytes that were planned.
mod proofs;
// All types and layouts, written and read again.
mod round_trips;
// Opening files and reading them whole.
mod tables;
