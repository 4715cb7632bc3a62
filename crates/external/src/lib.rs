//! Asking other programs about records, whatever those programs do meanwhile.
//!
//! A [`Python`] is an interpreter that has loaded a user's code and is kept alive; a [`Program`] is started for each call. Both
//! receive records as lines of JSON and answer with one line for each. If they print, hang, die or write garbage, the call still
//! ends within its [`Limits`], as a [`Failure`] that says what happened, and the next call has a new process. A [`Pace`] delays
//! calls if a service behind the program allows only so many.
//!
//! This crate does not know operators or records; to it, a record is a line of bytes.

mod answer;
mod child;
mod failure;
mod limits;
mod pace;
mod program;
mod python;
mod said;
mod spawner;

pub use answer::Answer;
pub use failure::Failure;
pub use limits::Limits;
pub use pace::{Pace, Turn};
pub use program::Program;
pub use python::{Code, Interpreter, Mode, Python};
