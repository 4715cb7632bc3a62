//! Verifying that a source still has the bytes that were planned.

use coldpress_dataset::{Block, Error, KnownParts, LineStream, Result, Source, TableFile};
use coldpress_record::Lines;
use coldpress_storage::Hasher;

use crate::cutter::GroupDigests;
use crate::slice::Slice;

/// Reads the slices of one source again, in one pass, and compares their hashes.
///
/// # Errors
/// [`Error::Changed`] for the first slice whose bytes differ from those that were planned.
pub fn verify_slices(source: &Source, slices: &[&Slice], max_record_bytes: u64) -> Result<()> {
    let Some(first) = slices.first() else {
        return Ok(());
    };
    if source.is_columnar() {
        return verify_rows(source, slices);
    }
    let (start, seek) = (first.start, first.seek);
    let mut stream = LineStream::open_at(source, start, seek, None, max_record_bytes)?;
    let mut slices = slices.iter();
    let mut current = slices.next();
    let (mut lines, mut hasher, mut position) = (Lines::default(), Hasher::new(), first.start);
    while current.is_some() && stream.next_block(&mut lines)? != Block::End {
        let mut bytes = lines.bytes.as_slice();
        while let Some(slice) = current {
            let inside = slice.end.saturating_sub(position).min(bytes.len() as u64) as usize;
            hasher.update(&bytes[..inside]);
            position += inside as u64;
            bytes = &bytes[inside..];
            if position < slice.end {
                break;
            }
            if hasher.finish() != slice.digest {
                return Err(changed(source, slice));
            }
            hasher = Hasher::new();
            current = slices.next();
        }
    }
    current.map_or(Ok(()), |missing| Err(changed(source, missing)))
}

/// Does the same for a columnar file, which is hashed as stored.
fn verify_rows(source: &Source, slices: &[&Slice]) -> Result<()> {
    let file = match TableFile::open(source) {
        // The plan was made from readable metadata, so the file has changed.
        Err(Error::DamagedTable { .. }) if !slices.is_empty() => {
            return Err(changed(source, slices[0]));
        }
        opened => opened?,
    };
    let (mut known, mut digests) = (KnownParts::default(), GroupDigests::default());
    slices.iter().try_for_each(|slice| {
        let rows = slice.start..slice.end;
        if rows.end > file.rows() {
            return Err(changed(source, slice));
        }
        let found = match slice.metadata {
            Some(_) => file.digest_of_rows(rows, &mut known)?,
            None => digests.of_rows(&file, rows)?,
        };
        (found == slice.digest)
            .then_some(())
            .ok_or_else(|| changed(source, slice))
    })
}

fn changed(source: &Source, slice: &Slice) -> Error {
    Error::Changed {
        path: source.identity.path.clone(),
        what: format!("{} are others", slice.describe(source)),
    }
}
