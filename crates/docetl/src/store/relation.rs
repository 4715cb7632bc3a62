//! Compares the JSON file of a checkpoint with the Parquet file of the same checkpoint.

use coldpress_failure::full_message;

use super::alike::says_as_much;
use super::intermediate::IntermediateStore;
use super::one_by_one::OneByOne;
use super::wanted::Wanted;
use crate::{CheckpointName, Error, Format, RecordReader, Result};

/// The content of a JSON file in relation to a Parquet file.
#[derive(Debug)]
pub(super) enum Relation {
    /// Both have the same records.
    Same,
    /// It also has facts that the Parquet file of another program cannot express.
    SaysMore,
    /// It has other records.
    Different,
    /// It cannot be decoded, for this reason.
    Damaged(String),
}

impl IntermediateStore {
    /// Compares a JSON file with a Parquet file, which is opened again.
    pub(super) fn relation(
        &self,
        name: &CheckpointName,
        json: &mut RecordReader,
        parquet: &RecordReader,
    ) -> Result<Relation> {
        let open = |found| self.open_found(found, name, &Wanted::ALL);
        let compared = first_difference(json, &mut open(parquet.found().clone())?)
            // Damage further on matters more than a record that differs.
            .and_then(|difference| count(json).map(|_| difference));
        match compared {
            Ok(None) => return Ok(Relation::Same),
            Ok(Some(_)) if !parquet.is_foreign() => return Ok(Relation::Different),
            Ok(Some(_)) => {}
            Err(error) if is_damage_of(&error, json) => {
                return Ok(Relation::Damaged(full_message(&error)));
            }
            Err(error) => return Err(error),
        }
        let mut exact = open(json.found().clone())?;
        let mut foreign = open(parquet.found().clone())?;
        Ok(match says_as_much(&mut exact, &mut foreign)? {
            true => Relation::SaysMore,
            false => Relation::Different,
        })
    }
}

/// The comparison of the two files of a checkpoint.
#[derive(Debug, Default)]
pub(super) struct Formats {
    /// A message that names the file without the records of the one that counts.
    pub(super) difference: Option<String>,
    /// True if the records differ, or one file cannot be read.
    pub(super) differ: bool,
    /// True if the JSON file stays when the directory is migrated to Parquet and originals are removed.
    pub(super) keeps_json: bool,
}

impl IntermediateStore {
    /// Compares the file that counts with the one in the other format, if there is one.
    pub(super) fn compare_formats(&self, name: &CheckpointName, counts: &RecordReader) -> Formats {
        let other = match self.reader_of(name, counts.format().other()) {
            Ok(Some(other)) => other,
            Ok(None) => return Formats::default(),
            Err(error) => return Formats::unlike(counts, full_message(&error)),
        };
        let relation = match counts.format() {
            Format::Parquet => {
                let mut other = other;
                self.relation(name, &mut other, counts)
            }
            Format::Json => self
                .open_found(counts.found().clone(), name, &Wanted::ALL)
                .and_then(|mut counts| self.relation(name, &mut counts, &other)),
        };
        match relation {
            Ok(Relation::Same) => Formats::default(),
            Ok(Relation::SaysMore) => Formats {
                keeps_json: counts.format() == Format::Parquet,
                ..Formats::default()
            },
            Ok(Relation::Different) => {
                let other = self.dir().join(name.path(counts.format().other()));
                let reason = format!(
                    "`{}` does not hold the same records as `{}`",
                    other.display(),
                    counts.path().display()
                );
                Formats::unlike(counts, reason)
            }
            Ok(Relation::Damaged(reason)) => Formats::unlike(counts, reason),
            Err(error) => Formats::unlike(counts, full_message(&error)),
        }
    }
}

impl Formats {
    fn unlike(counts: &RecordReader, reason: String) -> Self {
        Self {
            // A reader that fell back to its file has already reported it.
            difference: (!counts.warnings().iter().any(|said| said.contains(&reason)))
                .then(|| format!("{reason}; the {} file counts", counts.format())),
            differ: true,
            // JSON that counts is written again as Parquet.
            keeps_json: counts.format() == Format::Parquet,
        }
    }
}

fn is_damage_of(error: &Error, reader: &RecordReader) -> bool {
    matches!(error, Error::Damaged { path, .. } if path == reader.path())
}

/// Reads all remaining records, and returns their number.
pub(super) fn count(reader: &mut RecordReader) -> Result<u64> {
    let mut records = 0;
    while let Some(batch) = reader.next_batch()? {
        records += batch.len() as u64;
    }
    Ok(records)
}

/// Returns the number of the first record that differs, from 1.
pub(super) fn first_difference(
    one: &mut RecordReader,
    other: &mut RecordReader,
) -> Result<Option<u64>> {
    let mut number = 0;
    let (mut of_one, mut of_other) = (OneByOne::new(one), OneByOne::new(other));
    loop {
        number += 1;
        match (of_one.next()?, of_other.next()?) {
            (None, None) => return Ok(None),
            (one, other) if one == other => {}
            _ => return Ok(Some(number)),
        }
    }
}
