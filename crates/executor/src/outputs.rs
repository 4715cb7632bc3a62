//! Where a job's outputs go: the export, and the files beside it.
//!
//! They are one list. All are kept from other jobs, checked, staged in temporary places, put in their places and signed by
//! the same code, so that a crash at any moment leaves something that can be told apart and finished.

pub(crate) mod commit;
pub(crate) mod drops;
pub(crate) mod list;
pub(crate) mod locks;
pub(crate) mod path_text;
pub(crate) mod places;
pub(crate) mod standings;
