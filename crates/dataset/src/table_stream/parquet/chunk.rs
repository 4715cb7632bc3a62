//! The pages of a column chunk, found and checked by their headers alone.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use flate2::read::MultiGzDecoder;
use parquet::basic::{Compression, Type};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::page_index::offset_index::PageLocation;

use super::delta::PREFIXED_ROWS;
use super::page::{PageHeader, PageKind, ValueEncoding, read_offset_index};
use super::window::Window;
use crate::source::InputFile;
use crate::table_stream::flaw::{Checked, Flaw, ensure};
use crate::table_stream::limits::{MAX_NESTED_VALUES, Packing};
use crate::table_stream::proof::Part;
use crate::table_stream::weight::BATCH_BYTES;

/// The assumed least length of texts that share prefixes, so that at most [`PREFIXED_ROWS`] are decoded at once. The bytes of a
/// page do not reveal how long they are.
const LEAST_PREFIXED_BYTES: u64 = BATCH_BYTES / PREFIXED_ROWS;
/// The size from which gzip pages are unpacked once just to check that they are as long as they claim.
const SUSPECT_GZIP_BYTES: u64 = 1 << 20;

/// Page headers by their offsets.
pub(in crate::table_stream) type PageHeaders = HashMap<u64, PageHeader>;

/// A data page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DataPage {
    offset: u64,
    /// The stored size, including the header.
    stored_bytes: u32,
    /// About how many bytes its values take in memory.
    pub(super) decoded_bytes: u64,
    /// The number of the first row, if that is known.
    first_row: u64,
    rows: u64,
}

/// The information from the headers of a column chunk's pages.
#[derive(Debug)]
pub(super) struct ChunkPages {
    /// The byte range of the chunk.
    range: Range<u64>,
    pages: Vec<DataPage>,
    /// The offsets at which headers and bodies of all pages begin, while it is not known which rows each page has.
    bounds: Vec<u64>,
    /// True if it is known which rows each page has. If not, they must be read from the first one on.
    has_rows: bool,
    /// True if headers give the correct number of rows.
    has_true_counts: bool,
    /// The offset of the page that takes most memory, and how much that is.
    largest: (u64, u64),
    /// The number of rows before the end of the last page in `pages`.
    rows: u64,
    decoded_bytes: u64,
}

/// Reads the page headers of `chunk` until those of the rows `wanted` are known. Headers in `seen` are not read again. A caller
/// that looks at headers alone does not need the content of the pages.
pub(super) fn scan_chunk(
    file: &mut InputFile,
    chunk: &ColumnChunkMetaData,
    group_rows: u64,
    wanted: &Range<u64>,
    mut seen: Option<&mut PageHeaders>,
) -> Checked<ChunkPages> {
    let range = chunk_range(chunk)?;
    let mut scan = Scan {
        chunk,
        packing: packing(chunk.compression()),
        is_nested: chunk.column_descr().max_rep_level() > 0,
        unpacks: seen.is_none(),
        window: Window::new(range.end),
        value_bytes: 0,
        found: ChunkPages {
            range: range.clone(),
            pages: Vec::new(),
            bounds: Vec::new(),
            has_rows: true,
            has_true_counts: true,
            largest: (0, 0),
            rows: 0,
            decoded_bytes: 0,
        },
    };
    let mut offset = range.start;
    // In a nested column, all counts must be seen before the first can be trusted.
    let is_enough =
        |scan: &Scan<'_>| !scan.is_nested && scan.found.has_rows && scan.found.rows >= wanted.end;
    while offset < range.end && !is_enough(&scan) {
        let known = seen.as_ref().and_then(|seen| seen.get(&offset).copied());
        let header = match known {
            Some(header) => header,
            None => scan.window.header_at(file, offset)?,
        };
        if let Some(seen) = &mut seen {
            seen.insert(offset, header);
        }
        let body = offset + header.header_bytes as u64;
        let stored = u64::try_from(header.stored_bytes).unwrap_or(u64::MAX);
        ensure(stored <= range.end - body, || {
            format!("the page at byte {offset} claims {stored} bytes")
        })?;
        scan.found.bounds.extend([offset, body]);
        scan.add(file, offset, &header)?;
        offset = body + stored;
    }
    let is_nested = scan.is_nested;
    let mut found = scan.found;
    if is_nested && found.has_rows && found.rows != group_rows {
        // parquet-cpp before 12.0.0 writes the number of values in place of the number of rows.
        (found.has_rows, found.has_true_counts) = (false, false);
    }
    if !found.has_rows {
        found.take_rows_from_index(file, chunk, group_rows)?;
    }
    let complete = !found.has_rows || found.rows >= wanted.end.min(group_rows);
    ensure(
        complete && (!found.has_rows || found.rows <= group_rows),
        || format!("its pages have {} of {group_rows} rows", found.rows),
    )?;
    Ok(found)
}

/// Returns the byte range of the chunk, which was checked when the file was opened.
pub(super) fn chunk_range(chunk: &ColumnChunkMetaData) -> Checked<Range<u64>> {
    // Some writers put 0 here if there is no dictionary.
    let start = chunk.dictionary_page_offset().filter(|start| *start > 0);
    let start = start.unwrap_or(chunk.data_page_offset());
    let bounds = u64::try_from(start).ok().and_then(|start| {
        let length = u64::try_from(chunk.compressed_size()).ok()?;
        Some(start..start.checked_add(length)?)
    });
    bounds.ok_or_else(|| Flaw::from("its place in the file is impossible"))
}

pub(super) fn packing(codec: Compression) -> Packing {
    match codec {
        Compression::UNCOMPRESSED => Packing::None,
        Compression::SNAPPY => Packing::Snappy,
        Compression::GZIP(_) => Packing::Gzip,
        Compression::LZ4 | Compression::LZ4_RAW => Packing::Lz4,
        Compression::ZSTD(_) => Packing::Zstd,
        Compression::BROTLI(_) | Compression::LZO => Packing::Brotli,
    }
}

impl ChunkPages {
    /// Returns the locations of the pages and how many rows they have, if that is known.
    pub(super) fn locations(&self) -> Option<(Vec<PageLocation>, usize)> {
        let locate = |page: &DataPage| PageLocation {
            offset: page.offset as i64,
            compressed_page_size: page.stored_bytes as i32,
            first_row_index: page.first_row as i64,
        };
        let is_known = self.has_rows && !self.pages.is_empty();
        is_known.then(|| (self.pages.iter().map(locate).collect(), self.rows as usize))
    }

    /// Returns the rows of each page and the bytes that they take in memory, if that is known.
    pub(super) fn sizes(&self) -> Option<impl Iterator<Item = (Range<u64>, u64)>> {
        let size = |page: &DataPage| {
            let rows = page.first_row..page.first_row + page.rows;
            (rows, page.decoded_bytes)
        };
        self.has_rows.then(|| self.pages.iter().map(size))
    }

    /// Returns the parts of the file that the rows `wanted` depend on.
    pub(super) fn parts(&self, wanted: &Range<u64>) -> Vec<Part> {
        let Some(first) = self.pages.first().filter(|_| self.has_rows) else {
            // The rows of a page are known only once all pages before it are decoded.
            let bounds = self.bounds.iter().copied().chain([self.range.end]);
            let pairs = bounds.clone().zip(bounds.skip(1));
            return pairs
                .map(|(start, end)| Part::of_bytes(start..end))
                .collect();
        };
        let dictionary = self.range.start..first.offset;
        let dictionary = (!dictionary.is_empty()).then_some(Part::of_bytes(dictionary));
        let pages = self.pages.iter().map(|page| Part {
            bytes: page.offset..page.offset + u64::from(page.stored_bytes),
            rows: page.first_row..page.first_row + page.rows,
        });
        let is_wanted = |part: &Part| part.rows.start < wanted.end && part.rows.end > wanted.start;
        dictionary
            .into_iter()
            .chain(pages.filter(is_wanted))
            .collect()
    }

    /// Returns whether the row counts in page headers can be trusted.
    pub(super) fn has_true_counts(&self) -> bool {
        self.has_true_counts
    }

    /// Returns the offset of the page that takes most memory when it is unpacked, and how much that is.
    pub(super) fn largest(&self) -> (u64, u64) {
        self.largest
    }

    /// Returns the bytes that all pages found so far take in memory.
    pub(super) fn decoded_bytes(&self) -> u64 {
        self.decoded_bytes
    }

    /// Takes the rows of the pages from the offset index, if the chunk has a plausible one.
    fn take_rows_from_index(
        &mut self,
        file: &mut InputFile,
        chunk: &ColumnChunkMetaData,
        group_rows: u64,
    ) -> Checked<()> {
        let (Some(offset), Some(length)) =
            (chunk.offset_index_offset(), chunk.offset_index_length())
        else {
            return Ok(());
        };
        let (Ok(offset), Ok(length)) = (u64::try_from(offset), u64::try_from(length)) else {
            return Ok(());
        };
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(offset))?;
        file.take(length).read_to_end(&mut bytes)?;
        let Ok(indexed) = read_offset_index(&bytes) else {
            return Ok(());
        };
        let first_rows: Vec<u64> = indexed
            .iter()
            .map(|page| page.first_row as u64)
            .chain([group_rows])
            .collect();
        let same_pages = indexed.len() == self.pages.len()
            && indexed
                .iter()
                .zip(&self.pages)
                .all(|(indexed, page)| indexed.offset as u64 == page.offset);
        if !same_pages || first_rows[0] != 0 || !first_rows.is_sorted() {
            return Ok(());
        }
        for (page, rows) in self.pages.iter_mut().zip(first_rows.windows(2)) {
            (page.first_row, page.rows) = (rows[0], rows[1] - rows[0]);
        }
        (self.has_rows, self.rows) = (true, group_rows);
        Ok(())
    }
}

/// The scan of one chunk.
struct Scan<'a> {
    chunk: &'a ColumnChunkMetaData,
    packing: Packing,
    is_nested: bool,
    /// True if pages that look like bombs are unpacked.
    unpacks: bool,
    window: Window,
    /// About how many bytes a value of the dictionary has.
    value_bytes: u64,
    found: ChunkPages,
}

impl Scan<'_> {
    fn add(&mut self, file: &mut InputFile, offset: u64, header: &PageHeader) -> Checked<()> {
        let what = |reason: String| Flaw::Damaged(format!("the page at byte {offset}: {reason}"));
        let claims = [header.plain_bytes, header.values, header.level_bytes];
        let [Ok(plain), Ok(values), Ok(levels)] = claims.map(u64::try_from) else {
            return Err(what("it claims negative sizes".to_owned()));
        };
        if header.kind == PageKind::Other {
            // The library's reader of located pages does not skip pages of other kinds.
            self.found.has_rows = false;
            return Ok(());
        }
        self.check_size(file, offset, header, plain, levels)
            .map_err(|flaw| match flaw {
                Flaw::Damaged(reason) => what(reason),
                other => other,
            })?;
        if plain > self.found.largest.1 {
            self.found.largest = (offset, plain);
        }
        let rows = match header.kind {
            PageKind::Dictionary => return self.add_dictionary(values, plain).map_err(what),
            PageKind::DataV2 { rows } => Some(u64::try_from(rows).unwrap_or(u64::MAX)),
            _ if self.is_nested => None,
            _ => Some(values),
        };
        if self.is_nested && values > MAX_NESTED_VALUES
            || !self.is_nested && rows != Some(values)
            || rows.is_some_and(|rows| rows > values)
        {
            return Err(what(format!("it claims {values} values")));
        }
        self.found.has_rows &= rows.is_some();
        let rows = rows.unwrap_or_default();
        let decoded_bytes = match header.encoding {
            ValueEncoding::Dictionary => plain.max(values.saturating_mul(self.value_bytes)),
            ValueEncoding::Prefixes => plain.max(values.saturating_mul(LEAST_PREFIXED_BYTES)),
            ValueEncoding::Other => plain,
        };
        let stored = header.header_bytes as u64 + header.stored_bytes as u64;
        self.found.pages.push(DataPage {
            offset,
            stored_bytes: u32::try_from(stored)
                .ok()
                .filter(|bytes| i32::try_from(*bytes).is_ok())
                .ok_or_else(|| what(format!("it has {stored} bytes")))?,
            decoded_bytes,
            first_row: self.found.rows,
            rows,
        });
        self.found.rows = self.found.rows.saturating_add(rows);
        self.found.decoded_bytes = self.found.decoded_bytes.saturating_add(decoded_bytes);
        Ok(())
    }

    fn check_size(
        &self,
        file: &mut InputFile,
        offset: u64,
        header: &PageHeader,
        plain: u64,
        levels: u64,
    ) -> Checked<()> {
        let stored = header.stored_bytes as u64;
        ensure(levels <= stored && levels <= plain, || {
            format!("{levels} bytes of levels in {stored}")
        })?;
        let packing = match header.is_compressed {
            true => self.packing,
            false => Packing::None,
        };
        packing.check(stored - levels, plain - levels)?;
        if self.unpacks && packing == Packing::Gzip && stored >= SUSPECT_GZIP_BYTES {
            file.seek(SeekFrom::Start(
                offset + header.header_bytes as u64 + levels,
            ))?;
            let packed = Read::take(file, stored - levels);
            let unpacked = MultiGzDecoder::new(packed).take(plain - levels + 1);
            let length = io::copy(&mut { unpacked }, &mut io::sink())?;
            ensure(length <= plain - levels, || {
                format!("it unpacks to more than the {plain} bytes that it claims")
            })?;
        }
        Ok(())
    }

    fn add_dictionary(&mut self, values: u64, plain: u64) -> Result<(), String> {
        if !self.found.pages.is_empty() || self.value_bytes > 0 {
            return Err("it is a dictionary that does not come first".to_owned());
        }
        let (least, fixed) = match self.chunk.column_descr().physical_type() {
            Type::BYTE_ARRAY => (4, 0),
            Type::FIXED_LEN_BYTE_ARRAY => {
                let length = self.chunk.column_descr().type_length();
                let length = u64::try_from(length).unwrap_or_default();
                (length, length)
            }
            Type::INT32 | Type::FLOAT => (4, 4),
            Type::INT96 => (12, 8),
            Type::BOOLEAN | Type::INT64 | Type::DOUBLE => (8, 8),
        };
        if values > plain / least.max(1) + 1 {
            return Err(format!("{plain} bytes claim to be {values} values"));
        }
        self.value_bytes = match fixed {
            0 => (plain / values.max(1)).max(4),
            fixed => fixed,
        };
        Ok(())
    }
}
