//! The second pass: outputs whose form needs to know all rows before the first is written.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use coldpress_storage::{Digest, FileStamp};

use crate::error::Result;
use crate::piece::Piece;
use crate::pipeline::in_order;
use crate::place::Place;
use crate::unit::{Unit, UnitLimits, Units};

/// A form whose files are made of encoded units.
pub(crate) trait UnitForm: Sync {
    /// A unit as threads make it.
    type Encoded: Send;
    /// A file that takes encoded units.
    type File: UnitFile<Self::Encoded>;

    /// Whether lines of a columnar source are weighed as the columns that they are of.
    const HAS_COLUMNS: bool;

    /// Where units end, if a file ends at so many bytes.
    fn limits(&self, file_bytes: u64) -> UnitLimits;

    /// Encodes a unit, on any thread. Depends on the unit alone.
    fn encode(&self, unit: Unit<'_>) -> Result<Self::Encoded>;

    /// Begins a file.
    fn create(&self, path: &Path) -> Result<Self::File>;
}

/// A file of encoded units.
pub(crate) trait UnitFile<E> {
    /// Appends a unit.
    fn write(&mut self, unit: E) -> Result<()>;

    /// What counts towards the limit of a shard, in bytes.
    fn size_bytes(&self) -> u64;

    /// Makes the file durable.
    fn finish(self) -> Result<FileStamp>;
}

/// Writes the rows of all pieces in their order; the bytes do not depend on `threads`.
pub(crate) fn second_pass<F: UnitForm>(
    form: &F,
    pieces: &[Piece],
    mut place: Place,
    threads: usize,
    abandoned: &AtomicBool,
) -> Result<(u64, Digest)> {
    let limit_bytes = place.limit_bytes();
    let mut units = Units::new(pieces, form.limits(limit_bytes), F::HAS_COLUMNS);
    let mut current: Option<F::File> = None;
    in_order(
        threads,
        abandoned,
        || units.next(),
        |unit| form.encode(unit),
        |encoded| {
            let file = match current.take() {
                Some(file) => file,
                None => form.create(&place.next_path())?,
            };
            let file = current.insert(file);
            file.write(encoded)?;
            if file.size_bytes() >= limit_bytes
                && let Some(file) = current.take()
            {
                place.ended(file.finish()?);
            }
            Ok(())
        },
    )?;
    if current.is_none() && place.is_empty() {
        current = Some(form.create(&place.next_path())?);
    }
    if let Some(file) = current {
        place.ended(file.finish()?);
    }
    Ok(place.finish())
}
