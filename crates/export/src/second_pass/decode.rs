//! Lines as record batches of a schema.

use arrow::record_batch::RecordBatch;
use coldpress_table::{Decoder, SchemaRef};

use crate::error::{Error, Result};
use crate::partition_rows::PartitionRows;

/// Returns a decoder for lines of this schema.
pub(super) fn decoder(schema: &SchemaRef) -> Result<Decoder> {
    Decoder::new(SchemaRef::clone(schema)).map_err(|error| Error::encode(error.to_string()))
}

/// Returns a decoder for lines of this schema, whose last column takes the fields that have no column.
pub(super) fn decoder_with_rest(schema: &SchemaRef) -> Result<Decoder> {
    Decoder::with_rest(SchemaRef::clone(schema)).map_err(|error| Error::encode(error.to_string()))
}

/// Passes the rows of these lines to `take`, in batches as large as the decoder can hold.
pub(super) fn decode(
    partition: &PartitionRows,
    lines: &[u8],
    decoder: &mut Decoder,
    take: &mut impl FnMut(RecordBatch) -> Result<()>,
) -> Result<()> {
    let not_as_noted = |error| not_as_noted(partition, &error);
    let lines = str::from_utf8(lines).map_err(|error| partition.damaged(error.to_string()))?;
    for line in lines.lines() {
        let pushed = match decoder.push(line) {
            Err(coldpress_table::Error::Full { .. }) if decoder.rows() > 0 => {
                take(decoder.finish().map_err(not_as_noted)?)?;
                decoder.push(line)
            }
            pushed => pushed,
        };
        pushed.map_err(not_as_noted)?;
    }
    match decoder.rows() {
        0 => Ok(()),
        _ => take(decoder.finish().map_err(not_as_noted)?),
    }
}

/// Returns the error for a value that does not fit the type of its column. Any other error is damage.
pub(super) fn misfit(partition: &PartitionRows, error: &coldpress_table::Error) -> Error {
    match error {
        coldpress_table::Error::Value {
            field,
            found,
            expected,
        } => Error::Misfit {
            field: field.clone(),
            reason: format!("it holds {found}, which {expected} does not"),
        },
        other => not_as_noted(partition, other),
    }
}

fn not_as_noted(partition: &PartitionRows, error: &coldpress_table::Error) -> Error {
    partition.damaged(format!("its rows are not as noted: {error}"))
}
