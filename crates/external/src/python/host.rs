//! The process of Python that one or more pieces of code are loaded into.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};

use serde_json::{Value, json};

use super::{Interpreter, LOADING, answer_line, answers, command, described, greet, not_loaded};
use crate::answer::Answer;
use crate::child::Child;
use crate::failure::Failure;
use crate::limits::Limits;

/// A process that is started when it is needed, and again after it died.
#[derive(Debug, Default)]
pub(super) struct Host {
    child: Option<Child>,
    /// Processes that were started so far.
    starts: u64,
    /// Pieces of code that were loaded so far, by which calls name them.
    slots: u64,
    calls: u64,
}

/// A piece of code in a process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    number: u64,
    /// The process that it was loaded into. Later ones do not have it.
    start: u64,
}

/// Calls of one thread can share a process if they use the same interpreter and its processes may use as much.
#[derive(Debug, PartialEq, Eq)]
struct Key(Interpreter, Option<u64>, Option<PathBuf>);

thread_local! {
    static SHARED: RefCell<Vec<(Key, Weak<Mutex<Host>>)>> = const { RefCell::new(Vec::new()) };
}

/// Returns the host that modules of this thread share: what they import is then in memory once, and not for each.
pub(super) fn shared(interpreter: &Interpreter, limits: &Limits) -> Arc<Mutex<Host>> {
    let key = Key(interpreter.clone(), limits.memory, limits.log.clone());
    SHARED.with_borrow_mut(|hosts| {
        hosts.retain(|(_, host)| host.strong_count() > 0);
        let known = hosts.iter().find(|(of, _)| *of == key);
        known
            .and_then(|(_, host)| host.upgrade())
            .unwrap_or_else(|| {
                let host = Arc::default();
                hosts.push((key, Arc::downgrade(&host)));
                host
            })
    })
}

impl Host {
    /// Returns whether this piece of code is in the process that lives now.
    pub(super) fn has(&self, slot: Slot) -> bool {
        self.child.is_some() && slot.start == self.starts
    }

    /// Loads a piece of code, into a new process if there is none.
    pub(super) fn load(
        &mut self,
        interpreter: &Interpreter,
        code: &Value,
        limits: &Limits,
    ) -> Result<Slot, Failure> {
        Failure::insist(|| self.load_once(interpreter, code, limits))
    }

    fn load_once(
        &mut self,
        interpreter: &Interpreter,
        code: &Value,
        limits: &Limits,
    ) -> Result<Slot, Failure> {
        let mut child = match self.child.take() {
            Some(child) => child,
            None => {
                self.starts += 1;
                start(interpreter, code, limits)?
            }
        };
        self.slots += 1;
        let order = json!({"load": code, "slot": self.slots, "memory": limits.memory});
        child.send(format!("{order}\n").into_bytes());
        let answer = answer_line(&mut child, LOADING)?;
        if answer != b"ok" {
            let failure = not_loaded(&child, &answer);
            // Other code goes on in it.
            self.child = Some(child).filter(|_| answer.starts_with(b"!"));
            return Err(failure);
        }
        self.child = Some(child);
        Ok(Slot {
            number: self.slots,
            start: self.starts,
        })
    }

    /// Asks a piece of code about records.
    pub(super) fn ask(
        &mut self,
        slot: Slot,
        lines: &[u8],
        count: usize,
        limits: &Limits,
    ) -> Result<Vec<Answer>, Failure> {
        // A failed child is not put back, because its next answers would be unpredictable.
        let Some(mut child) = self.child.take() else {
            return Err(Failure::Died("it has ended".to_owned()));
        };
        self.calls += 1;
        let (number, slot, length) = (self.calls, slot.number, lines.len());
        let mut call = format!("call {number} {slot} {count} {length}\n").into_bytes();
        call.extend_from_slice(lines);
        child.send(call);
        let answers = answers(&mut child, number, count, limits.timeout);
        if matches!(answers, Ok(_) | Err(Failure::Refused(_))) {
            self.child = Some(child);
        }
        answers
    }
}

fn start(interpreter: &Interpreter, code: &Value, limits: &Limits) -> Result<Child, Failure> {
    let is_module = code.get("module").is_some();
    let waiting = is_module.then(|| described::take(interpreter, limits));
    if let Some(child) = waiting.flatten() {
        return Ok(child);
    }
    let mut child = Child::start(command(interpreter), limits)?;
    greet(&mut child)?;
    Ok(child)
}
