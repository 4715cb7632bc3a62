//! One message of Arrow IPC: its head, which describes it, and its body.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use arrow::buffer::Buffer;
use arrow::datatypes::Schema;
use arrow::ipc::convert::try_fb_to_schema;
use arrow::ipc::{
    BodyCompression, CompressionType, Message as Head, MessageHeader,
    RecordBatch as RecordBatchHead, root_as_message,
};
use coldpress_storage::Digest;

use crate::source::InputFile;
use crate::table_stream::flaw::{Checked, Flaw, ensure, guarded};
use crate::table_stream::limits::{MAX_METADATA_BYTES, Packing, ensure_fits};
use crate::table_stream::proof::{PartsRead, read_part};

/// The marker before the length of a head since version 0.15 of the format.
const CONTINUATION: [u8; 4] = [0xff; 4];
/// The most values of an array.
const MAX_ARRAY_VALUES: i64 = 1 << 40;
/// The size of the length prefix of a compressed buffer, which gives its unpacked size.
const PREFIX_BYTES: usize = 8;

/// The content of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Schema,
    Rows { rows: u64, is_packed: bool },
    Dictionary { id: i64, is_delta: bool },
}

/// The place of a message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) offset: u64,
    body_offset: u64,
    pub(super) body_bytes: u64,
    pub(super) content: Content,
    /// The head, if it is kept.
    head: Vec<u8>,
}

/// Reads the head of the message at `offset` of a file that ends at `end`. Returns none where the stream ends.
pub(super) fn read_message(
    file: &mut InputFile,
    offset: u64,
    end: u64,
) -> Checked<Option<Message>> {
    // A stream may end without an end marker.
    if offset >= end {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(offset))?;
    let mut left = end - offset;
    let mut length = read_word(file, &mut left)?;
    if length == CONTINUATION {
        length = read_word(file, &mut left)?;
    }
    let length = match i32::from_le_bytes(length) {
        0 => return Ok(None),
        length => u64::try_from(length).unwrap_or(u64::MAX),
    };
    ensure(length <= left, || {
        format!("it claims a head of {length} bytes, {left} are left")
    })?;
    ensure_fits(length, MAX_METADATA_BYTES, || "its head".to_owned())?;
    left -= length;
    let mut head = vec![0; length as usize];
    file.read_exact(&mut head)?;
    let (content, body_bytes) = guarded(|| examine(&head))?;
    ensure(body_bytes <= left, || {
        format!("it claims a body of {body_bytes} bytes, {left} are left (is the file complete?)")
    })?;
    Ok(Some(Message {
        offset,
        body_offset: end - left,
        body_bytes,
        content,
        head,
    }))
}

fn read_word(file: &mut InputFile, left: &mut u64) -> Checked<[u8; 4]> {
    let mut word = [0; 4];
    *left = left.checked_sub(4).ok_or("it is cut short")?;
    file.read_exact(&mut word)?;
    Ok(word)
}

fn examine(head: &[u8]) -> Checked<(Content, u64)> {
    let head = parse(head)?;
    let content = match head.header_type() {
        MessageHeader::Schema => Content::Schema,
        MessageHeader::RecordBatch => {
            let batch = head.header_as_record_batch().ok_or("it has no rows")?;
            Content::Rows {
                rows: u64::try_from(batch.length()).unwrap_or(u64::MAX),
                is_packed: batch.compression().is_some(),
            }
        }
        MessageHeader::DictionaryBatch => {
            let batch = head
                .header_as_dictionary_batch()
                .ok_or("it has no values")?;
            Content::Dictionary {
                id: batch.id(),
                is_delta: batch.isDelta(),
            }
        }
        other => {
            return Err(Flaw::Damaged(format!(
                "it is of an unknown kind, {other:?}"
            )));
        }
    };
    let body_bytes = u64::try_from(head.bodyLength()).unwrap_or(u64::MAX);
    Ok((content, body_bytes))
}

fn parse(head: &[u8]) -> Checked<Head<'_>> {
    root_as_message(head).map_err(|error| Flaw::Damaged(error.to_string()))
}

impl Message {
    /// Returns the end of the message, where the next one begins.
    pub(super) fn end(&self) -> u64 {
        self.body_offset + self.body_bytes
    }

    fn name(&self) -> String {
        format!("the message at byte {}", self.offset)
    }

    /// Returns the byte range of the whole message.
    pub(super) fn range(&self) -> Range<u64> {
        self.offset..self.end()
    }

    /// Returns the digest of its head, if the head is kept.
    pub(super) fn head_digest(&self) -> Digest {
        Digest::of(&self.head)
    }

    /// Returns the length of its head, including the prefix.
    pub(super) fn head_bytes(&self) -> u64 {
        self.body_offset - self.offset
    }

    pub(super) fn without_head(self) -> Self {
        Self {
            head: Vec::new(),
            ..self
        }
    }

    /// Decodes the schema of a schema message.
    pub(super) fn schema(&self) -> Checked<Schema> {
        guarded(|| {
            let head = parse(&self.head)?;
            let schema = head.header_as_schema().ok_or("a stream begins with it")?;
            ensure(schema.endianness().equals_to_target_endianness(), || {
                "its numbers are in the byte order of other machines".to_owned()
            })?;
            Ok::<_, Flaw>(try_fb_to_schema(schema)?)
        })
    }

    /// Reads the message and hands head and body to `decode`, after checking them against each other.
    pub(super) fn read<T>(
        &self,
        file: &InputFile,
        parts: &PartsRead,
        most_bytes: u64,
        decode: impl FnOnce(Head<'_>, &Buffer) -> Checked<T>,
    ) -> Checked<T> {
        ensure_fits(self.end() - self.offset, most_bytes, || self.name())?;
        let bytes = read_part(file, &self.range())?;
        parts.note(self.offset, &bytes);
        let head_start = match bytes.starts_with(&CONTINUATION) {
            true => 8,
            false => 4,
        };
        let message = Buffer::from_vec(bytes);
        let head_end = self.head_bytes() as usize;
        let body = message.slice(head_end);
        guarded(|| {
            let head = parse(&message.as_slice()[head_start..head_end])?;
            let values = match self.content {
                Content::Dictionary { .. } => head
                    .header_as_dictionary_batch()
                    .and_then(|dictionary| dictionary.data()),
                _ => head.header_as_record_batch(),
            };
            let plain = check_values(&values.ok_or("it has no values")?, &body)?;
            ensure_fits(plain, most_bytes, || self.name())?;
            decode(head, &body)
        })
    }
}

/// Checks the lengths in a head against the body that they describe. Returns the unpacked size of the arrays.
fn check_values(head: &RecordBatchHead<'_>, body: &[u8]) -> Checked<u64> {
    let in_bounds = |length: i64| (0..=MAX_ARRAY_VALUES).contains(&length);
    for node in head.nodes().into_iter().flatten() {
        let is_plausible =
            in_bounds(node.length()) && (0..=node.length()).contains(&node.null_count());
        ensure(is_plausible, || {
            format!(
                "an array claims {} values, {} of them null",
                node.length(),
                node.null_count()
            )
        })?;
    }
    let packing = head.compression().map(packing).transpose()?;
    let (mut total, mut plain) = (0, 0_u64);
    for buffer in head.buffers().into_iter().flatten() {
        let start = usize::try_from(buffer.offset());
        let bytes = start.ok().zip(usize::try_from(buffer.length()).ok());
        let bytes = bytes.and_then(|(start, length)| body.get(start..start.checked_add(length)?));
        let bytes = bytes.ok_or_else(|| {
            let (offset, length) = (buffer.offset(), buffer.length());
            format!("{length} bytes at {offset} are outside of its body")
        })?;
        total += bytes.len();
        plain = plain.saturating_add(match packing {
            Some(packing) => check_packed(packing, bytes)?,
            None => bytes.len() as u64,
        });
    }
    ensure(total <= body.len(), || {
        "its arrays share their bytes".to_owned()
    })?;
    Ok(plain)
}

fn packing(compression: BodyCompression<'_>) -> Checked<Packing> {
    match compression.codec() {
        CompressionType::LZ4_FRAME => Ok(Packing::Lz4),
        CompressionType::ZSTD => Ok(Packing::Zstd),
        other => Err(Flaw::Damaged(format!(
            "it is packed with an unknown codec, {other:?}"
        ))),
    }
}

/// Returns the unpacked size of a buffer.
fn check_packed(packing: Packing, bytes: &[u8]) -> Checked<u64> {
    if bytes.is_empty() {
        return Ok(0);
    }
    let (prefix, packed) = bytes
        .split_at_checked(PREFIX_BYTES)
        .ok_or("a packed buffer is cut short")?;
    match i64::from_le_bytes(prefix.try_into().unwrap_or_default()) {
        // The buffer is not packed.
        -1 => Ok(packed.len() as u64),
        claimed => {
            let claimed = u64::try_from(claimed).unwrap_or(u64::MAX);
            packing.check(packed.len() as u64, claimed)?;
            Ok(claimed)
        }
    }
}
