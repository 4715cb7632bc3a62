//! The reasons why a call was not answered.

/// The reason why a call was not answered, in a sentence without a subject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The user's code refused the whole call. Its process is alive.
    #[error("{0}")]
    Refused(String),
    /// The process has ended, or had to be ended because its next answers would be unpredictable.
    #[error("{0}")]
    Died(String),
    /// The process gave no sign of life for too long and was killed.
    #[error("{0}")]
    Hung(String),
    /// The process could not be started, or its code could not be loaded.
    #[error("{0}")]
    NotStarted(String),
}
