//! Why an attempt failed.

use coldpress_failure::ErrorClass;
use serde::{Deserialize, Serialize};

use crate::death::WorkerDeath;
use crate::obstacle::{obstacle_of_attempt, with_sources};

/// Why an attempt failed; it has published nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct AttemptError {
    /// What kind of failure it was: whether another try may help.
    pub class: ErrorClass,
    /// What the driver must know about it.
    pub kind: FailureKind,
    /// What happened, with everything it came from.
    pub message: String,
    /// The operator, where one is to blame.
    pub operator: Option<String>,
    /// How the worker process ended, where it did not live to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub death: Option<Box<WorkerDeath>>,
}

/// What the driver must know about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Nothing special.
    Other,
    /// The attempt was told to stop.
    Stopped,
    /// The slice is not what was planned: the job must not go on.
    InputChanged,
    /// The copy of the slice is damaged or gone: the slice can still be read from its source.
    DamagedCopy,
    /// The earlier work that the attempt went on from turned out to be no good.
    BadStart,
    /// A record cannot be read, and the recipe wants none left out: the job must not go on.
    Strict,
    /// Something that every attempt would meet, such as a full disk: the job must not go on.
    Obstacle,
    /// The worker process was ended from outside, or could not do its duty: another try may help, and if none does, the
    /// partition is not to blame.
    Outside,
}

impl AttemptError {
    /// A failure of this class.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self {
            class,
            kind: FailureKind::Other,
            message: message.into(),
            operator: None,
            death: None,
        }
    }

    /// The failure of an attempt that met what every attempt would meet; the message says what to do about it.
    pub fn obstacle(message: impl Into<String>) -> Self {
        Self {
            kind: FailureKind::Obstacle,
            ..Self::new(ErrorClass::System, message)
        }
    }

    /// The failure of an attempt whose worker was ended by somebody else.
    pub fn from_outside(message: impl Into<String>) -> Self {
        Self {
            kind: FailureKind::Outside,
            ..Self::new(ErrorClass::System, message)
        }
    }

    /// The failure of an attempt that was told to stop.
    pub fn stopped() -> Self {
        Self {
            kind: FailureKind::Stopped,
            ..Self::new(ErrorClass::System, "stopped before it was finished")
        }
    }

    pub(crate) fn input_changed(message: String) -> Self {
        Self {
            kind: FailureKind::InputChanged,
            ..Self::new(ErrorClass::Input, message)
        }
    }

    pub(crate) fn strict(message: String) -> Self {
        Self {
            kind: FailureKind::Strict,
            ..Self::new(ErrorClass::Input, message)
        }
    }

    pub(crate) fn of_other_work() -> Self {
        Self::new(ErrorClass::System, "it is of other work")
    }

    pub(crate) fn damaged_copy(copy: &str, what: &str) -> Self {
        let message = format!("the copied slice `{copy}` {what}");
        Self {
            kind: FailureKind::DamagedCopy,
            ..Self::new(ErrorClass::System, message)
        }
    }

    /// The same failure, as one of the earlier work that the attempt went on from.
    pub(crate) fn of_start(self) -> Self {
        match self.kind {
            FailureKind::Other => Self {
                kind: FailureKind::BadStart,
                ..self
            },
            _ => self,
        }
    }

    /// Whether the slice itself or an obstacle is to blame, so that no other start can help.
    pub(crate) fn is_of_every_start(&self) -> bool {
        matches!(
            self.kind,
            FailureKind::InputChanged
                | FailureKind::DamagedCopy
                | FailureKind::Strict
                | FailureKind::Obstacle
        )
    }

    pub(crate) fn system(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::of(ErrorClass::System, error)
    }

    /// A failure of this class, unless it is an obstacle.
    fn of(class: ErrorClass, error: &(dyn std::error::Error + 'static)) -> Self {
        match obstacle_of_attempt(error) {
            Some(explanation) => Self::obstacle(explanation),
            None => Self::new(class, with_sources(error)),
        }
    }
}

impl From<coldpress_storage::Error> for AttemptError {
    fn from(error: coldpress_storage::Error) -> Self {
        Self::system(&error)
    }
}

impl From<coldpress_checkpoint::Error> for AttemptError {
    fn from(error: coldpress_checkpoint::Error) -> Self {
        Self::system(&error)
    }
}

impl From<coldpress_dataset::Error> for AttemptError {
    fn from(error: coldpress_dataset::Error) -> Self {
        let class = match &error {
            // What is damaged stays so.
            coldpress_dataset::Error::DamagedTable { .. }
            | coldpress_dataset::Error::TooLarge { .. } => ErrorClass::Input,
            _ => ErrorClass::System,
        };
        Self::of(class, &error)
    }
}
