//! Arrow IPC files and streams, and the places of their messages.

mod message;
mod stream;

use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::ipc::convert::try_fb_to_schema;
use arrow::ipc::{Block, root_as_footer};
use coldpress_storage::Digest;

use self::message::{Content, Message, read_message};
use super::columns::select_columns;
use super::flaw::{Checked, Flaw, ensure, guarded};
use super::limits::{MAX_GROUP_ROWS, MAX_METADATA_BYTES, ensure_fits, fixed_row_bytes};
use super::proof::Part;
use super::row_group::RowGroup;
use super::shown::shown;
use super::utf8::as_bytes;
use super::views::with_types;
use crate::error::Result;
use crate::source::InputFile;

pub(super) use self::stream::ArrowStream;

const MAGIC: &[u8; 6] = b"ARROW1";
/// The length of the magic with its padding.
const HEAD_BYTES: u64 = 8;
/// The length of the footer's length field and the magic.
const TAIL_BYTES: u64 = 10;
/// A typical compression ratio of columns.
const TYPICAL_RATIO: u64 = 3;

/// The schema and the messages of an Arrow IPC file or stream.
#[derive(Debug)]
pub(super) struct ArrowFile {
    /// The digest of the footer, or of the head of the schema, as stored.
    digest: Digest,
    /// The schema of all columns.
    whole: SchemaRef,
    /// The same schema with bytes in place of texts, which have the same layout in a message.
    as_bytes: SchemaRef,
    schema: SchemaRef,
    /// The columns that are read.
    selected: Vec<usize>,
    /// Dictionaries and record batches in the order in which they take effect.
    messages: Vec<Message>,
    /// The messages that are record batches.
    batches: Vec<usize>,
    groups: Vec<RowGroup>,
    /// True if dictionaries refer to other dictionaries, so that all of them must be read in order.
    has_nested_dictionaries: bool,
}

impl ArrowFile {
    /// Reads the footer of a file, and the heads of the messages that it lists.
    pub(super) fn open(
        path: &Path,
        file: &mut InputFile,
        length: u64,
        columns: &[String],
        texts: &[String],
    ) -> Result<Self> {
        let footer = read_footer(file, length).map_err(|flaw| flaw.at(path, "footer"))?;
        let (schema, blocks) =
            guarded(|| parse_footer(&footer)).map_err(|flaw| flaw.at(path, "footer"))?;
        let mut messages = Vec::new();
        let end = length - TAIL_BYTES - footer.len() as u64;
        for block in blocks {
            let read = read_block(file, &block, end);
            messages.push(
                read.map_err(|flaw| flaw.at(path, format!("message at byte {}", block.offset())))?,
            );
        }
        Self::new(
            path,
            Digest::of(&footer),
            schema,
            messages,
            (columns, texts),
        )
    }

    /// Reads the heads of all messages of a stream.
    pub(super) fn open_stream(
        path: &Path,
        file: &mut InputFile,
        length: u64,
        columns: &[String],
        texts: &[String],
    ) -> Result<Self> {
        let first = read_message(file, 0, length).map_err(|flaw| flaw.at(path, "schema"))?;
        let first = first.ok_or_else(|| Flaw::from("it is missing").at(path, "schema"))?;
        let schema = first.schema().map_err(|flaw| flaw.at(path, "schema"))?;
        let (mut messages, mut offset) = (Vec::new(), first.end());
        while let Some(message) = read_message(file, offset, length)
            .map_err(|flaw| flaw.at(path, format!("message at byte {offset}")))?
        {
            offset = message.end();
            messages.push(message.without_head());
        }
        Self::new(
            path,
            first.head_digest(),
            schema,
            messages,
            (columns, texts),
        )
    }

    fn new(
        path: &Path,
        digest: Digest,
        schema: Schema,
        messages: Vec<Message>,
        (columns, texts): (&[String], &[String]),
    ) -> Result<Self> {
        let selected = select_columns(path, &schema, columns)?;
        let at_schema = |flaw: Flaw| flaw.at(path, "schema");
        let projected = guarded(|| schema.project(&selected)).map_err(at_schema)?;
        fixed_row_bytes(schema.fields().iter().map(AsRef::as_ref)).map_err(at_schema)?;
        let (mut batches, mut groups) = (Vec::new(), Vec::new());
        for (index, message) in messages.iter().enumerate() {
            let place = |flaw: Flaw| flaw.at(path, format!("message at byte {}", message.offset));
            match message.content {
                Content::Rows { rows, is_packed } => {
                    ensure(rows <= MAX_GROUP_ROWS, || format!("it claims {rows} rows"))
                        .map_err(place)?;
                    batches.push(index);
                    let ratio = if is_packed { TYPICAL_RATIO } else { 1 };
                    groups.push(RowGroup {
                        rows,
                        decoded_bytes: message.body_bytes * ratio,
                    });
                }
                Content::Dictionary { .. } => {}
                Content::Schema => return Err(place("a second schema".into())),
            }
        }
        let fields = schema.fields();
        Ok(Self {
            digest,
            has_nested_dictionaries: fields.iter().any(|field| has_nested(field.data_type())),
            as_bytes: Arc::new(bytes_only(&schema)),
            whole: Arc::new(schema),
            schema: Arc::new(shown(&projected, texts)),
            selected,
            messages,
            batches,
            groups,
        })
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(super) fn digest(&self) -> Digest {
        self.digest
    }

    pub(super) fn groups(&self) -> &[RowGroup] {
        &self.groups
    }

    /// Returns the byte ranges of record batches and of the dictionaries that they need.
    pub(super) fn group_bytes(&self, groups: Range<usize>) -> Vec<Range<u64>> {
        let parts = self.parts(groups, 0).into_iter();
        parts.map(|part| part.bytes).collect()
    }

    /// Returns the parts of the file that record batches are made of: their messages and the dictionaries that they need, except
    /// those among the first `known` messages.
    pub(super) fn parts(&self, groups: Range<usize>, known: usize) -> Vec<Part> {
        let (mut parts, mut from) = (Vec::new(), known);
        for batch in &self.batches[groups] {
            let needed = self.dictionaries(from..*batch);
            let messages = needed.into_iter().chain([&self.messages[*batch]]);
            parts.extend(messages.map(|message| Part::of_bytes(message.range())));
            from = *batch;
        }
        parts
    }

    /// Like [`parts`](Self::parts), for one batch after another. Everything before the message at `position` is known.
    pub(super) fn parts_after(&self, group: usize, position: &mut usize) -> Vec<Part> {
        let parts = self.parts(group..group + 1, *position);
        *position = self.batches[group];
        parts
    }

    /// Returns the dictionaries among the messages `range` that are still in effect at its end, in order.
    fn dictionaries(&self, range: Range<usize>) -> Vec<&Message> {
        let (mut found, mut replaced) = (Vec::new(), HashSet::new());
        for message in self.messages[range].iter().rev() {
            let Content::Dictionary { id, is_delta } = message.content else {
                continue;
            };
            if self.has_nested_dictionaries || !replaced.contains(&id) {
                found.push(message);
            }
            if !is_delta {
                replaced.insert(id);
            }
        }
        found.reverse();
        found
    }
}

fn bytes_only(schema: &Schema) -> Schema {
    Schema::new(with_types(schema.fields(), &as_bytes))
}

fn read_footer(file: &mut InputFile, length: u64) -> Checked<Vec<u8>> {
    ensure(length >= HEAD_BYTES + TAIL_BYTES, || {
        format!("{length} bytes are not an Arrow file")
    })?;
    let (mut head, mut tail) = ([0; MAGIC.len()], [0; TAIL_BYTES as usize]);
    file.rewind()?;
    file.read_exact(&mut head)?;
    file.seek(SeekFrom::Start(length - TAIL_BYTES))?;
    file.read_exact(&mut tail)?;
    ensure(head == *MAGIC, || {
        "it does not begin as an Arrow file does".to_owned()
    })?;
    let (footer_length, magic) = tail.split_at(4);
    ensure(magic == MAGIC, || {
        "it does not end as an Arrow file does (is it complete?)".to_owned()
    })?;
    let claimed = i32::from_le_bytes(footer_length.try_into().unwrap_or_default());
    let footer_length = u64::try_from(claimed).unwrap_or(u64::MAX);
    let start = (length - TAIL_BYTES).checked_sub(footer_length);
    let start = start
        .filter(|start| *start >= HEAD_BYTES)
        .ok_or_else(|| format!("a footer of {claimed} bytes does not fit into {length}"))?;
    ensure_fits(footer_length, MAX_METADATA_BYTES, || {
        "the footer".to_owned()
    })?;
    file.seek(SeekFrom::Start(start))?;
    let mut footer = vec![0; footer_length as usize];
    file.read_exact(&mut footer)?;
    Ok(footer)
}

/// Returns the schema, and the blocks of the dictionaries and then of the record batches.
fn parse_footer(footer: &[u8]) -> Checked<(Schema, Vec<Block>)> {
    let footer = root_as_footer(footer).map_err(|error| error.to_string())?;
    let schema = footer.schema().ok_or("it has no schema")?;
    ensure(schema.endianness().equals_to_target_endianness(), || {
        "its numbers are in the byte order of other machines".to_owned()
    })?;
    let schema = try_fb_to_schema(schema)?;
    let dictionaries = footer.dictionaries().into_iter().flatten();
    let batches = footer.recordBatches().into_iter().flatten();
    Ok((schema, dictionaries.chain(batches).copied().collect()))
}

fn read_block(file: &mut InputFile, block: &Block, end: u64) -> Checked<Message> {
    let offset = u64::try_from(block.offset()).unwrap_or(u64::MAX);
    ensure((HEAD_BYTES..end).contains(&offset), || {
        "it is outside of the file".to_owned()
    })?;
    let message = read_message(file, offset, end)?.ok_or("there is none")?;
    let claimed = [i64::from(block.metaDataLength()), block.bodyLength()];
    let found = [message.head_bytes(), message.body_bytes].map(|bytes| bytes as i64);
    ensure(claimed == found, || {
        format!(
            "it has {} and {} bytes, the footer says {} and {}",
            found[0], found[1], claimed[0], claimed[1]
        )
    })?;
    Ok(message.without_head())
}

/// Returns whether the values of a dictionary in the type have dictionaries themselves.
fn has_nested(data_type: &DataType) -> bool {
    fn holds_dictionary(data_type: &DataType) -> bool {
        matches!(data_type, DataType::Dictionary(..)) || children(data_type).any(holds_dictionary)
    }
    match data_type {
        DataType::Dictionary(_, values) => holds_dictionary(values),
        other => children(other).any(has_nested),
    }
}

fn children(data_type: &DataType) -> impl Iterator<Item = &DataType> {
    let children: Vec<&DataType> = match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type()).collect(),
        DataType::Union(fields, _) => fields.iter().map(|(_, field)| field.data_type()).collect(),
        DataType::List(child)
        | DataType::LargeList(child)
        | DataType::ListView(child)
        | DataType::LargeListView(child)
        | DataType::FixedSizeList(child, _)
        | DataType::Map(child, _) => vec![child.data_type()],
        DataType::RunEndEncoded(ends, values) => vec![ends.data_type(), values.data_type()],
        _ => Vec::new(),
    };
    children.into_iter()
}
