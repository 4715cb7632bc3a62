//! The outcomes of replayed records, with samples of each.

use std::collections::BTreeMap;

use coldpress_job::Layout;
use serde::Serialize;

use super::records::Gathered;
use crate::error::Result;
use crate::follow::{Fate, FollowOptions, RecordBranch, RecordQuery, follow_records};

/// Records with the same outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplayedClass {
    /// `kept`, `dropped`, `quarantined`, `absorbed` or `split`.
    pub outcome: &'static str,
    /// The operator that would drop them or fail on them.
    pub operator: Option<String>,
    /// How many, among those that were looked at one by one.
    pub count: u64,
    /// Some of them.
    pub samples: Vec<ReplayedSample>,
}

/// A record that was replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplayedSample {
    /// The file that it is from.
    pub source: String,
    /// Its position there.
    pub position: u64,
    /// The position with its unit, as `byte 40` or `row 7`.
    pub place: String,
    /// The operator that failed on it; none where it could not be read.
    pub failed_in: Option<String>,
    /// Why it is in quarantine.
    pub error: String,
    /// Why it would be in quarantine again.
    pub error_now: Option<String>,
    /// The record, shortened.
    pub record: Option<String>,
}

/// Records that are shown of each class.
const SAMPLES: usize = 3;

/// Follows the first records one by one.
pub(super) fn classes(
    layout: &Layout,
    options: &FollowOptions<'_>,
    gathered: &Gathered,
) -> Result<Vec<ReplayedClass>> {
    let histories = follow_records(layout, &RecordQuery::All, options)?;
    let mut classes: BTreeMap<(usize, &'static str, Option<String>), ReplayedClass> =
        BTreeMap::new();
    for (history, known) in histories.records.iter().zip(&gathered.known) {
        let (order, outcome, operator, error_now) = outcome(&history.branch);
        let class = classes
            .entry((order, outcome, operator.clone()))
            .or_insert_with(|| ReplayedClass {
                outcome,
                operator,
                count: 0,
                samples: Vec::new(),
            });
        class.count += 1;
        if class.samples.len() < SAMPLES {
            class.samples.push(ReplayedSample {
                source: known.source.clone(),
                position: known.origin.position,
                place: known.place.clone(),
                failed_in: known.operator.clone(),
                error: known.error.clone(),
                error_now,
                record: history.record.clone(),
            });
        }
    }
    Ok(classes.into_values().collect())
}

/// The outcome of a record: its place among others, its name, the operator, and the error.
fn outcome(branch: &RecordBranch) -> (usize, &'static str, Option<String>, Option<String>) {
    if !branch.pieces.is_empty() {
        return (1, "split", None, None);
    }
    match &branch.fate {
        Fate::Dropped {
            operation,
            operator,
        } => (
            2 + *operation as usize,
            "dropped",
            Some(operator.clone()),
            None,
        ),
        Fate::WithoutText => (1, "dropped", None, None),
        Fate::NotSampled => (1, "not_sampled", None, None),
        Fate::Absorbed {
            operation,
            operator,
        } => (
            2 + *operation as usize,
            "absorbed",
            Some(operator.clone()),
            None,
        ),
        Fate::Quarantined {
            operation,
            operator,
            error,
        } => {
            let order = operation.map_or(1, |operation| 2 + operation as usize);
            (order, "quarantined", operator.clone(), Some(error.clone()))
        }
        _ => (0, "kept", None, None),
    }
}
