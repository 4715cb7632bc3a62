//! Object stores, web servers and the dataset hub, as stores for the files of jobs and as places that datasets lie in.
//!
//! - [`schemes`] are what a program registers: `s3`, `gs`, `az` and their kin.
//! - [`RemoteStore`] is an [`ObjectStore`](coldpress_storage::ObjectStore) below a URL.
//!
//! Requests are made by the crate `object_store`, over connections of this crate (`wire.rs`), which makes them again where
//! that can help. One runtime with two threads does all of it; it begins with the first request, and nothing asynchronous
//! is seen from outside.
//!
//! No message, and nothing that `Debug` prints, holds a secret.

mod address;
mod aws_profile;
mod blocks;
mod bucket;
mod bucket_files;
mod conditions;
mod etag;
mod failure;
mod fetch;
mod hub;
mod options;
mod patience;
mod ranged;
mod refusal;
mod runtime;
mod s3_uploads;
mod scheme;
mod secret;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod waiters;
mod web;
mod web_file;
mod web_url;
mod wire;

pub use scheme::schemes;
pub use store::RemoteStore;
