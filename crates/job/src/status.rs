//! The status and the phase of a job.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The status of a job, as reported by its driver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Its partitions are being planned, and none is worked on yet.
    #[default]
    Planning,
    /// Partitions are being worked on.
    Running,
    /// Everything that was asked for is exported.
    Completed,
    /// The export exists but lacks the records of failed partitions or unreadable input.
    CompletedWithFailures,
    /// It failed and exported nothing.
    Failed,
    /// It was stopped, and can be resumed.
    Stopped,
}

impl Status {
    /// Returns whether the driver that reported it has ended.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Planning | Self::Running)
    }

    /// Returns the name in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Planning => "planning",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::CompletedWithFailures => "completed_with_failures",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The phase of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Setting up the recipe, the folders, the lock and the journal.
    #[default]
    Initialization,
    /// Finding and checking the sources.
    Loading,
    /// Cutting them into partitions.
    Partitioning,
    /// Working on the partitions.
    Processing,
    /// An operator decides about the whole dataset.
    Resolving,
    /// Putting the results together.
    Merging,
}

impl Phase {
    /// Returns the name in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Initialization => "initialization",
            Self::Loading => "loading",
            Self::Partitioning => "partitioning",
            Self::Processing => "processing",
            Self::Resolving => "resolving",
            Self::Merging => "merging",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_files() {
        for status in [
            Status::Planning,
            Status::Running,
            Status::Completed,
            Status::CompletedWithFailures,
            Status::Failed,
            Status::Stopped,
        ] {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
        for phase in [
            Phase::Initialization,
            Phase::Loading,
            Phase::Partitioning,
            Phase::Processing,
            Phase::Resolving,
            Phase::Merging,
        ] {
            assert_eq!(serde_json::to_value(phase).unwrap(), phase.name());
        }
    }
}
