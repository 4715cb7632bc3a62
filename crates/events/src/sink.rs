//! The handle for emitting events: cheap to clone, cheap to use, and never blocking.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::{Event, Level, Result};

/// A command to the writing thread.
pub(crate) enum Command {
    Event(Box<Event>),
    Flush(Sender<Result<()>>),
    Close(Sender<Result<()>>),
}

/// A handle for emitting events, for any thread.
///
/// [`emit`](Self::emit) never waits, whatever the device does.
#[derive(Clone)]
pub struct EventSink {
    queue: Option<Arc<Queue>>,
}

/// The producers' side of the queue.
pub(crate) struct Queue {
    pub(crate) sender: Sender<Command>,
    level: Level,
    lost: AtomicU64,
    writer: OnceLock<Thread>,
    wake_at: usize,
}

impl EventSink {
    /// Returns a sink that discards everything, for callers without a log.
    #[must_use]
    pub fn disabled() -> Self {
        Self { queue: None }
    }

    /// Returns a sink, and the other end of its queue.
    pub(crate) fn with_queue(
        capacity: usize,
        level: Level,
    ) -> (Self, Arc<Queue>, Receiver<Command>) {
        let (sender, receiver) = bounded(capacity.max(1));
        let queue = Arc::new(Queue {
            sender,
            level,
            lost: AtomicU64::new(0),
            writer: OnceLock::new(),
            wake_at: capacity / 2 + 1,
        });
        let sink = Self {
            queue: Some(Arc::clone(&queue)),
        };
        (sink, queue, receiver)
    }

    /// Returns whether events of this level are kept, so that others need not be made.
    #[must_use]
    pub fn keeps(&self, level: Level) -> bool {
        self.queue
            .as_ref()
            .is_some_and(|queue| level >= queue.level)
    }

    /// Emits an event. It does not wait: if the queue is full or the log is closed, the event is counted as lost.
    pub fn emit(&self, mut event: Event) {
        let Some(queue) = &self.queue else { return };
        let level = event.level();
        if level < queue.level {
            return;
        }
        event.fill_thread();
        if queue
            .sender
            .try_send(Command::Event(Box::new(event)))
            .is_err()
        {
            queue.add_lost(1);
            return;
        }
        // Waking a thread costs more than everything else here. So the writer checks by itself every few milliseconds, and is only
        // woken for urgent events.
        if level >= Level::Error || queue.sender.len() >= queue.wake_at {
            queue.wake();
        }
    }

    /// Returns whether an event of this level would be kept, for events that are expensive to build.
    #[must_use]
    pub fn is_enabled(&self, level: Level) -> bool {
        self.queue
            .as_ref()
            .is_some_and(|queue| level >= queue.level)
    }

    /// Returns the number of events lost so far.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.queue.as_ref().map_or(0, |queue| queue.lost())
    }
}

impl Queue {
    pub(crate) fn set_writer(&self, thread: Thread) {
        // A queue has one writer, so this is the first and only call.
        let _ = self.writer.set(thread);
    }

    pub(crate) fn wake(&self) {
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(crate) fn add_lost(&self, count: u64) {
        self.lost.fetch_add(count, Ordering::Relaxed);
    }
}

impl fmt::Debug for EventSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSink")
            .field("enabled", &self.queue.is_some())
            .field("lost", &self.lost())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventKind;

    #[test]
    fn a_full_queue_counts_and_does_not_wait() {
        let (sink, _queue, receiver) = EventSink::with_queue(2, Level::Info);
        for _ in 0..5 {
            sink.emit(Event::new(EventKind::Info, ""));
        }
        sink.emit(Event::new(EventKind::Debug, "below the level, so not lost"));
        assert_eq!((sink.lost(), receiver.len()), (3, 2));
        drop(receiver);
        sink.emit(Event::new(EventKind::Info, ""));
        assert_eq!(sink.lost(), 4);
    }

    #[test]
    fn a_disabled_sink_loses_nothing() {
        let sink = EventSink::disabled();
        sink.emit(Event::new(EventKind::JobFailed, ""));
        assert_eq!(sink.lost(), 0);
        assert!(!sink.is_enabled(Level::Error));
    }
}
