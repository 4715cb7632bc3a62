//! The folders of a job on disk: finding them, creating them, and recognizing the job's own files in them.

mod create;
mod find;
mod own;

pub use own::{OwnPlaces, is_moved_name, job_that_made};

#[cfg(test)]
mod tests;
