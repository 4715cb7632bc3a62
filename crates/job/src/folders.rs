//! The folders of a job on the disk: which job is there, making them, and what in them is the job's own.

mod create;
mod find;
mod own;

pub use own::{OwnPlaces, is_moved_name, job_that_made};

#[cfg(test)]
mod tests;
