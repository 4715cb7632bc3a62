//! The records that a selector keeps, in the order of its output.

use crate::entry::Keyed;
use crate::error::Result;
use crate::room::Room;
use crate::spool::{Spool, SpoolReader};

/// The output of a selector: the records that it keeps, and their order.
pub enum Order {
    /// All records stay in their places.
    Unchanged,
    /// These records are its output.
    Ordinals(Ordinals),
}

/// The ordinals of the records of an output, in its order. They are on disk, in a file without a name.
pub struct Ordinals {
    reader: SpoolReader<Keyed<()>>,
    count: u64,
    given: u64,
}

impl Ordinals {
    /// Returns the number of ordinals, including repeats.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the next ordinal.
    ///
    /// # Errors
    /// [`Error::Scratch`](crate::Error::Scratch).
    pub fn next_ordinal(&mut self) -> Result<Option<u64>> {
        if self.given == self.count {
            return Ok(None);
        }
        self.given += 1;
        let next = match self.reader.next()? {
            Some(next) => Some(next),
            // All of them are repeated until there are as many as requested.
            None => {
                self.reader.rewind()?;
                self.reader.next()?
            }
        };
        Ok(next.map(|next| next.ordinal))
    }
}

/// Gathers ordinals.
pub(crate) struct OrdinalsWriter {
    spool: Spool<Keyed<()>>,
    count: u64,
}

impl OrdinalsWriter {
    pub(crate) fn new(room: &Room<'_>) -> Result<Self> {
        let spool = Spool::on_disk(room)?;
        Ok(Self { spool, count: 0 })
    }

    pub(crate) fn push(&mut self, ordinal: u64) -> Result<()> {
        self.count += 1;
        self.spool.push(Keyed { key: (), ordinal })
    }

    pub(crate) fn finish(self) -> Result<Ordinals> {
        let count = self.count;
        self.finish_repeated(count)
    }

    /// Returns `wanted` ordinals, repeating all of them as long as there are too few.
    pub(crate) fn finish_repeated(self, wanted: u64) -> Result<Ordinals> {
        Ok(Ordinals {
            reader: self.spool.read()?,
            count: if self.count == 0 { 0 } else { wanted },
            given: 0,
        })
    }
}
