//! How a worker process died, and what it had in hand.

use std::collections::BTreeMap;

use coldpress_record::Origin;
use serde::{Deserialize, Serialize};

/// What a worker process writes to its standard error last, when the fault is neither its own nor a record's.
pub const CANNOT_GO_ON: &str = "the worker process cannot go on";

/// How a worker process ended in the midst of an attempt, by something that it did itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerDeath {
    /// Whether memory ran out, which says nothing about the record.
    pub is_for_memory: bool,
    /// How, for people: `by signal 11 (SIGSEGV)`.
    pub how: String,
    /// The record that it had in hand, in an attempt that reports them.
    pub in_hand: Option<InHand>,
    /// How many records each operator had done with, in an attempt that reports them.
    pub done: BTreeMap<u32, u64>,
}

/// The record that an operator works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InHand {
    /// The record.
    pub origin: Origin,
    /// The operator's place in the recipe, from 0.
    pub operation: u32,
}
