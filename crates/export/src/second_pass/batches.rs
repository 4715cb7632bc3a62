//! The rows of units as record batches of the joined schema.

use arrow::record_batch::RecordBatch;
use coldpress_table::{SchemaRef, adapt};

use super::decode::{decode, decoder, decoder_with_rest, misfit};
use super::dictionaries::{Dictionaries, undo_dictionaries};
use super::unit::{Part, Unit};
use crate::error::Result;

/// Passes the rows of a unit to `take`, in record batches of `schema`. If the schema `has_rest`, its last column takes the fields
/// of lines that have no column.
pub(super) fn for_each_batch(
    unit: Unit<'_>,
    (schema, has_rest): (&SchemaRef, bool),
    dictionaries: Dictionaries,
    mut take: impl FnMut(RecordBatch) -> Result<()>,
) -> Result<()> {
    let mut open = None;
    for part in unit.parts {
        match part {
            Part::Table(partition, batch) => {
                let batch = match dictionaries {
                    Dictionaries::Keep => Ok(batch),
                    Dictionaries::Undo => undo_dictionaries(batch),
                };
                let batch = batch
                    .map_err(coldpress_table::Error::from)
                    .and_then(|batch| adapt(&batch, schema));
                take(batch.map_err(|error| misfit(partition, &error))?)?;
            }
            Part::Lines(partition, lines) => {
                let decoder = match &mut open {
                    Some(decoder) => decoder,
                    None if has_rest => open.insert(decoder_with_rest(schema)?),
                    None => open.insert(decoder(schema)?),
                };
                decode(partition, &lines, decoder, &mut take)?;
            }
        }
    }
    Ok(())
}
