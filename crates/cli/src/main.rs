//! The program `coldpress`: one file per command in `command/`; what it does is in the library.

mod arguments;
mod command;
mod failure;
mod jobs;
mod output;
mod progress;
mod recipe;
mod signals;
mod snippet;

use std::process::ExitCode;

fn main() -> ExitCode {
    keep_operator_panics_quiet();
    if let Some(code) = coldpress::worker::serve_if_asked(&coldpress::ops::builtin()) {
        return code;
    }
    signals::survive_file_limit();
    signals::explain_memory_limit();
    match command::run(std::env::args_os()) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            output::tell_failure(&failure);
            ExitCode::from(failure.code)
        }
    }
}

/// A panic of an operator becomes a quarantined record, which the report tells; it is no news for the terminal.
fn keep_operator_panics_quiet() {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let thread = std::thread::current();
        if !thread
            .name()
            .is_some_and(|name| name.starts_with("coldpress-worker-"))
        {
            loud(panic);
        }
    }));
}
