//! The folder that stands in for one of a job that lies in a store: what is brought there, and what is copied from there.

mod bring;
mod fresh;
mod leave;
mod list;
mod views;

pub use list::list_jobs_of_url;
