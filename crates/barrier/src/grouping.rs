//! Groups of records with equal keys.

use coldpress_operator::SignatureForm;

use crate::entry::Keyed;
use crate::error::Result;
use crate::read::{ReadAt, damaged};
use crate::room::Room;
use crate::signature::SignatureReader;
use crate::sort::{Sorted, Sorter};

/// A record, with its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The group. Groups are numbered from 0 in the order of their first records.
    pub group: u64,
    /// The record's ordinal.
    pub ordinal: u64,
}

/// Groups in the order of their first records, each with its records in the order of the dataset.
pub struct Groups<'r> {
    /// The records' ordinals, with the first record of their group as the key.
    members: Sorted<'r, Keyed<u64>>,
    /// The group of the last member, and its first record.
    group: Option<(u64, u64)>,
}

/// Groups the records of all these partitions by their digests, leaving out those without a signature.
///
/// # Errors
/// [`Error::Damaged`](crate::Error::Damaged) if signatures are not digests; [`Error::Io`](crate::Error::Io),
/// [`Error::Scratch`](crate::Error::Scratch), [`Error::Stopped`](crate::Error::Stopped).
pub fn find_groups<'r, F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    room: &'r Room<'r>,
) -> Result<Groups<'r>> {
    let mut digests = Sorter::sharing(room);
    let mut ordinal = 0;
    for partition in partitions {
        if partition.form() != SignatureForm::Digest {
            let reason = "signatures of this form cannot be grouped by";
            return Err(damaged("a set of signature files", reason));
        }
        let mut unsigned = partition.unsigned().iter().peekable();
        let first = ordinal;
        partition.digests(|key| {
            ordinal += 1;
            let row = ordinal - 1 - first;
            match unsigned.next_if_eq(&&row) {
                Some(_) => Ok(()),
                None => digests.push(Keyed {
                    key,
                    ordinal: ordinal - 1,
                }),
            }
        })?;
    }
    Ok(Groups {
        members: members(digests, room)?,
        group: None,
    })
}

/// Returns ordinals, sorted by the first one with the same digest.
pub(crate) fn members<'r>(
    digests: Sorter<'r, Keyed<u128>>,
    room: &'r Room<'r>,
) -> Result<Sorted<'r, Keyed<u64>>> {
    let mut digests = digests.finish()?;
    let mut members = Sorter::sharing(room);
    let mut first: Option<Keyed<u128>> = None;
    while let Some(entry) = digests.next()? {
        let group = first
            .filter(|first| first.key == entry.key)
            .unwrap_or(entry);
        first = Some(group);
        members.push(Keyed {
            key: group.ordinal,
            ordinal: entry.ordinal,
        })?;
    }
    drop(digests);
    members.finish()
}

impl Groups<'_> {
    /// Returns the next record: of the same group as the last one, or the first of the next group.
    ///
    /// # Errors
    /// [`Error::Scratch`](crate::Error::Scratch), [`Error::Stopped`](crate::Error::Stopped).
    pub fn next_member(&mut self) -> Result<Option<Member>> {
        let Some(Keyed {
            key: first,
            ordinal,
        }) = self.members.next()?
        else {
            return Ok(None);
        };
        let group = match self.group {
            Some((group, of)) if of == first => group,
            Some((group, _)) => group + 1,
            None => 0,
        };
        self.group = Some((group, first));
        Ok(Some(Member { group, ordinal }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use proptest::prelude::*;

    use coldpress_operator::Signature;
    use coldpress_operator::value::key_digest;

    use super::*;
    use crate::signature::SignatureWriter;

    fn written(keys: &[String]) -> Vec<u8> {
        let mut writer = SignatureWriter::new(SignatureForm::Digest);
        for key in keys {
            let digests = vec![key_digest([key.as_bytes()]).unwrap()];
            writer.push(Some(&Signature {
                digests,
                ..Signature::default()
            }));
        }
        let mut bytes = Vec::new();
        writer.finish(&mut bytes).unwrap();
        bytes
    }

    fn all(mut groups: Groups<'_>) -> Result<Vec<Vec<u64>>> {
        let mut found = Vec::<Vec<u64>>::new();
        while let Some(member) = groups.next_member()? {
            match found.len() as u64 == member.group {
                true => found.push(vec![member.ordinal]),
                false => found.last_mut().unwrap().push(member.ordinal),
            }
        }
        Ok(found)
    }

    /// Returns the groups of `keys`. The first `cut` keys are in a partition of their own.
    fn grouped(keys: &[String], cut: usize) -> Result<Vec<Vec<u64>>> {
        let files = [written(&keys[..cut]), written(&keys[cut..])];
        let open = |file| SignatureReader::open(file).unwrap();
        let readers: Vec<_> = files.iter().map(|file| open(&file[..])).collect();
        let stop = AtomicBool::new(false);
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(0, folder.path(), &stop);
        all(find_groups(&readers, &room)?)
    }

    proptest! {
        #[test]
        fn groups_are_in_the_order_of_their_first_records(
            keys in prop::collection::vec(0u8..9, 0..60), cut in 0usize..60,
        ) {
            let mut expected = Vec::<(u8, Vec<u64>)>::new();
            for (key, ordinal) in keys.iter().zip(0u64..) {
                match expected.iter_mut().find(|group| group.0 == *key) {
                    Some(group) => group.1.push(ordinal),
                    None => expected.push((*key, vec![ordinal])),
                }
            }
            let expected: Vec<_> = expected.into_iter().map(|group| group.1).collect();
            let keys: Vec<String> = keys.iter().map(u8::to_string).collect();
            let cut = cut.min(keys.len());
            prop_assert_eq!(grouped(&keys, cut).unwrap(), expected);
        }
    }

    #[test]
    fn keys_of_several_fields_do_not_run_together() {
        let digest = |fields: &[&str]| key_digest(fields.iter().map(|field| field.as_bytes()));
        let different = [
            digest(&["1", "2"]),
            digest(&["12"]),
            digest(&["2", "1"]),
            digest(&["\"1\\n2\""]),
            digest(&["1", "2.0"]),
        ];
        let different: Vec<u128> = different
            .into_iter()
            .map(|digest| digest.unwrap())
            .collect();
        let distinct: std::collections::BTreeSet<_> = different.iter().collect();
        assert_eq!(distinct.len(), different.len());
        assert_eq!(digest(&["1", " 2 "]).unwrap(), different[0]);
    }
}
