//! The thread that numbers, distributes and writes events.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TryRecvError};
use serde_json::Value;

use crate::line_file::{LineFile, Outage};
use crate::rotate::Archiver;
use crate::sink::{Command, Queue};
use crate::subscription::Listeners;
use crate::text_line::write_text_line;
use crate::time::now_seconds;
use crate::{Error, Event, EventKind, Result, SCHEMA_VERSION};

/// The time that the thread sleeps when there is nothing to do. Producers do not wake it, so an event may be late by this much.
const NAP: Duration = Duration::from_millis(10);

/// The number of events that are taken before they are written.
const BATCH_EVENTS: usize = 1024;

/// The number of bytes that are gathered before they are written.
const BATCH_BYTES: usize = 1 << 20;

/// The length above which lines are cut, so that readers can bound theirs.
const LONG_LINE_BYTES: usize = 1 << 20;

/// The files of a log.
pub(crate) struct Files {
    pub(crate) json: LineFile,
    pub(crate) text: LineFile,
    pub(crate) archiver: Archiver,
}

/// The state of the writing thread.
pub(crate) struct Writer {
    pub(crate) receiver: Receiver<Command>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) listeners: Arc<Listeners>,
    pub(crate) files: Option<Files>,
    pub(crate) job_id: String,
    pub(crate) run_id: String,
    pub(crate) next_sequence: u64,
    pub(crate) told_lost: u64,
    pub(crate) line: Vec<u8>,
    pub(crate) text: String,
}

/// The way in which a batch ended.
enum Next {
    More,
    Idle,
    Flush(Sender<Result<()>>),
    Close(Option<Sender<Result<()>>>),
}

impl Writer {
    pub(crate) fn run(mut self) {
        loop {
            let next = self.take_batch();
            self.write_out();
            match next {
                Next::More => {}
                Next::Idle => std::thread::park_timeout(NAP),
                Next::Flush(answer) => {
                    // The caller may have stopped waiting.
                    let _ = answer.send(self.flush());
                }
                Next::Close(answer) => {
                    let result = self.close();
                    if let Some(answer) = answer {
                        let _ = answer.send(result);
                    }
                    if let Some(files) = &mut self.files {
                        files.archiver.finish();
                    }
                    return;
                }
            }
        }
    }

    fn take_batch(&mut self) -> Next {
        for _ in 0..BATCH_EVENTS {
            match self.receiver.try_recv() {
                Ok(Command::Event(event)) => self.take(*event),
                Ok(Command::Flush(answer)) => return Next::Flush(answer),
                Ok(Command::Close(answer)) => return Next::Close(Some(answer)),
                Err(TryRecvError::Empty) => return Next::Idle,
                Err(TryRecvError::Disconnected) => return Next::Close(None),
            }
            let gathered = self
                .files
                .as_ref()
                .map_or(0, |files| files.json.pending_bytes());
            if gathered >= BATCH_BYTES {
                break;
            }
        }
        Next::More
    }

    /// Numbers an event, sends it to the listeners, and queues its lines.
    fn take(&mut self, mut event: Event) {
        event.schema_version = SCHEMA_VERSION;
        event.sequence = self.next_sequence;
        self.next_sequence += 1;
        if event.event_id.is_empty() {
            event.event_id = format!("{}-{}", self.run_id, event.sequence);
        }
        event.job_id.get_or_insert_with(|| self.job_id.clone());
        event.level = Some(event.level());
        if !event.timestamp.is_finite() {
            event.timestamp = now_seconds();
        }
        event.fill_performance();
        self.listeners.tell(&event);
        self.push_lines(event);
    }

    fn push_lines(&mut self, mut event: Event) {
        let Some(files) = &mut self.files else { return };
        let mut is_encoded = encode(&event, &mut self.line);
        if self.line.len() > LONG_LINE_BYTES {
            event.shorten(LONG_LINE_BYTES / 64);
            is_encoded = encode(&event, &mut self.line);
        }
        if !is_encoded || !files.json.push(&self.line) {
            self.queue.add_lost(1);
            return;
        }
        self.text.clear();
        write_text_line(&event, &mut self.text);
        // The text log is a convenience: an event that only it loses is still in the other file.
        let _ = files.text.push(self.text.as_bytes());
    }

    fn write_out(&mut self) {
        let Some(files) = &mut self.files else {
            return self.tell_losses(None);
        };
        let outage = files.json.write_out(&mut files.archiver);
        files.text.write_out(&mut files.archiver);
        if files.json.outage().is_none() {
            self.tell_losses(outage);
        }
    }

    /// Writes an event about the events that are missing from the log.
    fn tell_losses(&mut self, outage: Option<Outage>) {
        let lost = self.queue.lost();
        let lost_now = lost - self.told_lost;
        if lost_now == 0 && outage.is_none() {
            return;
        }
        self.told_lost = lost;
        let mut event = match outage {
            Some(outage) => {
                let seconds = outage.since.elapsed().as_secs_f64();
                let error = outage.error;
                let message = format!(
                    "the event log could not be written for {seconds:.1} seconds ({error}): \
                     events were kept in memory, {lost_now} were lost"
                );
                Event::new(EventKind::Warning, message).metadata("outage_seconds", seconds)
            }
            None => Event::new(
                EventKind::Warning,
                format!("{lost_now} events were lost because the event log could not keep up"),
            ),
        };
        event = event
            .metadata("lost_events", lost_now)
            .metadata("lost_events_total", lost)
            .metadata("source", Value::from("event_log"));
        event.fill_thread();
        self.take(event);
        if let Some(files) = &mut self.files {
            files.json.write_out(&mut files.archiver);
            files.text.write_out(&mut files.archiver);
        }
    }

    /// Tries once more to write all pending events.
    fn flush(&mut self) -> Result<()> {
        let Some(files) = &mut self.files else {
            return Ok(());
        };
        let outage = files.json.write_out_now(&mut files.archiver);
        files.text.write_out_now(&mut files.archiver);
        if outage.is_some() {
            self.tell_losses(outage);
        }
        self.check_outage()
    }

    fn check_outage(&self) -> Result<()> {
        let Some(files) = &self.files else {
            return Ok(());
        };
        match files.json.outage() {
            None => Ok(()),
            Some(outage) => Err(Error::Io {
                action: "write",
                path: files.json.path(),
                source: copy_of(&outage.error),
            }),
        }
    }

    /// Takes the events that are still queued, and writes them.
    fn close(&mut self) -> Result<()> {
        let rest: Vec<Command> = self.receiver.try_iter().collect();
        for command in rest {
            match command {
                Command::Event(event) => self.take(*event),
                Command::Flush(answer) | Command::Close(answer) => {
                    let _ = answer.send(Err(Error::Closed));
                }
            }
        }
        self.write_out();
        let result = self.flush();
        self.listeners.close();
        if let Some(files) = &mut self.files {
            if result.is_err() {
                self.queue.add_lost(files.json.pending_lines());
            } else {
                // Nothing relies on events, so a failed sync costs at most some history.
                let _ = files.json.sync();
                // The text log has the same facts for people and can be made again from the events, so nobody waits for it.
            }
        }
        // Events emitted while this was going on came too late.
        self.queue.add_lost(self.receiver.try_iter().count() as u64);
        result
    }
}

fn encode(event: &Event, line: &mut Vec<u8>) -> bool {
    line.clear();
    let encoded = serde_json::to_writer(&mut *line, event).is_ok();
    line.push(b'\n');
    encoded
}

fn copy_of(error: &std::io::Error) -> std::io::Error {
    match error.raw_os_error() {
        Some(number) => std::io::Error::from_raw_os_error(number),
        None => std::io::Error::new(error.kind(), error.to_string()),
    }
}
