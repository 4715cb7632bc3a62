//! Copies of the job's views where others look for them: a thread that follows the files as they change.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use coldpress_events::{Event, EventKind, EventSink};
use coldpress_failure::full_message;
use coldpress_storage::{Mirror, ObjectName, StoreSpec, spawn};

use super::teller::Teller;
use crate::error::Result;
use crate::executor::Executor;

/// How often it is looked whether a file has changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often a view of a job that lies in no folder is copied again, at most.
const VIEWS_EVERY: Duration = Duration::from_secs(5);

/// How often a log is copied again as it grows, at most.
const LOGS_EVERY: Duration = Duration::from_secs(30);

/// The files to copy, as they are now.
type Files = Box<dyn Fn() -> Vec<(ObjectName, PathBuf)> + Send>;

/// Files, and what copies them.
struct Followed {
    mirror: Mirror,
    files: Files,
}

/// The thread that copies. What cannot be copied is told, tried again, and harms nothing.
pub(super) struct Copies {
    stop: Sender<()>,
    thread: JoinHandle<Option<String>>,
}

impl Copies {
    /// Begins to copy what is to be elsewhere: the views of a job that lies in no folder, and the event log where the recipe
    /// has a URL for it. None where that is nothing.
    ///
    /// # Errors
    /// When a place cannot be opened at all. That it cannot be reached is only told.
    pub(super) fn of(executor: &Executor, teller: &Teller<'_>) -> Result<Option<Self>> {
        let mut followed = Vec::new();
        if let Some(store) = executor.layout.remote_store() {
            let layout = executor.layout.clone();
            followed.push(Followed {
                mirror: Mirror::new(store, VIEWS_EVERY),
                files: Box::new(move || layout.views()),
            });
        }
        if let Some(url) = &executor.event_log_url {
            let store = executor.schemes.open(&StoreSpec::Url(url.clone()))?;
            let folder = executor.layout.event_log_dir().to_owned();
            followed.push(Followed {
                mirror: Mirror::new(store, LOGS_EVERY),
                files: Box::new(move || event_logs(&folder)),
            });
        }
        match followed.is_empty() {
            true => Ok(None),
            false => Self::begin(followed, teller.sink()).map(Some),
        }
    }

    fn begin(mut followed: Vec<Followed>, sink: EventSink) -> Result<Self> {
        let (stop, stopped) = channel();
        let run = move || {
            for Followed { mirror, .. } in &mut followed {
                // Copies of logs that are left over do no harm. Those of traces would be brought to the next driver, which would
                // find others than it exported.
                for folder in ["event_logs/", "trace/"] {
                    let _ = mirror.take_over(folder);
                }
            }
            let mut is_told = false;
            while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                for Followed { mirror, files } in &mut followed {
                    let failure = mirror.update(&files()).into_iter().next();
                    if let Some(failure) = failure.filter(|_| !is_told) {
                        is_told = true;
                        let message = format!(
                            "{}; they are tried again, and the job goes on without them",
                            cannot(mirror, &failure)
                        );
                        sink.emit(Event::new(EventKind::Warning, message));
                    }
                }
            }
            let mut failures = followed
                .iter_mut()
                .filter_map(|Followed { mirror, files }| {
                    let failure = mirror.finish(&files()).into_iter().next()?;
                    Some(cannot(mirror, &failure))
                });
            let first = failures.next();
            failures.for_each(drop);
            first
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
        "files of the job cannot be copied to {}: {}",
        mirror.store(),
        full_message(failure)
    )
}
