//! Containers as Arrow IPC files: a group is a record batch.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::reader::FileDecoder;
use arrow::ipc::writer::FileWriter;
use arrow::ipc::{Block, MetadataVersion, convert, root_as_footer};

use super::encoding::arrow_options;
use super::out::{EncodeError, Out, arrow_error};
use super::seal::{SEAL_BYTES, footer_start, is_seal, write_sealed};
use super::source::{corrupt, guarded, read, read_aligned};
use super::{ContainerGroup, DIRECTORY_KEY, MANIFEST_KEY, arrays, auto};
use crate::{Compression, Result};
use coldpress_storage::StoreReader;

pub(super) const MAGIC: &[u8] = b"ARROW1";

/// Writes record batches.
pub(super) struct ArrowSink {
    schema: SchemaRef,
    compression: Compression,
    state: State,
}

enum State {
    /// The compression is chosen when the first group comes.
    Waiting(Option<Out>),
    Writing(Box<FileWriter<Out>>),
}

impl ArrowSink {
    pub(super) fn new(out: Out, schema: SchemaRef, compression: Compression) -> Self {
        Self {
            schema,
            compression,
            state: State::Waiting(Some(out)),
        }
    }

    /// Begins the file if it hasn't begun, choosing the compression from its first rows.
    pub(super) fn prepare(&mut self, first: &RecordBatch) -> Result<(), EncodeError> {
        let State::Waiting(out) = &mut self.state else {
            return Ok(());
        };
        let codec = match self.compression {
            Compression::Auto => auto::arrow(first)?,
            asked => asked,
        };
        let out = out.take().ok_or("the file was begun before")?;
        let options = arrow_options(codec)?;
        let writer = FileWriter::try_new_with_options(out, &self.schema, options);
        self.state = State::Writing(Box::new(writer.map_err(arrow_error)?));
        Ok(())
    }

    pub(super) fn out(&mut self) -> Option<&mut Out> {
        match &mut self.state {
            State::Waiting(out) => out.as_mut(),
            State::Writing(writer) => Some(writer.get_mut()),
        }
    }

    pub(super) fn put(&mut self, rows: &RecordBatch) -> Result<(), EncodeError> {
        match &mut self.state {
            State::Waiting(_) => Err("the file was not begun".into()),
            State::Writing(writer) => writer.write(rows).map_err(arrow_error),
        }
    }

    /// Writes the footer with directory and manifest, and its seal before it.
    pub(super) fn close(mut self, directory: String, manifest: String) -> Result<Out, EncodeError> {
        self.prepare(&RecordBatch::new_empty(self.schema.clone()))?;
        let State::Writing(mut writer) = self.state else {
            return Err("the file was not begun".into());
        };
        writer.write_metadata(MANIFEST_KEY, manifest);
        writer.write_metadata(DIRECTORY_KEY, directory);
        writer.get_mut().begin_tail();
        let mut out = writer.into_inner().map_err(arrow_error)?;
        let tail = out.take_tail();
        write_sealed(&mut out, &tail, MAGIC.len())?;
        out.flush()?;
        Ok(out)
    }
}

/// The content of the footer of an Arrow file.
pub(super) struct ArrowBody {
    schema: SchemaRef,
    version: MetadataVersion,
    blocks: Vec<Block>,
    entries: Vec<(String, String)>,
}

impl ArrowBody {
    /// Reads the footer, which must be sealed.
    pub(super) fn open(reader: &dyn StoreReader) -> Result<Self> {
        let footer = read_footer(reader)?;
        guarded(reader, || parse(&footer))
    }

    pub(super) fn entry(&self, key: &str) -> Option<String> {
        let entry = self.entries.iter().find(|(known, _)| known == key)?;
        Some(entry.1.clone())
    }

    pub(super) fn columns(&self) -> Vec<String> {
        arrays::names(&self.schema)
    }

    pub(super) fn group_count(&self) -> usize {
        self.blocks.len()
    }

    pub(super) fn read_group(
        &self,
        reader: &dyn StoreReader,
        index: usize,
        group: &ContainerGroup,
        schema: &SchemaRef,
        columns: Option<&[usize]>,
    ) -> Result<Vec<RecordBatch>> {
        if self.schema.fields() != schema.fields() {
            return Err(corrupt(reader, "its columns have other types"));
        }
        let bytes = read_aligned(reader, group)?;
        guarded(reader, || {
            let block = self
                .blocks
                .get(index)
                .ok_or("it has no such group".to_owned())?;
            let mut decoder = FileDecoder::new(self.schema.clone(), self.version);
            if let Some(columns) = columns {
                decoder = decoder.with_projection(columns.to_vec());
            }
            let rows = decoder.read_record_batch(block, &bytes);
            let rows = rows.map_err(|error| error.to_string())?;
            Ok::<_, String>(rows.into_iter().collect())
        })
    }
}

/// Returns the bytes of the footer, without its length.
fn read_footer(reader: &dyn StoreReader) -> Result<Vec<u8>> {
    let end_bytes = MAGIC.len() as u64 + 4;
    let no_footer = || corrupt(reader, "it has no footer");
    let end_start = reader.len().checked_sub(end_bytes).ok_or_else(no_footer)?;
    let end = read(reader, end_start, end_bytes)?;
    if !end.ends_with(MAGIC) {
        return Err(no_footer());
    }
    let length = u32::from_le_bytes(end[..4].try_into().map_err(|_| no_footer())?);
    let length = u64::from(length) + SEAL_BYTES as u64;
    let start = end_start.checked_sub(length).ok_or_else(no_footer)?;
    let mut bytes = read(reader, start, length + end_bytes)?;
    let mut footer = bytes.split_off(SEAL_BYTES);
    if !is_seal(&bytes, &footer) || footer_start(&footer, MAGIC.len()) != Some(0) {
        return Err(corrupt(
            reader,
            "its footer is not the one that was written",
        ));
    }
    footer.truncate(footer.len() - end_bytes as usize);
    Ok(footer)
}

fn parse(footer: &[u8]) -> Result<ArrowBody, String> {
    let footer = root_as_footer(footer).map_err(|error| error.to_string())?;
    let schema = footer.schema().ok_or("it has no schema")?;
    let schema: Schema = convert::try_fb_to_schema(schema).map_err(|error| error.to_string())?;
    let entries = footer.custom_metadata().into_iter().flatten();
    let entries =
        entries.filter_map(|entry| Some((entry.key()?.to_owned(), entry.value()?.to_owned())));
    Ok(ArrowBody {
        schema: schema.into(),
        version: footer.version(),
        blocks: footer
            .recordBatches()
            .into_iter()
            .flatten()
            .copied()
            .collect(),
        entries: entries.collect(),
    })
}
