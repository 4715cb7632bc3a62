//! Attempts as tasks of a Ray cluster.
//!
//! [`RayBackend`] is a [`Backend`](coldpress_executor::Backend) like local threads and worker processes. It starts a small
//! Python program, the bridge, which is embedded in here and connects to the cluster; the two exchange JSON lines
//! (`protocol.rs`). Each attempt is one task of Ray, which runs this same executable as a worker process on its node. A worker
//! that has finished waits for the next attempt on its node, so that operators load their files once.
//!
//! Ray places the work and nothing else. It never retries; rows go through storage that all nodes share; and only the driver
//! publishes, so whatever a lost worker goes on writing has a name that nobody cites.
//!
//! It is not a way to reach Ray from Rust: it knows attempts and nothing else.

mod address;
mod attendant;
mod backend;
mod bridge;
mod cluster;
mod connection;
mod failure;
mod fallback;
mod flight;
mod protocol;

pub use address::RayAddress;
pub use backend::RayBackend;
