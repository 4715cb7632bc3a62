//! A column of the signatures of all partitions.

use crate::entry::Keyed;
use crate::error::{Error, Result};
use crate::read::ReadAt;
use crate::room::Room;
use crate::signature::SignatureReader;
use crate::sort::{Sorted, Sorter};

/// Returns one column of keys, sorted by the result of `sorter`. Records without a key are left out.
pub(crate) fn sorted_keys<'r, F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    column: u32,
    room: &'r Room<'r>,
    sorter: fn(&'r Room<'r>) -> Sorter<'r, Keyed<u64>>,
) -> Result<Sorted<'r, Keyed<u64>>> {
    let mut sorter = sorter(room);
    let mut ordinal = 0;
    for partition in partitions {
        partition.keys(column, |key| {
            ordinal += 1;
            match key {
                0 => Ok(()),
                key => sorter.push(Keyed {
                    key,
                    ordinal: ordinal - 1,
                }),
            }
        })?;
    }
    sorter.finish()
}

/// Returns the error of signatures that a rule cannot judge.
pub(crate) fn unsuited(reason: &str) -> Error {
    Error::Damaged {
        what: "a set of signature files",
        reason: reason.to_owned(),
    }
}
