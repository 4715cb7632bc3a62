//! The places of a stage's records, when they do not stay where they are.
//!
//! The resulting records have *positions*: their places among all of them, from 0. A record may have several positions, if it is
//! repeated, or share its position with others, like the members of a group.

use xxhash_rust::xxh3::Xxh3;

use crate::entry::{Entry, Key, Keyed};
use crate::error::Result;
use crate::grouping::Groups;
use crate::order::Ordinals;
use crate::room::Room;
use crate::sort::{Sorted, Sorter};

/// The positions of all records, to be read in the order of the dataset.
pub struct Arrangement<'r> {
    /// The positions, with the records' ordinals as keys.
    positions: Sorted<'r, Keyed<u64>>,
    next: Option<Keyed<u64>>,
    count: u64,
    groups: bool,
    identity: u128,
}

impl<'r> Arrangement<'r> {
    /// Returns the arrangement in which the records that a selector keeps have the order of its output.
    pub(crate) fn of_order(mut ordinals: Ordinals, room: &'r Room<'r>) -> Result<Self> {
        let mut position = 0;
        Self::of(false, room, move || {
            let ordinal = ordinals.next_ordinal()?;
            position += u64::from(ordinal.is_some());
            Ok(ordinal.map(|ordinal| (ordinal, position - 1)))
        })
    }

    /// Returns the arrangement in which the members of each group share a position.
    pub(crate) fn of_groups(mut groups: Groups<'_>, room: &'r Room<'r>) -> Result<Self> {
        Self::of(true, room, move || {
            let member = groups.next_member()?;
            Ok(member.map(|member| (member.ordinal, member.group)))
        })
    }

    fn of(
        groups: bool,
        room: &'r Room<'r>,
        mut next: impl FnMut() -> Result<Option<(u64, u64)>>,
    ) -> Result<Self> {
        let mut positions = Sorter::sharing(room);
        let mut hasher = Xxh3::new();
        let mut count = 0;
        while let Some((ordinal, position)) = next()? {
            hasher.update(&ordinal.to_le_bytes());
            hasher.update(&position.to_le_bytes());
            count = position + 1;
            positions.push(Keyed {
                key: ordinal,
                ordinal: position,
            })?;
        }
        // The source of the ordinals has memory of its own.
        drop(next);
        let mut positions = positions.finish()?;
        Ok(Self {
            next: positions.next()?,
            positions,
            count,
            groups,
            identity: hasher.digest128(),
        })
    }

    /// Returns the number of resulting records.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns whether records that share a position become one record.
    #[must_use]
    pub fn is_grouped(&self) -> bool {
        self.groups
    }

    /// Returns a digest that identifies the arrangement.
    #[must_use]
    pub fn identity(&self) -> u128 {
        self.identity
    }

    /// Puts the positions of a record into `positions`, in ascending order; none for a record that is left out. It must be called
    /// for one record after the other, in the order of the dataset.
    ///
    /// # Errors
    /// [`Error::Scratch`](crate::Error::Scratch), [`Error::Stopped`](crate::Error::Stopped).
    pub fn positions_of(&mut self, ordinal: u64, positions: &mut Vec<u64>) -> Result<()> {
        positions.clear();
        while let Some(found) = self.next.filter(|next| next.key <= ordinal) {
            if found.key == ordinal {
                positions.push(found.ordinal);
            }
            self.next = self.positions.next()?;
        }
        Ok(())
    }
}

/// Sorts records by their positions. A record may be represented by any bytes.
pub struct Arranger<'r>(Sorter<'r, Arranged>);

/// A record with its position.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arranged {
    /// Its position.
    pub position: u64,
    /// Its ordinal. Records that share a position keep the order of the dataset.
    pub ordinal: u64,
    /// The bytes that represent it.
    pub bytes: Box<[u8]>,
}

impl<'r> Arranger<'r> {
    /// Returns an empty arranger, which takes half of the room.
    #[must_use]
    pub fn new(room: &'r Room<'r>) -> Self {
        Self(Sorter::sharing(room))
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`Error::Scratch`](crate::Error::Scratch), [`Error::Stopped`](crate::Error::Stopped).
    pub fn push(&mut self, record: Arranged) -> Result<()> {
        self.0.push(record)
    }

    /// Returns all records, by their positions.
    ///
    /// # Errors
    /// [`Error::Scratch`](crate::Error::Scratch), [`Error::Stopped`](crate::Error::Stopped).
    pub fn finish(self) -> Result<ArrangedRecords<'r>> {
        self.0.finish().map(ArrangedRecords)
    }
}

/// Records, by their positions.
pub struct ArrangedRecords<'r>(Sorted<'r, Arranged>);

impl ArrangedRecords<'_> {
    /// Returns the next record.
    ///
    /// # Errors
    /// [`Error::Scratch`](crate::Error::Scratch), [`Error::Stopped`](crate::Error::Stopped).
    pub fn next_record(&mut self) -> Result<Option<Arranged>> {
        self.0.next()
    }
}

impl Entry for Arranged {
    const WIDTH: usize = 24;

    fn tail_bytes(head: &[u8]) -> usize {
        // It was a length in memory when it was written, so it fits.
        u64::read(&head[16..24]) as usize
    }

    fn owned_bytes(&self) -> usize {
        /// The estimated overhead of the allocator for each allocation.
        const KEPT_BESIDE: usize = 16;
        self.bytes.len() + KEPT_BESIDE
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.position.write(out);
        self.ordinal.write(out);
        (self.bytes.len() as u64).write(out);
        out.extend(&self.bytes);
    }

    fn read(bytes: &[u8]) -> Self {
        Self {
            position: Key::read(&bytes[..8]),
            ordinal: Key::read(&bytes[8..16]),
            bytes: bytes[Self::WIDTH..].into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Positions are the inverse of the order, and sorting by them gives the order back.
        #[test]
        fn records_come_back_in_the_order_that_was_asked_for(
            order in prop::collection::vec(0u64..40, 0..80), long in 1usize..2000,
        ) {
            let stop = AtomicBool::new(false);
            let folder = tempfile::tempdir().unwrap();
            let room = Room::new(0, folder.path(), &stop);
            let mut left = order.iter().copied().zip(0..);
            let mut arrangement = Arrangement::of(false, &room, || Ok(left.next())).unwrap();
            prop_assert_eq!(arrangement.count(), order.len() as u64);
            let (mut arranger, mut positions) = (Arranger::new(&room), Vec::new());
            for ordinal in 0..40 {
                arrangement.positions_of(ordinal, &mut positions).unwrap();
                for position in positions.drain(..) {
                    let bytes = vec![ordinal as u8; long].into();
                    arranger.push(Arranged { position, ordinal, bytes }).unwrap();
                }
            }
            let mut sorted = arranger.finish().unwrap();
            let records: Vec<Arranged> = std::iter::from_fn(|| sorted.next_record().unwrap()).collect();
            let ordinals: Vec<u64> = records.iter().map(|record| record.ordinal).collect();
            prop_assert_eq!(ordinals, order);
            prop_assert!(records.iter().all(|record| *record.bytes == vec![record.ordinal as u8; long]));
        }
    }

    #[test]
    fn another_order_has_another_identity() {
        let stop = AtomicBool::new(false);
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(0, folder.path(), &stop);
        let identity = |groups: bool, pairs: &[(u64, u64)]| {
            let mut pairs = pairs.iter().copied();
            Arrangement::of(groups, &room, || Ok(pairs.next()))
                .unwrap()
                .identity()
        };
        let one = identity(false, &[(1, 0), (2, 1)]);
        assert_eq!(identity(false, &[(1, 0), (2, 1)]), one);
        for other in [&[(2, 0), (1, 1)][..], &[(1, 0), (2, 0)], &[(1, 0)], &[]] {
            assert_ne!(identity(false, other), one);
        }
    }
}
