//! What the driver and the bridge say to each other.
//!
//! JSON objects, one a line. Each has the version `v`, and those about an attempt have `task` and `attempt`, so that a late
//! answer is never taken for that of another attempt.

use std::collections::BTreeMap;

use coldpress_partition::Task;
use coldpress_worker::InHand;
use serde::{Deserialize, Serialize};

/// The version of the protocol.
pub(crate) const VERSION: u32 = 1;

/// Longer lines are none of the bridge's.
pub(crate) const LONGEST_LINE: u64 = 1 << 30;

/// A line to the bridge.
#[derive(Debug, Serialize)]
pub(crate) struct Order<'a> {
    pub(crate) v: u32,
    #[serde(flatten)]
    pub(crate) what: ToBridge<'a>,
}

/// What the driver says.
#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(crate) enum ToBridge<'a> {
    /// First of all: connect, and see whether attempts can run.
    Init(Box<Init>),
    /// Run an attempt.
    Submit {
        #[serde(flatten)]
        name: AttemptId,
        /// What the worker is told, as JSON.
        run: &'a str,
        /// A node that another attempt at the same is slow or lost on: any other is better, if there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        avoid: Option<&'a str>,
    },
    /// Answer an attempt and end what runs of it.
    Cancel {
        #[serde(flatten)]
        name: AttemptId,
    },
    /// Leave.
    Shutdown,
}

/// What the bridge must know before it connects.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Init {
    pub(crate) address: String,
    /// How many attempts are to run at a time, where the recipe says so.
    pub(crate) workers: Option<usize>,
    /// What each worker is told first, as JSON.
    pub(crate) begin: String,
    /// The path of the executable, as nodes may have it too.
    pub(crate) program: String,
    /// Where its bytes are read, also when another file has taken its place meanwhile.
    pub(crate) program_content: String,
    /// The folder in which workers run.
    pub(crate) cwd: String,
    /// Folders that every node must share.
    pub(crate) folders: Vec<String>,
    /// Files that every node must have.
    pub(crate) files: Vec<String>,
}

/// An attempt, as both sides name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct AttemptId {
    pub(crate) task: String,
    pub(crate) attempt: u32,
}

impl AttemptId {
    pub(crate) fn new(task: Task, attempt: u32) -> Self {
        Self {
            task: format!("{}/{}", task.stage, task.partition),
            attempt,
        }
    }
}

/// What the bridge says.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum FromBridge {
    /// First of all: that Ray is there.
    Hello,
    /// It has connected, and all that can be checked before work starts is in order.
    Ready {
        /// The CPUs for tasks.
        slots: usize,
    },
    /// An attempt begins on a node.
    Started {
        #[serde(flatten)]
        name: AttemptId,
        #[serde(flatten)]
        place: TaskPlace,
    },
    /// The worker of an attempt has seen the driver's sign.
    Alive {
        #[serde(flatten)]
        name: AttemptId,
    },
    /// What an attempt is at.
    AtWork {
        #[serde(flatten)]
        name: AttemptId,
        /// What the worker said, as JSON.
        message: String,
    },
    /// A worker has said what became of an attempt.
    Finished {
        #[serde(flatten)]
        name: AttemptId,
        /// What the worker said, as JSON.
        result: String,
    },
    /// No worker will say what became of an attempt.
    Failed {
        #[serde(flatten)]
        name: AttemptId,
        #[serde(flatten)]
        failure: TaskFailure,
    },
    /// The bridge cannot go on.
    Error { class: String, message: String },
    /// It has left.
    Bye,
}

/// Where a task of Ray runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct TaskPlace {
    pub(crate) node: String,
    pub(crate) ip: String,
    pub(crate) pid: u32,
}

/// How a task of Ray failed, or the worker that it started.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TaskFailure {
    pub(crate) class: String,
    pub(crate) message: String,
    /// How the worker process ended, as `wait` says it.
    pub(crate) status: Option<i32>,
    pub(crate) last_words: String,
    pub(crate) lacks_memory: bool,
    pub(crate) kernel_killed: bool,
    pub(crate) in_hand: Option<InHand>,
    // Flattened structs lose the numbers that are keys of JSON objects, so the keys are read as what they are.
    pub(crate) done: BTreeMap<String, u64>,
}

impl TaskFailure {
    /// Returns whether the end of the worker itself is known. Of any other failure it may know nothing, and work on.
    pub(crate) fn is_of_worker(&self) -> bool {
        matches!(self.class.as_str(), "worker" | "worker_start" | "launch")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_about_attempts_name_them() {
        let name = AttemptId::new(Task::new(2, 17), 3);
        let order = Order {
            v: VERSION,
            what: ToBridge::Submit {
                name,
                run: "{}",
                avoid: None,
            },
        };
        assert_eq!(
            serde_json::to_string(&order).unwrap(),
            r#"{"v":1,"op":"submit","task":"2/17","attempt":3,"run":"{}"}"#
        );
    }

    #[test]
    fn failures_are_read_as_the_bridge_writes_them() {
        let line = r#"{"v": 1, "event": "failed", "task": "0/1", "attempt": 2, "class": "worker", "message": "", "status": 9,
            "in_hand": null, "done": {"4": 11}, "last_words": "x", "lacks_memory": false, "kernel_killed": true}"#;
        let FromBridge::Failed { name, failure } = serde_json::from_str(line).unwrap() else {
            panic!("it is a failure");
        };
        assert_eq!(name, AttemptId::new(Task::new(0, 1), 2));
        assert_eq!(failure.status, Some(9));
        assert_eq!(failure.done, BTreeMap::from([("4".to_owned(), 11)]));
        assert!(failure.kernel_killed);
    }
}
