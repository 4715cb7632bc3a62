//! Verified duplicates: candidates whose sets are alike.
//!
//! Candidates come in groups: the records with the same key in a column, or with fingerprints that are close to each other. In the
//! order of the dataset, a record is compared with the *representatives* of its group: the earlier records that were alike to none
//! before them. So the time does not grow with the square of a group. The pairs that are alike are sorted. Then each record, in the
//! order of the dataset, goes if it is alike to one that stays.
//!
//! This does not form chains: with `a ~ b ~ c` where `a` and `c` are not alike, `b` goes for `a`, and `c` stays. Every record that
//! goes is alike to the one that stays for it.

use std::rc::Rc;

use coldpress_operator::{Rule, SignatureForm};

use crate::clusters::{Clusters, OrdinalTable};
use crate::column::{sorted_keys, unsuited};
use crate::entry::{Key, Keyed};
use crate::error::Result;
use crate::near::{Distinct, NearPairs, join_near};
use crate::read::ReadAt;
use crate::room::Room;
use crate::sets::{Sets, similarity};
use crate::signature::SignatureReader;
use crate::sort::{Sorted, Sorter};

/// The number of representatives of a group that a record is compared with. A record that is alike to none of them is not compared
/// with later ones of the group either, but other groups may still find it.
const MOST_REPRESENTATIVES: usize = 32;
/// The memory in bytes for the sets of a group's representatives. Sets beyond it are read again each time.
const KEPT_BYTES: usize = 32 << 20;
/// The number of comparisons between two checks for a stop request.
const BETWEEN_LOOKS: u64 = 1 << 12;

/// Finds the records that go because they are candidates by `rule` and alike to one that stays.
pub(crate) fn find_alike<F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    rule: &Rule,
    threshold: f64,
    room: &Room<'_>,
) -> Result<Clusters> {
    let records = partitions.iter().map(SignatureReader::rows).sum();
    let form = partitions.first().map(SignatureReader::form);
    let mut alike = Alike {
        sets: Sets::new(partitions),
        threshold,
        room,
        known: OrdinalTable::new(records),
        pairs: Sorter::sharing(room),
        comparisons: 0,
        group: Group::default(),
    };
    match (rule, form) {
        (Rule::Equal, Some(SignatureForm::KeysAndSet(columns))) => {
            for column in 0..columns {
                alike.compare_equal(sorted_keys(partitions, column, room, Sorter::sharing)?)?;
            }
        }
        (Rule::Near { distance }, Some(SignatureForm::KeysAndSet(2))) => {
            alike.compare_equal(sorted_keys(partitions, 1, room, Sorter::sharing)?)?;
            // A distance of 64 bits would make every pair a candidate, and only the largest distance is meant to do that.
            join_near(partitions, (*distance).min(63), room, &mut alike)?;
        }
        _ => return Err(unsuited("signatures of this form have no sets to compare")),
    }
    alike.settle(records)
}

struct Alike<'a, 'f, 'r, F: ?Sized> {
    sets: Sets<'a, 'f, F>,
    threshold: f64,
    room: &'r Room<'r>,
    /// An earlier record to which each record is known to be alike, or itself. It saves comparisons, because most pairs are
    /// candidates in many groups.
    known: OrdinalTable,
    /// The pairs that are alike, with the later record as the key.
    pairs: Sorter<'r, Keyed<u64>>,
    comparisons: u64,
    group: Group,
}

/// The representatives of the current group.
#[derive(Default)]
struct Group {
    representatives: Vec<Representative>,
    kept_bytes: usize,
}

struct Representative {
    ordinal: u64,
    fingerprint: u64,
    set: Option<Rc<[u32]>>,
}

impl Group {
    fn clear(&mut self) {
        self.representatives.clear();
        self.kept_bytes = 0;
    }

    /// Keeps the set of a representative if there is memory for it.
    fn keep(&mut self, at: usize, set: &Rc<[u32]>) {
        let bytes = size_of_val::<[u32]>(set);
        if self.kept_bytes + bytes <= KEPT_BYTES {
            self.kept_bytes += bytes;
            self.representatives[at].set = Some(Rc::clone(set));
        }
    }
}

impl<F: ReadAt + ?Sized> Alike<'_, '_, '_, F> {
    /// Compares records with equal keys.
    fn compare_equal<K: Key>(&mut self, mut sorted: Sorted<'_, Keyed<K>>) -> Result<()> {
        let mut last: Option<K> = None;
        while let Some(Keyed { key, ordinal }) = sorted.next()? {
            if last != Some(key) {
                self.group.clear();
                last = Some(key);
            }
            self.compare(ordinal, 0, 0)?;
        }
        self.group.clear();
        Ok(())
    }

    /// Compares a record with the representatives of its group whose fingerprints are within the distance, and returns whether it
    /// is alike to none of them. It then becomes one itself, unless there are enough.
    fn compare(&mut self, ordinal: u64, fingerprint: u64, distance: u32) -> Result<bool> {
        let mut own: Option<Rc<[u32]>> = None;
        let (mut is_alike, mut compared) = (false, 0);
        for at in 0..self.group.representatives.len() {
            let one = &self.group.representatives[at];
            if (one.fingerprint ^ fingerprint).count_ones() > distance {
                continue;
            }
            if compared == MOST_REPRESENTATIVES {
                break;
            }
            compared += 1;
            if self.known.get(ordinal) == one.ordinal {
                is_alike = true;
                continue;
            }
            let (earlier, kept) = (one.ordinal, one.set.clone());
            let theirs = match kept {
                Some(set) => set,
                None => {
                    let set = self.sets.read(earlier)?;
                    self.group.keep(at, &set);
                    set
                }
            };
            let own = match &mut own {
                Some(set) => set,
                none => none.insert(self.sets.read(ordinal)?),
            };
            self.look()?;
            if similarity(own, &theirs, self.threshold).is_some() {
                is_alike = true;
                self.pairs.push(Keyed {
                    key: ordinal,
                    ordinal: earlier,
                })?;
                if self.known.get(ordinal) > earlier {
                    self.known.set(ordinal, earlier);
                }
            }
        }
        // Without a distance, every record is compared with all representatives, so more of them would be useless.
        if !is_alike && compared < MOST_REPRESENTATIVES {
            self.group.representatives.push(Representative {
                ordinal,
                fingerprint,
                set: None,
            });
            if let Some(set) = own {
                let last = self.group.representatives.len() - 1;
                self.group.keep(last, &set);
            }
        }
        Ok(!is_alike)
    }

    fn look(&mut self) -> Result<()> {
        self.comparisons += 1;
        match self.comparisons.is_multiple_of(BETWEEN_LOOKS) {
            true => self.room.look(),
            false => Ok(()),
        }
    }

    /// Decides, record by record in the order of the dataset, which of them go.
    fn settle(self, records: u64) -> Result<Clusters> {
        let Self {
            mut sets,
            threshold,
            pairs,
            known,
            ..
        } = self;
        // One table is freed before the other is made.
        drop(known);
        let mut kept_for = OrdinalTable::new(records);
        let mut pairs = pairs.finish()?;
        let mut partners: Vec<u64> = Vec::new();
        let mut next = pairs.next()?;
        while let Some(Keyed { key: ordinal, .. }) = next {
            partners.clear();
            while let Some(pair) = next.filter(|pair| pair.key == ordinal) {
                partners.push(pair.ordinal);
                next = pairs.next()?;
            }
            let stays = |partner: &&u64| kept_for.get(**partner) == **partner;
            let stayed = match partners.iter().find(stays) {
                Some(partner) => Some(*partner),
                None => by_way_of(&partners, ordinal, &kept_for, &mut sets, threshold)?,
            };
            if let Some(stayed) = stayed {
                kept_for.set(ordinal, stayed);
            }
        }
        Ok(Clusters::of(kept_for))
    }
}

/// Returns a record that stays for one of a record's partners, all of which go, and that is alike to this record too.
fn by_way_of<F: ReadAt + ?Sized>(
    partners: &[u64],
    ordinal: u64,
    kept_for: &OrdinalTable,
    sets: &mut Sets<'_, '_, F>,
    threshold: f64,
) -> Result<Option<u64>> {
    let mut stayed: Vec<u64> = partners.iter().map(|one| kept_for.get(*one)).collect();
    stayed.sort_unstable();
    stayed.dedup();
    let own = sets.read(ordinal)?;
    for one in stayed.into_iter().take(MOST_REPRESENTATIVES) {
        if similarity(&own, &sets.read(one)?, threshold).is_some() {
            return Ok(Some(one));
        }
    }
    Ok(None)
}

impl<F: ReadAt + ?Sized> NearPairs for Alike<'_, '_, '_, F> {
    fn same(&mut self, first: Option<u64>, ordinal: u64) -> Result<bool> {
        if first.is_none() {
            self.group.clear();
        }
        self.compare(ordinal, 0, 0)
    }

    fn group(&mut self, group: &mut [Distinct], distance: u32, _: &Room<'_>) -> Result<()> {
        self.group.clear();
        group.sort_unstable_by_key(|entry| entry.ordinal);
        for Keyed { key, ordinal } in group {
            self.compare(*ordinal, *key, distance)?;
        }
        self.group.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::atomic::AtomicBool;

    use coldpress_operator::Signature;
    use proptest::prelude::*;

    use super::*;
    use crate::duplicates::find_duplicates;
    use crate::signature::SignatureWriter;

    type Record = ([u64; 2], BTreeSet<u32>);

    fn firsts(records: &[Record], cuts: usize, rule: Rule, threshold: f64) -> Vec<u64> {
        let files = records.chunks(cuts).map(|records| {
            let mut writer = SignatureWriter::new(SignatureForm::KeysAndSet(2));
            records.iter().for_each(|(keys, set)| {
                writer.push(Some(&Signature {
                    keys: keys.to_vec(),
                    set: set.iter().copied().collect(),
                    ..Signature::default()
                }));
            });
            let mut bytes = Vec::new();
            writer.finish(&mut bytes).unwrap();
            bytes
        });
        let files: Vec<Vec<u8>> = files.collect();
        let open = |file| SignatureReader::open(file).unwrap();
        let readers: Vec<_> = files.iter().map(|file| open(&file[..])).collect();
        let stop = AtomicBool::new(false);
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(0, folder.path(), &stop);
        let candidates = Box::new(rule);
        let rule = Rule::Alike {
            candidates,
            threshold,
        };
        let mut clusters = find_duplicates(&readers, &rule, &room).unwrap();
        let ordinals = 0..records.len() as u64;
        ordinals.map(|ordinal| clusters.first_of(ordinal)).collect()
    }

    fn share(one: &BTreeSet<u32>, other: &BTreeSet<u32>) -> f64 {
        match one.union(other).count() {
            0 => 1.0,
            all => one.intersection(other).count() as f64 / all as f64,
        }
    }

    /// Checks that every record that goes is alike to the one that stays for it. Two similar records may both stay only for one
    /// reason: one of them is alike to a record that goes, so they need not have met as representatives.
    fn check(
        records: &[Record],
        firsts: &[u64],
        threshold: f64,
        candidates: impl Fn(&Record, &Record) -> bool,
    ) {
        let alike = |a: usize, b: usize| share(&records[a].1, &records[b].1) >= threshold;
        let stays = |at: usize| firsts[at] == at as u64;
        for at in 0..records.len() {
            let first = firsts[at] as usize;
            if !stays(at) {
                assert!(
                    first < at && stays(first) && alike(first, at),
                    "{at} went for {first}"
                );
                continue;
            }
            for earlier in (0..at).filter(|earlier| stays(*earlier)) {
                if !candidates(&records[earlier], &records[at]) || !alike(earlier, at) {
                    continue;
                }
                let mut others = (0..records.len()).filter(|other| !stays(*other));
                assert!(
                    others.any(|other| alike(other, at) || alike(other, earlier)),
                    "{at} stays beside {earlier}"
                );
            }
        }
    }

    fn records() -> impl Strategy<Value = Vec<Record>> {
        let base = prop::collection::btree_set(0u32..8, 0..4);
        let record = ([0u64..3, 0u64..5], base, 0u32..3);
        // The sets come from a few families, so that many are alike.
        let record = record.prop_map(|(keys, mut set, family)| {
            if !set.is_empty() {
                set.extend(family * 100..family * 100 + 6);
            }
            (keys, set)
        });
        prop::collection::vec(record, 1..60)
    }

    proptest! {
        #[test]
        fn what_goes_is_alike_to_what_stays(
            records in records(), cuts in 1usize..30, threshold in prop::sample::select(vec![0.3, 0.5, 0.75, 1.0]),
        ) {
            let firsts_cut = firsts(&records, cuts, Rule::Equal, threshold);
            let share_key = |a: &Record, b: &Record| (0..2).any(|at| a.0[at] == b.0[at] && a.0[at] != 0);
            check(&records, &firsts_cut, threshold, share_key);
            prop_assert_eq!(firsts_cut, firsts(&records, records.len(), Rule::Equal, threshold));
        }

        #[test]
        fn fingerprints_that_are_near_are_compared_by_their_sets(
            records in records(), flips in prop::collection::vec((0u32..64, 0u32..64), 60),
            cuts in 1usize..30, distance in prop::sample::select(vec![0u32, 1, 4, 20]),
        ) {
            let centres = [0, u64::MAX, 0x0123_4567_89ab_cdef];
            let near = |((keys, set), (a, b)): (&Record, &(u32, u32))| {
                // Records without a set have a second key, like texts without shingles.
                let key = match set.is_empty() {
                    true => [0, keys[1] + 1],
                    false => [centres[keys[0] as usize] ^ 1 << a ^ 1 << b, 0],
                };
                (key, set.clone())
            };
            let records: Vec<Record> = records.iter().zip(&flips).map(near).collect();
            let rule = || Rule::Near { distance };
            let found = firsts(&records, cuts, rule(), 0.5);
            let candidates = |a: &Record, b: &Record| match (a.0[1], b.0[1]) {
                (0, 0) => (a.0[0] ^ b.0[0]).count_ones() <= distance,
                (one, other) => one == other,
            };
            check(&records, &found, 0.5, candidates);
            prop_assert_eq!(found, firsts(&records, records.len(), rule(), 0.5));
        }
    }

    fn record(key: u64, set: impl IntoIterator<Item = u32>) -> Record {
        ([key, 0], set.into_iter().collect())
    }

    #[test]
    fn a_chain_is_no_cluster() {
        let records = [
            record(1, 0..10),
            record(1, 2..12),
            record(1, 4..14),
            record(1, 3..13),
        ];
        // The third is only alike to the second, which goes for the first. The last is alike to the third, which stays.
        assert_eq!(firsts(&records, 2, Rule::Equal, 0.6), [0, 0, 2, 2]);
        assert_eq!(firsts(&records, 2, Rule::Equal, 0.9), [0, 1, 2, 3]);
    }

    #[test]
    fn who_goes_for_one_that_went_is_compared_with_the_one_that_stays() {
        // The first two meet by one key, the last two by the other.
        let set: BTreeSet<u32> = (0..10).collect();
        let records = [
            ([1, 0], set.clone()),
            ([1, 2], set.clone()),
            ([3, 2], set.clone()),
        ];
        assert_eq!(firsts(&records, 1, Rule::Equal, 1.0), [0, 0, 0]);
    }

    #[test]
    fn a_large_group_takes_no_more_than_so_many_comparisons_for_each() {
        // All are candidates and none are alike, so nothing goes, and it must end soon.
        let records: Vec<Record> = (0..3000)
            .map(|at| record(1, at * 10..at * 10 + 10))
            .collect();
        let found = firsts(&records, 1000, Rule::Equal, 0.5);
        assert_eq!(found, (0..3000).collect::<Vec<u64>>());
    }
}
