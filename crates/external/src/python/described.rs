//! Modules that describe themselves before they are loaded.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Interpreter, LOADING, answer_line, command, greet, not_loaded};
use crate::child::Child;
use crate::failure::Failure;
use crate::limits::Limits;

/// Limits of the process that describes. What it prints is in the messages of its failures alone.
const LIMITS: Limits = Limits {
    timeout: Duration::from_secs(600),
    memory: None,
    log: None,
};

/// What modules have said of themselves in this process.
#[derive(Default)]
struct Described {
    /// By interpreter, and by module with its argument.
    values: HashMap<(Interpreter, String), Result<Value, Failure>>,
    /// A process that has described something. Importing what a module needs may take seconds, so one is kept: it describes
    /// more, until it is taken by the first that loads something.
    waiting: Option<(Interpreter, Child)>,
}

fn described() -> MutexGuard<'static, Option<Described>> {
    static DESCRIBED: Mutex<Option<Described>> = Mutex::new(None);
    DESCRIBED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns what a module says of itself. It is asked once per process.
pub(super) fn describe(interpreter: &Interpreter, code: &Value) -> Result<Value, Failure> {
    let mut described = described();
    let described = described.get_or_insert_default();
    let key = (interpreter.clone(), code.to_string());
    if let Some(value) = described.values.get(&key) {
        return value.clone();
    }
    let value = Failure::insist(|| described.ask(interpreter, code));
    described.values.insert(key, value.clone());
    value
}

/// Takes the process that has described modules, if it waits, for one that may use as much as it does.
pub(super) fn take(interpreter: &Interpreter, limits: &Limits) -> Option<Child> {
    let mut described = described();
    let described = described.as_mut().filter(|_| limits.log.is_none())?;
    let (_, child) = described.waiting.take_if(|(of, _)| of == interpreter)?;
    Some(child)
}

impl Described {
    fn ask(&mut self, interpreter: &Interpreter, code: &Value) -> Result<Value, Failure> {
        let mut child = match self.waiting.take() {
            Some((of, child)) if of == *interpreter => child,
            _ => {
                let mut child = Child::start(command(interpreter), &LIMITS)?;
                greet(&mut child)?;
                child
            }
        };
        let order = json!({"describe": code});
        child.send(format!("{order}\n").into_bytes());
        let line = answer_line(&mut child, LOADING)?;
        let value = line.strip_prefix(b"ok ");
        let Some(value) = value.and_then(|value| serde_json::from_slice(value).ok()) else {
            return Err(not_loaded(&child, &line));
        };
        self.waiting = Some((interpreter.clone(), child));
        Ok(value)
    }
}
