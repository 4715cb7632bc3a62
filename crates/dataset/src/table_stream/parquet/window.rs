//! Finding page headers without reading the pages.

use std::io::{self, Read, Seek, SeekFrom};

use super::page::PageHeader;
use super::thrift::Malformed;
use crate::source::InputFile;
use crate::table_stream::flaw::{Checked, Flaw};

/// The number of bytes that are read at once to find page headers.
const WINDOW_BYTES: usize = 16 << 10;
/// The longest page header. Statistics of long texts make headers long.
const MAX_HEADER_BYTES: usize = 16 << 20;

/// A part of the file that was read to find headers in.
pub(super) struct Window {
    bytes: Vec<u8>,
    start: u64,
    /// The end of the chunk.
    end: u64,
}

impl Window {
    /// Creates an empty window on a chunk that ends at `end`.
    pub(super) fn new(end: u64) -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            end,
        }
    }

    /// Returns the page header at `offset`.
    pub(super) fn header_at(&mut self, file: &mut InputFile, offset: u64) -> Checked<PageHeader> {
        let skipped = offset
            .checked_sub(self.start)
            .filter(|skipped| *skipped < self.bytes.len() as u64);
        if let Some(skipped) = skipped
            && let Ok(header) = PageHeader::read(&self.bytes[skipped as usize..])
        {
            return Ok(header);
        }
        let mut length = WINDOW_BYTES;
        loop {
            self.read(file, offset, length)?;
            let is_all = self.bytes.len() < length || length >= MAX_HEADER_BYTES;
            match PageHeader::read(&self.bytes) {
                Ok(header) => return Ok(header),
                Err(Malformed::Short) if !is_all => length *= 8,
                Err(_) => {
                    return Err(Flaw::Damaged(format!(
                        "there is no page header at byte {offset}"
                    )));
                }
            }
        }
    }

    fn read(&mut self, file: &mut InputFile, offset: u64, length: usize) -> io::Result<()> {
        let length = (self.end - offset).min(length as u64);
        (self.start, self.bytes) = (offset, Vec::new());
        file.seek(SeekFrom::Start(offset))?;
        file.take(length).read_to_end(&mut self.bytes)?;
        Ok(())
    }
}
