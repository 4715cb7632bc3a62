//! Input, recipes and paths that are wrong: each gets a clear error or goes to quarantine, and nothing else is lost.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// Shared by all tests of the program.
#[path = "../bench/shared.rs"]
mod shared;

// A folder of its own, the program in it, and what came of a run.
mod bench;
// Input that changes while it is read, or between a run and its resumption.
mod changes;
// Parquet and Arrow files that are damaged.
mod columnar;
// Columns of types that are no text, texts that are not UTF-8, names that are there twice.
mod column_types;
// Parquet and Arrow files that lie about their kind, or have other columns than the recipe works on.
mod columns;
// CSV files with rows that cannot be read, odd headers and other delimiters.
mod csv;
// JSON arrays, text files, and directories in which formats are mixed.
mod documents;
// Export paths that must not be written, and folders that cannot be.
mod exports;
// Inputs that are missing, unreadable or empty, and ids that are none.
mod inputs;
// Files and folders as other tools write them.
mod layouts;
// Records too long to hold, bombs, and how much memory they take.
mod large;
// Bad lines in short files, written out in the tests.
mod lines;
// Exports whose columns are many, none, or of values that a column cannot hold.
mod odd_columns;
// gzip and zstd files as other programs write them.
mod packed;
// Recipes that are wrong.
mod recipes;
// Inputs that users of such tools reported trouble with.
mod reported;
// Two drivers on one job, two jobs on one export.
mod rivals;
// The files of `data/`: records, quarantined and exit code of each.
mod table;
