//! Resolving a barrier: from the signatures of all partitions to a decision file for each.

mod case;
mod resolve;
mod thread;

pub(crate) use case::{Case, DECISION, Resolved, Unresolved};
pub(crate) use thread::Resolving;
