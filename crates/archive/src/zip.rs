//! Reads ZIP archives: files one after the other, and a directory of them at the end.

use std::io::{self, Read, Seek, SeekFrom};

use crc32fast::Hasher;
use flate2::read::DeflateDecoder;

use super::{MOST_UNPACKED, Members, Verdict, invalid};

/// The size of the record at the end of the directory. After it there is a comment of at most 64 KiB.
const END_BYTES: u64 = 22;
const MOST_COMMENT_BYTES: u64 = 0xffff;
/// The size of the largest directory that is read. An entry has 46 bytes and a name.
const MOST_DIRECTORY_BYTES: u64 = 64 << 20;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// Reads the wanted files, in the order of the directory.
///
/// # Errors
/// If the directory or a wanted file is damaged, encrypted or compressed in another way than by deflate.
pub(super) fn read(
    archive: &mut (impl Read + Seek),
    members: &mut Members,
    wanted: impl Fn(&[u8]) -> bool,
) -> io::Result<()> {
    let (directory, shift) = read_directory(archive)?;
    let mut rest = directory.as_slice();
    while let Some(entry) = next_entry(&mut rest)? {
        if !wanted(entry.name) {
            continue;
        }
        match members.judge(entry.length) {
            Verdict::Stop => return Ok(()),
            Verdict::LeaveOut => continue,
            Verdict::Read => {}
        }
        if entry.is_encrypted {
            return Err(invalid("a file in it is encrypted"));
        }
        let start = entry.start.checked_add(shift).ok_or_else(damaged)?;
        let packed = open(archive, start)?.take(entry.packed_length);
        match entry.method {
            STORED => members.take(entry.name, entry.length, packed)?,
            DEFLATED => {
                let unpacked = DeflateDecoder::new(io::BufReader::new(packed));
                members.take(entry.name, entry.length, unpacked.take(MOST_UNPACKED))?;
            }
            _ => {
                return Err(invalid(
                    "a file in it is compressed in a way that is not supported",
                ));
            }
        }
        let mut hasher = Hasher::new();
        let member = members.read.last();
        hasher.update(member.map_or(&[], |member| &member.bytes));
        if hasher.finalize() != entry.crc {
            return Err(invalid("a file in it has another checksum than it should"));
        }
    }
    Ok(())
}

struct Entry<'a> {
    name: &'a [u8],
    method: u16,
    is_encrypted: bool,
    crc: u32,
    packed_length: u64,
    length: u64,
    start: u64,
}

fn damaged() -> io::Error {
    invalid("its directory is damaged, or it is not a ZIP file")
}

/// Reads the directory, and the offset by which all positions in it are wrong because data was put before the archive.
fn read_directory(archive: &mut (impl Read + Seek)) -> io::Result<(Vec<u8>, u64)> {
    let length = archive.seek(SeekFrom::End(0))?;
    let tail_start = length.saturating_sub(END_BYTES + MOST_COMMENT_BYTES);
    let tail = read_at(archive, tail_start, length - tail_start)?;
    let last_start = tail
        .len()
        .checked_sub(END_BYTES as usize)
        .ok_or_else(damaged)?;
    let mut starts = (0..=last_start).rev();
    let end = starts
        .find(|start| tail[*start..].starts_with(b"PK\x05\x06"))
        .ok_or_else(damaged)?;
    let record = &tail[end..];
    let (mut bytes, mut start) = (
        u64::from(u32_at(record, 12)?),
        u64::from(u32_at(record, 16)?),
    );
    let mut directory_end = tail_start + end as u64;
    if let Some((large_bytes, large_start, large_end)) = read_large_end(archive, directory_end)? {
        (bytes, start, directory_end) = (large_bytes, large_start, large_end);
    }
    let actual_start = directory_end.checked_sub(bytes).ok_or_else(damaged)?;
    let shift = actual_start.checked_sub(start).ok_or_else(damaged)?;
    if bytes > MOST_DIRECTORY_BYTES {
        return Err(invalid("its directory is too large"));
    }
    Ok((read_at(archive, actual_start, bytes)?, shift))
}

/// Reads the size and the position of the directory of an archive that is too large for the ordinary record at its end.
fn read_large_end(
    archive: &mut (impl Read + Seek),
    end: u64,
) -> io::Result<Option<(u64, u64, u64)>> {
    const LOCATOR_BYTES: u64 = 20;
    const RECORD_BYTES: u64 = 56;
    let Some(start) = end.checked_sub(LOCATOR_BYTES + RECORD_BYTES) else {
        return Ok(None);
    };
    let bytes = read_at(archive, start, LOCATOR_BYTES + RECORD_BYTES)?;
    let (record, locator) = bytes.split_at(RECORD_BYTES as usize);
    if !locator.starts_with(b"PK\x06\x07") || !record.starts_with(b"PK\x06\x06") {
        return Ok(None);
    }
    Ok(Some((u64_at(record, 40)?, u64_at(record, 48)?, start)))
}

/// Takes the next entry from the directory.
fn next_entry<'a>(rest: &mut &'a [u8]) -> io::Result<Option<Entry<'a>>> {
    if rest.is_empty() {
        return Ok(None);
    }
    if !rest.starts_with(b"PK\x01\x02") {
        return Err(damaged());
    }
    let size = |at: usize| u16_at(rest, at).map(usize::from);
    let (name_end, extra_end) = (46 + size(28)?, 46 + size(28)? + size(30)?);
    let end = extra_end + size(32)?;
    let entry = rest.get(..end).ok_or_else(damaged)?;
    let mut found = Entry {
        // The part after a zero is cut off, as in Python.
        name: entry[46..name_end]
            .split(|byte| *byte == 0)
            .next()
            .unwrap_or_default(),
        method: u16_at(entry, 10)?,
        is_encrypted: u16_at(entry, 8)? & 1 != 0,
        crc: u32_at(entry, 16)?,
        packed_length: u64::from(u32_at(entry, 20)?),
        length: u64::from(u32_at(entry, 24)?),
        start: u64::from(u32_at(entry, 42)?),
    };
    read_large_sizes(&entry[name_end..extra_end], &mut found)?;
    *rest = &rest[end..];
    Ok(Some(found))
}

/// Reads the numbers that are too large for the entry itself from the field after its name.
fn read_large_sizes(mut extra: &[u8], entry: &mut Entry<'_>) -> io::Result<()> {
    while let (Ok(id), Ok(size)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let end = 4 + usize::from(size);
        let mut field = extra.get(4..end).ok_or_else(damaged)?;
        if id == 1 {
            for number in [
                &mut entry.length,
                &mut entry.packed_length,
                &mut entry.start,
            ] {
                if *number == u64::from(u32::MAX) {
                    *number = u64_at(field, 0)?;
                    field = &field[8..];
                }
            }
        }
        extra = &extra[end..];
    }
    Ok(())
}

/// Goes to the content of a file, after its own header.
fn open<R: Read + Seek>(archive: &mut R, start: u64) -> io::Result<&mut R> {
    let header = read_at(archive, start, 30)?;
    if !header.starts_with(b"PK\x03\x04") {
        return Err(damaged());
    }
    let names = i64::from(u16_at(&header, 26)?) + i64::from(u16_at(&header, 28)?);
    archive.seek(SeekFrom::Current(names))?;
    Ok(archive)
}

fn read_at(archive: &mut (impl Read + Seek), start: u64, length: u64) -> io::Result<Vec<u8>> {
    archive.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    archive.by_ref().take(length).read_to_end(&mut bytes)?;
    match bytes.len() as u64 == length {
        true => Ok(bytes),
        false => Err(damaged()),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> io::Result<u16> {
    let found = bytes.get(at..).and_then(<[u8]>::first_chunk);
    found
        .map(|bytes| u16::from_le_bytes(*bytes))
        .ok_or_else(damaged)
}

fn u32_at(bytes: &[u8], at: usize) -> io::Result<u32> {
    let found = bytes.get(at..).and_then(<[u8]>::first_chunk);
    found
        .map(|bytes| u32::from_le_bytes(*bytes))
        .ok_or_else(damaged)
}

fn u64_at(bytes: &[u8], at: usize) -> io::Result<u64> {
    let found = bytes.get(at..).and_then(<[u8]>::first_chunk);
    found
        .map(|bytes| u64::from_le_bytes(*bytes))
        .ok_or_else(damaged)
}
