//! Servers and faults for the tests of whoever uses this crate: the feature `testing`.
//!
//! Servers are programs that others wrote, in the versions that `crates/remote/servers/` names; the first test that needs
//! one installs it below `target/`, which takes a minute and the network. A test that cannot have its server fails, and says
//! what to do.

mod faults;
mod google;
mod install;
mod listener;
mod server;
mod web;

pub use faults::{Fault, Faults, Proxy};
pub use server::Server;
pub use web::{WebKind, WebServer, echo};

/// Returns a Python with readers of buckets that have nothing in common with this crate: pyarrow, and DuckDB with its
/// extension `httpfs`, whose file is in the package `duckdb_extension_httpfs`.
///
/// # Panics
/// When it cannot be installed; the message says what to do.
#[must_use]
pub fn python_with_readers() -> std::path::PathBuf {
    install::readers().join("python")
}
