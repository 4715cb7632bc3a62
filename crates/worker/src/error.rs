//! Why an attempt failed.

use coldpress_dataset::Source;
use coldpress_failure::{ErrorClass, full_message};
use coldpress_operator::OperatorFailure;
use coldpress_storage::ObjectRef;
use serde::{Deserialize, Serialize};

use crate::death::WorkerDeath;
use crate::obstacle::{class_of, is_of_writing, obstacle_of_attempt};

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
    pub operator: Option<BlamedOperator>,
    /// How the worker process ended, where it did not live to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub death: Option<Box<WorkerDeath>>,
    /// The place of the worker's panic and the calls that led there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

/// An operator that an attempt failed at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlamedOperator {
    /// Its place in the recipe, from 0: several operators may have the same name.
    pub index: u32,
    /// Its name.
    pub name: String,
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
    /// What was decided about the partition cannot be read: it can be decided anew.
    BadDecision,
    /// Nothing that the stage before made of the partition can be read: it can be made, and judged, anew.
    LostStage,
    /// A record cannot be read, and the recipe wants none left out: the job must not go on.
    Strict,
    /// Something that every attempt would meet, such as a full disk: the job must not go on.
    Obstacle,
    /// The worker process was ended from outside or could not do its duty, or a device or a network did not take what was
    /// to be written: another try may help, and if none does, the partition is not to blame.
    Outside,
    /// The worker process ended while it had several attempts, and any of them may be to blame: another try of each alone
    /// tells.
    InCompany,
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
            trace: None,
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

    /// The same failure, of one of so many attempts that the worker had together.
    #[must_use]
    pub fn in_company(self, attempts: usize) -> Self {
        Self {
            kind: FailureKind::InCompany,
            ..Self::new(
                self.class,
                format!(
                    "{}; it had {attempts} small partitions, and each is worked on again by itself",
                    self.message
                ),
            )
        }
    }

    /// The failure of an attempt that was told to stop.
    pub fn stopped() -> Self {
        Self {
            kind: FailureKind::Stopped,
            ..Self::new(ErrorClass::System, "stopped before it was finished")
        }
    }

    /// The failure of an operator on a record of this source; `label` tells it from others of the same name.
    pub(crate) fn of_operator(failure: OperatorFailure, label: &str, source: &Source) -> Self {
        let OperatorFailure { failed, trace } = failure;
        let (position, path) = (failed.origin.position, source.path.display());
        let unit = match source.is_columnar() {
            true => "row",
            false => "byte",
        };
        let message = format!(
            "{label} failed on the record at {unit} {position} of `{path}`: {}",
            failed.error
        );
        Self {
            operator: Some(BlamedOperator {
                index: failed.operation,
                name: failed.operator,
            }),
            trace,
            ..Self::new(ErrorClass::Processing, message)
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

    pub(crate) fn damaged_copy(copy: &ObjectRef, what: &str) -> Self {
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

    /// The failure of an attempt that met this error.
    ///
    /// What every attempt would meet is an obstacle. A file of the job that could not be written is never the fault of the
    /// partition, but where the reason may pass, another try is worth its while.
    pub(crate) fn met(error: &(dyn std::error::Error + 'static)) -> Self {
        if let Some(explanation) = obstacle_of_attempt(error) {
            return Self::obstacle(explanation);
        }
        Self {
            kind: match is_of_writing(error) {
                true => FailureKind::Outside,
                false => FailureKind::Other,
            },
            ..Self::new(class_of(error), full_message(error))
        }
    }
}

impl From<coldpress_storage::Error> for AttemptError {
    fn from(error: coldpress_storage::Error) -> Self {
        Self::met(&error)
    }
}

impl From<coldpress_checkpoint::Error> for AttemptError {
    fn from(error: coldpress_checkpoint::Error) -> Self {
        Self::met(&error)
    }
}

impl From<coldpress_dataset::Error> for AttemptError {
    fn from(error: coldpress_dataset::Error) -> Self {
        Self::met(&error)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustix::io::Errno;

    use super::*;

    fn met(action: &'static str, errno: Errno) -> (FailureKind, ErrorClass) {
        let error = AttemptError::met(&coldpress_storage::Error::io(action, "x", errno.into()));
        (error.kind, error.class)
    }

    /// A retry costs time only where the reason may pass: an obstacle ends the job at once, and `Config` and `Input` are
    /// not tried again.
    #[test]
    fn an_error_of_the_system_has_the_class_of_what_was_met() {
        use ErrorClass::{Config, Input, Network, System};
        use FailureKind::{Obstacle, Other, Outside};
        for (errno, read, written) in [
            (Errno::ACCESS, (Obstacle, System), (Obstacle, System)),
            (Errno::PERM, (Obstacle, System), (Obstacle, System)),
            (Errno::NOSPC, (Obstacle, System), (Obstacle, System)),
            (Errno::NOENT, (Other, Config), (Obstacle, System)),
            (Errno::NOTDIR, (Other, Config), (Obstacle, System)),
            (Errno::IO, (Other, System), (Outside, System)),
            (Errno::NETUNREACH, (Other, Network), (Outside, Network)),
            (Errno::TIMEDOUT, (Other, Network), (Outside, Network)),
            (Errno::STALE, (Other, Network), (Outside, Network)),
        ] {
            assert_eq!(met("open", errno), read, "{errno}");
            assert_eq!(met("write", errno), written, "{errno}");
            let passes =
                |(kind, class): (FailureKind, ErrorClass)| kind != Obstacle && class.may_pass();
            let should_pass = matches!(
                errno,
                Errno::IO | Errno::NETUNREACH | Errno::TIMEDOUT | Errno::STALE
            );
            assert_eq!(passes(met("open", errno)), should_pass, "{errno}");
            assert_eq!(passes(met("write", errno)), should_pass, "{errno}");
        }
        let torn = io::Error::from(io::ErrorKind::UnexpectedEof);
        assert_eq!(AttemptError::met(&torn).class, Input);
    }

    #[test]
    fn the_class_is_that_of_the_deepest_answer() {
        let timed_out = || coldpress_storage::Error::io("read", "x", Errno::TIMEDOUT.into());
        let stored = coldpress_storage::Error::store(&"here", "read", "x", timed_out());
        let stored = coldpress_checkpoint::Error::from(stored);
        let wrapped = io::Error::other(timed_out());
        let dataset = coldpress_dataset::Error::from(timed_out());
        for error in [
            AttemptError::from(stored),
            AttemptError::met(&wrapped),
            AttemptError::from(dataset),
        ] {
            assert_eq!(error.class, ErrorClass::Network, "{error}");
        }
        let damaged = coldpress_dataset::Error::DamagedTable {
            path: "x".into(),
            place: "its footer".into(),
            reason: "torn".into(),
        };
        assert_eq!(AttemptError::from(damaged).class, ErrorClass::Input);
    }
}
