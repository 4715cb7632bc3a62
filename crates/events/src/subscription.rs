//! Listens to events while they happen.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::Event;

/// The number of events that may wait for one listener.
const WAITING_EVENTS: usize = 65_536;

/// The events of a log as they happen, starting with [`subscribe`](crate::EventLog::subscribe).
///
/// Iteration waits for the next event, and only ends when the log is closed. A listener that falls more than 65,536 events behind
/// misses the events that come then; see [`lost`](Self::lost).
#[derive(Debug)]
pub struct Subscription {
    receiver: Receiver<Arc<Event>>,
    lost: Arc<AtomicU64>,
    closed: Arc<AtomicBool>,
}

impl Subscription {
    /// Returns the number of events that this listener missed because it was too slow.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Returns the next event, if there is one within this time. `None` may also mean that the log is closed;
    /// [`is_ended`](Self::is_ended) distinguishes the two.
    #[must_use]
    pub fn next_within(&self, patience: Duration) -> Option<Arc<Event>> {
        self.receiver.recv_timeout(patience).ok()
    }

    /// Returns whether the log is closed and all its events have been taken.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        // The flag is set after the last event. So once it is seen, an empty queue stays empty.
        self.closed.load(Ordering::Acquire) && self.receiver.is_empty()
    }
}

impl Iterator for Subscription {
    type Item = Arc<Event>;

    fn next(&mut self) -> Option<Arc<Event>> {
        self.receiver.recv().ok()
    }
}

/// All listeners of a log.
#[derive(Default)]
pub(crate) struct Listeners {
    count: AtomicUsize,
    closed: Arc<AtomicBool>,
    listeners: Mutex<Vec<Listener>>,
}

struct Listener {
    sender: Sender<Arc<Event>>,
    lost: Arc<AtomicU64>,
}

impl Listeners {
    pub(crate) fn subscribe(&self) -> Subscription {
        let (sender, receiver) = bounded(WAITING_EVENTS);
        let lost = Arc::new(AtomicU64::new(0));
        let closed = Arc::clone(&self.closed);
        let mut listeners = self.lock();
        if !closed.load(Ordering::Acquire) {
            listeners.push(Listener {
                sender,
                lost: Arc::clone(&lost),
            });
            self.count.store(listeners.len(), Ordering::Release);
        }
        Subscription {
            receiver,
            lost,
            closed,
        }
    }

    pub(crate) fn tell(&self, event: &Event) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let event = Arc::new(event.clone());
        let mut listeners = self.lock();
        listeners.retain(
            |listener| match listener.sender.try_send(Arc::clone(&event)) {
                Ok(()) => true,
                Err(TrySendError::Full(_)) => {
                    listener.lost.fetch_add(1, Ordering::Relaxed);
                    true
                }
                Err(TrySendError::Disconnected(_)) => false,
            },
        );
        self.count.store(listeners.len(), Ordering::Release);
    }

    /// Ends all iterations once their listeners have taken the waiting events.
    pub(crate) fn close(&self) {
        let mut listeners = self.lock();
        self.closed.store(true, Ordering::Release);
        listeners.clear();
        self.count.store(0, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Listener>> {
        // The list is valid between any two statements, so a panic elsewhere cannot have left it half changed.
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
