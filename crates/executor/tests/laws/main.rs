//! The laws of the engine, as properties over random datasets, recipes and plans.
//!
//! Every run is compared with a plain reference: all lines read, each record taken alone through the operators, and
//! written. Nothing of partitions, workers, checkpoints or resumes may show in what comes out.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// Operators made for these tests, and the strings by which a test pulls at them from outside.
mod control;
mod operators;
mod services;

// Files behind URLs.
mod shelf;

// Random datasets, recipes and plans.
mod dataset;
mod plan;

// Running jobs, and what must come out.
mod barriers;
mod bench;
mod reference;
mod selecting;

// Same bytes, whatever the cut, the workers, the checkpoints and the retries.
mod determinism;

// Every record ends in exactly one place, also across resumes.
mod conservation;

// A stopped job goes on, a changed recipe reuses its prefix.
mod resume;

// A job that begins with the results of another makes nothing of them again.
mod adopting;

// A changed key of the recipe gives the new result, or a refusal.
mod result_keys;

// Barriers: what is used again, what is decided anew, and what fails.
mod deduplicators;

// Selectors and groupers among them: rows that come to lie elsewhere.
mod selectors;
mod settled;

// Mixed datasets: paths with weights, records that are drawn.
mod mixing;

// Analyses: statistics without dropping anything.
mod analysis;

// Traces: the same sample, whatever was done to come by it.
mod traces;

// What is said to have happened to a record did happen.
mod follow;

// How long files stay never shows in what comes out.
mod lifecycle;

// What fails takes down its record, or its partition.
mod isolation;

// Too many errors are too many under every cut.
mod error_ratio;

// A changed input is refused, and a completed job stays as it is.
mod changed_input;

// Checkpoints of every mode, format and compression.
mod checkpoints;

// A slow attempt and the second one beside it.
mod speculation;

// What an external operator gave is published before anything works on it, and not computed again.
mod external;

// An operator in Python between native ones: the same bytes, however the work is cut and stopped.
mod python;

// Damaged and deleted files of a job cost work, never data.
mod damage;

// Results that cite records in the input instead of copying them.
mod citing;

// Small partitions, whose results share files.
mod small;

// What a running job shows of itself.
mod events;
mod views;

// A number of partitions that is asked for.
mod numbers;

// One driver per job, one job per export.
mod drivers;

// Every format in and out keeps the laws.
mod formats;

// An export in a store is what it is on this machine.
mod stored_export;
