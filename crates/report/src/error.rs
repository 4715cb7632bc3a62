//! Errors of making a view.

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// The reason why a view cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing of the job can be read, or a newer release wrote it.
    #[error(transparent)]
    Job(#[from] coldpress_job::Error),
    /// The input cannot be read.
    #[error(transparent)]
    Dataset(#[from] coldpress_dataset::Error),
    /// A file cannot be read, or a page cannot be written.
    #[error(transparent)]
    Storage(#[from] coldpress_storage::Error),
    /// A report cannot be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The recipe and the input do not fit together.
    #[error(transparent)]
    Executor(#[from] coldpress_executor::Error),
    /// A result cannot be read.
    #[error(transparent)]
    Result(#[from] coldpress_checkpoint::Error),
    /// A job has no analysis.
    #[error("job `{job}` cannot be analyzed: {reason}")]
    Analysis {
        /// The job.
        job: String,
        /// The reason.
        reason: String,
    },
}
