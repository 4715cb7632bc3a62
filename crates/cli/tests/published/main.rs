//! Recipes of the published shape run as they are, and `coldpress assets` gets what they need.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// Shared by all tests of the program.
#[path = "../bench/shared.rs"]
mod shared;

// Models and word lists: what is missing, fetched, damaged.
mod assets;
// Datasets of each kind, and a folder with them.
mod bench;
// The recipes.
mod recipes;
