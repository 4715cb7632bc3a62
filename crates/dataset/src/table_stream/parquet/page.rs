//! The header of a page.

use super::thrift::{Malformed, Thrift, kind};

/// The kind of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageKind {
    Data,
    DataV2 {
        rows: i64,
    },
    Dictionary,
    /// Another kind, which readers skip.
    Other,
}

/// The encoding of values, as far as it matters for their size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueEncoding {
    /// Indices into the dictionary.
    Dictionary,
    /// The length of the prefix that each text shares with the one before, and the rest. Long texts may take few bytes.
    Prefixes,
    Other,
}

/// The information in a page header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::table_stream) struct PageHeader {
    pub(super) kind: PageKind,
    /// The length of the header itself.
    pub(super) header_bytes: usize,
    /// The number of bytes after the header.
    pub(super) stored_bytes: i64,
    pub(super) plain_bytes: i64,
    /// The number of values, including nulls; in nested columns, including all elements of lists.
    pub(super) values: i64,
    pub(super) encoding: ValueEncoding,
    /// The length of the levels at the page's beginning, which are never compressed (version 2 only).
    pub(super) level_bytes: i64,
    pub(super) is_compressed: bool,
}

impl PageHeader {
    /// Reads the header that `bytes` begin with.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut thrift = Thrift::new(bytes);
        let mut header = Self {
            kind: PageKind::Other,
            header_bytes: 0,
            stored_bytes: -1,
            plain_bytes: -1,
            values: 0,
            encoding: ValueEncoding::Other,
            level_bytes: 0,
            is_compressed: true,
        };
        let (mut page_type, mut rows) = (-1, 0);
        thrift.read_struct(|thrift, number, found| {
            match number {
                1 => page_type = thrift.int_of(found)?,
                2 => header.plain_bytes = thrift.int_of(found)?,
                3 => header.stored_bytes = thrift.int_of(found)?,
                5 | 7 if found == kind::STRUCT => header.read_data(thrift)?,
                8 if found == kind::STRUCT => rows = header.read_data_v2(thrift)?,
                _ => thrift.skip(found)?,
            }
            Ok(())
        })?;
        header.kind = match page_type {
            0 => PageKind::Data,
            2 => PageKind::Dictionary,
            3 => PageKind::DataV2 { rows },
            _ => PageKind::Other,
        };
        header.header_bytes = thrift.position();
        Ok(header)
    }

    fn read_data(&mut self, thrift: &mut Thrift<'_>) -> Result<(), Malformed> {
        thrift.read_struct(|thrift, number, found| {
            match number {
                1 => self.values = thrift.int_of(found)?,
                2 => self.encoding = encoding(thrift.int_of(found)?),
                _ => thrift.skip(found)?,
            }
            Ok(())
        })
    }

    fn read_data_v2(&mut self, thrift: &mut Thrift<'_>) -> Result<i64, Malformed> {
        let mut rows = 0;
        thrift.read_struct(|thrift, number, found| {
            match number {
                1 => self.values = thrift.int_of(found)?,
                3 => rows = thrift.int_of(found)?,
                4 => self.encoding = encoding(thrift.int_of(found)?),
                5 | 6 => self.level_bytes = self.level_bytes.saturating_add(thrift.int_of(found)?),
                7 => self.is_compressed = found == kind::TRUE,
                _ => thrift.skip(found)?,
            }
            Ok(())
        })?;
        Ok(rows)
    }
}

fn encoding(number: i64) -> ValueEncoding {
    match number {
        2 | 8 => ValueEncoding::Dictionary,
        7 => ValueEncoding::Prefixes,
        _ => ValueEncoding::Other,
    }
}

/// The start of a page according to an offset index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct IndexedPage {
    pub(super) offset: i64,
    pub(super) first_row: i64,
}

/// Reads the offset index of a column chunk.
pub(super) fn read_offset_index(bytes: &[u8]) -> Result<Vec<IndexedPage>, Malformed> {
    let (mut thrift, mut pages) = (Thrift::new(bytes), Vec::new());
    thrift.read_struct(|thrift, number, found| {
        if (number, found) != (1, kind::LIST) {
            return thrift.skip(found);
        }
        let (element, count) = thrift.list()?;
        if element != kind::STRUCT && count > 0 {
            return Err(Malformed::Invalid);
        }
        for _ in 0..count {
            let mut page = IndexedPage::default();
            thrift.read_struct(|thrift, number, found| {
                match number {
                    1 => page.offset = thrift.int_of(found)?,
                    3 => page.first_row = thrift.int_of(found)?,
                    _ => thrift.skip(found)?,
                }
                Ok(())
            })?;
            pages.push(page);
        }
        Ok(())
    })?;
    Ok(pages)
}
