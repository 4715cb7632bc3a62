//! Proof that rows were made of the bytes that were planned.
//!
//! Rows depend on the metadata of their file, which says where they are and what their bytes mean, on dictionaries, and on the
//! pages or messages that hold them. Each of these parts has a digest, and the digest of rows is made of theirs. A part is hashed
//! as it is decoded, so a proof does not require a second read of the file.

use std::collections::HashMap;
use std::io::Read;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use coldpress_storage::{Digest, Hasher};

use super::flaw::{Checked, Flaw};
use crate::source::{InputFile, ReadAt};

/// A part of a file that rows depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The byte range of the part.
    pub(super) bytes: Range<u64>,
    /// The rows of its group that it has, if they are known. That earlier page headers say so is part of the proof.
    pub(super) rows: Range<u64>,
}

impl Part {
    /// Creates a part whose rows are not known or do not matter.
    pub(super) fn of_bytes(bytes: Range<u64>) -> Self {
        Self { bytes, rows: 0..0 }
    }
}

/// The digest of rows, part by part.
#[derive(Debug)]
pub(super) struct Proof {
    hasher: Hasher,
    /// True if the file's server identifies the version that it gives, and gives no other. That proves all parts, and none of them
    /// need be read for the proof.
    is_of_version: bool,
}

impl Proof {
    /// Creates the proof for these rows of a file with this metadata.
    pub(super) fn new(rows: &Range<u64>, metadata: Digest) -> Self {
        let mut proof = Self {
            hasher: Hasher::new(),
            is_of_version: false,
        };
        proof.range(rows);
        proof.digest(metadata);
        proof
    }

    /// Creates the proof for these rows of this version of a file.
    pub(super) fn of_version(rows: &Range<u64>, metadata: Digest, version: &str) -> Self {
        let mut proof = Self::new(rows, metadata);
        proof.digest(Digest::of(version.as_bytes()));
        proof.is_of_version = true;
        proof
    }

    /// Returns whether the proof is made of the parts that rows are made of.
    pub(super) fn wants_parts(&self) -> bool {
        !self.is_of_version
    }

    /// Adds a part.
    pub(super) fn add(&mut self, part: &Part, digest: Digest) {
        self.range(&part.bytes);
        self.range(&part.rows);
        self.digest(digest);
    }

    pub(super) fn finish(&self) -> Digest {
        self.hasher.finish()
    }

    fn range(&mut self, range: &Range<u64>) {
        self.hasher.update(&range.start.to_le_bytes());
        self.hasher.update(&range.end.to_le_bytes());
    }

    fn digest(&mut self, digest: Digest) {
        self.hasher.update(&digest.as_u128().to_le_bytes());
    }
}

/// The digests of parts that were read.
#[derive(Debug, Default)]
pub(super) struct PartsRead(Mutex<HashMap<Range<u64>, Digest>>);

impl PartsRead {
    /// Records bytes as they were read.
    pub(super) fn note(&self, start: u64, bytes: &[u8]) {
        let digest = Digest::of(bytes);
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = parts.entry(start..start + bytes.len() as u64);
        let known = *known.or_insert(digest);
        if known != digest {
            // The file was written to between two reads of the part, so the digest must not equal any planned one.
            parts.insert(start..start + bytes.len() as u64, Digest(!known.0));
        }
    }

    /// Returns the digest of a part, which is read from `file` if it was not read yet.
    pub(super) fn digest(&self, file: &InputFile, part: &Part) -> Checked<Digest> {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = parts.get(&part.bytes).copied();
        drop(parts);
        known.map_or_else(|| digest_of(file, &part.bytes), Ok)
    }

    pub(super) fn forget(&self) {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        parts.clear();
    }
}

pub(super) fn digest_of(file: &InputFile, bytes: &Range<u64>) -> Checked<Digest> {
    const BLOCK: u64 = 256 << 10;
    let (mut hasher, mut at) = (Hasher::new(), bytes.start);
    let mut block = vec![0; BLOCK.min(bytes.end - bytes.start) as usize];
    while at < bytes.end {
        let length = (bytes.end - at).min(BLOCK) as usize;
        file.read_exact_at(&mut block[..length], at)?;
        hasher.update(&block[..length]);
        at += length as u64;
    }
    Ok(hasher.finish())
}

/// Reads the bytes of a part into memory.
pub(super) fn read_part(file: &InputFile, bytes: &Range<u64>) -> Checked<Vec<u8>> {
    let length = usize::try_from(bytes.end - bytes.start)
        .map_err(|_| Flaw::from("it is longer than memory can be"))?;
    let mut read = Vec::with_capacity(length);
    let mut from = ReadAt {
        file,
        at: bytes.start,
    };
    Read::take(&mut from, length as u64).read_to_end(&mut read)?;
    match read.len() == length {
        true => Ok(read),
        false => Err(Flaw::from("it is cut short")),
    }
}
