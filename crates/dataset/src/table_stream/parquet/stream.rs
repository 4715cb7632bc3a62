//! Rows of a Parquet file, a batch at a time.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use coldpress_storage::Digest;
use parquet::arrow::FieldLevels;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowSelection, RowSelector};

use super::chunk::{ChunkPages, PageHeaders, chunk_range, scan_chunk};
use super::columns::{GroupColumns, WatchedFile};
use super::zones::{Zone, cut_zones};
use super::{ParquetFile, in_column};
use crate::source::InputFile;
use crate::table_stream::flaw::{Checked, Flaw, ensure, guarded};
use crate::table_stream::limits::ensure_fits;
use crate::table_stream::proof::{Part, PartsRead, Proof};
use crate::table_stream::utf8::BadRows;
use crate::table_stream::views::as_shown;
use crate::table_stream::weight::first_batch;

/// Reads the rows of one row group after another.
pub(in crate::table_stream) struct ParquetStream {
    file: Arc<WatchedFile>,
    table: Arc<ParquetFile>,
    proof: Proof,
    /// The most memory that a page may take, in bytes.
    most_bytes: u64,
    /// The rows that are left to read, by row group.
    parts: VecDeque<(usize, Range<u64>)>,
    open: Option<OpenGroup>,
    /// Rows that were decoded as views but not handed out.
    decoded: Option<RecordBatch>,
}

/// A row group that is being read.
struct OpenGroup {
    columns: GroupColumns,
    /// The parts that its rows depend on.
    parts: Vec<Part>,
    zones: VecDeque<Zone>,
    /// The zone before those in `zones`.
    zone: Option<Zone>,
    /// The reader of its rows.
    reader: Option<ParquetRecordBatchReader>,
    /// The number of rows that the reader has left.
    left: u64,
    /// The levels for reading texts as bytes, once they could not be read as texts, and the reason why not.
    bytes_only: Option<(FieldLevels, Flaw)>,
}

impl ParquetStream {
    pub(in crate::table_stream) fn new(
        file: InputFile,
        table: Arc<ParquetFile>,
        proof: Proof,
        most_bytes: u64,
        parts: VecDeque<(usize, Range<u64>)>,
    ) -> Self {
        Self {
            file: Arc::new(WatchedFile {
                file,
                parts: PartsRead::default(),
            }),
            table,
            proof,
            most_bytes,
            parts,
            open: None,
            decoded: None,
        }
    }

    /// Returns the next rows. Rows with a text that isn't UTF-8 are added to `bad`.
    pub(in crate::table_stream) fn next_rows(
        &mut self,
        bad: &mut BadRows,
    ) -> Checked<Option<RecordBatch>> {
        loop {
            if let Some(decoded) = self.decoded.take() {
                let batch = first_batch(&decoded, self.most_bytes)?;
                let rest = decoded.num_rows() - batch.num_rows();
                if rest > 0 {
                    self.decoded = Some(decoded.slice(batch.num_rows(), rest));
                }
                return guarded(|| as_shown(&batch, self.table.schema(), bad)).map(Some);
            }
            if self.open.is_none() {
                let Some((group, rows)) = self.parts.pop_front() else {
                    return Ok(None);
                };
                self.open = Some(self.open_group(group, rows)?);
            }
            let table = &self.table;
            let next = self.open.as_mut().map(|open| open.next(table));
            match next.transpose()?.flatten() {
                Some(rows) => self.decoded = Some(rows),
                None => self.close_group()?,
            }
        }
    }

    /// Returns the digest of everything that the rows were made of.
    pub(in crate::table_stream) fn finish(mut self) -> Checked<Digest> {
        self.close_group()?;
        while self.proof.wants_parts()
            && let Some((group, rows)) = self.parts.pop_front()
        {
            self.open = Some(self.open_group(group, rows)?);
            self.close_group()?;
        }
        Ok(self.proof.finish())
    }

    fn close_group(&mut self) -> Checked<()> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let WatchedFile { file, parts } = &*self.file;
        let wanted = self.proof.wants_parts();
        for part in open.parts.iter().filter(|_| wanted) {
            self.proof.add(part, parts.digest(file, part)?);
        }
        parts.forget();
        Ok(())
    }

    fn open_group(&self, group: usize, rows: Range<u64>) -> Checked<OpenGroup> {
        let chunks = scan_group(&self.table, &self.file.file, group, &rows, None)?;
        let group_rows = self.table.groups[group].rows;
        let found: Vec<&ChunkPages> = chunks.iter().flatten().collect();
        for chunk in &found {
            let (offset, bytes) = chunk.largest();
            ensure_fits(bytes, self.most_bytes, || {
                format!("the page at byte {offset}")
            })?;
        }
        let parts = found.iter().flat_map(|chunk| chunk.parts(&rows)).collect();
        let zones = cut_zones(&found, group_rows, rows, self.table.fixed_row_bytes);
        Ok(OpenGroup {
            columns: GroupColumns {
                metadata: Arc::clone(&self.table.metadata),
                group,
                file: Arc::clone(&self.file),
                chunks,
            },
            parts,
            zones: zones.into(),
            zone: None,
            reader: None,
            left: 0,
            bytes_only: None,
        })
    }
}

/// Returns the pages of the columns that are read, as far as the rows `wanted` of a group need them, by leaf column.
fn scan_group(
    table: &ParquetFile,
    file: &InputFile,
    group: usize,
    wanted: &Range<u64>,
    mut seen: Option<&mut PageHeaders>,
) -> Checked<Vec<Option<ChunkPages>>> {
    let metadata = table.metadata.row_group(group);
    let mut chunks: Vec<Option<ChunkPages>> = Vec::new();
    chunks.resize_with(metadata.num_columns(), || None);
    let mut file = file.try_clone()?;
    for leaf in &table.leaves {
        let chunk = metadata.column(*leaf);
        let group_rows = metadata.num_rows() as u64;
        let pages = scan_chunk(&mut file, chunk, group_rows, wanted, seen.as_deref_mut());
        chunks[*leaf] = Some(pages.map_err(|flaw| in_column(chunk, flaw))?);
    }
    Ok(chunks)
}

/// Returns the parts of the file that rows of a group depend on. If the pages cannot be found, that is all of the columns: such
/// rows are as planned if they are damaged as they were.
pub(super) fn parts_of_group(
    table: &ParquetFile,
    file: &InputFile,
    group: usize,
    rows: &Range<u64>,
    seen: &mut PageHeaders,
) -> Checked<Vec<Part>> {
    match scan_group(table, file, group, rows, Some(seen)) {
        Ok(chunks) => {
            let chunks = chunks.iter().flatten();
            Ok(chunks.flat_map(|chunk| chunk.parts(rows)).collect())
        }
        Err(Flaw::Damaged(_)) => {
            let columns = table.metadata.row_group(group).columns();
            let chunks = table.leaves.iter().map(|leaf| chunk_range(&columns[*leaf]));
            chunks.map(|range| range.map(Part::of_bytes)).collect()
        }
        Err(error) => Err(error),
    }
}

impl OpenGroup {
    /// Returns the next decoded rows; none when the row group is read.
    fn next(&mut self, table: &ParquetFile) -> Checked<Option<RecordBatch>> {
        loop {
            if let Some(reader) = &mut self.reader {
                let rows = match guarded(|| reader.next().transpose()) {
                    Ok(rows) => rows,
                    Err(flaw) => {
                        self.read_as_bytes(table, flaw)?;
                        continue;
                    }
                };
                if let Some(rows) = rows.filter(|rows| rows.num_rows() > 0) {
                    let count = rows.num_rows() as u64;
                    self.left = self
                        .left
                        .checked_sub(count)
                        .ok_or("it has more rows than it claims")?;
                    return Ok(Some(rows));
                }
                ensure(self.left == 0, || {
                    format!("it ends {} rows early", self.left)
                })?;
                self.reader = None;
            }
            let Some(zone) = self.zones.pop_front() else {
                return Ok(None);
            };
            self.left = zone.rows.end - zone.rows.start;
            let selection = RowSelection::from(vec![
                RowSelector::skip(zone.rows.start as usize),
                RowSelector::select(self.left as usize),
            ]);
            let levels = self.bytes_only.as_ref();
            let levels = levels.map_or(&table.levels, |(levels, _)| levels);
            let reader = guarded(|| {
                ParquetRecordBatchReader::try_new_with_row_groups(
                    levels,
                    &self.columns,
                    zone.batch_rows,
                    Some(selection),
                )
            })?;
            self.reader = Some(reader);
            self.zone = Some(zone);
        }
    }

    /// Starts again where the reader failed, with texts as bytes, because a text that isn't UTF-8 must not cost more than its row.
    fn read_as_bytes(&mut self, table: &ParquetFile, flaw: Flaw) -> Checked<()> {
        if !matches!(flaw, Flaw::Damaged(_)) {
            return Err(flaw);
        }
        match (self.bytes_only.take(), self.zone.take()) {
            // The texts were not the cause.
            (Some((_, first)), _) => return Err(first),
            (None, Some(zone)) => self.zones.push_front(Zone {
                rows: zone.rows.end - self.left..zone.rows.end,
                ..zone
            }),
            (None, None) => return Err(flaw),
        }
        self.bytes_only = Some((table.levels_of_bytes()?, flaw));
        self.reader = None;
        Ok(())
    }
}
