//! A Python interpreter that has loaded a user's code, and is asked about records.

mod described;
mod host;
mod interpreter;

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::answer::{Answer, excerpt};
use crate::child::Child;
use crate::failure::Failure;
use crate::limits::Limits;

use host::{Host, Slot};
pub use interpreter::Interpreter;

/// The Python side. It only needs Python's standard library.
const CHILD: &str = include_str!("python/child.py");

/// The version of the protocol between both sides. The Python side has the same number.
const PROTOCOL: u32 = 2;

/// The time limit for loading the user's code, which may load models.
const LOADING: Duration = Duration::from_secs(600);

/// The time limit for starting Python.
const STARTING: Duration = Duration::from_secs(60);

/// The user's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// A lambda expression.
    Lambda(String),
    /// Functions in a file. The first one that the file has is used.
    File {
        /// The file.
        path: PathBuf,
        /// The names of the functions, with how each is called.
        functions: Vec<(String, Mode)>,
    },
    /// A module that comes with the program. Its function `load(argument)` returns the function to call and the name of the mode
    /// in which it is called; `describe(argument)` returns what [`Python::describe`] gives.
    Module {
        /// The module's name.
        name: &'static str,
        /// Its source.
        source: &'static str,
        /// What both functions are given.
        argument: Value,
    },
}

/// The way a function is called, and its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One record, a `dict`; returns a `dict`.
    Record,
    /// One record; returns a `dict`, or nothing after changing the record that it received.
    RecordInPlace,
    /// Many records as a `dict` of lists; returns the same.
    Columns,
    /// Many records as a list of `dict`s; returns the same.
    Records,
    /// One record; returns whether it is kept.
    Keep,
    /// Many records as a list; returns a list of whether each is kept.
    KeepRecords,
    /// One record as a `dict` of lists of length 1; returns a `dict` of lists of any length.
    Split,
    /// Many records as a `dict` of lists; returns a list of whether each stays, and a list of the statistics of each.
    Judge,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::RecordInPlace => "record_in_place",
            Self::Columns => "columns",
            Self::Records => "records",
            Self::Keep => "keep",
            Self::KeepRecords => "keep_records",
            Self::Split => "split",
            Self::Judge => "judge",
        }
    }
}

impl Code {
    fn to_json(&self, mode: Mode) -> Value {
        match self {
            Self::Lambda(source) => json!({"lambda": source, "mode": mode.name()}),
            Self::File { path, functions } => {
                let functions: Vec<_> = functions
                    .iter()
                    .map(|(name, mode)| (name, mode.name()))
                    .collect();
                json!({"file": path.to_string_lossy(), "functions": functions})
            }
            Self::Module {
                name,
                source,
                argument,
            } => json!({"module": name, "source": source, "argument": argument}),
        }
    }
}

/// The user's code in a process of Python, which is restarted after it died.
#[derive(Debug)]
pub struct Python {
    interpreter: Interpreter,
    code: Value,
    limits: Limits,
    host: Arc<Mutex<Host>>,
    slot: Slot,
}

impl Python {
    /// Starts Python and loads the code. `mode` says how a lambda is called. Modules that are started by one thread share a process,
    /// if their interpreter, their log and their limit of memory are the same.
    ///
    /// # Errors
    /// [`Failure::NotStarted`].
    pub fn start(
        interpreter: Interpreter,
        code: &Code,
        mode: Mode,
        limits: Limits,
    ) -> Result<Self, Failure> {
        let host = match code {
            Code::Module { .. } => host::shared(&interpreter, &limits),
            Code::Lambda(_) | Code::File { .. } => Arc::default(),
        };
        let code = code.to_json(mode);
        let slot = locked(&host).load(&interpreter, &code, &limits)?;
        Ok(Self {
            interpreter,
            code,
            limits,
            host,
            slot,
        })
    }

    /// Returns what a [`Code::Module`] says of itself. It is asked once per process. The Python process that answers is kept for
    /// the first module that is loaded.
    ///
    /// # Errors
    /// [`Failure::NotStarted`].
    pub fn describe(interpreter: &Interpreter, code: &Code) -> Result<Value, Failure> {
        described::describe(interpreter, &code.to_json(Mode::Record))
    }

    /// Asks about records: lines of JSON, each with its end. Returns one answer for each.
    ///
    /// A single record whose process dies is tried once more, because something else may have killed the process.
    ///
    /// # Errors
    /// [`Failure`] when not all of them are answered.
    pub fn ask(&mut self, lines: &[u8], count: usize) -> Result<Vec<Answer>, Failure> {
        match self.ask_once(lines, count) {
            Err(Failure::Died(_) | Failure::Killed(_)) if count == 1 => self.ask_once(lines, count),
            answered => answered,
        }
    }

    fn ask_once(&mut self, lines: &[u8], count: usize) -> Result<Vec<Answer>, Failure> {
        let mut host = locked(&self.host);
        if !host.has(self.slot) {
            self.slot = host.load(&self.interpreter, &self.code, &self.limits)?;
        }
        host.ask(self.slot, lines, count, &self.limits)
    }
}

/// A panic leaves no half of a call behind: whoever asks takes the child out first.
fn locked(host: &Mutex<Host>) -> MutexGuard<'_, Host> {
    host.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Checks, without running it, that the code can be what it must be.
pub(crate) fn check(interpreter: &Interpreter, code: &Code, mode: Mode) -> Result<(), Failure> {
    let limits = Limits {
        timeout: STARTING,
        memory: None,
        log: None,
    };
    Failure::insist(|| {
        let mut child = Child::start(command(interpreter), &limits)?;
        greet(&mut child)?;
        let order = json!({"check": code.to_json(mode)});
        child.send(format!("{order}\n").into_bytes());
        match answer_line(&mut child, STARTING)?.as_slice() {
            b"ok" => Ok(()),
            line => Err(not_loaded(&child, line)),
        }
    })
}

fn command(interpreter: &Interpreter) -> Command {
    let mut command = Command::new(interpreter.path());
    command.args(["-X", "utf8", "-c", CHILD]);
    command.arg(std::process::id().to_string());
    command
}

/// Reads the first message of the child.
fn greet(child: &mut Child) -> Result<(), Failure> {
    let hello = answer_line(child, STARTING)?;
    let expected = format!("coldpress {PROTOCOL}");
    match hello == expected.as_bytes() {
        true => Ok(()),
        false => Err(Failure::NotStarted(child.describe(format!(
            "it is not a usable Python: it begins with `{}`",
            excerpt(&hello)
        )))),
    }
}

fn answer_line(child: &mut Child, patience: Duration) -> Result<Vec<u8>, Failure> {
    let line = child.line(patience).map(|line| line.map(<[u8]>::to_vec));
    let failure = match line {
        Ok(Some(line)) => return Ok(line),
        Ok(None) => child.death(),
        Err(failure) => failure,
    };
    Err(match failure {
        Failure::Killed(message) => Failure::Killed(message),
        failure => Failure::NotStarted(failure.to_string()),
    })
}

fn not_loaded(child: &Child, line: &[u8]) -> Failure {
    Failure::NotStarted(match Answer::parse(line) {
        Some(Answer::Failed(message)) => message,
        _ => child.describe(format!("it answered with rubbish, `{}`", excerpt(line))),
    })
}

/// Reads the answers to a call.
fn answers(
    child: &mut Child,
    call: u64,
    count: usize,
    patience: Duration,
) -> Result<Vec<Answer>, Failure> {
    let end = format!(".{call}").into_bytes();
    let mut answers = Vec::with_capacity(count);
    loop {
        let Some(line) = child.line(patience)? else {
            return Err(child.death());
        };
        if line == end && answers.len() == count {
            return Ok(answers);
        }
        let answer = Answer::parse(line).filter(|_| answers.len() < count);
        match (answer, line.strip_prefix(b"x")) {
            (Some(answer), _) => answers.push(answer),
            (None, Some(refusal)) => {
                let refusal = serde_json::from_slice(refusal);
                return Err(refusal.map_or_else(
                    |_| Failure::Died("it answered with rubbish".into()),
                    Failure::Refused,
                ));
            }
            (None, None) => {
                let message = format!("it answered with rubbish, `{}`", excerpt(line));
                return Err(Failure::Died(child.describe(message)));
            }
        }
    }
}
