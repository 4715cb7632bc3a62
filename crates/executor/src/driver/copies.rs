//! Copies of the job's views where others look for them: a thread that follows the files as they change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use coldpress_events::{Event, EventKind, EventSink};
use coldpress_failure::full_message;
use coldpress_storage::{Mirror, ObjectName, ObjectStore, StoreSpec, spawn};

use super::teller::Teller;
use crate::error::Result;
use crate::executor::Executor;

/// How often it is looked whether a file has changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often a log is copied again as it grows, at most.
const LOGS_EVERY: Duration = Duration::from_secs(30);

/// The files to copy, as they are now.
type Files = Box<dyn Fn() -> Vec<(ObjectName, PathBuf)> + Send>;

/// The thread that copies. What cannot be copied is told, tried again, and harms nothing.
pub(super) struct Copies {
    stop: Sender<()>,
    thread: JoinHandle<Option<String>>,
}

impl Copies {
    /// Begins to copy what the recipe wants copied; none where that is nothing.
    ///
    /// # Errors
    /// When the place cannot be opened at all. That it cannot be reached is only told.
    pub(super) fn of(executor: &Executor, teller: &Teller<'_>) -> Result<Option<Self>> {
        let Some(url) = &executor.event_log_url else {
            return Ok(None);
        };
        let store = executor.schemes.open(&StoreSpec::Url(url.clone()))?;
        let folder = executor.layout.event_log_dir().to_owned();
        let files = Box::new(move || event_logs(&folder));
        Self::begin(store, LOGS_EVERY, files, teller.sink()).map(Some)
    }

    /// Begins to copy files into a store, each at most as often as said.
    ///
    /// # Errors
    /// When there can be no thread.
    fn begin(
        store: Arc<dyn ObjectStore>,
        every: Duration,
        files: Files,
        sink: EventSink,
    ) -> Result<Self> {
        let (stop, stopped) = channel();
        let run = move || {
            let mut mirror = Mirror::new(store, every);
            // Copies that are left over do no harm.
            let _ = mirror.take_over("event_logs/");
            let mut is_told = false;
            while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                let failure = mirror.update(&files()).into_iter().next();
                if let Some(failure) = failure.filter(|_| !is_told) {
                    is_told = true;
                    let message = cannot(&mirror, &failure);
                    sink.emit(Event::new(EventKind::Warning, message));
                }
            }
            let failure = mirror.finish(&files()).into_iter().next();
            failure.map(|failure| cannot(&mirror, &failure))
        };
        let thread = spawn("coldpress-copies", run)?;
        Ok(Self { stop, thread })
    }

    /// Copies what has changed since, and ends. Returns what could not be copied.
    pub(super) fn finish(self) -> Option<String> {
        drop(self.stop);
        self.thread.join().ok().flatten()
    }
}

/// The files of an event log, those that were rotated included.
fn event_logs(folder: &Path) -> Vec<(ObjectName, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let ours = names.filter(|name| name.starts_with("events."));
    let named = ours.filter_map(|name| {
        let object = ObjectName::new(format!("event_logs/{name}")).ok()?;
        Some((object, folder.join(name)))
    });
    named.collect()
}

fn cannot(mirror: &Mirror, failure: &coldpress_storage::Error) -> String {
    format!(
        "files of the job cannot be copied to {}: {}; they are tried again, and the job goes on without",
        mirror.store(),
        full_message(failure)
    )
}
