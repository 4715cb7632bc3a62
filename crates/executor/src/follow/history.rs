//! What happened to a record, as a value.

use std::collections::BTreeMap;

use coldpress_record::Origin;
use serde::Serialize;
use serde_json::Value;

use super::changes::FieldChange;

/// What happened to the records that were asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordHistories {
    /// The job.
    pub job_id: String,
    /// What was asked for.
    pub query: String,
    /// How many records were looked at.
    pub looked_at: u64,
    /// How many of them have the field that was asked for; none where no field was.
    pub with_field: Option<u64>,
    /// How many fit.
    pub found: u64,
    /// What happened to them, in the order of the dataset: to the first ones, where more were found than are followed.
    pub records: Vec<RecordHistory>,
    /// Remarks, a sentence each.
    pub remarks: Vec<String>,
}

/// What happened to a record of the dataset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordHistory {
    /// The file.
    pub source: String,
    /// Its place there, as `byte 40` or `row 7`.
    pub place: String,
    /// Its number in the dataset, from 1.
    pub number: u64,
    /// The partition that it is in; none of one beyond the limit.
    pub partition: Option<u32>,
    /// The status of the partition: `pending`, `processing`, `waiting` for a decision about the whole dataset, `completed` or
    /// `failed`.
    pub partition_status: Option<String>,
    /// The record as it was read, shortened; none of one that cannot be read.
    pub record: Option<String>,
    /// Its way.
    #[serde(flatten)]
    pub branch: RecordBranch,
}

/// The way of a record, or of a piece that a splitter made of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordBranch {
    /// Where it came from.
    pub origin: Origin,
    /// What the operators did to it, in their order.
    pub steps: Vec<OperatorStep>,
    /// What was made of it: the pieces of a splitter, or copies of a record that a selector repeats.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<RecordBranch>,
    /// The record as its last operator left it, shortened; none of one that did not come to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_after: Option<String>,
    /// Where it ended.
    pub fate: Fate,
}

/// What an operator did to a record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OperatorStep {
    /// The operator's place in the recipe, from 0.
    pub operation: u32,
    /// The operator.
    pub operator: String,
    /// What it did.
    #[serde(flatten)]
    pub effect: Effect,
    /// Its statistics of the record.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stats: BTreeMap<String, Value>,
    /// The bounds of its statistics, and the values that they may have, as its parameters say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bounds: Vec<Bound>,
}

/// A bound by which a filter decides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// The parameter, as `min_len`.
    pub parameter: String,
    /// Its value: a number, or a list of values.
    pub value: Value,
}

/// What an operator did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// The record stayed as it was.
    Unchanged,
    /// The record was changed.
    Changed {
        /// The fields that changed.
        fields: Vec<FieldChange>,
    },
    /// The record stayed, as an operator that drops records decided.
    Kept,
    /// A filter of an analysis, which drops nothing, judged the record.
    Judged {
        /// Whether it would keep it.
        keeps: bool,
    },
    /// The record was dropped.
    Dropped,
    /// The record was dropped because another one stays in its place.
    Duplicate {
        /// The record that stays; none where it cannot be read any more.
        kept: Option<NamedDuplicate>,
    },
    /// The operator failed on the record.
    Failed {
        /// Why.
        error: String,
    },
    /// The operator made other records of it.
    Split {
        /// How many.
        pieces: u64,
    },
    /// A selector kept the record.
    Selected {
        /// Its places among the records that come out, from 0.
        positions: Vec<u64>,
    },
    /// A selector left the record out.
    NotSelected,
    /// A grouper made the record a part of another one.
    Grouped {
        /// The place of the group among the records that come out, from 0.
        position: u64,
        /// The first member of the group, as which it goes on.
        first: Option<NamedDuplicate>,
    },
}

/// A record that has to do with the one that is followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedDuplicate {
    /// The file.
    pub source: String,
    /// Its place there.
    pub place: String,
    /// Where it came from.
    pub origin: Origin,
    /// Its value of the field that is asked for, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The record as it was then, shortened.
    pub record: String,
}

/// Where a record ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// It is in the export.
    Exported {
        /// The file; none where the shards cannot be read.
        file: Option<String>,
        /// Its number in the file, from 1; in all shards together where the file is not known.
        row: u64,
    },
    /// All operators let it through, and no export has it yet.
    Through,
    /// An operator dropped it.
    Dropped {
        /// The operator's place in the recipe.
        operation: u32,
        /// The operator.
        operator: String,
    },
    /// It was dropped where it was read, because it has no text.
    WithoutText,
    /// It was not drawn, where the recipe takes only some records of its path.
    NotSampled,
    /// It is in quarantine.
    Quarantined {
        /// The operator's place in the recipe; none where it could not be read.
        #[serde(skip_serializing_if = "Option::is_none")]
        operation: Option<u32>,
        /// The operator.
        #[serde(skip_serializing_if = "Option::is_none")]
        operator: Option<String>,
        /// Why.
        error: String,
    },
    /// It went on as a part of another record.
    Absorbed {
        /// The operator's place in the recipe.
        operation: u32,
        /// The operator.
        operator: String,
    },
    /// What was made of it went on.
    Split,
    /// The job works on so many records, and this one comes after them.
    BeyondLimit {
        /// The recipe's `limit`.
        limit: u64,
    },
    /// Its partition is out of retries, so the export lacks it.
    InFailedPartition {
        /// Why the partition failed.
        error: String,
    },
    /// The operator has to see the whole dataset, and has not decided yet.
    Waiting {
        /// The operator's place in the recipe.
        operation: u32,
        /// The operator.
        operator: String,
    },
    /// It cannot be known.
    Unknown {
        /// Why.
        reason: String,
    },
}

impl RecordBranch {
    /// Returns the ends of the branch: itself, or those of all that was made of it.
    pub fn ends(&self) -> Vec<&Self> {
        match self.pieces.is_empty() {
            true => vec![self],
            false => self.pieces.iter().flat_map(Self::ends).collect(),
        }
    }
}
