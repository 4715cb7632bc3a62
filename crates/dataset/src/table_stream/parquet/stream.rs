//! Rows of a Parquet file, a batch at a time.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    file: InputFile,
    table: Arc<ParquetFile>,
    last: Arc<LastGroup>,
    proof: Proof,
    /// The most memory that a page may take, in bytes.
    most_bytes: u64,
    /// The rows that are left to read, by row group.
    parts: VecDeque<(usize, Range<u64>)>,
    open: Option<Box<OpenGroup>>,
}

/// The row group that the last stream over a file left open, with rows that were decoded besides those that it was asked for.
/// Slices of a few rows each would otherwise decode the same pages again and again.
#[derive(Default)]
pub(in crate::table_stream) struct LastGroup(Mutex<Option<Box<OpenGroup>>>);

impl LastGroup {
    fn take(&self) -> Option<Box<OpenGroup>> {
        self.lock().take()
    }

    fn leave(&self, open: Box<OpenGroup>) {
        *self.lock() = Some(open);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<OpenGroup>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LastGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastGroup")
    }
}

/// A row group that is being read.
struct OpenGroup {
    columns: GroupColumns,
    /// The rows that were asked for.
    asked: Range<u64>,
    /// Those of them that were not handed out.
    wanted: Range<u64>,
    /// True if it is read to its end, beyond the rows that were asked for.
    reads_on: bool,
    /// Rows that were decoded as views but not handed out.
    decoded: Option<RecordBatch>,
    /// The number of the first of these, or of the first that will be decoded.
    next: u64,
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
        last: Arc<LastGroup>,
        proof: Proof,
        most_bytes: u64,
        parts: VecDeque<(usize, Range<u64>)>,
    ) -> Self {
        Self {
            file,
            table,
            last,
            proof,
            most_bytes,
            parts,
            open: None,
        }
    }

    /// Returns the next rows. Rows with a text that isn't UTF-8 are added to `bad`.
    pub(in crate::table_stream) fn next_rows(
        &mut self,
        bad: &mut BadRows,
    ) -> Checked<Option<RecordBatch>> {
        loop {
            let mut open = match self.open.take() {
                Some(open) => open,
                None => match self.parts.pop_front() {
                    Some((group, rows)) => self.open_group(group, rows)?,
                    None => return Ok(None),
                },
            };
            match open.next_wanted(&self.table, self.most_bytes) {
                Ok(Some(batch)) => {
                    self.open = Some(open);
                    return guarded(|| as_shown(&batch, self.table.schema(), bad)).map(Some);
                }
                Ok(None) => {
                    self.open = Some(open);
                    self.close_group()?;
                }
                // Rows that nobody asked for may be to blame.
                Err(_) if open.reads_on => {
                    let (group, asked) = (open.columns.group, open.asked);
                    let exact = self.scan(group, open.wanted, false)?;
                    self.open = Some(Box::new(OpenGroup { asked, ..exact }));
                }
                Err(flaw) => return Err(flaw),
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
        if self.proof.wants_parts() {
            let WatchedFile { file, parts } = &*open.columns.file;
            let chunks = open.columns.chunks.iter().flatten();
            for part in chunks.flat_map(|chunk| chunk.parts(&open.asked)) {
                self.proof.add(&part, parts.digest(file, &part)?);
            }
        }
        if open.reads_on && open.wanted.is_empty() {
            self.last.leave(open);
        }
        Ok(())
    }

    /// Opens a row group to read these rows of it: where the last stream left it, or else anew. Where a batch has more rows than
    /// these, those behind them are decoded with them, for a stream that follows.
    fn open_group(&self, group: usize, rows: Range<u64>) -> Checked<Box<OpenGroup>> {
        if let Some(mut last) = self.last.take().filter(|last| last.leads_to(group, &rows)) {
            (last.asked, last.wanted) = (rows.clone(), rows);
            return Ok(last);
        }
        let exact = self.scan(group, rows.clone(), false)?;
        let batch_rows = exact.zones.front().map_or(0, |zone| zone.batch_rows) as u64;
        let end = self.table.groups[group].rows;
        if rows.end - rows.start < batch_rows
            && rows.end < end
            // A fault after these rows does not concern them.
            && let Ok(open) = self.scan(group, rows.start..end, true)
            && open.has_rows_of_pages()
        {
            let (asked, wanted) = (rows.clone(), rows);
            return Ok(Box::new(OpenGroup {
                asked,
                wanted,
                ..open
            }));
        }
        Ok(Box::new(exact))
    }

    fn scan(&self, group: usize, rows: Range<u64>, reads_on: bool) -> Checked<OpenGroup> {
        let chunks = scan_group(&self.table, &self.file, group, &rows, None)?;
        let group_rows = self.table.groups[group].rows;
        let found: Vec<&ChunkPages> = chunks.iter().flatten().collect();
        for chunk in &found {
            let (offset, bytes) = chunk.largest();
            ensure_fits(bytes, self.most_bytes, || {
                format!("the page at byte {offset}")
            })?;
        }
        let zones = cut_zones(&found, group_rows, rows.clone(), self.table.fixed_row_bytes);
        Ok(OpenGroup {
            columns: GroupColumns {
                metadata: Arc::clone(&self.table.metadata),
                group,
                file: Arc::new(WatchedFile {
                    file: self.file.try_clone()?,
                    parts: PartsRead::default(),
                }),
                chunks,
            },
            next: rows.start,
            asked: rows.clone(),
            wanted: rows,
            reads_on,
            decoded: None,
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
    /// Returns whether rows come out of the pages that hold them whatever is in the others. Of a nested column a page may begin
    /// within a row, so that the row before it depends on whether the page is read.
    fn has_rows_of_pages(&self) -> bool {
        let columns = self
            .columns
            .metadata
            .row_group(self.columns.group)
            .columns();
        let mut read = columns.iter().zip(&self.columns.chunks);
        read.all(|(column, chunk)| {
            let is_flat = column.column_descr().max_rep_level() == 0;
            let is_located = |chunk: &ChunkPages| chunk.locations().is_some();
            chunk
                .as_ref()
                .is_none_or(|chunk| is_flat && is_located(chunk))
        })
    }

    /// Returns whether these rows are among those that were decoded, or will be soon.
    fn leads_to(&self, group: usize, rows: &Range<u64>) -> bool {
        let decoded = self.decoded.as_ref().map_or(0, RecordBatch::num_rows);
        let zone = self.zone.as_ref().or(self.zones.front());
        let soon = decoded + zone.map_or(0, |zone| zone.batch_rows);
        self.columns.group == group && (self.next..self.next + soon as u64).contains(&rows.start)
    }

    /// Returns the next of the wanted rows; none when all of them were handed out.
    fn next_wanted(
        &mut self,
        table: &ParquetFile,
        most_bytes: u64,
    ) -> Checked<Option<RecordBatch>> {
        while !self.wanted.is_empty() {
            let rows = match self.decoded.take() {
                Some(rows) => rows,
                None => match self.decode(table)? {
                    Some(rows) => rows,
                    None => return Ok(None),
                },
            };
            let count = rows.num_rows();
            let before = usize::try_from(self.wanted.start - self.next).unwrap_or(count);
            if before >= count {
                self.next += count as u64;
                continue;
            }
            let wanted = usize::try_from(self.wanted.end - self.wanted.start).unwrap_or(count);
            let wanted = rows.slice(before, wanted.min(count - before));
            let batch = first_batch(&wanted, most_bytes)?;
            let taken = before + batch.num_rows();
            self.next += taken as u64;
            self.wanted.start = self.next;
            self.decoded = (taken < count).then(|| rows.slice(taken, count - taken));
            return Ok(Some(batch));
        }
        Ok(None)
    }

    /// Returns the next decoded rows; none when the row group is read.
    fn decode(&mut self, table: &ParquetFile) -> Checked<Option<RecordBatch>> {
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
