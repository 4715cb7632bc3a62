//! What a run keeps an eye on while it works: free disk space, memory in use, and records that kill workers.

pub(crate) mod alerts;
pub(crate) mod memory;
pub(crate) mod poison;
pub(crate) mod space;
