//! Handles records that kill the process that works on them.

use coldpress_record::{Batch, Origin};
use serde::{Deserialize, Serialize};

use super::step::Step;

/// A record that kills any process that runs an operator over it. It goes to quarantine without being tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poison {
    /// The record.
    pub origin: Origin,
    /// The operator's place in the recipe, from 0.
    pub operation: u32,
    /// The effect of the record, for its entry in the quarantine.
    pub reason: String,
}

/// Called with a record, and the operator's place in the recipe, before the operator works on the record alone.
pub type InHandFn<'a> = dyn Fn(&Origin, u32) + 'a;

/// The protection for operators that run over records that may kill the process.
#[derive(Default)]
pub struct Guard<'a> {
    /// The records that are known to kill the process.
    pub poison: &'a [Poison],
    /// If set, operators get one record at a time, and this is called with each.
    pub in_hand: Option<&'a InHandFn<'a>>,
}

impl std::fmt::Debug for Guard<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard")
            .field("poison", &self.poison)
            .field("in_hand", &self.in_hand.is_some())
            .finish()
    }
}

impl Guard<'_> {
    /// Returns whether the operator must get one record at a time.
    pub(super) fn is_needed(&self, step: &Step) -> bool {
        let is_known = |poison: &Poison| poison.operation == step.site.index;
        self.in_hand.is_some() || self.poison.iter().any(is_known)
    }

    /// Returns the reason why the operator must not work on a row. If it may, the row is in hand from here on.
    pub(super) fn refuse(&self, step: &Step, batch: &Batch, row: u32) -> Option<String> {
        let origin = batch.origin(row as usize);
        let is_it =
            |poison: &&Poison| poison.operation == step.site.index && poison.origin == *origin;
        let known = self.poison.iter().find(is_it);
        if let (None, Some(in_hand)) = (known, self.in_hand) {
            in_hand(origin, step.site.index);
        }
        known.map(|poison| poison.reason.clone())
    }
}
