//! Resolving a barrier: from the signatures of all partitions to a decision file for each, or to the rows that each has
//! from here on.

mod case;
mod place;
mod resolve;
mod thread;

pub(crate) use case::{Case, DECISION, Moves, Resolved, Unresolved};
pub(crate) use thread::Resolving;
