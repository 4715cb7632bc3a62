//! The folder that stands in for the folder of a job in an object store: what is copied to it, and what is copied from it.

mod bring;
mod fresh;
mod leave;
mod list;
mod views;

pub(crate) use list::list_again;
pub use list::list_jobs_of_url;
