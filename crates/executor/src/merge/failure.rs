//! Why the merge cannot go on.

use std::collections::HashMap;

use coldpress_export::Error as ExportError;
use coldpress_storage::ObjectName;
use coldpress_worker::obstacle;

/// Why the merge cannot go on.
pub(crate) enum MergeFailure {
    /// The rows of this partition are not what was published: they must be made again, and all merged again.
    Damaged { partition: u32, reason: String },
    /// Nobody wanted the output any more.
    Abandoned,
    /// The output cannot be written.
    Output(ExportError),
    /// Something that has nothing to do with the rows or the output, such as too many open files.
    Obstacle(String),
}

/// Why what belongs to a partition's result cannot be read: it is damaged, or nothing can be read at all.
pub(crate) fn unreadable(
    partition: u32,
    error: &(dyn std::error::Error + 'static),
) -> MergeFailure {
    match obstacle(error) {
        Some(explanation) => MergeFailure::Obstacle(explanation),
        None => MergeFailure::Damaged {
            partition,
            reason: error.to_string(),
        },
    }
}

/// Whether a failure is that of a piece, which can be made again, or of the output.
pub(super) fn of_export(partitions: &HashMap<ObjectName, u32>, error: ExportError) -> MergeFailure {
    let partition = match &error {
        ExportError::DamagedRows { name, .. } => partitions.get(name),
        _ => None,
    };
    match partition {
        Some(partition) => MergeFailure::Damaged {
            partition: *partition,
            reason: error.to_string(),
        },
        None => MergeFailure::Output(error),
    }
}
