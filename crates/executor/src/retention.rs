//! What of a job's files is not needed any more, and how it goes: the same for the driver and for a job that nobody drives.
//!
//! What goes is decided by pure functions over the job's state and listings of its stores. How it goes is one function,
//! which deletes through the job's stores. In between, the journal says that nothing counts on the files.

mod carry_out;
mod decide;
mod leftovers;
mod surplus;

pub(crate) use carry_out::{delete, event, is_whole, list};
pub(crate) use decide::{
    JobFile, beyond, forgetting, forgotten, is_over, of_exported, why_beyond, why_finished,
};
pub(crate) use leftovers::{ATTEMPT_PLACES, uncited};

#[cfg(test)]
mod tests;
