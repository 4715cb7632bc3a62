//! The open connections, and which one is closed when there are too many.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The open connections. There is a thread for each.
#[derive(Debug)]
pub(crate) struct Connections {
    most: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    all: BTreeMap<u64, Held>,
}

#[derive(Debug)]
struct Held {
    stream: Arc<TcpStream>,
    phase: Phase,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Its client has not asked for anything yet.
    Asking,
    /// It gets an answer.
    Answering,
    /// It follows a job, maybe for hours.
    Following,
}

/// A connection, which counts until it is dropped.
#[derive(Debug)]
pub(crate) struct Connection {
    id: u64,
    pub(crate) stream: Arc<TcpStream>,
    connections: Arc<Connections>,
}

impl Connections {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            open: Mutex::default(),
        }
    }

    /// Takes a connection. Where there are too many, the oldest that has not asked for anything is closed; if all have, the
    /// new one is.
    pub(crate) fn admit(self: &Arc<Self>, stream: TcpStream) -> Option<Connection> {
        let stream = Arc::new(stream);
        let mut open = self.open();
        if open.all.len() >= self.most {
            let idle = open
                .all
                .iter()
                .find(|(_, held)| held.phase == Phase::Asking);
            let id = idle.map(|(id, _)| *id)?;
            // Its thread finds the stream closed and ends.
            if let Some(held) = open.all.remove(&id) {
                let _ = held.stream.shutdown(Shutdown::Both);
            }
        }
        let id = open.next;
        open.next += 1;
        let held = Held {
            stream: Arc::clone(&stream),
            phase: Phase::Asking,
        };
        open.all.insert(id, held);
        Some(Connection {
            id,
            stream,
            connections: Arc::clone(self),
        })
    }

    pub(crate) fn close_all(&self) {
        for held in self.open().all.values() {
            let _ = held.stream.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open().all.is_empty()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Notes that the client has asked, so that it is not closed for others.
    pub(crate) fn is_asked(&self) {
        self.set(Phase::Answering);
    }

    /// Notes that the client follows a job, unless too many do: the others must still be answered.
    pub(crate) fn may_follow(&self) -> bool {
        let mut open = self.connections.open();
        let following = open
            .all
            .values()
            .filter(|held| held.phase == Phase::Following);
        let may = following.count() < self.connections.most * 3 / 4;
        if let Some(held) = open.all.get_mut(&self.id).filter(|_| may) {
            held.phase = Phase::Following;
        }
        may
    }

    fn set(&self, phase: Phase) {
        if let Some(held) = self.connections.open().all.get_mut(&self.id) {
            held.phase = phase;
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.open().all.remove(&self.id);
    }
}
