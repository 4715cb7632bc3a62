//! Clusters of duplicates by their sizes, and the largest of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::entry::Keyed;
use crate::error::Result;
use crate::gone::Gone;
use crate::room::Room;
use crate::sort::Sorter;

/// Facts about clusters for people to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Clusters of 2 records, of 3 to 10, of 11 to 100, and so on; sizes that do not occur are left out.
    pub sizes: Vec<SizeClass>,
    /// The largest clusters. Among clusters of the same size, those that begin first come first.
    pub largest: Vec<Cluster>,
}

/// The clusters in a range of sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeClass {
    /// The least number of records in one of them.
    pub from: u64,
    /// The greatest number.
    pub to: u64,
    /// The number of clusters.
    pub clusters: u64,
    /// The number of records in them, including those that are kept.
    pub records: u64,
}

/// A cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The record that stays.
    pub first: u64,
    /// The number of its records, including the kept one.
    pub records: u64,
    /// The first of the records that go.
    pub sample: Vec<u64>,
}

/// Surveys clusters. It describes the `largest` clusters, each with a sample of `sample` records.
///
/// # Errors
/// [`Error::Scratch`](crate::Error::Scratch), [`Error::Stopped`](crate::Error::Stopped).
pub fn survey(gone: &mut Gone, largest: usize, sample: usize, room: &Room<'_>) -> Result<Survey> {
    let mut firsts = Sorter::new(room);
    gone.rewind()?;
    while let Some((_, kept)) = gone.next_pair()? {
        let key = ();
        firsts.push(Keyed { key, ordinal: kept })?;
    }
    let mut firsts = firsts.finish()?;
    let mut sizes: BTreeMap<u64, SizeClass> = BTreeMap::new();
    // Larger clusters come first, and among clusters of the same size those that begin first.
    let mut found: BTreeSet<(Reverse<u64>, u64)> = BTreeSet::new();
    let mut next = firsts.next()?;
    while let Some(Keyed { ordinal: first, .. }) = next {
        let mut records = 1;
        while next.is_some_and(|entry| entry.ordinal == first) {
            records += 1;
            next = firsts.next()?;
        }
        let (from, to) = class(records);
        let class = sizes.entry(from).or_insert(SizeClass {
            from,
            to,
            clusters: 0,
            records: 0,
        });
        class.clusters += 1;
        class.records += records;
        found.insert((Reverse(records), first));
        if found.len() > largest {
            found.pop_last();
        }
    }
    let mut samples: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    samples.extend(found.iter().map(|(_, first)| (*first, Vec::new())));
    if !samples.is_empty() {
        gone.rewind()?;
        while let Some((goes, kept)) = gone.next_pair()? {
            if let Some(members) = samples.get_mut(&kept)
                && members.len() < sample
            {
                members.push(goes);
            }
        }
    }
    let cluster = |(records, first): (Reverse<u64>, u64)| Cluster {
        first,
        records: records.0,
        sample: samples.remove(&first).unwrap_or_default(),
    };
    Ok(Survey {
        sizes: sizes.into_values().collect(),
        largest: found.into_iter().map(cluster).collect(),
    })
}

/// Returns the class of clusters of this size: 2, up to 10, up to 100, and so on.
fn class(records: u64) -> (u64, u64) {
    if records <= 2 {
        return (2, 2);
    }
    let mut below: u64 = 2;
    for above in (1..20).map(|power| 10u64.pow(power)) {
        if records <= above {
            return (below + 1, above);
        }
        below = above;
    }
    (below + 1, u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::gone::GoneWriter;

    #[test]
    fn clusters_are_counted_by_size_and_the_largest_are_told() {
        let stop = AtomicBool::new(false);
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(0, folder.path(), &stop);
        let mut gone = GoneWriter::new(&room).unwrap();
        // Clusters of 2, 2, 10, 11 and 100 records.
        for (first, records) in [(0, 2), (2, 2), (10, 10), (20, 11), (40, 100)] {
            (first + 1..first + records).for_each(|member| gone.push(member, first).unwrap());
        }
        let mut gone = gone.finish(140).unwrap();
        let survey = survey(&mut gone, 4, 2, &room).unwrap();
        let sizes: Vec<_> = survey
            .sizes
            .iter()
            .map(|class| (class.from, class.to, class.clusters, class.records))
            .collect();
        assert_eq!(sizes, [(2, 2, 2, 4), (3, 10, 1, 10), (11, 100, 2, 111)]);
        let largest: Vec<_> = survey
            .largest
            .iter()
            .map(|one| (one.first, one.records, one.sample.clone()))
            .collect();
        assert_eq!(
            largest,
            [
                (40, 100, vec![41, 42]),
                (20, 11, vec![21, 22]),
                (10, 10, vec![11, 12]),
                (0, 2, vec![1])
            ]
        );
    }

    #[test]
    fn classes_are_powers_of_ten() {
        for (records, expected) in [
            (2, (2, 2)),
            (3, (3, 10)),
            (10, (3, 10)),
            (11, (11, 100)),
            (1_000_001, (1_000_001, 10_000_000)),
            (u64::MAX, (10_000_000_000_000_000_001, u64::MAX)),
        ] {
            assert_eq!(class(records), expected);
        }
    }
}
