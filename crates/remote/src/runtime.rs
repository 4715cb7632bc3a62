//! The one async runtime, and how threads that know nothing of it wait for its work.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};

use futures_util::FutureExt;
use tokio::runtime::{Builder, Runtime};
use tokio::task::AbortHandle;

use crate::failure::{Failure, REFUSED};

/// Requests wait for the network, not for a processor; hashing for signatures is the only work that they do.
const THREADS: usize = 2;

/// Work that goes on while its owner does something else. It is given up when this is dropped.
#[derive(Debug)]
pub(crate) struct Started<T> {
    answer: Receiver<Result<T, Failure>>,
    task: AbortHandle,
}

impl<T> Started<T> {
    /// Waits for the result. It may be called on any thread, also on one of another runtime.
    pub(crate) fn wait(self) -> Result<T, Failure> {
        let answer = self.answer.recv();
        // Nothing is sent by a task that was given up.
        answer.unwrap_or_else(|_| Err(Failure::other("the request ended without an answer")))
    }
}

impl<T> Drop for Started<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts work.
pub(crate) fn start<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<Started<T>, Failure> {
    let (sender, answer) = sync_channel(1);
    let work = async move {
        let done = AssertUnwindSafe(work).catch_unwind().await;
        let done = done.unwrap_or_else(|panic| Err(panicked(&*panic)));
        // A receiver that is gone has no use for the result.
        let _ = sender.send(done);
    };
    let task = runtime()?.spawn(REFUSED.scope(Default::default(), work));
    Ok(Started {
        answer,
        task: task.abort_handle(),
    })
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or(panic.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("nobody knows what");
    Failure::other(format!(
        "the request could not be made, which is a fault of this program: {text}"
    ))
}

/// Does work and waits for its result.
pub(crate) fn run<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    start(work)?.wait()
}

/// Gives the runtime, which begins with the first request of a process: most processes make none.
fn runtime() -> Result<&'static Runtime, Failure> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static BEGINNING: Mutex<()> = Mutex::new(());
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let _beginning = BEGINNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let made = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("coldpress-remote")
        .enable_all()
        .build();
    let made =
        made.map_err(|source| Failure::io(&source, "cannot start the threads of requests"))?;
    Ok(RUNTIME.get_or_init(|| made))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_panics_is_a_failure_and_its_thread_goes_on() {
        let failed = run::<()>(async { panic!("on purpose") });
        let told = failed.unwrap_err().to_string();
        assert!(
            told.ends_with("a fault of this program: on purpose"),
            "{told}"
        );
        assert_eq!(run(async { Ok(7) }).unwrap(), 7);
    }

    #[test]
    fn waiting_inside_another_runtime_does_not_panic() {
        let other = Builder::new_current_thread().build().unwrap();
        assert_eq!(other.block_on(async { run(async { Ok(7) }).unwrap() }), 7);
    }

    #[test]
    fn work_whose_owner_is_gone_is_given_up() {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let started = start(async move {
            let _sender = sender;
            std::future::pending::<Result<(), Failure>>().await
        });
        drop(started.unwrap());
        // The sender goes with the task.
        assert!(receiver.recv().is_err());
    }
}
