//! The records that a selector lets through, in the order of its output, and the files that hold them.
//!
//! All numbers of an order file are little-endian `u64`: 8 bytes of magic, the number of ordinals, then the ordinals.

use std::io::{BufWriter, Write};

use crate::entry::Keyed;
use crate::error::{Error, Result};
use crate::read::{Pieces, ReadAt, damaged, number, read};
use crate::room::Room;
use crate::spool::{Spool, SpoolReader};

const MAGIC: &[u8; 8] = b"coldord1";
const HEADER_BYTES: usize = 16;
const BUFFER_BYTES: usize = 256 << 10;
const WHAT: &str = "an order file";

/// The output of a selector: which records it lets through, and in which order.
pub enum Order {
    /// All records stay where they are.
    Unchanged,
    /// These records are its output.
    Ordinals(Ordinals),
}

/// The ordinals of the records of an output, in its order. They are on disk, in a file without a name.
pub struct Ordinals {
    reader: SpoolReader<Keyed<()>>,
    count: u64,
    given: u64,
}

impl Ordinals {
    /// Returns how many there are, repeats included.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the next ordinal.
    ///
    /// # Errors
    /// [`Error::Scratch`].
    pub fn next_ordinal(&mut self) -> Result<Option<u64>> {
        if self.given == self.count {
            return Ok(None);
        }
        self.given += 1;
        let next = match self.reader.next()? {
            Some(next) => Some(next),
            // All are repeated until there are as many as were asked for.
            None => {
                self.reader.rewind()?;
                self.reader.next()?
            }
        };
        Ok(next.map(|next| next.ordinal))
    }
}

/// Gathers ordinals.
pub(crate) struct OrdinalsWriter {
    spool: Spool<Keyed<()>>,
    count: u64,
}

impl OrdinalsWriter {
    pub(crate) fn new(room: &Room<'_>) -> Result<Self> {
        let spool = Spool::on_disk(room)?;
        Ok(Self { spool, count: 0 })
    }

    pub(crate) fn push(&mut self, ordinal: u64) -> Result<()> {
        self.count += 1;
        self.spool.push(Keyed { key: (), ordinal })
    }

    pub(crate) fn finish(self) -> Result<Ordinals> {
        let count = self.count;
        self.finish_repeated(count)
    }

    /// As many ordinals as are wanted: all again and again while there are too few.
    pub(crate) fn finish_repeated(self, wanted: u64) -> Result<Ordinals> {
        Ok(Ordinals {
            reader: self.spool.read()?,
            count: if self.count == 0 { 0 } else { wanted },
            given: 0,
        })
    }
}

/// Writes an order file.
///
/// # Errors
/// [`Error::Scratch`], [`Error::Io`].
pub fn write_order(ordinals: &mut Ordinals, out: &mut (impl Write + ?Sized)) -> Result<()> {
    let failed = |source| Error::Io {
        action: "write",
        what: WHAT,
        source,
    };
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, out);
    out.write_all(MAGIC).map_err(failed)?;
    let count = ordinals.count().to_le_bytes();
    out.write_all(&count).map_err(failed)?;
    while let Some(ordinal) = ordinals.next_ordinal()? {
        out.write_all(&ordinal.to_le_bytes()).map_err(failed)?;
    }
    out.flush().map_err(failed)
}

/// Reads an order file from its first ordinal to its last.
pub struct OrderReader<'f, F: ?Sized> {
    ordinals: Pieces<'f, F>,
    count: u64,
    records: u64,
}

impl<'f, F: ReadAt + ?Sized> OrderReader<'f, F> {
    /// Opens the order of a stage of so many records. The file must be as long as its header says.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`].
    pub fn open(file: &'f F, records: u64) -> Result<Self> {
        let mut header = [0; HEADER_BYTES];
        read(file, WHAT, 0, &mut header)?;
        if !header.starts_with(MAGIC) {
            return Err(damaged(WHAT, "it does not begin like one"));
        }
        let count = number(&header, 8);
        let start = HEADER_BYTES as u64;
        if count.checked_mul(8) != Some(file.bytes() - start) {
            let reason = "it has another length than its ordinals need";
            return Err(damaged(WHAT, reason));
        }
        Ok(Self {
            ordinals: Pieces::new(file, WHAT, start, file.bytes()),
            count,
            records,
        })
    }

    /// Returns the number of ordinals.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the next ordinal.
    ///
    /// # Errors
    /// [`Error::Damaged`], also for an ordinal that no record has; [`Error::Io`].
    pub fn next_ordinal(&mut self) -> Result<Option<u64>> {
        if self.ordinals.left() == 0 {
            return Ok(None);
        }
        let ordinal = u64::from_le_bytes(self.ordinals.take_array()?);
        match ordinal < self.records {
            true => Ok(Some(ordinal)),
            false => Err(damaged(
                WHAT,
                format!("it has record {ordinal}, but there are {}", self.records),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use proptest::prelude::*;

    use super::*;

    fn file(ordinals: &[u64], wanted: u64) -> Vec<u8> {
        let stop = AtomicBool::new(false);
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(0, folder.path(), &stop);
        let mut writer = OrdinalsWriter::new(&room).unwrap();
        ordinals
            .iter()
            .for_each(|ordinal| writer.push(*ordinal).unwrap());
        let mut bytes = Vec::new();
        let mut ordinals = writer.finish_repeated(wanted).unwrap();
        write_order(&mut ordinals, &mut bytes).unwrap();
        bytes
    }

    fn read_back(bytes: &[u8], records: u64) -> Result<Vec<u64>> {
        let mut reader = OrderReader::open(bytes, records)?;
        let mut ordinals = Vec::new();
        while let Some(ordinal) = reader.next_ordinal()? {
            ordinals.push(ordinal);
        }
        assert_eq!(reader.count(), ordinals.len() as u64);
        Ok(ordinals)
    }

    proptest! {
        #[test]
        fn ordinals_are_read_as_they_were_written_and_damage_is_found(
            ordinals in prop::collection::vec(0u64..100, 1..40), wanted in 0usize..100,
        ) {
            let bytes = file(&ordinals, wanted as u64);
            let expected: Vec<u64> = ordinals.iter().copied().cycle().take(wanted).collect();
            prop_assert_eq!(read_back(&bytes, 100).unwrap(), expected);
            for length in 0..bytes.len() {
                prop_assert!(read_back(&bytes[..length], 100).is_err());
            }
            prop_assert!(read_back(&[&bytes[..], &[0]].concat(), 100).is_err());
            for at in 0..HEADER_BYTES {
                let mut bytes = bytes.clone();
                bytes[at] ^= 1;
                prop_assert!(read_back(&bytes, 100).is_err());
            }
        }
    }

    #[test]
    fn an_ordinal_that_no_record_has_is_damage() {
        let bytes = file(&[2, 5], 2);
        assert!(read_back(&bytes, 6).is_ok());
        let error = read_back(&bytes, 5).unwrap_err().to_string();
        assert_eq!(
            error,
            "an order file is damaged: it has record 5, but there are 5"
        );
    }

    #[test]
    fn nothing_is_an_order_too() {
        assert!(read_back(&file(&[], 0), 0).unwrap().is_empty());
        assert!(read_back(&file(&[], 7), 0).unwrap().is_empty());
    }
}
