//! Resolving a barrier: from the signatures of all partitions to a decision file for each, or to the rows that each has
//! from here on.

mod case;
mod duplicates;
mod names;
mod pairs;
mod place;
mod removals;
mod resolve;
mod telling;
mod thread;

pub(crate) use case::{Case, DECISION, DUPLICATES, Moves, Resolved, TracedPairs, Unresolved};
pub(crate) use names::{RecordName, plain_value};
pub(crate) use telling::Telling;
pub(crate) use thread::Resolving;
