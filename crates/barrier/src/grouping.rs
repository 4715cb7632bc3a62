//! Groups of records with equal keys.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_128;

use coldpress_operator::SignatureForm;

use crate::canonical::canonical;
use crate::entry::Keyed;
use crate::error::{Error, Result};
use crate::read::{ReadAt, damaged};
use crate::room::Room;
use crate::signature::SignatureReader;
use crate::sort::{Sorted, Sorter};

/// Returns the digest of a group's key: of the JSON values of the fields, always in the same order. Fields have the same
/// digest if they are equal, however they are spelled; 1 and 1.0 are not equal.
///
/// # Errors
/// [`Error::Damaged`] for what is no JSON.
pub fn group_digest<'j>(fields: impl IntoIterator<Item = &'j [u8]>) -> Result<u128> {
    let mut key = Vec::new();
    for field in fields {
        canonical(field, &mut key)?;
        // No spelling has a line break.
        key.push(b'\n');
    }
    Ok(xxh3_128(&key))
}

/// A record, and the group that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The group. Groups are numbered from 0, in the order of their first records.
    pub group: u64,
    /// The record's ordinal.
    pub ordinal: u64,
}

/// Groups in the order of their first records, each with its records in the order of the dataset.
pub struct Groups<'r> {
    members: Members<'r>,
    /// The group of the last member, its first record, and its bytes.
    group: Option<(u64, u64, u64)>,
    limit: Option<Limit<'r>>,
}

/// Ordinals with the first of their group as the key.
enum Members<'r> {
    Sorted(Sorted<'r, Keyed<u64>>),
    /// All records are of one group.
    All(Range<u64>),
}

struct Limit<'r> {
    bytes: u64,
    bytes_of: Box<dyn FnMut(u64) -> Result<u64> + 'r>,
}

/// Groups the records of all these partitions by their [digests](group_digest).
///
/// # Errors
/// [`Error::Damaged`] for signatures that are no digests; [`Error::Io`], [`Error::Scratch`], [`Error::Stopped`].
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
        partition.digests(|key| {
            ordinal += 1;
            digests.push(Keyed {
                key,
                ordinal: ordinal - 1,
            })
        })?;
    }
    let members = members(digests, room)?;
    Ok(Groups::of(Members::Sorted(members)))
}

/// Ordinals by the first one that has the same digest.
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

impl<'r> Groups<'r> {
    /// Puts so many records into one group.
    #[must_use]
    pub fn one(records: u64) -> Self {
        Self::of(Members::All(0..records))
    }

    fn of(members: Members<'r>) -> Self {
        Self {
            members,
            group: None,
            limit: None,
        }
    }

    /// Fails at the first group of more than so many bytes. `bytes_of` gives the bytes of a record by its ordinal.
    #[must_use]
    pub fn with_limit(mut self, bytes: u64, bytes_of: impl FnMut(u64) -> Result<u64> + 'r) -> Self {
        let bytes_of = Box::new(bytes_of);
        self.limit = Some(Limit { bytes, bytes_of });
        self
    }

    /// Returns the next record: of the same group as the last one, or the first of the next group.
    ///
    /// # Errors
    /// [`Error::GroupTooLarge`], [`Error::Scratch`], [`Error::Stopped`], and what gives the bytes of a record fails with.
    pub fn next_member(&mut self) -> Result<Option<Member>> {
        let member = match &mut self.members {
            Members::Sorted(sorted) => sorted.next()?,
            Members::All(ordinals) => ordinals.next().map(|ordinal| Keyed { key: 0, ordinal }),
        };
        let Some(Keyed {
            key: first,
            ordinal,
        }) = member
        else {
            return Ok(None);
        };
        let (group, before) = match self.group {
            Some((group, of, bytes)) if of == first => (group, bytes),
            Some((group, ..)) => (group + 1, 0),
            None => (0, 0),
        };
        let bytes = match &mut self.limit {
            Some(limit) => before.saturating_add((limit.bytes_of)(ordinal)?),
            None => 0,
        };
        if let Some(limit) = self.limit.as_ref().filter(|limit| bytes > limit.bytes) {
            return Err(Error::GroupTooLarge {
                group,
                first,
                limit_bytes: limit.bytes,
            });
        }
        self.group = Some((group, first, bytes));
        Ok(Some(Member { group, ordinal }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use proptest::prelude::*;
    use serde_json::Value;

    use coldpress_operator::Signature;

    use super::*;
    use crate::signature::SignatureWriter;

    fn written(keys: &[String]) -> Vec<u8> {
        let mut writer = SignatureWriter::new(SignatureForm::Digest);
        for key in keys {
            let digests = vec![group_digest([key.as_bytes()]).unwrap()];
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

    /// Groups of `keys`, of which the first `cut` are of a partition of their own, and each record has 10 bytes.
    fn grouped(keys: &[String], cut: usize, limit: u64) -> Result<Vec<Vec<u64>>> {
        let files = [written(&keys[..cut]), written(&keys[cut..])];
        let open = |file| SignatureReader::open(file).unwrap();
        let readers: Vec<_> = files.iter().map(|file| open(&file[..])).collect();
        let stop = AtomicBool::new(false);
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(0, folder.path(), &stop);
        all(find_groups(&readers, &room)?.with_limit(limit, |_| Ok(10)))
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
            prop_assert_eq!(grouped(&keys, cut, 1000).unwrap(), expected.clone());
            let largest = expected.iter().map(Vec::len).max().unwrap_or(0) as u64;
            prop_assert!(grouped(&keys, cut, largest * 10).is_ok());
            if largest > 0 {
                let error = grouped(&keys, cut, largest * 10 - 1).unwrap_err();
                let group = expected.iter().position(|group| group.len() as u64 == largest).unwrap();
                let expected = (group as u64, expected[group][0]);
                let named = match error {
                    Error::GroupTooLarge { group, first, .. } => Some((group, first)),
                    _ => None,
                };
                prop_assert_eq!(named, Some(expected));
            }
        }
    }

    #[test]
    fn all_records_are_one_group_if_that_is_wanted() {
        assert_eq!(all(Groups::one(3)).unwrap(), [[0, 1, 2]]);
        assert!(all(Groups::one(0)).unwrap().is_empty());
        assert!(all(Groups::one(3).with_limit(9, |_| Ok(4))).is_err());
    }

    #[test]
    fn keys_of_several_fields_do_not_run_together() {
        let digest = |fields: &[&str]| group_digest(fields.iter().map(|field| field.as_bytes()));
        let different = [
            digest(&["1", "2"]),
            digest(&["12"]),
            digest(&["2", "1"]),
            digest(&["\"1\\n2\""]),
            digest(&["1", "2.0"]),
        ];
        let different: Vec<u128> = different.into_iter().map(Result::unwrap).collect();
        let distinct: std::collections::BTreeSet<_> = different.iter().collect();
        assert_eq!(distinct.len(), different.len());
        assert_eq!(digest(&["1", " 2 "]).unwrap(), different[0]);
    }

    /// The value at a dotted path, in which digits count items of lists. What cannot be reached is null.
    fn reach<'v>(record: &'v Value, path: &str) -> &'v Value {
        let step = |value: &'v Value, key: &str| match key.parse::<usize>() {
            Ok(nth) if value.is_array() => value.get(nth),
            _ => value.get(key),
        };
        let value = path.split('.').try_fold(record, step);
        value.unwrap_or(&Value::Null)
    }

    #[test]
    fn it_groups_as_data_juicer_does() {
        let vectors = include_str!("grouping/key_value_grouper.vectors.jsonl");
        for line in vectors.lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let params = &case["params"];
            let paths: Vec<&str> = match params["group_by_keys"].as_array() {
                Some(paths) => paths.iter().map(|path| path.as_str().unwrap()).collect(),
                None => vec![params["text_key"].as_str().unwrap_or("text")],
            };
            let records = case["input"].as_array().unwrap();
            let mut writer = SignatureWriter::new(SignatureForm::Digest);
            for record in records {
                let fields = paths.iter().map(|path| reach(record, path).to_string());
                let fields: Vec<String> = fields.collect();
                let digest = group_digest(fields.iter().map(String::as_bytes));
                let digests = vec![digest.unwrap()];
                writer.push(Some(&Signature {
                    digests,
                    ..Signature::default()
                }));
            }
            let mut file = Vec::new();
            writer.finish(&mut file).unwrap();
            let readers = [SignatureReader::open(&file[..]).unwrap()];
            let stop = AtomicBool::new(false);
            let folder = tempfile::tempdir().unwrap();
            let room = Room::new(0, folder.path(), &stop);
            let groups = all(find_groups(&readers, &room).unwrap()).unwrap();
            let output = case["output"].as_array().unwrap();
            assert_eq!(groups.len(), output.len(), "{}", case["id"]);
            for (group, expected) in groups.iter().zip(output) {
                for (column, values) in expected.as_object().unwrap() {
                    let found = group
                        .iter()
                        .map(|ordinal| &records[*ordinal as usize][column]);
                    assert!(found.eq(values.as_array().unwrap()), "{}", case["id"]);
                }
            }
        }
    }
}
