//! Numbers that belong to records, sorted by record.

use crate::entry::Keyed;
use crate::error::Result;
use crate::sort::Sorted;

/// A record's ordinal with a number, such as the index of one of its parts or the ordinal of another record.
pub(crate) type OfRecord = Keyed<u64>;

/// Numbers that belong to records, in the order of the dataset. [`judge`](crate::judge) gives each partition its own.
pub(crate) struct InOrder<'r> {
    sorted: Sorted<'r, OfRecord>,
    next: Option<OfRecord>,
}

impl<'r> InOrder<'r> {
    pub(crate) fn of(mut sorted: Sorted<'r, OfRecord>) -> Result<Self> {
        let next = sorted.next()?;
        Ok(Self { sorted, next })
    }

    /// Takes the next number if its record is before `end`, and returns the record and the number.
    pub(crate) fn next_before(&mut self, end: u64) -> Result<Option<(u64, u64)>> {
        match self.next {
            Some(next) if next.key < end => {
                self.next = self.sorted.next()?;
                Ok(Some((next.key, next.ordinal)))
            }
            _ => Ok(None),
        }
    }
}
