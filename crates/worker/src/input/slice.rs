//! The slice itself, as lines or as rows.

use super::drawing::Drawing;
use super::lines::LinesInput;
use super::needed::Needed;
use super::records::Records;
use super::table::TableInput;
use crate::attempt::Assignment;
use crate::error::AttemptError;

/// Opens the slice of an attempt.
pub(super) fn open_slice<'a>(work: Assignment<'a>) -> Result<Box<dyn Records + 'a>, AttemptError> {
    let slice = open(work, work.attempt.draw.map(Drawing::new))?;
    Ok(match work.spec.settings.needs.is_empty() {
        true => slice,
        false => Box::new(Needed(slice)),
    })
}

/// Opens the slice of an attempt with the records that are not drawn, and those that lack what the recipe needs.
pub(crate) fn open_whole_slice<'a>(
    work: Assignment<'a>,
) -> Result<Box<dyn Records + 'a>, AttemptError> {
    open(work, None)
}

fn open<'a>(
    work: Assignment<'a>,
    drawing: Option<Drawing>,
) -> Result<Box<dyn Records + 'a>, AttemptError> {
    Ok(match work.source.is_columnar() {
        true => Box::new(TableInput::open(work, drawing)?),
        false => Box::new(LinesInput::open(work, drawing)?),
    })
}
