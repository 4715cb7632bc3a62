//! The slice itself, as lines or as rows.

use super::lines::LinesInput;
use super::needed::Needed;
use super::records::Records;
use super::table::TableInput;
use crate::attempt::Assignment;
use crate::error::AttemptError;

/// Opens the slice of an attempt.
pub(super) fn open_slice<'a>(work: Assignment<'a>) -> Result<Box<dyn Records + 'a>, AttemptError> {
    let slice = open_whole_slice(work)?;
    Ok(match work.spec.settings.needs.is_empty() {
        true => slice,
        false => Box::new(Needed(slice)),
    })
}

/// Opens the slice of an attempt with the records that lack what the recipe needs.
pub(crate) fn open_whole_slice<'a>(
    work: Assignment<'a>,
) -> Result<Box<dyn Records + 'a>, AttemptError> {
    Ok(match work.source.is_columnar() {
        true => Box::new(TableInput::open(work)?),
        false => Box::new(LinesInput::open(work)?),
    })
}
