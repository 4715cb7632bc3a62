//! The list of the records that go, each with the one that stays for it, in the order of the dataset.

use crate::entry::Keyed;
use crate::error::Result;
use crate::room::Room;
use crate::spool::{Spool, SpoolReader};

/// Writes the records that go, in the order of the dataset, to a file without a name.
pub struct GoneWriter {
    spool: Spool<Keyed<u64>>,
    count: u64,
}

impl GoneWriter {
    /// Returns a writer of an empty list.
    ///
    /// # Errors
    /// [`Error::Scratch`](crate::Error::Scratch).
    pub fn new(room: &Room<'_>) -> Result<Self> {
        let spool = Spool::on_disk(room)?;
        Ok(Self { spool, count: 0 })
    }

    /// Adds the next record that goes, and the one that stays for it.
    ///
    /// # Errors
    /// [`Error::Scratch`](crate::Error::Scratch).
    pub fn push(&mut self, goes: u64, kept: u64) -> Result<()> {
        self.count += 1;
        self.spool.push(Keyed {
            key: goes,
            ordinal: kept,
        })
    }

    /// Ends the list. `records` is the number of all records, including those that stay.
    ///
    /// # Errors
    /// [`Error::Scratch`](crate::Error::Scratch).
    pub fn finish(self, records: u64) -> Result<Gone> {
        Ok(Gone {
            reader: self.spool.read()?,
            next: None,
            count: self.count,
            records,
        })
    }
}

/// The records that go. The list can be read any number of times.
pub struct Gone {
    reader: SpoolReader<Keyed<u64>>,
    next: Option<Keyed<u64>>,
    count: u64,
    records: u64,
}

impl Gone {
    /// Returns the number of all records, including those that stay.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Returns the number of records that go.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Goes back to the first record.
    ///
    /// # Errors
    /// [`Error::Scratch`](crate::Error::Scratch).
    pub fn rewind(&mut self) -> Result<()> {
        self.reader.rewind()?;
        self.next = self.reader.next()?;
        Ok(())
    }

    /// Returns the next record that goes, and the one that stays for it.
    pub(crate) fn next_pair(&mut self) -> Result<Option<(u64, u64)>> {
        let Some(Keyed { key, ordinal }) = self.next else {
            return Ok(None);
        };
        self.next = self.reader.next()?;
        Ok(Some((key, ordinal)))
    }

    /// Returns whether a record goes. It must be called for each record once, in the order of the dataset.
    ///
    /// # Errors
    /// [`Error::Scratch`](crate::Error::Scratch).
    pub fn goes(&mut self, ordinal: u64) -> Result<bool> {
        let goes = self.next.is_some_and(|next| next.key == ordinal);
        if goes {
            self.next = self.reader.next()?;
        }
        Ok(goes)
    }
}
