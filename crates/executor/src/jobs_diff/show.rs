//! Reading the records that differ, to show some and to write those that only one of the jobs has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use coldpress_barrier::ArrangedRecords;

use super::canonical::canonical;
use super::compare::{Outcome, Rows};
use super::entries::unsortable;
use super::rows::JobRows;
use super::{ChangedRecord, DiffOptions, DiffRecord, JobsDiff};
use crate::error::{Error, ErrorKind, Result};
use crate::follow::{changes, cut};

/// Characters of a record that are shown.
const RECORD_CHARS: usize = 2_000;

/// The names of the files that records are written to.
const FILES: [&str; 2] = ["lost.jsonl", "gained.jsonl"];

/// Reads the records that are to be shown or written, in one pass over each job.
pub(super) fn show(
    jobs: &[JobRows; 2],
    outcome: Outcome<'_>,
    options: &DiffOptions<'_>,
    diff: &mut JobsDiff,
) -> Result<()> {
    let changed = &outcome.changed_rows;
    let [lost_file, gained_file] = match options.output {
        Some(folder) => {
            fs::create_dir_all(folder).map_err(unwritable(folder))?;
            FILES.map(|name| Some(folder.join(name)))
        }
        None => [None, None],
    };
    let wanted: BTreeSet<u64> = changed.keys().copied().collect();
    let (lost, before) = read(&jobs[0], outcome.lost_rows, &wanted, lost_file.as_deref())?;
    let wanted: BTreeSet<u64> = changed.values().copied().collect();
    let (gained, after) = read(
        &jobs[1],
        outcome.gained_rows,
        &wanted,
        gained_file.as_deref(),
    )?;
    diff.lost_samples = lost;
    diff.gained_samples = gained;
    let pairs = changed.iter().filter_map(|(one, other)| {
        let (before, after) = (before.get(one)?, after.get(other)?);
        Some(ChangedRecord {
            rows: [one + 1, other + 1],
            record: cut(before, RECORD_CHARS),
            // What is only spelled differently did not change.
            fields: changes(&canonical(before), &canonical(after)),
        })
    });
    diff.changed_samples = pairs.collect();
    Ok(())
}

fn unwritable(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let path = path.display().to_string();
    move |error| Error::because(ErrorKind::Failed, format!("cannot write `{path}`"), error)
}

type Samples = (Vec<DiffRecord>, BTreeMap<u64, String>);

/// Goes through the rows of a job: returns samples of those that only it has, and the records in the `wanted` rows.
fn read(
    job: &JobRows,
    rows: Rows<'_>,
    wanted: &BTreeSet<u64>,
    file: Option<&Path>,
) -> Result<Samples> {
    let Rows { first, all } = rows;
    let mut writing = match (all, file) {
        (Some(rows), Some(path)) => Some(Writing::begin(rows, path)?),
        _ => None,
    };
    let (mut samples, mut found) = (Vec::new(), BTreeMap::new());
    if writing.is_none() && first.is_empty() && wanted.is_empty() {
        return Ok((samples, found));
    }
    job.each(|row, _, record| {
        if first.contains(&row) {
            samples.push(DiffRecord {
                row: row + 1,
                record: cut(record, RECORD_CHARS),
            });
        }
        if wanted.contains(&row) {
            found.insert(row, record.to_owned());
        }
        writing
            .as_mut()
            .map_or(Ok(()), |writing| writing.take(row, record))
    })?;
    writing.map_or(Ok(()), Writing::finish)?;
    Ok((samples, found))
}

/// Writes the records in these rows to a file, a line each.
struct Writing<'r> {
    rows: ArrangedRecords<'r>,
    next: Option<u64>,
    file: BufWriter<File>,
    path: std::path::PathBuf,
}

impl<'r> Writing<'r> {
    fn begin(rows: ArrangedRecords<'r>, path: &Path) -> Result<Self> {
        let file = File::create_new(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                let message = format!("`{}` is there already; name another folder", path.display());
                Error::new(ErrorKind::Refused, message)
            }
            _ => unwritable(path)(error),
        })?;
        let mut writing = Self {
            rows,
            next: None,
            file: BufWriter::new(file),
            path: path.to_owned(),
        };
        writing.advance()?;
        Ok(writing)
    }

    fn advance(&mut self) -> Result<()> {
        let next = self.rows.next_record().map_err(unsortable)?;
        self.next = next.map(|arranged| arranged.position);
        Ok(())
    }

    fn take(&mut self, row: u64, record: &str) -> Result<()> {
        if self.next != Some(row) {
            return Ok(());
        }
        let written = writeln!(self.file, "{record}");
        written.map_err(unwritable(&self.path))?;
        self.advance()
    }

    fn finish(mut self) -> Result<()> {
        self.file.flush().map_err(unwritable(&self.path))
    }
}
