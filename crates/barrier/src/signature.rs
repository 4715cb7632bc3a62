//! Signature files: the signatures of the rows of one partition, column by column, so that each column can be read alone.
//!
//! All numbers are little-endian. A file has one of two layouts.
//!
//! The plain layout: 8 bytes of magic, the number of rows (`u64`), the form (`u32`), the number of columns (`u32`), the number of
//! rows without a signature (`u64`); these rows (`u64`); then the columns one after the other. A row without a signature has zeros,
//! or nothing.
//!
//! The other layout is for signatures of any length (sets, digests of lines, values) and for those with labels. Signatures of any
//! length are too large to be kept in memory until all rows are known, so the description of the file comes last: 8 bytes of magic;
//! the sets, digests or values of all rows, one after the other; the start of each set, and the end of the last one (`u64`; only
//! for a form with sets); the columns as above; the lengths of all labels, row by row (`u32`); the labels; the rows without a
//! signature (`u64`); and the [footer](Footer). For digests of lines and for values, the only column is that of their numbers
//! (`u32`). In files of earlier releases, digests and values come after that column, in both layouts.

mod reader;
mod set;
mod writer;

use coldpress_operator::SignatureForm;

pub use reader::SignatureReader;
pub use writer::SignatureWriter;

const MAGIC: &[u8; 8] = b"coldsig1";
const HEADER_BYTES: u64 = 32;
const MAGIC_OF_SETS: &[u8; 8] = b"coldsig2";
/// The number of columns, at most. More keys have no use, but a damaged header could request any number.
const MOST_COLUMNS: u32 = 1 << 16;
/// The number of labels, at most, for the same reason.
const MOST_LABELS: u32 = 16;
const WHAT: &str = "a signature file";

fn code(form: SignatureForm) -> (u32, u32) {
    match form {
        SignatureForm::Keys(columns) => (0, columns),
        SignatureForm::Digest => (1, 1),
        SignatureForm::Digests => (2, 1),
        SignatureForm::Value => (3, 1),
        SignatureForm::KeysAndSet(columns) => (4, columns),
    }
}

fn of_code(code: u32, columns: u32) -> Option<SignatureForm> {
    match (code, columns) {
        (0, 1..=MOST_COLUMNS) => Some(SignatureForm::Keys(columns)),
        (1, 1) => Some(SignatureForm::Digest),
        (2, 1) => Some(SignatureForm::Digests),
        (3, 1) => Some(SignatureForm::Value),
        (4, 1..=MOST_COLUMNS) => Some(SignatureForm::KeysAndSet(columns)),
        _ => None,
    }
}

/// Returns the size in bytes of one item of a column.
fn width(form: SignatureForm) -> u64 {
    match form {
        SignatureForm::Keys(_) | SignatureForm::KeysAndSet(_) => 8,
        SignatureForm::Digest | SignatureForm::Digests => 16,
        SignatureForm::Value => 1,
    }
}

fn has_lengths(form: SignatureForm) -> bool {
    matches!(form, SignatureForm::Digests | SignatureForm::Value)
}

/// Returns whether signatures may have any length, and are written as they come.
fn is_streamed(form: SignatureForm) -> bool {
    has_sets(form) || has_lengths(form)
}

fn has_sets(form: SignatureForm) -> bool {
    matches!(form, SignatureForm::KeysAndSet(_))
}

/// The end of a file in the second layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Footer {
    rows: u64,
    form: SignatureForm,
    unsigned: u64,
    labels: u32,
    streamed_bytes: u64,
    columns_bytes: u64,
    labels_bytes: u64,
}

impl Footer {
    const BYTES: usize = 64;

    fn write(self) -> [u8; Self::BYTES] {
        let (code, columns) = code(self.form);
        let mut bytes = [0; Self::BYTES];
        let numbers = [
            self.rows,
            u64::from(code) | u64::from(columns) << 32,
            self.unsigned,
            u64::from(self.labels),
            self.streamed_bytes,
            self.columns_bytes,
            self.labels_bytes,
            u64::from_le_bytes(*MAGIC_OF_SETS),
        ];
        let (places, _) = bytes.as_chunks_mut::<8>();
        for (place, number) in places.iter_mut().zip(numbers) {
            *place = number.to_le_bytes();
        }
        bytes
    }

    fn read(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let numbers = bytes.as_chunks::<8>().0;
        let number = |at: usize| u64::from_le_bytes(numbers[at]);
        let form = of_code(number(1) as u32, (number(1) >> 32) as u32)?;
        let labels = u32::try_from(number(3)).ok()?;
        let is_one = numbers[7] == *MAGIC_OF_SETS && labels <= MOST_LABELS;
        is_one.then_some(Self {
            rows: number(0),
            form,
            unsigned: number(2),
            labels,
            streamed_bytes: number(4),
            columns_bytes: number(5),
            labels_bytes: number(6),
        })
    }
}

#[cfg(test)]
mod tests {
    use coldpress_operator::Signature;
    use proptest::prelude::*;

    use super::*;
    use crate::error::Error;

    fn written(writer: SignatureWriter) -> Vec<u8> {
        let mut bytes = Vec::new();
        writer.finish(&mut bytes).unwrap();
        bytes
    }

    /// Returns the file that earlier releases wrote for lists of digests, before digests were written as they come.
    fn plain_lists(lists: &[Vec<u128>]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend((lists.len() as u64).to_le_bytes());
        let (code, columns) = code(SignatureForm::Digests);
        bytes.extend([code, columns].map(u32::to_le_bytes).as_flattened());
        bytes.extend(0u64.to_le_bytes());
        let lengths = lists.iter().map(|list| list.len() as u32);
        bytes.extend(lengths.flat_map(u32::to_le_bytes));
        let digests = lists.iter().flatten();
        bytes.extend(digests.flat_map(|digest| digest.to_le_bytes()));
        bytes
    }

    proptest! {
        #[test]
        fn keys_are_read_as_they_were_written(rows in prop::collection::vec(any::<[u64; 3]>(), 0..200)) {
            let mut writer = SignatureWriter::new(SignatureForm::Keys(3));
            rows.iter().for_each(|keys| writer.push(Some(&Signature { keys: keys.to_vec(), ..Signature::default() })));
            let bytes = written(writer);
            let reader = SignatureReader::open(&bytes[..]).unwrap();
            prop_assert_eq!((reader.rows(), reader.form()), (rows.len() as u64, SignatureForm::Keys(3)));
            for column in 0..3 {
                let mut read = Vec::new();
                reader.keys(column, |key| { read.push(key); Ok(()) }).unwrap();
                let expected: Vec<u64> = rows.iter().map(|keys| keys[column as usize]).collect();
                prop_assert_eq!(read, expected);
            }
        }

        #[test]
        fn values_of_any_length_are_read_as_they_were_written(
            mut values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..50),
            long in prop::collection::vec((0usize..50, 1usize..600_000), 0..3),
            spills in 0usize..4,
        ) {
            for (at, length) in long {
                values.insert(at.min(values.len()), vec![at as u8; length]);
            }
            let mut writer = SignatureWriter::new(SignatureForm::Value);
            let mut bytes = Vec::new();
            for (at, value) in values.iter().enumerate() {
                writer.push(Some(&Signature { value: value.clone(), ..Signature::default() }));
                if spills > 0 && at % spills == 0 {
                    writer.spill(&mut bytes).unwrap();
                }
            }
            writer.finish(&mut bytes).unwrap();
            let mut read = Vec::new();
            let reader = SignatureReader::open(&bytes[..]).unwrap();
            reader.values(|row, value| { read.push((row, value.to_vec())); Ok(()) }).unwrap();
            let expected: Vec<_> = (0u64..).zip(values).collect();
            prop_assert_eq!(read, expected);
            prop_assert!(SignatureReader::open(&bytes[..bytes.len() - 1]).is_err());
            prop_assert!(SignatureReader::open(&[&bytes[..], &[0]].concat()[..]).is_err());
        }

        #[test]
        fn lists_are_read_in_both_layouts(lists in prop::collection::vec(prop::collection::vec(any::<u128>(), 0..5), 0..40)) {
            let mut writer = SignatureWriter::new(SignatureForm::Digests);
            for digests in &lists {
                writer.push(Some(&Signature { digests: digests.clone(), ..Signature::default() }));
            }
            let bytes = written(writer);
            let expected: Vec<(u64, u64, u128)> = (0..)
                .zip(&lists)
                .flat_map(|(row, list)| (0..).zip(list).map(move |(nth, digest)| (row, nth, *digest)))
                .collect();
            for bytes in [bytes, plain_lists(&lists)] {
                let reader = SignatureReader::open(&bytes[..]).unwrap();
                let mut read = Vec::new();
                reader.lists(|row, nth, digest| { read.push((row, nth, digest)); Ok(()) }).unwrap();
                prop_assert_eq!(&read, &expected);
            }
        }

        #[test]
        fn sets_and_labels_are_read_as_they_were_written(
            rows in prop::collection::vec(
                prop::option::of((any::<[u64; 2]>(), prop::collection::btree_set(any::<u32>(), 0..40), ".{0,3}")),
                0..50,
            ),
            spills in 0usize..4,
        ) {
            let mut writer = SignatureWriter::new(SignatureForm::KeysAndSet(2)).labels(2);
            let mut bytes = Vec::new();
            let signature = |(keys, set, label): &([u64; 2], std::collections::BTreeSet<u32>, String)| Signature {
                keys: keys.to_vec(),
                set: set.iter().copied().collect(),
                labels: vec![label.clone().into_bytes(), Vec::new()],
                ..Signature::default()
            };
            for (at, row) in rows.iter().enumerate() {
                writer.push(row.as_ref().map(signature).as_ref());
                if spills > 0 && at % spills == 0 {
                    writer.spill(&mut bytes).unwrap();
                }
            }
            writer.finish(&mut bytes).unwrap();
            let reader = SignatureReader::open(&bytes[..]).unwrap();
            let expected: Vec<Signature> = rows.iter().map(|row| row.as_ref().map_or_else(
                || Signature { keys: vec![0, 0], labels: vec![Vec::new(); 2], ..Signature::default() },
                signature,
            )).collect();
            prop_assert_eq!((reader.rows(), reader.labels()), (rows.len() as u64, 2));
            let unsigned: Vec<u64> = (0u64..).zip(&rows).filter(|(_, row)| row.is_none()).map(|(at, _)| at).collect();
            prop_assert_eq!(reader.unsigned(), unsigned);
            let mut labels = Vec::new();
            reader.each_labels(|_, of_row| { labels.push(of_row.to_vec()); Ok(()) }).unwrap();
            for (row, expected) in (0u64..).zip(&expected) {
                let (mut scratch, mut set) = (Vec::new(), Vec::new());
                reader.set(row, &mut scratch, &mut set).unwrap();
                prop_assert_eq!(&set, &expected.set);
                prop_assert_eq!(&labels[row as usize], &expected.labels);
                prop_assert_eq!(reader.key(1, row).unwrap(), expected.keys[1]);
            }
            for length in [bytes.len() - 1, bytes.len() / 2, 8] {
                prop_assert!(SignatureReader::open(&bytes[..length]).is_err());
            }
        }

        #[test]
        fn whatever_bytes_there_are_nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut with_magic = MAGIC.to_vec();
            with_magic.extend(&bytes);
            let mut with_sets = MAGIC_OF_SETS.to_vec();
            with_sets.extend(&bytes);
            with_sets.extend(MAGIC_OF_SETS);
            for bytes in [bytes, with_magic, with_sets] {
                if let Ok(reader) = SignatureReader::open(&bytes[..]) {
                    let _ = reader.digests(|_| Ok(()));
                    let _ = reader.keys(0, |_| Ok(()));
                    if reader.form() == SignatureForm::Digests {
                        let _ = reader.lists(|_, _, _| Ok(()));
                    }
                    let _ = reader.values(|_, _| Ok(()));
                    let _ = reader.each_labels(|_, _| Ok(()));
                    if reader.rows() > 0 && has_sets(reader.form()) {
                        let _ = reader.set(0, &mut Vec::new(), &mut Vec::new());
                    }
                }
            }
        }
    }

    #[test]
    fn a_file_of_another_length_is_damaged() {
        let mut writer = SignatureWriter::new(SignatureForm::Digest);
        (0..10).for_each(|digest| {
            writer.push(Some(&Signature {
                digests: vec![digest],
                ..Signature::default()
            }))
        });
        let bytes = written(writer);
        SignatureReader::open(&bytes[..]).unwrap();
        for length in [0, 7, 31, bytes.len() - 1] {
            let error = SignatureReader::open(&bytes[..length]).unwrap_err();
            assert!(matches!(error, Error::Damaged { .. }), "{error}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(SignatureReader::open(&longer[..]).is_err());
    }
}
