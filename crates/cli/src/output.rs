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

/// Breaks a text into lines of at most 80 characters, the first one after `mark`, the others after so many blanks.
pub(crate) fn wrapped(text: &str, mark: &str, indent: usize) -> String {
    const WIDTH: usize = 80;
    let mut out = mark.to_owned();
    let mut width = mark.chars().count();
    let mut is_first = true;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if !is_first && width + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            width = indent;
        } else if !is_first {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
        is_first = false;
    }
    out + "\n"
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
        let message = coldpress::report::quantity::plain_lines(&failure.message, "  ");
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
