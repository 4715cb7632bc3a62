//! Signature files: what is known of the rows of one partition, column by column, so that each column is read alone.
//!
//! All numbers are little-endian: 8 bytes of magic, the number of rows (`u64`), the form (`u32`), the number of columns
//! (`u32`), the number of rows without a signature (`u64`); these rows (`u64`); then the columns one after the other. Forms
//! with a length of their own per row begin with a column of the lengths (`u32`). A row without a signature has zeros, or
//! nothing.

use std::io::{self, Write};

use coldpress_operator::{Signature, SignatureForm};

use crate::error::Result;
use crate::read::{Pieces, ReadAt, damaged, read};

const MAGIC: &[u8; 8] = b"coldsig1";
const HEADER_BYTES: u64 = 32;
/// More keys have no use; a damaged header could ask for any number.
const MOST_COLUMNS: u32 = 1 << 16;
const WHAT: &str = "a signature file";
const OTHER_LENGTH: &str = "it has another length than its rows need";

fn code(form: SignatureForm) -> (u32, u32) {
    match form {
        SignatureForm::Keys(columns) => (0, columns),
        SignatureForm::Digest => (1, 1),
        SignatureForm::Digests => (2, 1),
        SignatureForm::Value => (3, 1),
    }
}

fn of_code(code: u32, columns: u32) -> Option<SignatureForm> {
    match (code, columns) {
        (0, 1..=MOST_COLUMNS) => Some(SignatureForm::Keys(columns)),
        (1, 1) => Some(SignatureForm::Digest),
        (2, 1) => Some(SignatureForm::Digests),
        (3, 1) => Some(SignatureForm::Value),
        _ => None,
    }
}

/// Bytes of one item of a column.
fn width(form: SignatureForm) -> u64 {
    match form {
        SignatureForm::Keys(_) => 8,
        SignatureForm::Digest | SignatureForm::Digests => 16,
        SignatureForm::Value => 1,
    }
}

fn has_lengths(form: SignatureForm) -> bool {
    matches!(form, SignatureForm::Digests | SignatureForm::Value)
}

/// Gathers the signatures of a partition. They are small, and stay in memory until the partition is through.
#[derive(Clone, Debug)]
pub struct SignatureWriter {
    form: SignatureForm,
    rows: u64,
    unsigned: Vec<u64>,
    lengths: Vec<u8>,
    columns: Vec<Vec<u8>>,
}

impl SignatureWriter {
    /// A writer of signatures of this form.
    #[must_use]
    pub fn new(form: SignatureForm) -> Self {
        Self {
            form,
            rows: 0,
            unsigned: Vec::new(),
            lengths: Vec::new(),
            columns: vec![Vec::new(); code(form).1 as usize],
        }
    }

    /// Takes the next record's signature, which is of the form; none if it has none.
    pub fn push(&mut self, signature: Option<&Signature>) {
        let Some(signature) = signature else {
            self.unsigned.push(self.rows);
            return self.push_none();
        };
        match self.form {
            SignatureForm::Keys(_) => {
                let keys = signature.keys.iter().zip(&mut self.columns);
                keys.for_each(|(key, column)| column.extend(key.to_le_bytes()));
            }
            SignatureForm::Digest | SignatureForm::Digests => {
                let digests = signature.digests.iter();
                self.columns[0].extend(digests.flat_map(|digest| digest.to_le_bytes()));
            }
            SignatureForm::Value => self.columns[0].extend(&signature.value),
        }
        match self.form {
            SignatureForm::Digests => self.push_length(signature.digests.len()),
            SignatureForm::Value => self.push_length(signature.value.len()),
            _ => {}
        }
        self.rows += 1;
    }

    fn push_none(&mut self) {
        match has_lengths(self.form) {
            true => self.push_length(0),
            false => {
                let zeros = [0; 16];
                let width = width(self.form) as usize;
                self.columns
                    .iter_mut()
                    .for_each(|column| column.extend(&zeros[..width]));
            }
        }
        self.rows += 1;
    }

    fn push_length(&mut self, length: usize) {
        // A record is far shorter: its greatest length is a setting with a limit below this.
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.lengths.extend(length.to_le_bytes());
    }

    /// The number of records so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// What `out` fails with.
    pub fn finish(self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        let (code, columns) = code(self.form);
        out.write_all(MAGIC)?;
        out.write_all(&self.rows.to_le_bytes())?;
        out.write_all(&code.to_le_bytes())?;
        out.write_all(&columns.to_le_bytes())?;
        out.write_all(&(self.unsigned.len() as u64).to_le_bytes())?;
        for row in &self.unsigned {
            out.write_all(&row.to_le_bytes())?;
        }
        out.write_all(&self.lengths)?;
        self.columns
            .iter()
            .try_for_each(|column| out.write_all(column))
    }
}

/// The signatures of a partition.
#[derive(Clone, Debug)]
pub struct SignatureReader<'f, F: ?Sized> {
    file: &'f F,
    form: SignatureForm,
    rows: u64,
    unsigned: Vec<u64>,
    /// Where the columns begin.
    start: u64,
}

impl<'f, F: ReadAt + ?Sized> SignatureReader<'f, F> {
    /// Opens a file, which must be as long as its header says.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged), [`Error::Io`](crate::Error::Io).
    pub fn open(file: &'f F) -> Result<Self> {
        let mut header = [0; HEADER_BYTES as usize];
        read(file, WHAT, 0, &mut header)?;
        let number = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| header[at + byte]));
        let rows = u64::from(number(8)) | u64::from(number(12)) << 32;
        let form = of_code(number(16), number(20));
        let form = form.filter(|_| header.starts_with(MAGIC));
        let form = form.ok_or_else(|| damaged(WHAT, "it does not begin like one"))?;
        let unsigned = u64::from(number(24)) | u64::from(number(28)) << 32;
        let row_bytes = match has_lengths(form) {
            true => 4,
            false => width(form) * u64::from(code(form).1),
        };
        let start = unsigned
            .checked_mul(8)
            .and_then(|bytes| bytes.checked_add(HEADER_BYTES));
        let least = rows
            .checked_mul(row_bytes)
            .and_then(|bytes| bytes.checked_add(start?));
        let fits = least.is_some_and(|least| match has_lengths(form) {
            true => least <= file.bytes(),
            false => least == file.bytes(),
        });
        let Some(start) = start.filter(|_| fits && unsigned <= rows) else {
            return Err(damaged(WHAT, OTHER_LENGTH));
        };
        let mut reader = Self {
            file,
            form,
            rows,
            unsigned: Vec::new(),
            start,
        };
        let mut without = Vec::new();
        reader.items(HEADER_BYTES, unsigned, |row| {
            without.push(u64::from_le_bytes(row));
            Ok(())
        })?;
        reader.unsigned = without;
        let rise = reader.unsigned.is_sorted_by(|a, b| a < b);
        match rise && reader.unsigned.last().is_none_or(|row| *row < rows) {
            true => Ok(reader),
            false => Err(damaged(
                WHAT,
                "its rows without a signature are not in order",
            )),
        }
    }

    /// The rows without a signature, rising.
    pub fn unsigned(&self) -> &[u64] {
        &self.unsigned
    }

    /// The form of the signatures.
    pub fn form(&self) -> SignatureForm {
        self.form
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Calls `each` with the key of every row in a column of keys.
    pub(crate) fn keys(&self, column: u32, mut each: impl FnMut(u64) -> Result<()>) -> Result<()> {
        let start = self.start + u64::from(column) * self.rows * 8;
        self.items(start, self.rows, |item| each(u64::from_le_bytes(item)))
    }

    /// Calls `each` with the digest of every row.
    pub(crate) fn digests(&self, mut each: impl FnMut(u128) -> Result<()>) -> Result<()> {
        self.items(self.start, self.rows, |item| {
            each(u128::from_le_bytes(item))
        })
    }

    /// Calls `each` with every digest of every row: the row, the digest's place in it, and the digest.
    pub(crate) fn lists(&self, mut each: impl FnMut(u64, u64, u128) -> Result<()>) -> Result<()> {
        self.rows_of_any_length(|row, length, digests| {
            (0..length).try_for_each(|nth| {
                let digest = u128::from_le_bytes(digests.take_array()?);
                each(row, nth, digest)
            })
        })
    }

    /// Calls `each` with every row and its value. Memory is taken for one value at a time.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged), also for signatures of another form; [`Error::Io`](crate::Error::Io); what `each` fails with.
    pub fn values(&self, mut each: impl FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
        if self.form != SignatureForm::Value {
            return Err(damaged(WHAT, "its signatures are no values"));
        }
        self.rows_of_any_length(|row, length, values| {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            each(row, values.take(length)?)
        })
    }

    /// Calls `each` with every row, its length, and the items from its first on.
    fn rows_of_any_length(
        &self,
        mut each: impl FnMut(u64, u64, &mut Pieces<'f, F>) -> Result<()>,
    ) -> Result<()> {
        let start = self.start + 4 * self.rows;
        let mut lengths = Pieces::new(self.file, WHAT, self.start, start);
        let mut items = Pieces::new(self.file, WHAT, start, self.file.bytes());
        for row in 0..self.rows {
            let length = u32::from_le_bytes(lengths.take_array()?);
            each(row, u64::from(length), &mut items)?;
        }
        match items.left() {
            0 => Ok(()),
            _ => Err(damaged(WHAT, OTHER_LENGTH)),
        }
    }

    fn items<const WIDTH: usize>(
        &self,
        start: u64,
        count: u64,
        mut each: impl FnMut([u8; WIDTH]) -> Result<()>,
    ) -> Result<()> {
        let end = start + count * WIDTH as u64;
        let mut items = Pieces::new(self.file, WHAT, start, end);
        while let piece @ [_, ..] = items.take_items::<WIDTH>()? {
            piece.iter().try_for_each(|item| each(*item))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::Error;

    fn written(writer: SignatureWriter) -> Vec<u8> {
        let mut bytes = Vec::new();
        writer.finish(&mut bytes).unwrap();
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
        ) {
            for (at, length) in long {
                values.insert(at.min(values.len()), vec![at as u8; length]);
            }
            let mut writer = SignatureWriter::new(SignatureForm::Value);
            values.iter().for_each(|value| writer.push(Some(&Signature { value: value.clone(), ..Signature::default() })));
            let bytes = written(writer);
            let mut read = Vec::new();
            let reader = SignatureReader::open(&bytes[..]).unwrap();
            reader.values(|row, value| { read.push((row, value.to_vec())); Ok(()) }).unwrap();
            let expected: Vec<_> = (0u64..).zip(values).collect();
            prop_assert_eq!(read, expected);
            if !bytes[HEADER_BYTES as usize..].is_empty() {
                let cut = SignatureReader::open(&bytes[..bytes.len() - 1]);
                prop_assert!(cut.and_then(|reader| reader.values(|_, _| Ok(()))).is_err());
            }
            let longer = [&bytes[..], &[0]].concat();
            let reader = SignatureReader::open(&longer[..]).unwrap();
            prop_assert!(reader.values(|_, _| Ok(())).is_err());
        }

        #[test]
        fn whatever_bytes_there_are_nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut with_magic = MAGIC.to_vec();
            with_magic.extend(&bytes);
            for bytes in [bytes, with_magic] {
                if let Ok(reader) = SignatureReader::open(&bytes[..]) {
                    let _ = reader.digests(|_| Ok(()));
                    let _ = reader.keys(0, |_| Ok(()));
                    if reader.form() == SignatureForm::Digests {
                        let _ = reader.lists(|_, _, _| Ok(()));
                    }
                    let _ = reader.values(|_, _| Ok(()));
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
