//! Checkpoints and results of earlier attempts.

use std::io::Read;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use coldpress_checkpoint::{IndexedRows, Manifest, RowBlock, RowsReader};
use coldpress_dataset::{FileCompression, RowsForm, TableRows, TableRowsReader, decode_rows};
use coldpress_failure::ErrorClass;
use coldpress_operator::Chain;
use coldpress_record::Batch;
use coldpress_storage::{ComposedWriter, ObjectReader, ObjectRef, Stores};

use super::records::{Found, Records};
use crate::attempt::{Assignment, Start};
use crate::error::AttemptError;
use crate::tee::Base;

/// Rows of a result that are lines, with their index.
pub(crate) type LineRows = IndexedRows<Box<dyn Read + Send>>;

/// Rows that earlier work of this partition ended with.
pub(super) struct EarlierInput {
    rows: Rows,
    block: RowBlock,
}

enum Rows {
    Checkpoint(RowsReader),
    Lines(LineRows),
    Table {
        index: RowsReader,
        rows: TableRowsReader<ObjectReader>,
    },
}

impl EarlierInput {
    pub(super) fn open(work: Assignment<'_>, start: &Start) -> Result<Self, AttemptError> {
        let rows = match start {
            Start::Checkpoint { file, .. } => {
                Rows::Checkpoint(RowsReader::open(work.stores.get(&file.key)?, &file.stamp)?)
            }
            Start::Result { rows, index, .. } => open_result(work, rows, index)?,
            Start::Delta { .. } => {
                return Err(AttemptError::new(ErrorClass::System, "it holds no rows"));
            }
        };
        let input = Self {
            rows,
            block: RowBlock::default(),
        };
        work.check_start(input.manifest(), start.operation())?;
        Ok(input)
    }

    fn manifest(&self) -> &Manifest {
        match &self.rows {
            Rows::Checkpoint(rows) => rows.manifest(),
            Rows::Lines(rows) => rows.manifest(),
            Rows::Table { index, .. } => index.manifest(),
        }
    }

    fn next_rows(&mut self, batch: &mut Batch, chain: &Chain) -> Result<bool, AttemptError> {
        let more = match &mut self.rows {
            Rows::Checkpoint(rows) => rows.next(&mut self.block)?,
            Rows::Lines(rows) => rows.next(&mut self.block)?,
            Rows::Table { index, rows } => {
                let next = rows.next_batch();
                let Some(next) = next.map_err(|error| AttemptError::met(&error))? else {
                    return Ok(false);
                };
                let count = next.num_rows();
                index.next_rows(&mut self.block, count)?;
                let rows = Arc::new(TableRows::new(next));
                rows.fill(batch, 0, 0..count as u64, chain.fields());
                batch.set_origins(self.block.origins.iter().cloned());
                chain.begin(batch);
                self.block.restore_stats(batch);
                return Ok(true);
            }
        };
        if more {
            self.block.fill_batch(batch, chain.fields())?;
            chain.begin(batch);
            self.block.restore_stats(batch);
        }
        Ok(more)
    }
}

impl Records for EarlierInput {
    fn manifest(&self) -> Option<&Manifest> {
        Some(self.manifest())
    }

    fn base(&self) -> Base {
        Base::Rows
    }

    fn schema(&self) -> Option<SchemaRef> {
        match &self.rows {
            Rows::Checkpoint(_) | Rows::Lines(_) => None,
            Rows::Table { rows, .. } => Some(rows.schema()),
        }
    }

    fn next(
        &mut self,
        batch: &mut Batch,
        chain: &Chain,
        _: &mut Found,
    ) -> Result<bool, AttemptError> {
        self.next_rows(batch, chain).map_err(AttemptError::of_start)
    }

    /// Makes sure that index and rows have the same length.
    fn finish(self: Box<Self>) -> Result<(), AttemptError> {
        match self.rows {
            Rows::Checkpoint(_) | Rows::Lines(_) => Ok(()),
            Rows::Table { mut index, .. } => {
                let finished = index.finish();
                finished.map_err(|error| AttemptError::from(error).of_start())
            }
        }
    }
}

/// The rows of a result, in whichever form they are, with their index.
fn open_result(
    work: Assignment<'_>,
    rows: &ObjectRef,
    index: &ObjectRef,
) -> Result<Rows, AttemptError> {
    if ComposedWriter::is_of(rows.name())
        && let Some(path) = work.source.path.local()
        && let Ok(place) = std::path::absolute(path)
    {
        // The driver may have found it elsewhere than it was when the result was made.
        work.stores.move_input(work.attempt.slice.source, &place);
    }
    match RowsForm::of_path(rows.name().as_str()) {
        RowsForm::Lines(packing) => open_lines(work.stores, rows, index, packing).map(Rows::Lines),
        RowsForm::Table => {
            work.stores.verify(rows)?;
            let file = work.stores.object(rows).read()?;
            let rows = TableRowsReader::open(file).map_err(|error| AttemptError::met(&error))?;
            let index = RowsReader::open(work.stores.get(&index.key)?, &index.stamp)?;
            Ok(Rows::Table { index, rows })
        }
    }
}

/// Opens the rows of a result that are lines, with their index, when both are proven to be what is cited.
pub(crate) fn open_lines(
    stores: &Stores,
    rows: &ObjectRef,
    index: &ObjectRef,
    packing: FileCompression,
) -> Result<LineRows, AttemptError> {
    stores.verify(rows)?;
    let file = stores.object(rows).read()?;
    let index = RowsReader::open(stores.get(&index.key)?, &index.stamp)?;
    let lines = decode_rows(file, packing).map_err(|error| AttemptError::met(&error))?;
    Ok(IndexedRows::new(index, lines, rows.to_string())?)
}
