//! Reads the records of a reader one by one.

use crate::{Record, RecordReader, Result};

/// The records of a reader one by one.
pub(super) struct OneByOne<'a> {
    reader: &'a mut RecordReader,
    batch: std::vec::IntoIter<Record>,
}

impl<'a> OneByOne<'a> {
    pub(super) fn new(reader: &'a mut RecordReader) -> Self {
        Self {
            reader,
            batch: Vec::new().into_iter(),
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Record>> {
        loop {
            if let Some(record) = self.batch.next() {
                return Ok(Some(record));
            }
            match self.reader.next_batch()? {
                Some(batch) => self.batch = batch.into_iter(),
                None => return Ok(None),
            }
        }
    }
}
