//! The only place that writes to standard output and standard error.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use crate::failure::Failure;

/// Writes text to standard output.
///
/// # Errors
/// [`Failure::closed`] when nobody reads any more, as behind `| head`.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    written.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::closed(),
        _ => Failure::failed(format!("cannot write to standard output: {error}")),
    })
}

/// Writes one JSON document to standard output.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(value);
    let json = json.map_err(|error| Failure::failed(format!("cannot write JSON: {error}")))?;
    print(&(json + "\n"))
}

/// Writes one JSON document to standard output, on one line.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_json_line(value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(value);
    let json = json.map_err(|error| Failure::failed(format!("cannot write JSON: {error}")))?;
    print(&(json + "\n"))
}

/// Writes why a command ended to standard error.
pub(crate) fn tell_failure(failure: &Failure) {
    if !failure.message.is_empty() {
        let message = coldpress::report::quantity::plain(&failure.message);
        tell(&format!("error: {message}"));
    }
    if !failure.details.is_empty() {
        tell(failure.details.trim_end_matches('\n'));
    }
}

/// Writes a line to standard error. Where that is closed there is nobody to tell.
pub(crate) fn tell(line: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = writeln!(stderr, "{line}");
}
