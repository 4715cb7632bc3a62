//! Reading signature files.

use std::ops::Range;

use coldpress_operator::SignatureForm;

use super::{
    Footer, HEADER_BYTES, MAGIC, MAGIC_OF_SETS, WHAT, code, has_lengths, has_sets, is_streamed,
    of_code, set, width,
};
use crate::error::Result;
use crate::read::{Pieces, ReadAt, damaged, number, read};

const OTHER_LENGTH: &str = "it has another length than its rows need";
const NOT_ONE: &str = "it does not begin like one";

/// The signatures of a partition.
#[derive(Clone, Debug)]
pub struct SignatureReader<'f, F: ?Sized> {
    file: &'f F,
    form: SignatureForm,
    rows: u64,
    unsigned: Vec<u64>,
    /// The range of the columns.
    columns: Range<u64>,
    /// The range that was written as it came. The start of each set is written after it.
    streamed: Range<u64>,
    labels: Labels,
}

/// The positions of the labels.
#[derive(Clone, Debug, Default)]
struct Labels {
    of_row: u32,
    lengths: Range<u64>,
    bytes: Range<u64>,
}

/// Returns whether that many bytes are the columns of that many rows.
fn columns_fit(form: SignatureForm, rows: u64, bytes: u64) -> bool {
    match has_lengths(form) {
        true => rows.checked_mul(4).is_some_and(|least| least <= bytes),
        false => rows.checked_mul(width(form) * u64::from(code(form).1)) == Some(bytes),
    }
}

impl<'f, F: ReadAt + ?Sized> SignatureReader<'f, F> {
    /// Opens a file, which must be as long as its header or footer says.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged), [`Error::Io`](crate::Error::Io).
    pub fn open(file: &'f F) -> Result<Self> {
        let mut magic = [0; MAGIC.len()];
        read(file, WHAT, 0, &mut magic)?;
        let (reader, unsigned) = match &magic {
            MAGIC => Self::open_plain(file)?,
            MAGIC_OF_SETS => Self::open_with_footer(file)?,
            _ => return Err(damaged(WHAT, NOT_ONE)),
        };
        reader.with_unsigned(unsigned)
    }

    /// Opens a file in the plain layout. Also returns the position and the number of the rows without a signature.
    fn open_plain(file: &'f F) -> Result<(Self, (u64, u64))> {
        let mut header = [0; HEADER_BYTES as usize];
        read(file, WHAT, 0, &mut header)?;
        let number = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| header[at + byte]));
        let rows = u64::from(number(8)) | u64::from(number(12)) << 32;
        let form = of_code(number(16), number(20)).filter(|form| !has_sets(*form));
        let form = form.ok_or_else(|| damaged(WHAT, NOT_ONE))?;
        let unsigned = u64::from(number(24)) | u64::from(number(28)) << 32;
        let start = unsigned
            .checked_mul(8)
            .and_then(|bytes| bytes.checked_add(HEADER_BYTES));
        let bytes = start.and_then(|start| file.bytes().checked_sub(start));
        let fits = bytes.is_some_and(|bytes| columns_fit(form, rows, bytes));
        let Some(start) = start.filter(|_| fits && unsigned <= rows) else {
            return Err(damaged(WHAT, OTHER_LENGTH));
        };
        let reader = Self {
            file,
            form,
            rows,
            unsigned: Vec::new(),
            columns: start..file.bytes(),
            streamed: 0..0,
            labels: Labels::default(),
        };
        Ok((reader, (HEADER_BYTES, unsigned)))
    }

    fn open_with_footer(file: &'f F) -> Result<(Self, (u64, u64))> {
        let begin = MAGIC_OF_SETS.len() as u64;
        let other_length = || damaged(WHAT, OTHER_LENGTH);
        let end = file.bytes().checked_sub(Footer::BYTES as u64);
        let end = end.ok_or_else(other_length)?;
        let mut footer = [0; Footer::BYTES];
        read(file, WHAT, end, &mut footer)?;
        let footer = Footer::read(&footer).ok_or_else(|| damaged(WHAT, NOT_ONE))?;
        let Footer { rows, form, .. } = footer;
        let starts_bytes = match has_sets(form) {
            true => rows.checked_add(1).and_then(|starts| starts.checked_mul(8)),
            false => Some(0),
        };
        let parts = [
            Some(footer.streamed_bytes).filter(|bytes| *bytes == 0 || is_streamed(form)),
            starts_bytes,
            Some(footer.columns_bytes),
            rows.checked_mul(4 * u64::from(footer.labels)),
            Some(footer.labels_bytes),
            footer.unsigned.checked_mul(8),
        ];
        let mut places = vec![begin];
        for part in parts {
            let last = places[places.len() - 1];
            let next = part.and_then(|part| last.checked_add(part));
            places.push(next.ok_or_else(other_length)?);
        }
        // Digests and values are either among the columns or before them.
        let is_apart = !has_lengths(form)
            || footer.streamed_bytes == 0
            || rows.checked_mul(4) == Some(footer.columns_bytes);
        let fits = is_apart && places[6] == end && columns_fit(form, rows, footer.columns_bytes);
        if !fits || footer.unsigned > rows {
            return Err(other_length());
        }
        let reader = Self {
            file,
            form,
            rows,
            unsigned: Vec::new(),
            columns: places[2]..places[3],
            streamed: places[0]..places[1],
            labels: Labels {
                of_row: footer.labels,
                lengths: places[3]..places[4],
                bytes: places[4]..places[5],
            },
        };
        Ok((reader, (places[5], footer.unsigned)))
    }

    fn with_unsigned(mut self, (start, count): (u64, u64)) -> Result<Self> {
        let mut without = Vec::new();
        self.items(start, count, |row| {
            without.push(u64::from_le_bytes(row));
            Ok(())
        })?;
        self.unsigned = without;
        let rise = self.unsigned.is_sorted_by(|a, b| a < b);
        match rise && self.unsigned.last().is_none_or(|row| *row < self.rows) {
            true => Ok(self),
            false => Err(damaged(
                WHAT,
                "its rows without a signature are not in order",
            )),
        }
    }

    /// Returns the rows without a signature, in ascending order.
    pub fn unsigned(&self) -> &[u64] {
        &self.unsigned
    }

    /// Returns the form of the signatures.
    pub fn form(&self) -> SignatureForm {
        self.form
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the number of labels of each row.
    pub fn labels(&self) -> u32 {
        self.labels.of_row
    }

    /// Returns one key of a row.
    pub(crate) fn key(&self, column: u32, row: u64) -> Result<u64> {
        let mut key = [0; 8];
        let at = self.columns.start + (u64::from(column) * self.rows + row) * 8;
        read(self.file, WHAT, at, &mut key)?;
        Ok(u64::from_le_bytes(key))
    }

    /// Reads the set of a row, and no others into memory; `bytes` is scratch.
    pub(crate) fn set(&self, row: u64, bytes: &mut Vec<u8>, set: &mut Vec<u32>) -> Result<()> {
        let mut ends = [0; 16];
        read(self.file, WHAT, self.streamed.end + 8 * row, &mut ends)?;
        let (start, end) = (number(&ends, 0), number(&ends, 8));
        let all = self.streamed.end - self.streamed.start;
        let length = end.checked_sub(start).filter(|_| end <= all);
        let length = length.ok_or_else(|| damaged(WHAT, "a set is outside of its sets"))?;
        bytes.resize(usize::try_from(length).unwrap_or(usize::MAX), 0);
        read(self.file, WHAT, self.streamed.start + start, bytes)?;
        set::read(bytes, set)
    }

    /// Calls `each` with every row and its labels, which are empty if it has none.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged), [`Error::Io`](crate::Error::Io); any error of `each`.
    pub fn each_labels(&self, mut each: impl FnMut(u64, &[Vec<u8>]) -> Result<()>) -> Result<()> {
        let Labels {
            of_row,
            lengths,
            bytes,
        } = &self.labels;
        let mut lengths = Pieces::new(self.file, WHAT, lengths.start, lengths.end);
        let mut bytes = Pieces::new(self.file, WHAT, bytes.start, bytes.end);
        let mut labels = vec![Vec::new(); *of_row as usize];
        for row in 0..self.rows {
            for label in &mut labels {
                let length = u32::from_le_bytes(lengths.take_array()?);
                label.clear();
                label.extend(bytes.take(length as usize)?);
            }
            each(row, &labels)?;
        }
        match bytes.left() {
            0 => Ok(()),
            _ => Err(damaged(WHAT, OTHER_LENGTH)),
        }
    }

    /// Calls `each` with the key of every row in a column of keys.
    pub(crate) fn keys(&self, column: u32, mut each: impl FnMut(u64) -> Result<()>) -> Result<()> {
        let start = self.columns.start + u64::from(column) * self.rows * 8;
        self.items(start, self.rows, |item| each(u64::from_le_bytes(item)))
    }

    /// Calls `each` with the digest of every row.
    pub(crate) fn digests(&self, mut each: impl FnMut(u128) -> Result<()>) -> Result<()> {
        self.items(self.columns.start, self.rows, |item| {
            each(u128::from_le_bytes(item))
        })
    }

    /// Calls `each` with every digest of every row: the row, the index of the digest in it, and the digest.
    pub(crate) fn lists(&self, mut each: impl FnMut(u64, u64, u128) -> Result<()>) -> Result<()> {
        self.rows_of_any_length(|row, length, digests| {
            (0..length).try_for_each(|nth| {
                let digest = u128::from_le_bytes(digests.take_array()?);
                each(row, nth, digest)
            })
        })
    }

    /// Calls `each` with every row and its value. Only one value is in memory at a time.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged), also if signatures have another form; [`Error::Io`](crate::Error::Io); any error
    /// of `each`.
    pub fn values(&self, mut each: impl FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
        if self.form != SignatureForm::Value {
            return Err(damaged(WHAT, "its signatures are no values"));
        }
        self.rows_of_any_length(|row, length, values| {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            each(row, values.take(length)?)
        })
    }

    /// Calls `each` with every row, its length, and a reader at its first item.
    fn rows_of_any_length(
        &self,
        mut each: impl FnMut(u64, u64, &mut Pieces<'f, F>) -> Result<()>,
    ) -> Result<()> {
        let (first, end) = (self.columns.start, self.columns.end);
        let start = first + 4 * self.rows;
        let items = match self.streamed.is_empty() {
            true => start..end,
            false => self.streamed.clone(),
        };
        let mut lengths = Pieces::new(self.file, WHAT, first, start);
        let mut items = Pieces::new(self.file, WHAT, items.start, items.end);
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
