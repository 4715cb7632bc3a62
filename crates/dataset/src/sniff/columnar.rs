//! Parquet and Arrow files, and files that only look like them.

use std::io::{self, Read, Seek, SeekFrom};

use arrow::datatypes::Schema;
use arrow::ipc::convert::try_fb_to_schema;
use arrow::ipc::{MessageHeader, root_as_footer, root_as_message};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaDataReader;

use super::Sniffed;
use super::suffix::Claim;
use crate::error::is_of_reading;
use crate::format::Format;
use crate::source::InputFile;
use crate::table_stream::{is_bytes, unique_names, unpanicked};

const PARQUET: &[u8] = b"PAR1";
const ENCRYPTED_PARQUET: &[u8] = b"PARE";
const ARROW: &[u8] = b"ARROW1";
const FEATHER_1: &[u8] = b"FEA1";
const CONTINUATION: &[u8] = &[0xFF; 4];
/// The largest schema. A larger one is taken for damage.
const MAX_SCHEMA_BYTES: u64 = 256 * 1024 * 1024;
const AGAIN: &str = "write or copy it again";

/// Returns the kind of columnar file that these bytes begin, if any.
pub(super) fn begins(head: &[u8]) -> Option<&'static str> {
    let known = [
        (PARQUET, "a Parquet file"),
        (ENCRYPTED_PARQUET, "an encrypted Parquet file"),
        (ARROW, "an Arrow file"),
        (FEATHER_1, "a Feather file of version 1"),
        (CONTINUATION, "an Arrow stream"),
    ];
    let found = known.iter().find(|(magic, _)| head.starts_with(magic));
    found.map(|(_, what)| *what)
}

/// Examines a file that [`begins`] like a columnar one: its format, which of the fields `texts` it stores as bytes, and anything
/// odd about its columns.
pub(super) fn examine(
    file: &mut InputFile,
    head: &[u8],
    texts: &[String],
    sniffed: &mut Sniffed,
) -> io::Result<()> {
    let (format, schema) = format_of(file, head)?;
    sniffed.format = format;
    if let Some(schema) = schema {
        let names = || schema.fields().iter().map(|field| field.name().as_str());
        let called = unique_names(names()).into_iter().zip(names());
        let renamed = called.enumerate().filter(|(_, (new, old))| new != old);
        sniffed.notes.extend(renamed.map(|(at, (new, old))| {
            let number = at + 1;
            format!(
                "column {number} has the same name as an earlier column, `{old}`; it is read as `{new}`"
            )
        }));
        let is_read = |name: &&String| is_bytes(schema.fields(), name);
        sniffed.texts = texts.iter().filter(is_read).cloned().collect();
    }
    Ok(())
}

/// Returns the format, and the schema if the file can be read.
fn format_of(file: &mut InputFile, head: &[u8]) -> io::Result<(Format, Option<Schema>)> {
    let length = file.seek(SeekFrom::End(0))?;
    let damaged = |what: &str| Ok((Format::Damaged(format!("{what}; {AGAIN}")), None));
    if head.starts_with(PARQUET) {
        return match ParquetMetaDataReader::new().parse_and_finish(&*file) {
            Ok(metadata) => {
                let metadata = metadata.file_metadata();
                let (schema, pairs) = (metadata.schema_descr(), metadata.key_value_metadata());
                let schema = unpanicked(|| {
                    parquet_to_arrow_schema(schema, pairs)
                        .or_else(|_| parquet_to_arrow_schema(schema, None))
                        .ok()
                });
                Ok((Format::Parquet, schema))
            }
            Err(ParquetError::External(error)) if is_answer(&*error) => {
                Err(io::Error::other(error))
            }
            Err(error) => damaged(&format!(
                "it begins as a Parquet file and has no readable footer ({error})"
            )),
        };
    }
    if head.starts_with(ARROW) {
        return match read_footer(file, length)? {
            Some(schema) => Ok((Format::ArrowFile, schema)),
            None => damaged("it begins as an Arrow file and has no readable footer"),
        };
    }
    if head.starts_with(ENCRYPTED_PARQUET) {
        let what = "it is an encrypted Parquet file; decrypt it first";
        return Ok((Format::Damaged(what.to_owned()), None));
    }
    if head.starts_with(FEATHER_1) {
        let what = "it is a Feather file of version 1; write it again in version 2";
        return Ok((Format::Damaged(what.to_owned()), None));
    }
    match read_schema(file, length)? {
        Some(schema) => Ok((Format::ArrowStream, schema)),
        None => damaged("it begins as an Arrow stream and has no readable schema"),
    }
}

/// Returns whether an error is the answer of the system or of a store, and says nothing about the file.
fn is_answer(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(is_of_reading)
}

/// Returns the format of a file that is named like a columnar one and does not begin like one.
pub(super) fn not_what_it_is_named(claim: Claim) -> Format {
    let what = claim.describe();
    Format::Damaged(format!(
        "its suffix says {what}, its content is something else; {AGAIN}, or give it the suffix of what it is"
    ))
}

/// Returns the format of a columnar file that is packed as a whole.
pub(super) fn packed(what: &str) -> Format {
    Format::Damaged(format!(
        "it is {what} that was packed as a whole; unpack it first, as with `gunzip` or `unzstd`"
    ))
}

/// Returns the schema from the footer of an Arrow file; none if there is no readable footer.
fn read_footer(file: &mut InputFile, length: u64) -> io::Result<Option<Option<Schema>>> {
    const TAIL_BYTES: u64 = 10;
    // The file has at least two magics, the padding of the first, and a length.
    let Some(before_tail) = length.checked_sub(TAIL_BYTES).filter(|left| *left >= 8) else {
        return Ok(None);
    };
    let tail = read_at(file, before_tail, TAIL_BYTES)?;
    let Some((footer_length, ARROW)) = tail.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let footer_length = u64::from(u32::from_le_bytes(*footer_length));
    let Some(start) = before_tail.checked_sub(footer_length) else {
        return Ok(None);
    };
    if footer_length > MAX_SCHEMA_BYTES {
        return Ok(None);
    }
    let footer = read_at(file, start, footer_length)?;
    let footer = root_as_footer(&footer).ok();
    let schema = footer.and_then(|footer| footer.schema());
    Ok(schema.map(|schema| unpanicked(|| try_fb_to_schema(schema).ok())))
}

/// Returns the schema that an Arrow stream begins with; none if it begins with something else.
fn read_schema(file: &mut InputFile, length: u64) -> io::Result<Option<Option<Schema>>> {
    let head = read_at(file, 0, 8)?;
    let Some(size) = head.get(4..).and_then(|size| size.try_into().ok()) else {
        return Ok(None);
    };
    let size = u64::from(u32::from_le_bytes(size));
    if size > MAX_SCHEMA_BYTES || size + 8 > length {
        return Ok(None);
    }
    let message = read_at(file, 8, size)?;
    let message = root_as_message(&message).ok();
    let message = message.filter(|message| message.header_type() == MessageHeader::Schema);
    let schema = message.and_then(|message| message.header_as_schema());
    Ok(schema.map(|schema| unpanicked(|| try_fb_to_schema(schema).ok())))
}

fn read_at(file: &mut InputFile, start: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
