//! Rows of an Arrow file, a batch at a time.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::{read_dictionary, read_record_batch};
use coldpress_storage::Digest;

use super::ArrowFile;
use crate::source::InputFile;
use crate::table_stream::flaw::{Checked, ensure, guarded};
use crate::table_stream::proof::{PartsRead, Proof};
use crate::table_stream::utf8::BadRows;
use crate::table_stream::views::{as_shown, has_views};
use crate::table_stream::weight::first_batch;

/// Reads the rows of one record batch after another.
pub(in crate::table_stream) struct ArrowStream {
    file: InputFile,
    table: Arc<ArrowFile>,
    proof: Proof,
    parts_read: PartsRead,
    /// The most memory that a message may take, in bytes.
    most_bytes: u64,
    /// The rows that are left to read, by record batch.
    parts: VecDeque<(usize, Range<u64>)>,
    dictionaries: HashMap<i64, ArrayRef>,
    /// The message up to which the dictionaries are known.
    position: usize,
    /// Rows that were read but not handed out.
    read: Option<RecordBatch>,
}

impl ArrowStream {
    pub(in crate::table_stream) fn new(
        file: InputFile,
        table: Arc<ArrowFile>,
        proof: Proof,
        most_bytes: u64,
        parts: VecDeque<(usize, Range<u64>)>,
    ) -> Self {
        Self {
            file,
            table,
            proof,
            parts_read: PartsRead::default(),
            most_bytes,
            parts,
            dictionaries: HashMap::new(),
            position: 0,
            read: None,
        }
    }

    /// Returns the next rows. Rows with a text that isn't UTF-8 are added to `bad`.
    pub(in crate::table_stream) fn next_rows(
        &mut self,
        bad: &mut BadRows,
    ) -> Checked<Option<RecordBatch>> {
        if self.read.is_none() {
            let Some((group, rows)) = self.parts.pop_front() else {
                return Ok(None);
            };
            let batch = self.read_group(group)?;
            let (start, end) = (rows.start as usize, rows.end as usize);
            ensure(end <= batch.num_rows(), || {
                format!("it has {} rows", batch.num_rows())
            })?;
            self.read = Some(batch.slice(start, end - start));
        }
        let Some(rows) = self.read.take() else {
            return Ok(None);
        };
        let batch = first_batch(&rows, self.most_bytes)?;
        let rest = rows.num_rows() - batch.num_rows();
        if rest > 0 {
            self.read = Some(rows.slice(batch.num_rows(), rest));
        }
        self.finish_rows(batch, bad).map(Some)
    }

    /// Gives rows with views buffers of their own. Otherwise each small batch of a large one would carry all its texts, and a
    /// writer would write all of them.
    fn finish_rows(&self, rows: RecordBatch, bad: &mut BadRows) -> Checked<RecordBatch> {
        let schema = &self.table.schema;
        let (fields, have) = (schema.fields(), rows.schema());
        let is_shown = have.fields() == fields;
        if is_shown && !fields.iter().any(|field| has_views(field.data_type())) {
            // Only the metadata of the schema may differ, so this is cheap.
            return Ok(rows.with_schema(Arc::clone(schema))?);
        }
        guarded(|| as_shown(&rows, schema, bad))
    }

    /// Returns the digest of everything that the rows were made of.
    pub(in crate::table_stream) fn finish(mut self) -> Checked<Digest> {
        while let Some((group, _)) = self.parts.pop_front() {
            self.prove_group(group)?;
        }
        Ok(self.proof.finish())
    }

    /// Adds the parts of a record batch to the proof, except dictionaries of earlier batches.
    fn prove_group(&mut self, group: usize) -> Checked<()> {
        let table = Arc::clone(&self.table);
        for part in table.parts_after(group, &mut self.position) {
            if !self.proof.wants_parts() {
                continue;
            }
            let digest = self.parts_read.digest(&self.file, &part)?;
            self.proof.add(&part, digest);
        }
        self.parts_read.forget();
        Ok(())
    }

    fn read_group(&mut self, group: usize) -> Checked<RecordBatch> {
        let table = Arc::clone(&self.table);
        let index = table.batches[group];
        for message in table.dictionaries(self.position..index) {
            message.read(
                &self.file,
                &self.parts_read,
                self.most_bytes,
                |head, body| {
                    let batch = head
                        .header_as_dictionary_batch()
                        .ok_or("it has no values")?;
                    let dictionaries = &mut self.dictionaries;
                    read_dictionary(body, batch, &table.whole, dictionaries, &head.version())?;
                    Ok(())
                },
            )?;
        }
        let projection = (table.selected.len() < table.whole.fields().len())
            .then_some(table.selected.as_slice());
        let message = &table.messages[index];
        let read = message.read(
            &self.file,
            &self.parts_read,
            self.most_bytes,
            |head, body| {
                let batch = head.header_as_record_batch().ok_or("it has no rows")?;
                let read = |schema: &SchemaRef| {
                    let (schema, dictionaries) = (Arc::clone(schema), &self.dictionaries);
                    read_record_batch(
                        body,
                        batch,
                        schema,
                        dictionaries,
                        projection,
                        &head.version(),
                    )
                };
                // A text that isn't UTF-8 must not cost more than its row.
                Ok(read(&table.whole).or_else(|error| read(&table.as_bytes).map_err(|_| error))?)
            },
        )?;
        self.prove_group(group)?;
        Ok(read)
    }
}
