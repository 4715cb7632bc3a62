//! The program as a user meets it: run as a process.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

// Shared by all tests of the program.
#[path = "../bench/shared.rs"]
mod shared;

// Secrets in the addresses of datasets.
#[cfg(feature = "remote")]
mod addresses;
// The statistics of a dataset.
mod analyze;
// What is said about a recipe before it is run.
mod before;
// Places in buckets that are wrong.
mod buckets;
// A folder of its own, the program in it, and what came of a run.
mod bench;
// Encrypted datasets and exports.
mod encryption;
// What `check` and `plan` say of each format of input and export.
mod formats;
// The messages in the guides are those of the program.
mod guides;
// Two jobs side by side.
mod comparing;
// What happened to one record.
mod following;
// What is shown of jobs that ran.
mod inspect;
// Running recipes, and running them again.
mod process;
// Exports to a bucket, as other programs read them.
#[cfg(feature = "remote")]
mod readers;
// Filters over a log of many files.
mod rotated;
// Datasets that are mixed by weight.
mod mixing;
// Operators of Data-Juicer's package.
mod package;
// A function in Python.
mod python;
// Runs that are stopped, frozen or killed.
mod signals;
// Stores that do not answer.
#[cfg(feature = "remote")]
mod silent;
// What a collector of spans gets.
mod spans;
// Recipes with operators that decide about the whole dataset.
mod duplicates;
mod stages;
// Samples of what operators change and drop.
mod traces;
// Records by the suffixes of their files.
mod suffixes;
// What records must be like, in the words of a recipe.
mod validators;
// Figures, paths and commands that the program shows are right.
mod words;
// Recipes and command lines that are wrong.
mod wrong;
