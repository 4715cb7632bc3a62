//! The unit of scheduling.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The work of one stage on one partition, which is scheduled, attempted and published as a unit.
///
/// The tasks of a stage come before those of the next one, each stage in the order of the dataset. With a single stage nobody needs
/// to know about stages, so the first is left out where a task is written or shown.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Task {
    /// The stage, from 0.
    #[serde(default, skip_serializing_if = "is_first")]
    pub stage: u32,
    /// The partition, from 0.
    pub partition: u32,
}

impl Task {
    /// Returns the work of a stage on a partition.
    #[must_use]
    pub fn new(stage: u32, partition: u32) -> Self {
        Self { stage, partition }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_first(stage: &u32) -> bool {
    *stage == 0
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "partition {}", self.partition)?;
        // People count stages from 1.
        match self.stage {
            0 => Ok(()),
            stage => write!(f, " in stage {}", u64::from(stage) + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_stage_is_neither_shown_nor_written() {
        for (task, shown, written) in [
            (Task::new(0, 3), "partition 3", r#"{"partition":3}"#),
            (
                Task::new(1, 3),
                "partition 3 in stage 2",
                r#"{"stage":1,"partition":3}"#,
            ),
        ] {
            assert_eq!(task.to_string(), shown);
            assert_eq!(serde_json::to_string(&task).unwrap(), written);
            assert_eq!(serde_json::from_str::<Task>(written).unwrap(), task);
        }
    }

    #[test]
    fn a_stage_comes_before_the_next_one() {
        assert!(Task::new(0, 9) < Task::new(1, 0));
        assert!(Task::new(1, 0) < Task::new(1, 1));
    }
}
