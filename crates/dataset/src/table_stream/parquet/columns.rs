//! The columns of a row group in the form that the library's reader expects. Each page is checked on its way.

use std::io::BufReader;
use std::iter;
use std::sync::Arc;

use bytes::Bytes;
use parquet::arrow::arrow_reader::RowGroups;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

use super::chunk::ChunkPages;
use super::delta::{Levels, check_delta};
use crate::source::InputFile;
use crate::table_stream::flaw::Flaw;
use crate::table_stream::proof::PartsRead;

/// One row group, whose pages were found.
pub(super) struct GroupColumns {
    pub(super) metadata: Arc<ParquetMetaData>,
    pub(super) group: usize,
    pub(super) file: Arc<WatchedFile>,
    /// The pages by leaf column; none for columns that are not read.
    pub(super) chunks: Vec<Option<ChunkPages>>,
}

impl GroupColumns {
    fn group_metadata(&self) -> &RowGroupMetaData {
        self.metadata.row_group(self.group)
    }

    fn page_reader(&self, leaf: usize) -> Result<CheckedPages> {
        let chunk = self.group_metadata().column(leaf);
        let pages = self.chunks.get(leaf).and_then(Option::as_ref);
        let located = pages.and_then(ChunkPages::locations);
        let (locations, rows) = match located {
            Some((locations, rows)) => (Some(locations), rows),
            None => (None, RowGroups::num_rows(self)),
        };
        let chunk = without_odd_dictionary(chunk)?;
        let descriptor = chunk.column_descr();
        let levels = Levels {
            repetition: descriptor.max_rep_level(),
            definition: descriptor.max_def_level(),
        };
        let reader = SerializedPageReader::new(Arc::clone(&self.file), &chunk, rows, locations)?;
        Ok(CheckedPages {
            pages: Box::new(reader),
            levels,
            has_true_counts: pages.is_none_or(ChunkPages::has_true_counts),
            column: chunk.column_path().string(),
        })
    }
}

/// A file whose pages are hashed as they are read.
pub(super) struct WatchedFile {
    pub(super) file: InputFile,
    pub(super) parts: PartsRead,
}

impl Length for WatchedFile {
    fn len(&self) -> u64 {
        Length::len(&self.file)
    }
}

impl ChunkReader for WatchedFile {
    type T = BufReader<InputFile>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        self.file.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let bytes = self.file.get_bytes(start, length)?;
        self.parts.note(start, &bytes);
        Ok(bytes)
    }
}

/// Returns the chunk without a dictionary offset of 0, which some writers use when there is no dictionary.
fn without_odd_dictionary(chunk: &ColumnChunkMetaData) -> Result<ColumnChunkMetaData> {
    match chunk.dictionary_page_offset() {
        Some(offset) if offset <= 0 => chunk
            .clone()
            .into_builder()
            .set_dictionary_page_offset(None)
            .build(),
        _ => Ok(chunk.clone()),
    }
}

impl RowGroups for GroupColumns {
    fn num_rows(&self) -> usize {
        self.group_metadata().num_rows() as usize
    }

    fn column_chunks(&self, leaf: usize) -> Result<Box<dyn PageIterator>> {
        Ok(Box::new(OneChunk(Some(self.page_reader(leaf)?))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(iter::once(self.group_metadata()))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// The pages of the only chunk of a column.
struct OneChunk(Option<CheckedPages>);

impl Iterator for OneChunk {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let pages = self.0.take()?;
        Some(Ok(Box::new(pages)))
    }
}

impl PageIterator for OneChunk {}

/// Pages whose contents were checked for anything that would trip a decoder.
struct CheckedPages {
    pages: Box<dyn PageReader>,
    levels: Levels,
    /// True if the row counts in page headers can be trusted.
    has_true_counts: bool,
    column: String,
}

impl CheckedPages {
    fn checked(&self, page: Result<Option<Page>>) -> Result<Option<Page>> {
        let in_column =
            |reason: String| ParquetError::General(format!("column `{}`: {reason}", self.column));
        let page = match page.map_err(Flaw::from) {
            Ok(page) => page,
            Err(Flaw::Damaged(reason) | Flaw::TooLarge(reason)) => return Err(in_column(reason)),
            Err(Flaw::Io(error)) => return Err(error.into()),
        };
        if let Some(page) = &page
            && let Err(Flaw::Damaged(reason)) = check_delta(page, self.levels)
        {
            return Err(in_column(reason));
        }
        Ok(page)
    }
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page();
        self.checked(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        let page = self.pages.peek_next_page()?;
        Ok(page.map(|page| PageMetadata {
            num_rows: page.num_rows.filter(|_| self.has_true_counts),
            ..page
        }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.pages.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> Result<Option<Page>> {
        let page = self.pages.take_deferred_dictionary();
        self.checked(page)
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}
