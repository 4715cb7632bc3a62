//! What a failure on the cluster means for an attempt.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use coldpress_executor::{LastWords, ProcessEnd};
use coldpress_failure::ErrorClass;
use coldpress_worker::{AttemptError, WorkerDeath};

use crate::protocol::{TaskFailure, TaskPlace};

/// The failure of an attempt whose task failed, on this node if it is known.
pub(crate) fn attempt_error(failure: TaskFailure, place: Option<&TaskPlace>) -> AttemptError {
    let class = failure.class.clone();
    let node = place.map_or_else(String::new, |place| format!(" on node {}", place.ip));
    let at = place.map_or_else(String::new, |place| format!(" ({})", place.ip));
    let reason = match failure.message.lines().next().unwrap_or_default().trim() {
        "" => String::new(),
        first => format!(": {first}"),
    };
    match class.as_str() {
        "worker" => located(end_of(failure).failure(), &node),
        "worker_start" => located(end_of(failure).failure_to_start(), &node),
        "cancelled" => AttemptError::from_outside(format!("its task of Ray{node} was cancelled")),
        "oom" => AttemptError {
            death: Some(Box::new(WorkerDeath {
                is_for_memory: true,
                how: "by Ray, because the memory of its node ran out".to_owned(),
                in_hand: None,
                done: Default::default(),
            })),
            ..AttemptError::new(
                ErrorClass::Memory,
                format!(
                    "Ray ended the worker{node} because memory ran out there: set `np` lower, or use larger nodes{reason}"
                ),
            )
        },
        "launch" | "unschedulable" => {
            AttemptError::obstacle(format!("an attempt cannot be run{node}{reason}"))
        }
        "worker_died" => AttemptError::from_outside(format!(
            "the Python process of Ray that ran the worker died{node}"
        )),
        "node_died" => AttemptError::from_outside(format!("the worker's node died{at}")),
        "node_lost" => {
            AttemptError::from_outside(format!("the cluster lost the worker's node{at}"))
        }
        "silent" => AttemptError::from_outside(format!(
            "the worker{node} fell silent{reason}; it is given up, and may be cut off from the driver"
        )),
        "object_lost" => AttemptError::from_outside(format!(
            "the cluster lost what the worker needs{node}{reason}"
        )),
        "cluster_lost" => AttemptError::from_outside(format!(
            "the connection to the Ray cluster was lost{reason}"
        )),
        _ => AttemptError::from_outside(format!("Ray could not run the worker{node}{reason}")),
    }
}

fn located(error: AttemptError, node: &str) -> AttemptError {
    AttemptError {
        message: match node {
            "" => error.message,
            node => format!("{} ({})", error.message, node.trim_start()),
        },
        ..error
    }
}

fn end_of(failure: TaskFailure) -> ProcessEnd {
    let done = failure.done.into_iter();
    ProcessEnd {
        status: match failure.status {
            Some(status) => Ok(ExitStatus::from_raw(status)),
            None => Err(std::io::Error::other("nobody knows how")),
        },
        last_words: LastWords {
            text: failure.last_words.trim().to_owned(),
            lacks_memory: failure.lacks_memory,
        },
        kernel_killed: failure.kernel_killed,
        in_hand: failure.in_hand,
        done: done
            .filter_map(|(operation, count)| Some((operation.parse().ok()?, count)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use coldpress_worker::FailureKind;

    use super::*;

    fn error(class: &str, status: Option<i32>) -> AttemptError {
        let failure = TaskFailure {
            class: class.to_owned(),
            status,
            ..TaskFailure::default()
        };
        attempt_error(failure, None)
    }

    /// A record is blamed only for what its worker did itself; what happened to a worker costs another try.
    #[test]
    fn only_what_a_worker_did_itself_can_be_a_records_doing() {
        for class in [
            "worker_died",
            "node_died",
            "node_lost",
            "silent",
            "object_lost",
            "cluster_lost",
            "cancelled",
            "ray",
            "new",
        ] {
            let error = error(class, None);
            assert_eq!(
                (error.kind, error.death),
                (FailureKind::Outside, None),
                "{class}"
            );
        }
        for class in ["launch", "unschedulable"] {
            assert_eq!(error(class, None).kind, FailureKind::Obstacle, "{class}");
        }
        let death = |class, status| error(class, status).death.map(|death| death.is_for_memory);
        assert_eq!(death("oom", None), Some(true));
        assert_eq!(death("worker", Some(9)), Some(true));
        assert_eq!(death("worker", Some(11)), Some(false));
        assert_eq!(death("worker", Some(7 << 8)), Some(false));
        assert_eq!(death("worker", Some(15)), None);
    }
}
