//! Other programs are asked about records, and may do whatever they like meanwhile.
//!
//! A [`Python`] is an interpreter that has loaded a user's code and is kept alive; a [`Program`] is started for each call.
//! Both are given records as lines of JSON and answer one line for each. Whether they print, hang, die or write rubbish,
//! the call ends within its [`Limits`], as a [`Failure`] that says what happened, and the next call has a new process.
//! A [`Pace`] holds calls back where a service behind the program allows only so many.
//!
//! It knows no operator and no record: a record is a line of bytes.

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
