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
    /// A signal ended the process, perhaps one that was not about it, such as that of a machine that is out of memory.
    #[error("{0}")]
    Killed(String),
    /// The process gave no sign of life for too long and was killed.
    #[error("{0}")]
    Hung(String),
    /// The process could not be started, or its code could not be loaded.
    #[error("{0}")]
    NotStarted(String),
}

/// How often a process is started that signals end before it is ready.
const STARTS: u32 = 3;

impl Failure {
    /// Starts something, and again if a signal ended it. What does not start in the end is [`NotStarted`](Self::NotStarted).
    pub(crate) fn insist<T>(mut start: impl FnMut() -> Result<T, Self>) -> Result<T, Self> {
        for _ in 1..STARTS {
            match start() {
                Err(Self::Killed(_)) => {}
                started => return started,
            }
        }
        start().map_err(|failure| match failure {
            Self::Killed(message) => Self::NotStarted(message),
            other => other,
        })
    }
}
