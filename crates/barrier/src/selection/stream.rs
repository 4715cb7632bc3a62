//! Turns signatures into values, and sorted streams into ordinals.

use coldpress_operator::value::Kind;

use crate::error::{Error, Result};
use crate::order::{Ordinals, OrdinalsWriter};
use crate::read::ReadAt;
use crate::room::Room;
use crate::signature::SignatureReader;

/// Returns the first ordinals of a stream, up to a given number.
pub(crate) fn first(
    count: u64,
    room: &Room<'_>,
    mut next: impl FnMut() -> Result<Option<u64>>,
) -> Result<Ordinals> {
    let mut ordinals = OrdinalsWriter::new(room)?;
    for _ in 0..count {
        match next()? {
            Some(ordinal) => ordinals.push(ordinal)?,
            None => break,
        }
    }
    ordinals.finish()
}

/// Calls `each` with the ordinal of every record that has a signature, and its field.
pub(crate) fn each_value<F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    mut each: impl FnMut(u64, &[u8]) -> Result<()>,
) -> Result<()> {
    let mut first = 0;
    for partition in partitions {
        let mut unsigned = partition.unsigned().iter().peekable();
        partition.values(|row, json| match unsigned.next_if_eq(&&row) {
            Some(_) => Ok(()),
            None => each(first + row, json),
        })?;
        first += partition.rows();
    }
    Ok(())
}

pub(crate) fn scalar(ordinal: u64, kind: Kind) -> Result<()> {
    match kind {
        Kind::List | Kind::Object => Err(Error::NotScalar { ordinal, kind }),
        Kind::Null | Kind::Number | Kind::Text => Ok(()),
    }
}
