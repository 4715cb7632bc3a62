//! Replaying sections, batch by batch.

use std::fmt;

use coldpress_record::{Batch, DeclaredFields};

use super::manifest::SectionManifest;
use super::parts::SectionParts;
use super::reader::DeltaReader;
use crate::{Error, Result};

/// Brings batches of the input to the state that they had after a point.
///
/// It holds one group of parts for each section.
#[derive(Default)]
pub struct DeltaReplay {
    files: Vec<Names>,
    sections: Vec<(usize, SectionParts)>,
}

/// The names of fields and statistics in the parts of a file, by number.
struct Names {
    fields: Vec<String>,
    stats: Vec<String>,
}

/// The columns of a batch for the parts of a file.
struct Columns<'n> {
    fields: Vec<usize>,
    /// None for a statistic that the batch does not have.
    stats: Vec<Option<usize>>,
    /// The first field that the batch does not have. Later fields have no column here.
    missing: Option<&'n str>,
}

impl DeltaReader {
    /// Replays the sections up to the point after `operation` operators.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when no usable section ends there.
    pub fn replayer(&self, operation: u32) -> Result<DeltaReplay> {
        let mut replay = DeltaReplay::default();
        replay.append(self, operation)?;
        Ok(replay)
    }
}

impl DeltaReplay {
    /// Continues with the sections of a file up to the point after `operation` operators.
    pub(super) fn append(&mut self, file: &DeltaReader, operation: u32) -> Result<()> {
        let ends = |section: &SectionManifest| section.manifest.operation == operation;
        let last = file.sections().iter().position(ends).ok_or_else(|| {
            let reason = format!("no good section of it ends after operator {operation}");
            Error::corrupt(file.name(), reason)
        })?;
        self.files.push(Names {
            fields: file.fields().to_vec(),
            stats: file.stats().to_vec(),
        });
        let of_file = self.files.len() - 1;
        let sections = (0..=last).map(|section| (of_file, file.parts(section)));
        self.sections.extend(sections);
        Ok(())
    }

    /// Returns the manifest of the rows at the end of the replay; `None` if that is the input.
    #[must_use]
    pub fn manifest(&self) -> Option<&SectionManifest> {
        self.sections.last().map(|(_, section)| section.manifest())
    }

    /// Brings the next batch through all sections.
    ///
    /// The batch must have just been filled from the input of the first section, with declared fields `fields` and fresh
    /// statistics. It may have additional fields and statistics.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the parts belong to other batches, or name fields or statistics that the batch lacks;
    /// [`Error::Storage`] when they cannot be read. The batch is then unusable.
    pub fn next(&mut self, batch: &mut Batch, fields: &DeclaredFields) -> Result<()> {
        let Self { files, sections } = self;
        let columns: Vec<Columns<'_>> = files
            .iter()
            .map(|names| names.columns(batch, fields))
            .collect();
        for (file, section) in sections {
            replay_part(section, batch, &columns[*file])?;
        }
        Ok(())
    }

    /// Checks, after the last batch, that all parts were used and are those that were written.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when they aren't, [`Error::Storage`] when they cannot be read.
    pub fn finish(mut self) -> Result<()> {
        self.sections
            .iter_mut()
            .try_for_each(|(_, section)| section.finish())
    }
}

fn replay_part(section: &mut SectionParts, batch: &mut Batch, columns: &Columns<'_>) -> Result<()> {
    let part = section.next()?;
    let Some(part) = part else {
        return Err(section.corrupt("it has no part for the batch"));
    };
    let (before, after) = (part.rows_before as usize, part.rows_after as usize);
    let alive = batch.selection().len();
    if alive != before {
        let reason = format!("the batch has {alive} rows there, {before} were recorded");
        return Err(section.corrupt(reason));
    }
    if let Err(error) = batch.replay(part.bytes, &columns.fields, &columns.stats) {
        let reason = match columns.missing {
            None => error.to_string(),
            Some(name) => format!("{error}, or they lack `{name}`"),
        };
        return Err(section.corrupt(reason));
    }
    let alive = batch.selection().len();
    if alive != after {
        let reason = format!("{alive} rows of the batch are left, {after} were recorded");
        return Err(section.corrupt(reason));
    }
    Ok(())
}

impl Names {
    fn columns(&self, batch: &Batch, fields: &DeclaredFields) -> Columns<'_> {
        // Fields after one that the batch lacks would get wrong columns. They mostly belong to later operators, so the replayed
        // sections do not use them.
        let known = self.fields.iter().map_while(|name| fields.column(name));
        let known: Vec<usize> = known.collect();
        // If the batch lacks a statistic, only operators of an earlier recipe asked for it.
        let stats = self.stats.iter().map(|name| batch.stats().column(name));
        Columns {
            missing: self.fields.get(known.len()).map(String::as_str),
            stats: stats.collect(),
            fields: known,
        }
    }
}

impl fmt::Debug for DeltaReplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeltaReplay")
            .field("sections", &self.sections.len())
            .finish_non_exhaustive()
    }
}
