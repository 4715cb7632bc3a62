//! What the JSON file of a checkpoint says beside the Parquet file of the same checkpoint.

use super::alike::says_as_much;
use super::intermediate::{IntermediateStore, chain};
use super::one_by_one::OneByOne;
use super::wanted::Wanted;
use crate::{CheckpointName, Error, RecordReader, Result};

/// What a JSON file says beside a Parquet file.
#[derive(Debug)]
pub(super) enum Relation {
    /// Both hold the same records.
    Same,
    /// It also says what the Parquet file of another program cannot say.
    SaysMore,
    /// It holds other records.
    Different,
    /// It cannot be decoded, for this reason.
    Damaged(String),
}

impl IntermediateStore {
    /// Compares a JSON file with a Parquet file, which is opened anew.
    pub(super) fn relation(
        &self,
        name: &CheckpointName,
        json: &mut RecordReader,
        parquet: &RecordReader,
    ) -> Result<Relation> {
        let open = |found| self.open_found(found, name, &Wanted::ALL);
        let compared = first_difference(json, &mut open(parquet.found().clone())?)
            // Whether all of it can be read counts more than a record that differs.
            .and_then(|difference| count(json).map(|_| difference));
        match compared {
            Ok(None) => return Ok(Relation::Same),
            Ok(Some(_)) if !parquet.is_foreign() => return Ok(Relation::Different),
            Ok(Some(_)) => {}
            Err(error) if is_damage_of(&error, json) => {
                return Ok(Relation::Damaged(chain(&error)));
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

fn is_damage_of(error: &Error, reader: &RecordReader) -> bool {
    matches!(error, Error::Damaged { path, .. } if path == reader.path())
}

/// Reads all records that are left, and returns how many there were.
pub(super) fn count(reader: &mut RecordReader) -> Result<u64> {
    let mut records = 0;
    while let Some(batch) = reader.next_batch()? {
        records += batch.len() as u64;
    }
    Ok(records)
}

/// Returns the number of the first record that is not the same in both, from 1.
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
