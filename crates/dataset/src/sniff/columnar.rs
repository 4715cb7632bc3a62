//! Parquet and Arrow files, and what only looks like one.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use arrow::ipc::{MessageHeader, root_as_footer, root_as_message};
use parquet::file::metadata::ParquetMetaDataReader;

use super::suffix::Claim;
use crate::source::Format;

const PARQUET: &[u8] = b"PAR1";
const ENCRYPTED_PARQUET: &[u8] = b"PARE";
const ARROW: &[u8] = b"ARROW1";
const FEATHER_1: &[u8] = b"FEA1";
const CONTINUATION: &[u8] = &[0xFF; 4];
/// A schema larger than this is taken for damage.
const MAX_SCHEMA_BYTES: u64 = 256 * 1024 * 1024;
const AGAIN: &str = "write or copy it again";

/// What a columnar file is by its first bytes, if it is one.
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

/// The format of a file that [`begins`] like a columnar one.
pub(super) fn examine(file: &mut File, head: &[u8]) -> io::Result<Format> {
    let length = file.seek(SeekFrom::End(0))?;
    let damaged = |what: &str| Ok(Format::Damaged(format!("{what}; {AGAIN}")));
    if head.starts_with(PARQUET) {
        return match ParquetMetaDataReader::new().parse_and_finish(file) {
            Ok(_) => Ok(Format::Parquet),
            Err(error) => damaged(&format!(
                "it begins as a Parquet file and has no readable footer ({error})"
            )),
        };
    }
    if head.starts_with(ARROW) {
        return match footer_is_good(file, length)? {
            true => Ok(Format::ArrowFile),
            false => damaged("it begins as an Arrow file and has no readable footer"),
        };
    }
    if head.starts_with(ENCRYPTED_PARQUET) {
        let what = "it is an encrypted Parquet file; decrypt it first";
        return Ok(Format::Damaged(what.to_owned()));
    }
    if head.starts_with(FEATHER_1) {
        let what = "it is a Feather file of version 1; write it again in version 2";
        return Ok(Format::Damaged(what.to_owned()));
    }
    match schema_is_good(file, length)? {
        true => Ok(Format::ArrowStream),
        false => damaged("it begins as an Arrow stream and has no readable schema"),
    }
}

/// The format of a file that is named as a columnar one and does not begin like one.
pub(super) fn not_what_it_is_named(claim: Claim) -> Format {
    let what = claim.describe();
    Format::Damaged(format!(
        "its suffix says {what}, its content is something else; {AGAIN}, or give it the suffix of what it is"
    ))
}

/// The format of a columnar file that is packed as a whole.
pub(super) fn packed(what: &str) -> Format {
    Format::Damaged(format!(
        "it is {what} that was packed as a whole; unpack it first, as with `gunzip` or `unzstd`"
    ))
}

fn footer_is_good(file: &mut File, length: u64) -> io::Result<bool> {
    const TAIL_BYTES: u64 = 10;
    // Two magics, the padding of the first, and a length.
    let Some(before_tail) = length.checked_sub(TAIL_BYTES).filter(|left| *left >= 8) else {
        return Ok(false);
    };
    let tail = read_at(file, before_tail, TAIL_BYTES)?;
    let Some((footer_length, ARROW)) = tail.split_first_chunk::<4>() else {
        return Ok(false);
    };
    let footer_length = u64::from(u32::from_le_bytes(*footer_length));
    let Some(start) = before_tail.checked_sub(footer_length) else {
        return Ok(false);
    };
    if footer_length > MAX_SCHEMA_BYTES {
        return Ok(false);
    }
    let footer = read_at(file, start, footer_length)?;
    Ok(root_as_footer(&footer).is_ok_and(|footer| footer.schema().is_some()))
}

fn schema_is_good(file: &mut File, length: u64) -> io::Result<bool> {
    let head = read_at(file, 0, 8)?;
    let Some(size) = head.get(4..).and_then(|size| size.try_into().ok()) else {
        return Ok(false);
    };
    let size = u64::from(u32::from_le_bytes(size));
    if size > MAX_SCHEMA_BYTES || size + 8 > length {
        return Ok(false);
    }
    let message = read_at(file, 8, size)?;
    Ok(root_as_message(&message)
        .is_ok_and(|message| message.header_type() == MessageHeader::Schema))
}

fn read_at(file: &mut File, start: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
