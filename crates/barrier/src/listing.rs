//! Lists of the duplicates that go, each with the record that stays for it, and the files with these lists.
//!
//! The *name* of a record in a list is up to the caller, who has the records. So names are read twice from the first record to the
//! last, and joined by sorting: first those of the records that stay, then those of the others.
//!
//! All numbers of a file are little-endian. After 8 bytes of magic comes the number of entries (`u64`). Then come, for each entry,
//! the ordinal of the record that stays (`u64`), the similarity (`f64`; NaN if it is not known), the lengths of both names (`u32`),
//! first that of the record that goes and then that of the one that stays, and the names.

use std::io::{self, Write};

use coldpress_operator::{Rule, SignatureForm};

use crate::entry::{Entry, Keyed};
use crate::error::{Error, Result};
use crate::gone::Gone;
use crate::read::{Pieces, ReadAt, damaged, number, read};
use crate::room::Room;
use crate::sets::{Sets, similarity};
use crate::signature::SignatureReader;
use crate::sort::Sorter;

const MAGIC: &[u8; 8] = b"colddup1";
const HEADER_BYTES: usize = 16;
const ENTRY_BYTES: usize = 24;
const WHAT: &str = "a list of duplicates";

/// A record that goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its name.
    pub name: Vec<u8>,
    /// The ordinal of the record that stays for it.
    pub kept: u64,
    /// The name of the record that stays.
    pub kept_name: Vec<u8>,
    /// The similarity of the two, from 0 to 1, if it is known.
    pub similarity: Option<f64>,
}

/// The name of a record that stays, for a record that goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    goes: u64,
    kept: u64,
    name: Box<[u8]>,
}

impl Entry for Named {
    const WIDTH: usize = 24;

    fn tail_bytes(head: &[u8]) -> usize {
        number(head, 16) as usize
    }

    fn owned_bytes(&self) -> usize {
        self.name.len() + 16
    }

    fn write(&self, out: &mut Vec<u8>) {
        for number in [self.goes, self.kept, self.name.len() as u64] {
            out.extend(number.to_le_bytes());
        }
        out.extend(&self.name);
    }

    fn read(bytes: &[u8]) -> Self {
        Self {
            goes: number(bytes, 0),
            kept: number(bytes, 8),
            name: bytes[Self::WIDTH..].into(),
        }
    }
}

/// Writes a list of the records that go, in the order of the dataset.
///
/// `names` calls its argument with the name of every record, in the order of the dataset. It is called twice.
///
/// # Errors
/// [`Error::Damaged`], also if the number of names differs from that of records; [`Error::Io`], [`Error::Scratch`],
/// [`Error::Stopped`]; any error of `names`.
pub fn list_duplicates<F: ReadAt + ?Sized, E: From<Error>>(
    partitions: &[SignatureReader<'_, F>],
    rule: &Rule,
    gone: &mut Gone,
    room: &Room<'_>,
    mut names: impl FnMut(&mut dyn FnMut(&[u8]) -> Result<()>) -> Result<(), E>,
    out: &mut (impl Write + ?Sized),
) -> Result<(), E> {
    let mut pairs = Sorter::sharing(room);
    let records = gone.records();
    gone.rewind()?;
    while let Some((goes, kept)) = gone.next_pair()? {
        pairs.push(Keyed {
            key: kept,
            ordinal: goes,
        })?;
    }
    let mut pairs = pairs.finish()?;
    let mut named = Sorter::sharing(room);
    let mut next = pairs.next()?;
    let mut at = 0;
    names(&mut |name| {
        while let Some(pair) = next.filter(|pair| pair.key == at) {
            named.push(Named {
                goes: pair.ordinal,
                kept: pair.key,
                name: name.into(),
            })?;
            next = pairs.next()?;
        }
        at += 1;
        Ok(())
    })?;
    drop(pairs);
    if at != records {
        return Err(other_number().into());
    }
    let mut named = named.finish()?;
    let mut header = MAGIC.to_vec();
    header.extend(gone.count().to_le_bytes());
    out.write_all(&header).map_err(unwritten)?;
    let mut known = Similarities::new(partitions, rule);
    let mut next = named.next()?;
    at = 0;
    names(&mut |name| {
        if let Some(pair) = next.take_if(|pair| pair.goes == at) {
            let similarity = known.of(pair.goes, pair.kept)?;
            let bytes = entry(name, &pair, similarity);
            out.write_all(&bytes).map_err(unwritten)?;
            next = named.next()?;
        }
        at += 1;
        Ok(())
    })?;
    match next {
        None if at == records => Ok(()),
        _ => Err(other_number().into()),
    }
}

fn other_number() -> Error {
    damaged(
        "a set of results",
        "they have another number of rows than of signatures",
    )
}

fn entry(name: &[u8], pair: &Named, similarity: Option<f64>) -> Vec<u8> {
    let mut bytes = pair.kept.to_le_bytes().to_vec();
    bytes.extend(similarity.unwrap_or(f64::NAN).to_le_bytes());
    // A name consists of a place and a label, and a label is cut, so its length fits.
    bytes.extend((name.len() as u32).to_le_bytes());
    bytes.extend((pair.name.len() as u32).to_le_bytes());
    bytes.extend(name);
    bytes.extend(&pair.name);
    bytes
}

fn unwritten(source: io::Error) -> Error {
    Error::Io {
        action: "write",
        what: WHAT,
        source,
    }
}

/// The similarity of duplicates, as far as the rule shows it.
struct Similarities<'a, 'f, F: ?Sized> {
    sets: Sets<'a, 'f, F>,
    measure: Measure,
}

#[derive(Clone, Copy)]
enum Measure {
    /// Equal digests mean equal texts.
    Same,
    /// The share of bits that fingerprints have in common.
    Bits,
    /// The Jaccard similarity of sets.
    Sets,
    /// Equal bands show little about a pair, and a pair may be joined only through other records.
    Unknown,
}

impl<'a, 'f, F: ReadAt + ?Sized> Similarities<'a, 'f, F> {
    fn new(partitions: &'a [SignatureReader<'f, F>], rule: &Rule) -> Self {
        let form = partitions.first().map(SignatureReader::form);
        let measure = match (rule, form) {
            (Rule::Equal, Some(SignatureForm::Digest)) => Measure::Same,
            (Rule::Near { .. }, _) => Measure::Bits,
            (Rule::Alike { .. }, _) => Measure::Sets,
            _ => Measure::Unknown,
        };
        Self {
            sets: Sets::new(partitions),
            measure,
        }
    }

    fn of(&mut self, one: u64, other: u64) -> Result<Option<f64>> {
        match self.measure {
            Measure::Same => Ok(Some(1.0)),
            Measure::Unknown => Ok(None),
            Measure::Sets => {
                let (one, other) = (self.sets.read(one)?, self.sets.read(other)?);
                Ok(similarity(&one, &other, 0.0))
            }
            Measure::Bits => {
                let (first, second) = (self.sets.key(0, one)?, self.sets.key(0, other)?);
                // Texts without shingles have no fingerprint, and only go for the same text.
                let differ = (first ^ second).count_ones();
                Ok(Some(f64::from(64 - differ) / 64.0))
            }
        }
    }
}

/// Reads a list, entry by entry.
pub struct ListingReader<'f, F: ?Sized> {
    pieces: Pieces<'f, F>,
    left: u64,
}

impl<'f, F: ReadAt + ?Sized> ListingReader<'f, F> {
    /// Opens a list.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`].
    pub fn open(file: &'f F) -> Result<Self> {
        let mut header = [0; HEADER_BYTES];
        read(file, WHAT, 0, &mut header)?;
        if !header.starts_with(MAGIC) {
            return Err(damaged(WHAT, "it does not begin like one"));
        }
        Ok(Self {
            pieces: Pieces::new(file, WHAT, HEADER_BYTES as u64, file.bytes()),
            left: number(&header, 8),
        })
    }

    /// Returns the next entry.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`].
    pub fn next_listed(&mut self) -> Result<Option<Listed>> {
        if self.left == 0 {
            return match self.pieces.left() {
                0 => Ok(None),
                _ => Err(damaged(WHAT, "it is longer than its entries")),
            };
        }
        self.left -= 1;
        let head = self.pieces.take_array::<ENTRY_BYTES>()?;
        let (kept, similarity) = (number(&head, 0), f64::from_bits(number(&head, 8)));
        let lengths = number(&head, 16);
        let (name, kept_name) = (lengths as u32, (lengths >> 32) as u32);
        Ok(Some(Listed {
            name: self.pieces.take(name as usize)?.to_vec(),
            kept,
            kept_name: self.pieces.take(kept_name as usize)?.to_vec(),
            similarity: Some(similarity).filter(|similarity| !similarity.is_nan()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use coldpress_operator::Signature;
    use proptest::prelude::*;

    use super::*;
    use crate::duplicates::find_duplicates;
    use crate::gone::GoneWriter;
    use crate::signature::SignatureWriter;

    fn file(form: SignatureForm, signatures: &[Signature]) -> Vec<u8> {
        let mut writer = SignatureWriter::new(form);
        signatures.iter().for_each(|one| writer.push(Some(one)));
        let mut bytes = Vec::new();
        writer.finish(&mut bytes).unwrap();
        bytes
    }

    fn gone(readers: &[SignatureReader<'_, [u8]>], rule: &Rule, room: &Room<'_>) -> Gone {
        let mut clusters = find_duplicates(readers, rule, room).unwrap();
        let mut gone = GoneWriter::new(room).unwrap();
        let records = clusters.records();
        for ordinal in 0..records {
            let first = clusters.first_of(ordinal);
            if first != ordinal {
                gone.push(ordinal, first).unwrap();
            }
        }
        gone.finish(records).unwrap()
    }

    fn listed(form: SignatureForm, rule: &Rule, partitions: &[&[Signature]]) -> Vec<Listed> {
        let files: Vec<Vec<u8>> = partitions.iter().map(|rows| file(form, rows)).collect();
        let open = |file| SignatureReader::open(file).unwrap();
        let readers: Vec<_> = files.iter().map(|file| open(&file[..])).collect();
        let stop = AtomicBool::new(false);
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(0, folder.path(), &stop);
        let mut gone = gone(&readers, rule, &room);
        let records = gone.records();
        let mut bytes = Vec::new();
        let names = |each: &mut dyn FnMut(&[u8]) -> Result<()>| {
            (0..records).try_for_each(|ordinal| each(format!("record {ordinal}").as_bytes()))
        };
        list_duplicates::<_, Error>(&readers, rule, &mut gone, &room, names, &mut bytes).unwrap();
        for length in 0..bytes.len() {
            let cut = || -> Result<()> {
                let mut reader = ListingReader::open(&bytes[..length])?;
                while reader.next_listed()?.is_some() {}
                Ok(())
            };
            assert!(cut().is_err(), "{length} of {} bytes", bytes.len());
        }
        let mut reader = ListingReader::open(&bytes[..]).unwrap();
        std::iter::from_fn(|| reader.next_listed().unwrap()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn each_record_that_goes_is_listed_with_the_one_that_stays(
            digests in prop::collection::vec(1u128..9, 1..30), cut in 0usize..30,
        ) {
            let signature = |digest: &u128| Signature { digests: vec![*digest], ..Signature::default() };
            let signatures: Vec<Signature> = digests.iter().map(signature).collect();
            let (one, other) = signatures.split_at(cut.min(digests.len()));
            let mut expected = Vec::new();
            for (at, digest) in digests.iter().enumerate() {
                let first = digests.iter().position(|other| other == digest).unwrap();
                if first != at {
                    expected.push(Listed {
                        name: format!("record {at}").into_bytes(),
                        kept: first as u64,
                        kept_name: format!("record {first}").into_bytes(),
                        similarity: Some(1.0),
                    });
                }
            }
            prop_assert_eq!(listed(SignatureForm::Digest, &Rule::Equal, &[one, other]), expected);
        }
    }

    #[test]
    fn similarities_are_what_is_known() {
        let signature = |keys: [u64; 2], set: &[u32]| Signature {
            keys: keys.to_vec(),
            set: set.to_vec(),
            ..Signature::default()
        };
        let similarities = |form, rule: &Rule, rows: &[Signature]| -> Vec<Option<f64>> {
            let listed = listed(form, rule, &[rows]);
            listed.iter().map(|one| one.similarity).collect()
        };
        let near = Rule::Near { distance: 4 };
        let rows = [[0, 0], [0b11, 0], [0, 7], [0, 7]].map(|keys| signature(keys, &[]));
        assert_eq!(
            similarities(SignatureForm::Keys(2), &near, &rows),
            [Some(62.0 / 64.0), Some(1.0)]
        );
        let rows = [[5, 6], [5, 7]].map(|keys| signature(keys, &[]));
        assert_eq!(
            similarities(SignatureForm::Keys(2), &Rule::Equal, &rows),
            [None]
        );
        let rows = [signature([5, 6], &[1, 2, 3]), signature([5, 7], &[2, 3, 4])];
        let alike = Rule::Alike {
            candidates: Box::new(Rule::Equal),
            threshold: 0.5,
        };
        assert_eq!(
            similarities(SignatureForm::KeysAndSet(2), &alike, &rows),
            [Some(0.5)]
        );
    }

    #[test]
    fn another_number_of_names_is_damage() {
        let row = |digest| Signature {
            digests: vec![digest],
            ..Signature::default()
        };
        let file = file(SignatureForm::Digest, &[row(1), row(1)]);
        let readers = [SignatureReader::open(&file[..]).unwrap()];
        let stop = AtomicBool::new(false);
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(0, folder.path(), &stop);
        for count in [0, 1, 3] {
            let mut gone = gone(&readers, &Rule::Equal, &room);
            let names = |each: &mut dyn FnMut(&[u8]) -> Result<()>| {
                (0..count).try_for_each(|_| each(b"name"))
            };
            let rule = Rule::Equal;
            let mut out = Vec::new();
            let error =
                list_duplicates::<_, Error>(&readers, &rule, &mut gone, &room, names, &mut out);
            assert!(matches!(error, Err(Error::Damaged { .. })), "{count}");
        }
    }
}
