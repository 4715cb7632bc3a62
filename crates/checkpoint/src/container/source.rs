//! Reading pieces of an object, each of which is proved before it is decoded.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::buffer::{Buffer, MutableBuffer};
use coldpress_storage::Digest;

use super::ContainerGroup;
use crate::{Error, Result};
use coldpress_storage::StoreReader;

/// Reads bytes `offset..offset + length` of the object.
pub(super) fn read(reader: &dyn StoreReader, offset: u64, length: u64) -> Result<Vec<u8>> {
    let mut buffer = vec![0; within(reader, offset, length)?];
    reader.read_at(offset, &mut buffer)?;
    Ok(buffer)
}

/// Returns the bytes of a group. If the group has a digest, they are proved to be those that were written.
pub(super) fn read_group(reader: &dyn StoreReader, group: &ContainerGroup) -> Result<Vec<u8>> {
    let bytes = read(reader, group.offset, group.stored_bytes)?;
    check(reader, group, &bytes)?;
    Ok(bytes)
}

/// Like [`read_group`], in memory that is aligned for Arrow, or in the memory of the file itself.
pub(super) fn read_aligned(reader: &dyn StoreReader, group: &ContainerGroup) -> Result<Buffer> {
    let length = within(reader, group.offset, group.stored_bytes)?;
    let start = usize::try_from(group.offset).unwrap_or(usize::MAX);
    if let Some(whole) = reader.mapped()
        && let Some(end) = start.checked_add(length).filter(|end| *end <= whole.len())
    {
        let bytes = Buffer::from(whole.slice(start..end));
        check(reader, group, &bytes)?;
        return Ok(bytes);
    }
    let mut bytes = MutableBuffer::from_len_zeroed(length);
    reader.read_at(group.offset, &mut bytes)?;
    check(reader, group, &bytes)?;
    Ok(bytes.into())
}

fn check(reader: &dyn StoreReader, group: &ContainerGroup, bytes: &[u8]) -> Result<()> {
    let is_other = |digest| digest != Digest::of(bytes);
    if group.digest.is_some_and(is_other) {
        let (start, end) = (group.offset, group.offset + group.stored_bytes);
        let reason = format!("its bytes {start} to {end} are not those that were written");
        return Err(corrupt(reader, reason));
    }
    Ok(())
}

fn within(reader: &dyn StoreReader, offset: u64, length: u64) -> Result<usize> {
    let end = offset
        .checked_add(length)
        .filter(|end| *end <= reader.len());
    end.and_then(|_| usize::try_from(length).ok())
        .ok_or_else(|| corrupt(reader, "it points outside of itself"))
}

pub(super) fn corrupt(reader: &dyn StoreReader, reason: impl Into<String>) -> Error {
    Error::corrupt(reader.name().as_str(), reason)
}

/// Runs a decoding step of a library, which may panic on bytes that no writer produces.
pub(super) fn guarded<T, E: std::fmt::Display>(
    reader: &dyn StoreReader,
    step: impl FnOnce() -> Result<T, E>,
) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(corrupt(reader, error.to_string())),
        Err(_) => Err(corrupt(reader, "decoding it panicked")),
    }
}
