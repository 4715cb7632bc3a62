//! Chooses the record of each cluster that stays if it isn't the first: the one with the least key in a column.

use crate::clusters::Clusters;
use crate::entry::Keyed;
use crate::error::Result;
use crate::in_order::InOrder;
use crate::read::ReadAt;
use crate::room::Room;
use crate::signature::SignatureReader;
use crate::sort::Sorter;

/// Finds, for each record that goes, the record that stays for it: the one in its cluster with the least key in this column, or the
/// first of several.
pub(crate) fn keep_least<'r, F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    column: u32,
    clusters: &mut Clusters,
    room: &'r Room<'r>,
) -> Result<InOrder<'r>> {
    let is_shared = shared_roots(clusters);
    let mut members = Sorter::sharing(room);
    let mut ordinal = 0;
    for partition in partitions {
        partition.keys(column, |key| {
            let root = clusters.first_of(ordinal);
            if is_shared.has(root) {
                members.push(Keyed {
                    key: (root, key),
                    ordinal,
                })?;
            }
            ordinal += 1;
            Ok(())
        })?;
    }
    let mut members = members.finish()?;
    let mut going = Sorter::sharing(room);
    let mut kept = None;
    while let Some(Keyed { key, ordinal }) = members.next()? {
        let (root, _) = key;
        match kept {
            Some((of, kept)) if of == root => going.push(Keyed {
                key: ordinal,
                ordinal: kept,
            })?,
            // The first record with the least key stays.
            _ => kept = Some((root, ordinal)),
        }
    }
    drop(members);
    InOrder::of(going.finish()?)
}

/// Returns the first records of the clusters that have more than one.
fn shared_roots(clusters: &mut Clusters) -> Bits {
    let mut roots = Bits(vec![0; clusters.records().div_ceil(64) as usize]);
    for ordinal in 0..clusters.records() {
        let root = clusters.first_of(ordinal);
        if root != ordinal {
            roots.set(root);
        }
    }
    roots
}

/// One bit for each record.
struct Bits(Vec<u64>);

impl Bits {
    fn set(&mut self, at: u64) {
        self.0[(at / 64) as usize] |= 1 << (at % 64);
    }

    fn has(&self, at: u64) -> bool {
        self.0[(at / 64) as usize] >> (at % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use proptest::prelude::*;

    use coldpress_operator::{Rule, Signature, SignatureForm};

    use crate::judge::judge;
    use crate::room::Room;
    use crate::signature::{SignatureReader, SignatureWriter};

    /// Returns, for each record, the one that stays for it according to the judgement.
    fn judged(keys: &[[u64; 3]], cut: usize) -> Vec<u64> {
        let files = [&keys[..cut], &keys[cut..]].map(|keys| {
            let mut writer = SignatureWriter::new(SignatureForm::Keys(3));
            keys.iter().for_each(|keys| {
                writer.push(Some(&Signature {
                    keys: keys.to_vec(),
                    ..Signature::default()
                }));
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
        let mut judgement = judge(&readers, &Rule::EqualKeepLeast, &room).unwrap();
        let mut kept = Vec::new();
        while let Some(verdict) = judgement.next_verdict().unwrap() {
            let mut kept_for = verdict.kept_for.into_iter();
            for row in 0..verdict.decision.rows() {
                let own = kept.len() as u64;
                kept.push(match verdict.decision.stays(row) {
                    true => own,
                    false => kept_for.next().unwrap(),
                });
            }
            assert_eq!(kept_for.next(), None);
        }
        kept
    }

    fn by_force(keys: &[[u64; 3]]) -> Vec<u64> {
        let mut clusters: Vec<usize> = (0..keys.len()).collect();
        for (at, one) in keys.iter().enumerate() {
            for before in 0..at {
                let other = &keys[before];
                if (0..2).any(|column| one[column] != 0 && one[column] == other[column]) {
                    let (from, to) = (clusters[at], clusters[before]);
                    clusters
                        .iter_mut()
                        .filter(|cluster| **cluster == from)
                        .for_each(|cluster| *cluster = to);
                }
            }
        }
        let least = |cluster: &usize| {
            let members = (0..keys.len()).filter(|member| clusters[*member] == *cluster);
            members.min_by_key(|member| (keys[*member][2], *member))
        };
        clusters
            .iter()
            .map(|cluster| least(cluster).unwrap() as u64)
            .collect()
    }

    proptest! {
        #[test]
        fn the_least_of_each_cluster_stays(
            keys in prop::collection::vec([0u64..30, 0u64..30, 0u64..9], 1..60), cut in 0usize..60,
        ) {
            let cut = cut.min(keys.len());
            prop_assert_eq!(judged(&keys, cut), by_force(&keys));
        }
    }
}
