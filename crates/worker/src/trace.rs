//! The files of traces: samples of what operators changed and dropped, as one attempt or one barrier has found them.
//!
//! After a line that says the version there is a line for each record: the operator's place, the record's rank in
//! hexadecimal, where it came from as JSON, what else there is to say as members of a JSON object, and what is shown of it,
//! a JSON object. They are parted by tabs, which none of these has but the last.

use std::io::{BufRead, BufReader, Read as _};
use std::thread::JoinHandle;

use coldpress_checkpoint::TracedFile;
use coldpress_failure::ErrorClass;
use coldpress_operator::{Sample, Shown, Traced, Tracer};
use coldpress_record::Origin;
use coldpress_storage::{FileStamp, ObjectRef, Place, StoredObject, spawn};

use crate::attempt::Assignment;
use crate::error::AttemptError;

/// The first line of a file of traces.
const VERSION: &str = "coldpress-trace 1\n";

/// A record of a trace, as it is in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceLine {
    /// The operator's place in the recipe.
    pub operation: u32,
    /// The rank of the record: those with the least ranks are in the sample.
    pub rank: u64,
    /// The origin of the record; of a pair of duplicates, both.
    pub origins: Vec<Origin>,
    /// Further notes, as members of a JSON object.
    pub notes: String,
    /// The excerpt, as a JSON object.
    pub shown: String,
}

impl TraceLine {
    /// Returns the excerpt of a record, or of a pair.
    #[must_use]
    pub fn new(operation: u32, rank: u64, origins: Vec<Origin>, shown: &Shown) -> Self {
        let (mut notes, mut json) = (Vec::new(), Vec::new());
        shown.write_notes(&mut notes);
        shown.write(&mut json);
        Self {
            operation,
            rank,
            origins,
            notes: String::from_utf8_lossy(&notes).into_owned(),
            shown: String::from_utf8_lossy(&json).into_owned(),
        }
    }

    /// Appends the line.
    pub fn write(&self, out: &mut Vec<u8>) {
        let origins = serde_json::to_string(&self.origins).unwrap_or_default();
        let Self {
            operation,
            rank,
            notes,
            shown,
            ..
        } = self;
        out.extend(format!("{operation}\t{rank:016x}\t{origins}\t{notes}\t").bytes());
        out.extend(shown.bytes());
        out.push(b'\n');
    }

    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.splitn(5, '\t');
        let (operation, rank) = (parts.next()?, parts.next()?);
        let (origins, notes, shown) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            operation: operation.parse().ok()?,
            rank: u64::from_str_radix(rank, 16).ok()?,
            origins: serde_json::from_str(origins).ok()?,
            notes: notes.to_owned(),
            shown: shown.to_owned(),
        })
    }
}

/// The bytes of a file with these lines.
#[must_use]
pub fn trace_bytes<'l>(lines: impl IntoIterator<Item = &'l TraceLine>) -> Vec<u8> {
    let mut bytes = VERSION.as_bytes().to_vec();
    lines.into_iter().for_each(|line| line.write(&mut bytes));
    bytes
}

/// The reason why a file of traces cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// It is not what was published.
    #[error("the trace `{0}` is damaged")]
    Damaged(String),
    /// It is in a form of a newer release.
    #[error("the trace `{0}` is of a newer release of Coldpress; use that one")]
    Newer(String),
    /// The store does not give it.
    #[error(transparent)]
    Store(#[from] coldpress_storage::Error),
}

/// Reads a file of traces, proven to be the one that is cited; `each` gets the lines whose operators are among these.
///
/// # Errors
/// [`TraceError`].
pub fn read_trace(
    object: &StoredObject,
    operations: std::ops::Range<u32>,
    mut each: impl FnMut(TraceLine),
) -> Result<(), TraceError> {
    object.verify()?;
    let damaged = || TraceError::Damaged(object.to_string());
    let mut lines = BufReader::new(object.read()?.take(object.stamp().length));
    let mut line = String::new();
    lines.read_line(&mut line).map_err(|_| damaged())?;
    if line != VERSION {
        return Err(match line.starts_with("coldpress-trace ") {
            true => TraceError::Newer(object.to_string()),
            false => damaged(),
        });
    }
    loop {
        line.clear();
        lines.read_line(&mut line).map_err(|_| damaged())?;
        if line.is_empty() {
            return Ok(());
        }
        let parsed = line.strip_suffix('\n').and_then(TraceLine::parse);
        let parsed = parsed.ok_or_else(damaged)?;
        if operations.contains(&parsed.operation) {
            each(parsed);
        }
    }
}

/// The lines of the samples of a chain.
fn lines_of(tracer: Tracer) -> Vec<TraceLine> {
    let samples = (0..).zip(tracer.into_samples());
    let of_sample = |(operation, sample): (u32, Sample)| {
        sample.into_traced().map(move |traced| {
            let Traced {
                rank,
                origin,
                shown,
            } = traced;
            TraceLine::new(operation, rank, vec![origin], &shown)
        })
    };
    samples.flat_map(of_sample).collect()
}

/// The traces of an attempt, on their way to the disk. A thread of its own makes them durable while the attempt syncs its rows:
/// syncs that wait for the device together take no longer than one.
pub(crate) struct Writing {
    file: TracedFile,
    written: Option<JoinHandle<coldpress_storage::Result<FileStamp>>>,
}

impl Writing {
    /// Begins to write; none where nothing was traced. It counts for the operators from `begin` on.
    pub(crate) fn begin(
        work: Assignment<'_>,
        tracer: Tracer,
        begin: u32,
    ) -> Result<Option<Self>, AttemptError> {
        let lines = lines_of(tracer);
        if lines.is_empty() {
            return Ok(None);
        }
        let bytes = trace_bytes(&lines);
        let name = work.attempt.name().suffix(".trace").object()?;
        let file = TracedFile {
            begin,
            end: work.attempt.chain.end(),
            file: ObjectRef::new(Place::Results, name.clone(), FileStamp::of(&bytes)),
        };
        let stores = work.stores.clone();
        let written = spawn("coldpress-trace", move || {
            let mut file = stores.put_new(Place::Results, &name)?;
            file.put(&bytes)?;
            file.finish()
        });
        Ok(Some(Self {
            file,
            written: Some(written?),
        }))
    }

    /// The file, as it counts for work up to so many operators.
    pub(crate) fn file_until(&self, operations: u32) -> TracedFile {
        TracedFile {
            end: operations,
            ..self.file.clone()
        }
    }

    /// Waits until the file is durable. Before that nothing that cites it may count.
    pub(crate) fn finish(mut self) -> Result<(), AttemptError> {
        let written = self.written.take().map(JoinHandle::join);
        match written {
            Some(Ok(stamp)) => stamp.map(|_| ()).map_err(AttemptError::from),
            _ => Err(AttemptError::new(
                ErrorClass::System,
                "the thread that writes traces panicked",
            )),
        }
    }
}

impl Drop for Writing {
    /// An attempt that failed leaves no thread behind that writes files.
    fn drop(&mut self) {
        if let Some(written) = self.written.take() {
            // The outcome does not matter: the attempt has failed.
            let _ = written.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_were_written() {
        let line = TraceLine {
            operation: 3,
            rank: u64::MAX,
            origins: vec![Origin::new(1, 2).child(7), Origin::new(0, u64::MAX)],
            notes: r#""cut": {"a\tb": 1}"#.to_owned(),
            // A record may have blanks that are tabs.
            shown: "{\"a\":\t1}".to_owned(),
        };
        let mut bytes = Vec::new();
        line.write(&mut bytes);
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(TraceLine::parse(text.trim_end_matches('\n')), Some(line));
        for bad in ["", "3", "3\tx\t[]\t\t{}", "3\t0\t\t\t{}", "x\t0\t[]\t\t{}"] {
            assert_eq!(TraceLine::parse(bad), None, "{bad}");
        }
    }
}
