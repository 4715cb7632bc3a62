//! Writes signature files.

use std::io::{self, Write};

use coldpress_operator::{Signature, SignatureForm};

use super::{Footer, MAGIC, MAGIC_OF_SETS, code, has_lengths, has_sets, is_streamed, set, width};

/// The number of bytes of sets, digests of lines and values that are gathered before they are written.
const WAITING_BYTES: usize = 1 << 20;

/// Gathers the signatures of a partition. Signatures of fixed width are small, and stay in memory until the partition is finished.
/// The others are as large as the texts make them, and are written as they come; only 4 or 8 bytes for each row stay in memory.
#[derive(Clone, Debug)]
pub struct SignatureWriter {
    form: SignatureForm,
    rows: u64,
    unsigned: Vec<u64>,
    lengths: Vec<u8>,
    columns: Vec<Vec<u8>>,
    stream: Stream,
    /// The start of each set.
    starts: Vec<u8>,
    labels: Labels,
}

/// Bytes that go to the file as they come, and wait here to be written.
#[derive(Clone, Debug, Default)]
struct Stream {
    waiting: Vec<u8>,
    /// The number of all bytes so far.
    bytes: u64,
    has_begun: bool,
}

/// The labels of the rows.
#[derive(Clone, Debug, Default)]
struct Labels {
    /// The number of labels of each row.
    of_row: u32,
    lengths: Vec<u8>,
    bytes: Vec<u8>,
}

impl SignatureWriter {
    /// Returns a writer of signatures of this form.
    #[must_use]
    pub fn new(form: SignatureForm) -> Self {
        Self {
            form,
            rows: 0,
            unsigned: Vec::new(),
            lengths: Vec::new(),
            columns: vec![Vec::new(); code(form).1 as usize],
            stream: Stream::default(),
            starts: Vec::new(),
            labels: Labels::default(),
        }
    }

    /// Adds this number of labels to each signature.
    #[must_use]
    pub fn labels(mut self, of_row: u32) -> Self {
        self.labels.of_row = of_row;
        self
    }

    /// Adds the next record's signature, which must have the form; `None` if it has none.
    pub fn push(&mut self, signature: Option<&Signature>) {
        if has_sets(self.form) {
            let set = signature.map_or(&[][..], |signature| &signature.set);
            self.starts.extend(self.stream.bytes.to_le_bytes());
            self.stream.push(|waiting| set::write(set, waiting));
        }
        self.labels
            .push(signature.map_or(&[][..], |signature| &signature.labels));
        let Some(signature) = signature else {
            self.unsigned.push(self.rows);
            return self.push_none();
        };
        match self.form {
            SignatureForm::Keys(_) | SignatureForm::KeysAndSet(_) => {
                let keys = signature.keys.iter().zip(&mut self.columns);
                keys.for_each(|(key, column)| column.extend(key.to_le_bytes()));
            }
            SignatureForm::Digest => {
                let digests = signature.digests.iter();
                self.columns[0].extend(digests.flat_map(|digest| digest.to_le_bytes()));
            }
            SignatureForm::Digests => {
                self.lengths.extend(length(signature.digests.len()));
                let digests = signature.digests.iter();
                let bytes = digests.flat_map(|digest| digest.to_le_bytes());
                self.stream.push(|waiting| waiting.extend(bytes));
            }
            SignatureForm::Value => {
                self.lengths.extend(length(signature.value.len()));
                self.stream.push(|waiting| waiting.extend(&signature.value));
            }
        }
        self.rows += 1;
    }

    fn push_none(&mut self) {
        match has_lengths(self.form) {
            true => self.lengths.extend(length(0)),
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

    /// Returns the number of records so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns whether so much is waiting in memory that [`spill`](Self::spill) should be called.
    #[must_use]
    pub fn is_to_spill(&self) -> bool {
        self.stream.waiting.len() >= WAITING_BYTES
    }

    /// Writes everything that does not have to wait for the last record. `out` must be the one that [`finish`](Self::finish) gets.
    ///
    /// # Errors
    /// Any error of `out`.
    pub fn spill(&mut self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        let stream = &mut self.stream;
        if !std::mem::replace(&mut stream.has_begun, true) {
            out.write_all(MAGIC_OF_SETS)?;
        }
        out.write_all(&stream.waiting)?;
        stream.waiting.clear();
        Ok(())
    }

    /// Writes the rest of the file.
    ///
    /// # Errors
    /// Any error of `out`.
    pub fn finish(mut self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        let (code, columns) = code(self.form);
        let is_plain = !is_streamed(self.form) && self.labels.of_row == 0;
        if is_plain {
            out.write_all(MAGIC)?;
            out.write_all(&self.rows.to_le_bytes())?;
            out.write_all(&code.to_le_bytes())?;
            out.write_all(&columns.to_le_bytes())?;
            out.write_all(&(self.unsigned.len() as u64).to_le_bytes())?;
            self.write_unsigned(out)?;
            return self.write_columns(out);
        }
        self.spill(out)?;
        if has_sets(self.form) {
            out.write_all(&self.starts)?;
            out.write_all(&self.stream.bytes.to_le_bytes())?;
        }
        self.write_columns(out)?;
        out.write_all(&self.labels.lengths)?;
        out.write_all(&self.labels.bytes)?;
        self.write_unsigned(out)?;
        let columns = self.columns.iter().chain([&self.lengths]);
        let footer = Footer {
            rows: self.rows,
            form: self.form,
            unsigned: self.unsigned.len() as u64,
            labels: self.labels.of_row,
            streamed_bytes: self.stream.bytes,
            columns_bytes: columns.map(|column| column.len() as u64).sum(),
            labels_bytes: self.labels.bytes.len() as u64,
        };
        out.write_all(&footer.write())
    }

    fn write_unsigned(&self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        let mut rows = self.unsigned.iter();
        rows.try_for_each(|row| out.write_all(&row.to_le_bytes()))
    }

    fn write_columns(&self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        out.write_all(&self.lengths)?;
        self.columns
            .iter()
            .try_for_each(|column| out.write_all(column))
    }
}

impl Stream {
    fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.waiting.len();
        write(&mut self.waiting);
        self.bytes += (self.waiting.len() - before) as u64;
    }
}

impl Labels {
    /// Adds the labels of the next row. Missing ones are empty.
    fn push(&mut self, labels: &[Vec<u8>]) {
        for nth in 0..self.of_row as usize {
            let label = labels.get(nth).map_or(&[][..], Vec::as_slice);
            self.lengths.extend(length(label.len()));
            self.bytes.extend(label);
        }
    }
}

fn length(length: usize) -> [u8; 4] {
    // A record is far shorter, because its maximum length is a setting with a limit below this.
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}
