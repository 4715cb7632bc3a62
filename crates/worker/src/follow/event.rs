//! What happens to records that are followed.

use coldpress_record::Origin;

/// One thing that happened to a record that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The number of the record among those that are followed, from 0. A child that a splitter makes has a number of its own.
    pub id: usize,
    /// What happened.
    pub event: FollowEvent,
}

/// What happens to a record on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowEvent {
    /// It is among the records that the work begins with.
    Begun {
        /// Its number among them, of rows of earlier work.
        row: u64,
        /// Its origin.
        origin: Origin,
        /// The record as JSON.
        record: String,
    },
    /// An operator worked on it.
    Passed {
        /// The operator's place in the recipe.
        operation: u32,
        /// How many records of the partition came to the operator before it.
        arrival: u64,
        /// The operator's statistics of it, as JSON.
        stats: Vec<(String, String)>,
        /// What the operator did.
        effect: FollowEffect,
    },
    /// It is among the records that are left at the end.
    Ended {
        /// Its number among them.
        row: u64,
    },
}

/// What an operator did to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowEffect {
    /// The record is as it was.
    Unchanged,
    /// The record is another one now.
    Changed {
        /// The record as JSON.
        record: String,
    },
    /// The operator dropped it.
    Dropped,
    /// The operator failed on it.
    Failed {
        /// Why.
        error: String,
    },
    /// The operator made these of it.
    Split {
        /// The numbers of the children, their origins and the children as JSON.
        children: Vec<(usize, Origin, String)>,
    },
}
