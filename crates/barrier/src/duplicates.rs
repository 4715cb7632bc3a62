//! Finds the records that are duplicates of each other, from their signatures.

use coldpress_operator::{Rule, SignatureForm};

use crate::alike::find_alike;
use crate::clusters::Clusters;
use crate::column::{sorted_keys, unsuited};
use crate::entry::{Key, Keyed};
use crate::error::Result;
use crate::near::join_near;
use crate::read::ReadAt;
use crate::room::Room;
use crate::signature::SignatureReader;
use crate::sort::{Sorted, Sorter};

/// Finds the duplicates among the records of all these partitions, in order.
///
/// # Errors
/// [`Error::Damaged`](crate::Error::Damaged) if signatures have different forms or do not suit the rule;
/// [`Error::Io`](crate::Error::Io), [`Error::Scratch`](crate::Error::Scratch), [`Error::Stopped`](crate::Error::Stopped).
pub fn find_duplicates<F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    rule: &Rule,
    room: &Room<'_>,
) -> Result<Clusters> {
    let records = partitions.iter().map(SignatureReader::rows).sum();
    let Some(form) = partitions.first().map(SignatureReader::form) else {
        return Ok(Clusters::new(0));
    };
    if partitions.iter().any(|partition| partition.form() != form) {
        return Err(unsuited("partitions have signatures of several forms"));
    }
    if let Rule::Alike {
        candidates,
        threshold,
    } = rule
    {
        return find_alike(partitions, candidates, *threshold, room);
    }
    let mut clusters = Clusters::new(records);
    match (rule, form) {
        (Rule::Equal, SignatureForm::Digest) => {
            let mut sorter = Sorter::new(room);
            let mut ordinal = 0;
            for partition in partitions {
                partition.digests(|digest| {
                    ordinal += 1;
                    // Two words need no alignment to 16 bytes, which would make an entry a third larger.
                    let key = ((digest >> 64) as u64, digest as u64);
                    match digest {
                        0 => Ok(()),
                        _ => sorter.push(Keyed {
                            key,
                            ordinal: ordinal - 1,
                        }),
                    }
                })?;
            }
            join_equal(sorter.finish()?, &mut clusters)?;
        }
        (Rule::Equal, SignatureForm::Keys(columns)) => {
            for column in 0..columns {
                join_equal(
                    sorted_keys(partitions, column, room, Sorter::new)?,
                    &mut clusters,
                )?;
            }
        }
        // The last column decides which record stays.
        (Rule::EqualKeepLeast, SignatureForm::Keys(columns @ 2..)) => {
            for column in 0..columns - 1 {
                join_equal(
                    sorted_keys(partitions, column, room, Sorter::new)?,
                    &mut clusters,
                )?;
            }
        }
        (Rule::Near { distance }, SignatureForm::Keys(2)) => {
            join_equal(
                sorted_keys(partitions, 1, room, Sorter::new)?,
                &mut clusters,
            )?;
            join_near(partitions, *distance, room, &mut clusters)?;
        }
        _ => return Err(unsuited("signatures of this form cannot be compared so")),
    }
    Ok(clusters)
}

fn join_equal<K: Key>(mut sorted: Sorted<'_, Keyed<K>>, clusters: &mut Clusters) -> Result<()> {
    let mut first: Option<Keyed<K>> = None;
    while let Some(entry) = sorted.next()? {
        match first {
            // Among equal keys, the first in the order of the dataset comes first.
            Some(first) if first.key == entry.key => clusters.join(first.ordinal, entry.ordinal),
            _ => first = Some(entry),
        }
    }
    Ok(())
}
