//! Finds parts of records, such as lines, that occur in too many records.

use coldpress_operator::SignatureForm;

use crate::entry::Keyed;
use crate::error::{Error, Result};
use crate::in_order::{InOrder, OfRecord};
use crate::read::ReadAt;
use crate::room::Room;
use crate::signature::SignatureReader;
use crate::sort::Sorter;
use crate::spool::Spool;

/// The number of parts with one digest that wait in memory until it is known whether the digest is frequent.
const MOST_WAITING: usize = if cfg!(test) { 3 } else { 1 << 16 };

/// A part of a record: the record's ordinal, and the index of the part among the record's digests.
type Part = OfRecord;

/// Finds the parts whose digest occurs in more than `threshold` records, in the order of the dataset.
///
/// # Errors
/// [`Error::Damaged`] if signatures are not lists of digests; [`Error::Io`], [`Error::Scratch`], [`Error::Stopped`].
pub(crate) fn find_frequent<'r, F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    threshold: u64,
    room: &'r Room<'r>,
) -> Result<InOrder<'r>> {
    let mut occurrences = Sorter::sharing(room);
    let mut first = 0;
    for partition in partitions {
        if partition.form() != SignatureForm::Digests {
            return Err(Error::Damaged {
                what: "a set of signature files",
                reason: "signatures of this form have no parts".to_owned(),
            });
        }
        partition.lists(|row, nth, digest| {
            // Words of 64 bits need no alignment to 16 bytes.
            let words = ((digest >> 64) as u64, digest as u64);
            let key = (words, first + row);
            occurrences.push(Keyed { key, ordinal: nth })
        })?;
        first += partition.rows();
    }
    let mut occurrences = occurrences.finish()?;
    let mut frequent = Sorter::sharing(room);
    let mut group = Group::default();
    while let Some(Keyed { key, ordinal }) = occurrences.next()? {
        let (digest, record) = key;
        let part = Keyed {
            key: record,
            ordinal,
        };
        group.take(digest, part, threshold, room, |part| frequent.push(part))?;
    }
    drop(occurrences);
    InOrder::of(frequent.finish()?)
}

/// The occurrences of one digest while it isn't known to be frequent. They are in no more records than are allowed.
#[derive(Default)]
struct Group {
    digest: (u64, u64),
    waiting: Vec<Part>,
    /// Occurrences that are too many to wait in memory.
    spooled: Option<Spool<Part>>,
    records: u64,
    last: Option<u64>,
}

impl Group {
    fn take(
        &mut self,
        digest: (u64, u64),
        part: Part,
        threshold: u64,
        room: &Room<'_>,
        mut give: impl FnMut(Part) -> Result<()>,
    ) -> Result<()> {
        if self.last.is_none() || self.digest != digest {
            self.waiting.clear();
            self.spooled = None;
            (self.digest, self.records, self.last) = (digest, 0, None);
        }
        if self.last != Some(part.key) {
            self.records += 1;
            self.last = Some(part.key);
        }
        if self.records <= threshold {
            return self.wait(part, room);
        }
        if let Some(spooled) = self.spooled.take() {
            let mut spooled = spooled.read()?;
            while let Some(part) = spooled.next()? {
                give(part)?;
            }
        }
        self.waiting.drain(..).try_for_each(&mut give)?;
        give(part)
    }

    fn wait(&mut self, part: Part, room: &Room<'_>) -> Result<()> {
        if self.waiting.len() == MOST_WAITING {
            let mut spooled = match self.spooled.take() {
                Some(spooled) => spooled,
                None => Spool::on_disk(room)?,
            };
            self.waiting
                .drain(..)
                .try_for_each(|part| spooled.push(part))?;
            self.spooled = Some(spooled);
        }
        self.waiting.push(part);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::atomic::AtomicBool;

    use proptest::prelude::*;

    use coldpress_operator::Signature;

    use super::*;
    use crate::signature::SignatureWriter;

    /// Returns every part that occurs too often, in the form of a decision's cuts.
    fn frequent(records: &[Vec<u128>], cut: usize, threshold: u64) -> Vec<(u64, u64)> {
        let partitions = [&records[..cut], &records[cut..]];
        let files = partitions.map(|records| {
            let mut writer = SignatureWriter::new(SignatureForm::Digests);
            records.iter().for_each(|digests| {
                let digests = digests.clone();
                writer.push(Some(&Signature {
                    digests,
                    ..Signature::default()
                }));
            });
            let mut bytes = Vec::new();
            writer.finish(&mut bytes).unwrap();
            bytes
        });
        let open = |file| SignatureReader::open(file).unwrap();
        let readers: Vec<_> = files.iter().map(|file| open(&file[..])).collect();
        let stop = AtomicBool::new(false);
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(0, folder.path(), &stop);
        let mut parts = find_frequent(&readers, threshold, &room).unwrap();
        std::iter::from_fn(|| parts.next_before(u64::MAX).unwrap()).collect()
    }

    proptest! {
        #[test]
        fn parts_of_too_many_records_are_found(
            records in prop::collection::vec(prop::collection::vec(0u128..9, 0..5), 0..40),
            cut in 0usize..40,
            threshold in 0u64..8,
        ) {
            let mut within = BTreeMap::<u128, BTreeSet<usize>>::new();
            for (record, digests) in records.iter().enumerate() {
                digests.iter().for_each(|digest| { within.entry(*digest).or_default().insert(record); });
            }
            let mut expected = Vec::new();
            for (record, digests) in records.iter().enumerate() {
                for (nth, digest) in digests.iter().enumerate() {
                    if within[digest].len() as u64 > threshold {
                        expected.push((record as u64, nth as u64));
                    }
                }
            }
            prop_assert_eq!(frequent(&records, cut.min(records.len()), threshold), expected);
        }
    }
}
