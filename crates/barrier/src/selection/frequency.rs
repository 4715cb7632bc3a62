//! Selects by the frequency of values.

use xxhash_rust::xxh3::xxh3_128;

use crate::encoding::encode;
use crate::entry::Keyed;
use crate::error::Result;
use crate::grouping::members;
use crate::order::Ordinals;
use crate::read::ReadAt;
use crate::room::Room;
use crate::signature::SignatureReader;
use crate::sort::{Sorted, Sorter};
use crate::spool::Spool;

use super::stream::{each_value, first, scalar};

/// The distinct values of a field.
pub(crate) struct DistinctValues<'r> {
    pub(crate) count: u64,
    /// The values by their frequency, or by the difference of that to the greatest number; then by their first ordinal.
    by_size: Sorted<'r, Keyed<u64>>,
    /// All ordinals, with the first one of their group as the key.
    members: Spool<Keyed<u64>>,
}

impl<'r> DistinctValues<'r> {
    pub(crate) fn find<F: ReadAt + ?Sized>(
        partitions: &[SignatureReader<'_, F>],
        most: bool,
        room: &'r Room<'r>,
    ) -> Result<Self> {
        let mut digests = Sorter::sharing(room);
        let mut value = Vec::new();
        each_value(partitions, |ordinal, json| {
            value.clear();
            let kind = encode(json, &mut value)?;
            scalar(ordinal, kind)?;
            let key = xxh3_128(&value);
            digests.push(Keyed { key, ordinal })
        })?;
        Self::of(members(digests, room)?, most, room)
    }

    fn of(mut sorted: Sorted<'_, Keyed<u64>>, most: bool, room: &'r Room<'r>) -> Result<Self> {
        let mut members = Spool::on_disk(room)?;
        let mut by_size = Sorter::sharing(room);
        let mut count = 0;
        let mut group: Option<(u64, u64)> = None;
        loop {
            let member = sorted.next()?;
            group = match (group, member) {
                (Some((first, size)), Some(member)) if first == member.key => {
                    Some((first, size + 1))
                }
                (ended, member) => {
                    if let Some((first, size)) = ended {
                        count += 1;
                        by_size.push(Keyed {
                            key: if most { u64::MAX - size } else { size },
                            ordinal: first,
                        })?;
                    }
                    member.map(|member| (member.key, 1))
                }
            };
            match member {
                Some(member) => members.push(member)?,
                None => break,
            }
        }
        drop(sorted);
        Ok(Self {
            count,
            by_size: by_size.finish()?,
            members,
        })
    }

    /// Returns the records of the first groups, group by group.
    pub(crate) fn first(mut self, count: u64, room: &Room<'_>) -> Result<Ordinals> {
        let mut ranks = Sorter::sharing(room);
        for rank in 0..count {
            let Some(group) = self.by_size.next()? else {
                break;
            };
            ranks.push(Keyed {
                key: group.ordinal,
                ordinal: rank,
            })?;
        }
        drop(self.by_size);
        let mut ranks = ranks.finish()?;
        let mut group = ranks.next()?;
        let mut members = self.members.read()?;
        let mut selected = Sorter::sharing(room);
        while let Some(member) = members.next()? {
            while group.is_some_and(|group| group.key < member.key) {
                group = ranks.next()?;
            }
            if let Some(group) = group.filter(|group| group.key == member.key) {
                selected.push(Keyed {
                    key: group.ordinal,
                    ordinal: member.ordinal,
                })?;
            }
        }
        drop(ranks);
        let mut selected = selected.finish()?;
        first(u64::MAX, room, || {
            Ok(selected.next()?.map(|ranked| ranked.ordinal))
        })
    }
}
