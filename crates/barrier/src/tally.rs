//! Counts records by a label, which may have any number of values.

use std::collections::BTreeMap;

use crate::entry::Valued;
use crate::error::Result;
use crate::room::Room;
use crate::sort::Sorter;

/// The number of values that are counted in memory. Others are sorted on disk, so a field that differs in each record does no harm.
const IN_MEMORY: usize = if cfg!(test) { 3 } else { 1 << 14 };

/// Counts records, and those that go, by label.
pub struct Tally<'r> {
    known: BTreeMap<Box<[u8]>, (u64, u64)>,
    /// The records with other values. The ordinal of an entry shows whether the record goes.
    others: Sorter<'r, Valued<false>>,
}

/// The records with one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tallied {
    /// The label.
    pub label: Vec<u8>,
    /// The number of records with it.
    pub records: u64,
    /// The number of them that go.
    pub removed: u64,
}

impl<'r> Tally<'r> {
    /// Returns an empty tally.
    #[must_use]
    pub fn new(room: &'r Room<'r>) -> Self {
        Self {
            known: BTreeMap::new(),
            others: Sorter::sharing(room),
        }
    }

    /// Counts a record.
    ///
    /// # Errors
    /// [`Error::Scratch`](crate::Error::Scratch), [`Error::Stopped`](crate::Error::Stopped).
    pub fn add(&mut self, label: &[u8], is_removed: bool) -> Result<()> {
        if let Some(counts) = self.known.get_mut(label) {
            counts.0 += 1;
            counts.1 += u64::from(is_removed);
            return Ok(());
        }
        if self.known.len() < IN_MEMORY {
            self.known.insert(label.into(), (1, u64::from(is_removed)));
            return Ok(());
        }
        self.others.push(Valued {
            value: label.into(),
            ordinal: u64::from(is_removed),
        })
    }

    /// Calls `each` with every label once, in no particular order.
    ///
    /// # Errors
    /// [`Error::Scratch`](crate::Error::Scratch), [`Error::Stopped`](crate::Error::Stopped).
    pub fn finish(self, mut each: impl FnMut(Tallied)) -> Result<()> {
        for (label, (records, removed)) in self.known {
            each(Tallied {
                label: label.into(),
                records,
                removed,
            });
        }
        let mut others = self.others.finish()?;
        let mut next = others.next()?;
        while let Some(entry) = next {
            let (mut records, mut removed) = (1, entry.ordinal);
            loop {
                next = others.next()?;
                match &next {
                    Some(other) if other.value == entry.value => {
                        records += 1;
                        removed += other.ordinal;
                    }
                    _ => break,
                }
            }
            each(Tallied {
                label: entry.value.into(),
                records,
                removed,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_record_is_counted_once(records in prop::collection::vec(("[a-h]{0,2}", any::<bool>()), 0..100)) {
            let stop = AtomicBool::new(false);
            let folder = tempfile::tempdir().unwrap();
            let room = Room::new(0, folder.path(), &stop);
            let mut tally = Tally::new(&room);
            let mut expected: BTreeMap<Vec<u8>, (u64, u64)> = BTreeMap::new();
            for (label, is_removed) in &records {
                tally.add(label.as_bytes(), *is_removed).unwrap();
                let counts = expected.entry(label.clone().into_bytes()).or_default();
                counts.0 += 1;
                counts.1 += u64::from(*is_removed);
            }
            let mut found = Vec::new();
            tally.finish(|one| found.push((one.label, (one.records, one.removed)))).unwrap();
            found.sort();
            prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
