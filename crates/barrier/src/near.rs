//! Finds all pairs of fingerprints that differ in a few bits.
//!
//! If the 64 bits are divided into `distance + spare` blocks, two fingerprints within the distance agree in at least `spare`
//! blocks. So the fingerprints are sorted once for each choice of that many blocks, by the bits of the chosen blocks, and only
//! fingerprints that agree in these are compared. With more spare blocks, keys are longer and fewer fingerprints have to be
//! compared with each other, but there are more choices to sort for.

use crate::clusters::Clusters;
use crate::entry::Keyed;
use crate::error::Result;
use crate::read::ReadAt;
use crate::room::Room;
use crate::signature::SignatureReader;
use crate::sort::{Sorted, Sorter};
use crate::spool::{Spool, SpoolReader};

/// The size above which a group is divided further before all its pairs are compared.
const COMPARED_AT_ONCE: usize = 512;

/// The base-2 logarithm of the size up to which comparing a group is faster than sorting the data once more.
const ALIKE_BITS: u32 = 6;
/// The number of choices of blocks to sort for, at most.
const MOST_CHOICES: u64 = 100;

/// A fingerprint, and the first record that has it.
pub(crate) type Distinct = Keyed<u64>;

/// The handling of fingerprints that are the same or close to each other.
pub(crate) trait NearPairs {
    /// Takes the next record with a fingerprint, and the first record with that fingerprint, which is `None` for the first itself.
    /// Returns whether its fingerprint must be compared with others.
    fn same(&mut self, first: Option<u64>, ordinal: u64) -> Result<bool>;

    /// Takes a group of fingerprints, any two of which may be within the distance.
    fn group(&mut self, group: &mut [Distinct], distance: u32, room: &Room<'_>) -> Result<()>;
}

/// All close fingerprints become one cluster.
impl NearPairs for Clusters {
    fn same(&mut self, first: Option<u64>, ordinal: u64) -> Result<bool> {
        if let Some(first) = first {
            self.join(first, ordinal);
        }
        Ok(first.is_none())
    }

    fn group(&mut self, group: &mut [Distinct], distance: u32, room: &Room<'_>) -> Result<()> {
        for (at, one) in group.iter().enumerate() {
            if at % COMPARED_AT_ONCE == 0 {
                room.look()?;
            }
            for other in &group[at + 1..] {
                if (one.key ^ other.key).count_ones() <= distance {
                    self.join(one.ordinal, other.ordinal);
                }
            }
        }
        Ok(())
    }
}

/// Joins all records whose first keys differ in at most `distance` bits, except those with a second key.
pub(crate) fn join_near<F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    distance: u32,
    room: &Room<'_>,
    pairs: &mut impl NearPairs,
) -> Result<()> {
    let mut distinct = distinct(partitions, room, pairs)?;
    if distance == 0 || distinct.count < 2 {
        return Ok(());
    }
    if distance >= 64 {
        return join_all(&mut distinct, pairs);
    }
    if !pays(u64::MAX, distance) {
        let mut all = Vec::new();
        while let Some(entry) = distinct.reader.next()? {
            all.push(entry);
        }
        return pairs.group(&mut all, distance, room);
    }
    for mask in masks(distance, distinct.count) {
        let mut sorter = Sorter::new(room);
        distinct.reader.rewind()?;
        while let Some(Keyed { key, ordinal }) = distinct.reader.next()? {
            let key = (key & mask, key);
            sorter.push(Keyed { key, ordinal })?;
        }
        join_groups(sorter.finish()?, mask, distance, room, pairs)?;
    }
    Ok(())
}

/// The distinct fingerprints, in order.
struct Fingerprints {
    reader: SpoolReader<Distinct>,
    count: u64,
}

/// Joins records with equal fingerprints, and keeps one of each.
fn distinct<F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    room: &Room<'_>,
    pairs: &mut impl NearPairs,
) -> Result<Fingerprints> {
    let mut sorter = Sorter::new(room);
    let mut ordinal = 0;
    for partition in partitions {
        let seconds = second_keys(partition)?;
        let mut row = 0;
        partition.keys(0, |key| {
            let entry = Keyed { key, ordinal };
            let is_apart = seconds.get(row).is_some_and(|word| *word);
            ordinal += 1;
            row += 1;
            match is_apart {
                true => Ok(()),
                false => sorter.push(entry),
            }
        })?;
    }
    let mut sorted = sorter.finish()?;
    let mut spool = Spool::on_disk(room)?;
    // The first record with the current fingerprint.
    let mut last: Option<Distinct> = None;
    let mut count = 0;
    while let Some(entry) = sorted.next()? {
        let first = last.filter(|last| last.key == entry.key);
        if pairs.same(first.map(|first| first.ordinal), entry.ordinal)? {
            spool.push(entry)?;
            count += 1;
        }
        last = first.or(Some(entry));
    }
    let reader = spool.read()?;
    Ok(Fingerprints { reader, count })
}

/// Returns the rows of a partition that have a second key, or no key at all.
fn second_keys<F: ReadAt + ?Sized>(partition: &SignatureReader<'_, F>) -> Result<Vec<bool>> {
    let mut seconds = Vec::new();
    partition.keys(1, |key| {
        seconds.push(key != 0);
        Ok(())
    })?;
    for row in partition.unsigned() {
        seconds[*row as usize] = true;
    }
    Ok(seconds)
}

fn join_all(distinct: &mut Fingerprints, pairs: &mut impl NearPairs) -> Result<()> {
    let Some(first) = distinct.reader.next()? else {
        return Ok(());
    };
    while let Some(entry) = distinct.reader.next()? {
        pairs.same(Some(first.ordinal), entry.ordinal)?;
    }
    Ok(())
}

/// Returns the bits to sort by: one mask for each choice of blocks.
fn masks(distance: u32, count: u64) -> Vec<u64> {
    // There should be enough spare blocks that few fingerprints agree by chance in the bits of a choice, but not too many choices
    // to sort for.
    let wanted = (64 - count.leading_zeros()).saturating_sub(ALIKE_BITS);
    let affordable = (1..=64 - distance).take_while(|spare| {
        let last = *spare == 1;
        last || binomial(distance + spare, *spare) <= MOST_CHOICES
    });
    let mut spare = 1;
    for more in affordable {
        spare = more;
        if 64 * more / (distance + more) >= wanted {
            break;
        }
    }
    let blocks = blocks(u64::MAX, distance + spare);
    choices(&blocks, spare as usize)
}

fn binomial(of: u32, take: u32) -> u64 {
    let (of, take) = (u64::from(of), u64::from(take));
    (1..=take).fold(1u64, |ways, nth| ways.saturating_mul(of - take + nth) / nth)
}

/// Divides the bits that are set in `bits` into `count` blocks of nearly equal size.
fn blocks(bits: u64, count: u32) -> Vec<u64> {
    let total = bits.count_ones();
    let count = count.min(total).max(1);
    let mut blocks = vec![0; count as usize];
    let mut nth = 0;
    for bit in 0..64 {
        if bits >> bit & 1 == 1 {
            blocks[(nth * count / total) as usize] |= 1 << bit;
            nth += 1;
        }
    }
    blocks
}

/// Returns the unions of every choice of `take` blocks.
fn choices(blocks: &[u64], take: usize) -> Vec<u64> {
    match (take, blocks.split_first()) {
        (0, _) => vec![0],
        (_, None) => Vec::new(),
        (_, Some((first, rest))) => {
            let with_first = choices(rest, take - 1);
            let mut masks: Vec<u64> = with_first.into_iter().map(|mask| mask | first).collect();
            masks.extend(choices(rest, take));
            masks
        }
    }
}

/// Joins close fingerprints among those that agree in the bits of `mask`.
fn join_groups(
    mut sorted: Sorted<'_, Keyed<(u64, u64)>>,
    mask: u64,
    distance: u32,
    room: &Room<'_>,
    pairs: &mut impl NearPairs,
) -> Result<()> {
    let mut group: Vec<Distinct> = Vec::new();
    let mut bits = 0;
    loop {
        let entry = sorted.next()?;
        let of_group = entry.is_some_and(|entry| entry.key.0 == bits);
        if !of_group {
            join_group(&mut group, !mask, distance, room, pairs)?;
            group.clear();
        }
        let Some(Keyed { key, ordinal }) = entry else {
            return Ok(());
        };
        bits = key.0;
        group.push(Keyed {
            key: key.1,
            ordinal,
        });
    }
}

/// Joins close fingerprints in a group whose members only differ in the `open` bits. A large group is divided once more in the same
/// way, so that the time does not grow with its square. Such a group arises, for example, if half of the dataset begins with the
/// same text.
fn join_group(
    group: &mut [Distinct],
    open: u64,
    distance: u32,
    room: &Room<'_>,
    pairs: &mut impl NearPairs,
) -> Result<()> {
    if group.len() <= COMPARED_AT_ONCE || !pays(open, distance) {
        return pairs.group(group, distance, room);
    }
    for block in blocks(open, distance + 1) {
        group.sort_unstable_by_key(|entry| (entry.key & block, entry.key));
        for alike in group.chunk_by_mut(|a, b| a.key & block == b.key & block) {
            match alike.len() < 2 {
                true => {}
                false => join_group(alike, open & !block, distance, room, pairs)?,
            }
        }
    }
    Ok(())
}

/// Returns whether it pays to divide fingerprints that only differ in the `open` bits. They are then sorted once for each of
/// `distance + 1` blocks, and each time form as many groups as a block has values.
fn pays(open: u64, distance: u32) -> bool {
    let bits = open.count_ones() / (distance + 1);
    1u64.checked_shl(bits)
        .is_none_or(|groups| groups > u64::from(distance) + 1)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use proptest::prelude::*;

    use super::*;
    use crate::duplicates::find_duplicates;
    use crate::signature::SignatureWriter;
    use coldpress_operator::{Rule, Signature, SignatureForm};

    /// Returns the first record of each record's cluster.
    fn firsts(keys: &[(u64, u64)], cut: usize, distance: u32) -> Vec<u64> {
        let files = [&keys[..cut], &keys[cut..]].map(|keys| {
            let mut writer = SignatureWriter::new(SignatureForm::Keys(2));
            keys.iter().for_each(|(key, apart)| {
                writer.push(Some(&Signature {
                    keys: vec![*key, *apart],
                    ..Signature::default()
                }))
            });
            let mut bytes = Vec::new();
            writer.finish(&mut bytes).unwrap();
            bytes
        });
        let readers: Vec<_> = files
            .iter()
            .map(|file| SignatureReader::open(&file[..]).unwrap())
            .collect();
        let stop = AtomicBool::new(false);
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(0, folder.path(), &stop);
        let mut clusters = find_duplicates(&readers, &Rule::Near { distance }, &room).unwrap();
        (0..keys.len() as u64)
            .map(|ordinal| clusters.first_of(ordinal))
            .collect()
    }

    /// Returns the same by comparing all with all.
    fn firsts_by_force(keys: &[(u64, u64)], distance: u32) -> Vec<u64> {
        let mut clusters = Clusters::new(keys.len() as u64);
        for (a, one) in keys.iter().enumerate() {
            for (b, other) in keys.iter().enumerate().skip(a + 1) {
                let near = (one.0 ^ other.0).count_ones() <= distance;
                let joined = match (one.1, other.1) {
                    (0, 0) => near,
                    (one, other) => one == other,
                };
                if joined {
                    clusters.join(a as u64, b as u64);
                }
            }
        }
        (0..keys.len() as u64)
            .map(|ordinal| clusters.first_of(ordinal))
            .collect()
    }

    /// Generates fingerprints around a few centres, so that many are close to each other.
    fn keys() -> impl Strategy<Value = Vec<(u64, u64)>> {
        let key = (0usize..4, prop::collection::vec(0u32..64, 0..5), 0u64..12);
        let centres = [0, u64::MAX, 0x0123_4567_89ab_cdef, 0xdead_beef_0000_0000];
        let keys = prop::collection::vec(key, 1..120);
        keys.prop_map(move |keys| {
            let key = |(centre, flips, apart): (usize, Vec<u32>, u64)| {
                let flipped = flips
                    .iter()
                    .fold(centres[centre], |key, bit| key ^ 1 << bit);
                (flipped, apart.saturating_sub(9))
            };
            keys.into_iter().map(key).collect()
        })
    }

    proptest! {
        #[test]
        fn it_is_the_same_as_comparing_all_with_all(
            keys in keys(), cut in 0usize..120, distance in prop_oneof![3 => 0u32..7, 1 => 7u32..64],
        ) {
            let cut = cut.min(keys.len());
            prop_assert_eq!(firsts(&keys, cut, distance), firsts_by_force(&keys, distance));
        }
    }

    #[test]
    fn distances_without_sense_do_no_harm() {
        let keys: Vec<(u64, u64)> = (0..20).map(|at| (1 << at, 0)).collect();
        for distance in [60, 63, 64, 1000] {
            assert_eq!(firsts(&keys, 7, distance), vec![0; 20], "{distance}");
        }
    }

    /// Dividing into blocks of a bit or two would compare the same pairs again and again.
    #[test]
    fn wide_distances_are_compared_once() {
        let spread = |at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let keys: Vec<(u64, u64)> = (0..3000).map(|at| (spread(at), 0)).collect();
        for distance in [13, 15, 20, 32] {
            assert_eq!(
                firsts(&keys, 1500, distance),
                firsts_by_force(&keys, distance)
            );
        }
    }

    #[test]
    fn a_group_that_is_large_is_cut_further() {
        // All of them agree in the upper half, and no two are within the distance.
        let spread = |at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let keys: Vec<(u64, u64)> = (0..3000).map(|at| (spread(at), 0)).collect();
        assert_eq!(firsts(&keys, 1500, 3), firsts_by_force(&keys, 3));
    }

    #[test]
    fn every_choice_of_blocks_covers_all_pairs_within_the_distance() {
        for (distance, count) in [(1, 10), (4, 1000), (4, 1 << 24), (7, 1 << 30)] {
            let masks = masks(distance, count);
            let blocks = masks.iter().fold(0, |all, mask| all | mask);
            assert_eq!(blocks, u64::MAX);
            // Flipping any `distance` bits leaves some mask untouched.
            for start in 0..64u32 {
                let flips =
                    (0..distance).fold(0u64, |flips, nth| flips | 1 << ((start + nth * 13) % 64));
                assert!(
                    masks.iter().any(|mask| mask & flips == 0),
                    "{distance} {start}"
                );
            }
        }
    }
}
