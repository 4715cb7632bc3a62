//! The parts that operators share whose work another program does.

mod apply;
mod asking;
mod limits;
mod package;
mod source;

pub(crate) use apply::{apply, replace};
pub(crate) use asking::{Asked, Asker, Reply};
pub(crate) use limits::Limited;
pub(crate) use package::Package;
pub(crate) use source::{in_python, of_file};

use coldpress_operator::Record;

/// Returns these records as lines, each with its line end.
pub(crate) fn lines(records: &[Record<'_>]) -> Vec<u8> {
    let mut lines = Vec::new();
    for record in records {
        lines.extend_from_slice(line(record).as_bytes());
        lines.push(b'\n');
    }
    lines
}

/// Returns a record as one line. A line end between JSON values is replaced by a space, which means the same; there are none within
/// values.
pub(crate) fn line(record: &Record<'_>) -> String {
    let line = record.whole();
    match line.contains(['\n', '\r']) {
        true => line.replace(['\n', '\r'], " "),
        false => line,
    }
}
