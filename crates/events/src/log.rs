//! The log of a job, which owns the writing thread.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use coldpress_storage::spawn;
use crossbeam_channel::{RecvTimeoutError, bounded};

use crate::line_file::LineFile;
use crate::query::last_sequence;
use crate::rotate::{Archiver, LogName};
use crate::sink::{Command, Queue};
use crate::subscription::Listeners;
use crate::time::now_seconds;
use crate::writer::{Files, Writer};
use crate::{Error, Event, EventSink, LogOptions, Result, Subscription};

/// The event log of a job, and the thread that writes it.
///
/// Only the job's driver may open it, while it holds the job's lock. When dropped, it closes itself and reports no failures;
/// [`close`](Self::close) does.
#[doc(alias = "EventLogger")]
pub struct EventLog {
    folder: PathBuf,
    sink: EventSink,
    queue: Arc<Queue>,
    listeners: Arc<Listeners>,
    thread: Option<JoinHandle<()>>,
    patience: Duration,
}

impl EventLog {
    /// Opens the log in this folder (`…/event_logs`), which is created if necessary, repairs an incomplete last line, and continues
    /// its numbers.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if folder or files cannot be opened, [`Error::Newer`] if a newer release wrote the log.
    pub fn open(
        folder: impl AsRef<Path>,
        job_id: impl Into<String>,
        options: LogOptions,
    ) -> Result<Self> {
        let folder = folder.as_ref().to_path_buf();
        let (files, last) = if options.enabled {
            let files = open_files(&folder, &options)?;
            (Some(files), last_sequence(&folder)?)
        } else {
            (None, 0)
        };
        let (sink, queue, receiver) = EventSink::with_queue(options.queue_events, options.level);
        let listeners = Arc::new(Listeners::default());
        let writer = Writer {
            receiver,
            queue: Arc::clone(&queue),
            listeners: Arc::clone(&listeners),
            files,
            job_id: job_id.into(),
            run_id: format!("{:x}", (now_seconds() * 1000.0) as u64),
            next_sequence: last + 1,
            told_lost: 0,
            line: Vec::new(),
            text: String::new(),
        };
        let thread = spawn("coldpress-events", move || writer.run()).map_err(|error| {
            Error::io("start a thread for", &folder, std::io::Error::other(error))
        })?;
        queue.set_writer(thread.thread().clone());
        Ok(Self {
            folder,
            sink,
            queue,
            listeners,
            thread: Some(thread),
            patience: Duration::from_secs(options.patience_seconds),
        })
    }

    /// Returns a handle for emitting events.
    #[must_use]
    pub fn sink(&self) -> EventSink {
        self.sink.clone()
    }

    /// Returns whether events of this level are kept, like [`EventSink::keeps`].
    #[must_use]
    pub fn keeps(&self, level: crate::Level) -> bool {
        self.sink.keeps(level)
    }

    /// Emits an event, like [`EventSink::emit`].
    pub fn emit(&self, event: Event) {
        self.sink.emit(event);
    }

    /// Listens to all events that are emitted from now on.
    #[doc(alias = "monitor_events")]
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        self.listeners.subscribe()
    }

    /// Returns the number of events lost so far, because the queue was full or the device refused them for too long.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.queue.lost()
    }

    /// Returns the folder with the files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits until all events emitted before have been handed to the system.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the device refuses them (they are kept and tried again), [`Error::Stalled`] if it doesn't respond within
    /// [`LogOptions::patience_seconds`].
    pub fn flush(&self) -> Result<()> {
        self.ask(Command::Flush)
    }

    /// Writes all events, and ends the thread and all subscriptions.
    ///
    /// # Errors
    ///
    /// As for [`flush`](Self::flush). Events that could not be written are then lost.
    pub fn close(mut self) -> Result<()> {
        self.close_in_place()
    }

    fn close_in_place(&mut self) -> Result<()> {
        let Some(thread) = self.thread.take() else {
            return Ok(());
        };
        let result = self.ask(Command::Close);
        if matches!(result, Err(Error::Stalled { .. })) {
            // The thread hangs in the device and cannot be ended. Listeners must not hang with it.
            self.listeners.close();
        } else {
            self.wait_for_compression(&thread);
        }
        result
    }

    /// Waits for the compression of rotated files. Those that are not compressed in time stay plain until the next start.
    fn wait_for_compression(&self, thread: &JoinHandle<()>) {
        let deadline = Instant::now() + self.patience;
        while !thread.is_finished() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Sends a command that has a reply, and waits for both within one timeout.
    fn ask(
        &self,
        command: impl FnOnce(crossbeam_channel::Sender<Result<()>>) -> Command,
    ) -> Result<()> {
        let deadline = Instant::now() + self.patience;
        let stalled = || Error::Stalled {
            waited_seconds: self.patience.as_secs(),
        };
        let (answer, result) = bounded(1);
        let command = command(answer);
        self.queue.wake();
        match self.queue.sender.send_deadline(command, deadline) {
            Ok(()) => self.queue.wake(),
            Err(error) if error.is_timeout() => return Err(stalled()),
            Err(_) => return Err(Error::Closed),
        }
        match result.recv_deadline(deadline) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => Err(stalled()),
            Err(RecvTimeoutError::Disconnected) => Err(Error::Closed),
        }
    }
}

impl Drop for EventLog {
    fn drop(&mut self) {
        let _ = self.close_in_place();
    }
}

impl fmt::Debug for EventLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLog")
            .field("folder", &self.folder)
            .field("lost", &self.lost())
            .finish_non_exhaustive()
    }
}

fn open_files(folder: &Path, options: &LogOptions) -> Result<Files> {
    fs::create_dir_all(folder).map_err(|source| Error::io("create folder", folder, source))?;
    let open = |name: LogName| {
        let path = name.current();
        LineFile::open(name, options.held_bytes, options.max_log_size_bytes)
            .map_err(|source| Error::io("open", &path, source))
    };
    let mut archiver = Archiver::new(options.backup_count);
    let (json, text) = (LogName::json(folder), LogName::text(folder));
    let files = (open(json.clone())?, open(text.clone())?);
    archiver.take_up(&json);
    archiver.take_up(&text);
    Ok(Files {
        json: files.0,
        text: files.1,
        archiver,
    })
}
