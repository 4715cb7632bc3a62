//! Starting threads, which the system refuses when there are too many.

use std::io;
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};

use crate::{Error, Result};

/// Starts a thread.
///
/// # Errors
///
/// [`Error::Start`] if the system refuses, which is an [obstacle](crate::Obstacle).
pub fn spawn<T: Send + 'static>(
    name: impl Into<String>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>> {
    let started = Builder::new().name(name.into()).spawn(work);
    started.map_err(|source| refused("a thread", source))
}

/// Starts a thread that ends within `scope`.
///
/// # Errors
///
/// As [`spawn`].
pub fn spawn_scoped<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: impl Into<String>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>> {
    let started = Builder::new().name(name.into()).spawn_scoped(scope, work);
    started.map_err(|source| refused("a thread", source))
}

fn refused(what: &'static str, source: io::Error) -> Error {
    Error::Start { what, source }
}
