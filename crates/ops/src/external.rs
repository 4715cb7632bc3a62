//! Operators whose work other programs do: what they have in common.

mod apply;
mod asking;
mod limits;
mod source;

pub(crate) use apply::{apply, replace};
pub(crate) use asking::{Asked, Asker};
pub(crate) use limits::Limited;
pub(crate) use source::{in_python, of_file};

use coldpress_operator::Record;

/// The lines of these records, each with its end.
pub(crate) fn lines(records: &[Record<'_>]) -> Vec<u8> {
    let mut lines = Vec::new();
    for record in records {
        lines.extend_from_slice(line(record).as_bytes());
        lines.push(b'\n');
    }
    lines
}

/// A record as one line. Between the values of JSON, an end of line is as good as a space, and there is none within them.
pub(crate) fn line(record: &Record<'_>) -> String {
    let line = record.whole();
    match line.contains(['\n', '\r']) {
        true => line.replace(['\n', '\r'], " "),
        false => line,
    }
}
