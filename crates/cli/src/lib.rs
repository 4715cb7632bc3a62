//! The program `coldpress`: one file per command in `command/`; what it does is in the library.
//!
//! A program that keeps the files of its jobs in stores of its own calls [`main`] with them, and is then the same program
//! that can open those stores too.

mod arguments;
mod assets;
mod command;
mod examples;
mod failure;
mod jobs;
mod last_page;
mod output;
mod progress;
mod recipe;
mod signals;
mod snippet;
mod storage_options;
mod terminal;

use std::process::ExitCode;
use std::sync::Arc;

use coldpress::storage::{StoreSchemes, WaitListener};

/// Does what the words of the command line say. `schemes` are the kinds of stores that it can open besides folders.
#[must_use]
pub fn main(schemes: &StoreSchemes) -> ExitCode {
    keep_caught_panics_quiet();
    if let Some(code) = coldpress::worker::serve_if_asked(&coldpress::ops::builtin(), schemes) {
        return code;
    }
    signals::survive_file_limit();
    signals::explain_memory_limit();
    let told: Arc<WaitListener> = Arc::new(|news| {
        let mark = match news.is_silence() {
            true => "warning",
            false => "note",
        };
        let news = coldpress::report::quantity::plain(&news.to_string());
        output::tell(&format!("{mark}: {news}"));
    });
    schemes.waits().listen(&told);
    match command::run(std::env::args_os(), schemes) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            output::tell_failure(&failure);
            ExitCode::from(failure.code)
        }
    }
}

/// A panic of an operator becomes a quarantined record, which the report tells, and one of a request becomes an error; they
/// are no news for the terminal.
fn keep_caught_panics_quiet() {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let thread = std::thread::current();
        let is_caught = |name: &str| {
            name.starts_with("coldpress-worker-") || name.starts_with("coldpress-remote")
        };
        if !thread.name().is_some_and(is_caught) {
            loud(panic);
        }
    }));
}
