//! The thread that resolves a barrier.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use coldpress_storage::spawn;
use crossbeam_channel::{Receiver, bounded};

use super::case::{Case, Resolved, Unresolved};
use super::resolve::resolve;
use crate::error::{Error, ErrorKind, Result};

/// A barrier that is being resolved, on a thread of its own. Dropped before its end, it is told to stop, and waited for.
pub(crate) struct Resolving {
    pub(crate) stage: u32,
    stop: Arc<AtomicBool>,
    finished: Receiver<()>,
    thread: Option<JoinHandle<Result<Resolved, Unresolved>>>,
}

impl Resolving {
    /// Begins to resolve the barrier behind a stage.
    pub(crate) fn begin(stage: u32, case: Case) -> coldpress_storage::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let (sender, finished) = bounded(0);
        let thread = spawn("coldpress-barrier", move || {
            let resolved = resolve(&case, &stopped);
            // Whoever waits is woken as the sender goes, also by a panic.
            drop(sender);
            resolved
        })?;
        Ok(Self {
            stage,
            stop,
            finished,
            thread: Some(thread),
        })
    }

    /// Gives news, of no content, when it has come to an end.
    pub(crate) fn finished(&self) -> &Receiver<()> {
        &self.finished
    }

    /// Whether it has come to an end.
    pub(crate) fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Tells it to stop soon.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Waits for what comes of it.
    pub(crate) fn finish(mut self) -> Result<Resolved, Unresolved> {
        let panicked = || {
            let message = "the thread that resolves a barrier panicked";
            Unresolved::Failed(Error::new(ErrorKind::Failed, message))
        };
        let joined = self.thread.take().map(JoinHandle::join);
        joined
            .and_then(std::result::Result::ok)
            .unwrap_or_else(|| Err(panicked()))
    }
}

impl Drop for Resolving {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            // What it came to is of no use any more.
            let _ = thread.join();
        }
    }
}
