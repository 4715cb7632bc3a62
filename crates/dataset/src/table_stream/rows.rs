//! Rows of a record batch in the form that a batch of records carries.

use std::any::Any;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use coldpress_record::{Batch, Carrier, DeclaredFields};
use coldpress_table::Renderer;

use super::fill::FieldColumn;

/// Rows of a columnar source. Declared fields become cells of a batch, and the rest is carried along unchanged.
#[derive(Debug)]
pub struct TableRows {
    rows: RecordBatch,
    renderer: Arc<Renderer>,
}

impl TableRows {
    /// Wraps the rows of a record batch.
    pub fn new(rows: RecordBatch) -> Self {
        let renderer = renderer(rows.schema_ref());
        Self { rows, renderer }
    }

    /// Returns the rows as a record batch.
    pub fn record_batch(&self) -> &RecordBatch {
        &self.rows
    }

    /// Fills `batch` with these rows; `positions` are theirs in the source with number `source`.
    ///
    /// Text fields become texts, and fields of other types become the JSON that they would be in a record.
    pub fn fill(
        self: &Arc<Self>,
        batch: &mut Batch,
        source: u32,
        positions: Range<u64>,
        fields: &DeclaredFields,
    ) {
        let names = fields.paths().iter().map(|path| path.name());
        let columns: Vec<FieldColumn> = names
            .map(|name| FieldColumn::of(&self.rows, name))
            .collect();
        let carrier = Arc::clone(self) as Arc<dyn Carrier>;
        batch.fill_carried(source, positions, carrier, fields, |column, row| {
            columns[column].value(row)
        });
    }

    /// Returns the rows that a batch carries, if it carries any.
    pub fn of(batch: &Batch) -> Option<&Self> {
        batch.carrier()?.as_any().downcast_ref()
    }
}

impl Carrier for TableRows {
    fn write_record(&self, row: usize, changed: &[(&str, &str)], out: &mut Vec<u8>) {
        self.renderer.write_row(&self.rows, row, changed, out);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

thread_local! {
    /// The last renderer and its schema, because the batches of a stream have the same schema.
    static LAST: RefCell<Option<(SchemaRef, Arc<Renderer>)>> = const { RefCell::new(None) };
}

fn renderer(schema: &SchemaRef) -> Arc<Renderer> {
    LAST.with_borrow_mut(|last| {
        if let Some((known, renderer)) = last
            && Arc::ptr_eq(known, schema)
        {
            return Arc::clone(renderer);
        }
        let renderer = Arc::new(Renderer::new(schema));
        *last = Some((Arc::clone(schema), Arc::clone(&renderer)));
        renderer
    })
}
