//! The directory of a pack: which bytes are whose.

use std::collections::HashMap;
use std::ops::Range;

use super::super::contract::StoreReader;
use crate::{Digest, Error, Result};

/// The last bytes of a pack: the directory's place, length and digest, then these, of which the last one is the version.
const MAGIC: &[u8; 8] = b"cldpack\x01";
const FOOTER_BYTES: u64 = 8 + 8 + 16 + 8;
/// Far above what a pack can have; a greater one is damage.
const MAX_DIRECTORY_BYTES: u64 = 64 << 20;

/// Where each member of a pack is.
#[derive(Debug, Default)]
pub(super) struct Directory(HashMap<Box<str>, (u64, u64)>);

impl Directory {
    /// Notes a member. Of several with one name the last counts: an attempt may begin anew, and nobody cites what it made before.
    pub(super) fn insert(&mut self, own: &str, offset: u64, length: u64) {
        self.0.insert(own.into(), (offset, length));
    }

    /// The bytes of a member.
    pub(super) fn range(&self, own: &str) -> Option<Range<u64>> {
        let (offset, length) = *self.0.get(own)?;
        Some(offset..offset + length)
    }

    /// The members in the order of their bytes, with their lengths.
    pub(super) fn members(&self) -> Vec<(&str, u64)> {
        let mut members: Vec<_> = self.0.iter().collect();
        members.sort_by_key(|(name, (offset, _))| (*offset, *name));
        let members = members.into_iter();
        members
            .map(|(name, (_, length))| (&**name, *length))
            .collect()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What follows the `at` bytes of the members.
    pub(super) fn encode(&self, at: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, _) in self.members() {
            let (offset, length) = self.0[name];
            // A name has at most 1,024 bytes.
            bytes.extend((name.len() as u16).to_le_bytes());
            bytes.extend(name.as_bytes());
            bytes.extend(offset.to_le_bytes());
            bytes.extend(length.to_le_bytes());
        }
        let (length, digest) = (bytes.len() as u64, Digest::of(&bytes));
        bytes.extend(at.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend(digest.as_u128().to_le_bytes());
        bytes.extend(MAGIC);
        bytes
    }

    /// Reads the directory of a pack.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for what is no whole pack, [`Error::Store`] if it cannot be read.
    pub(super) fn read(pack: &dyn StoreReader) -> Result<Self> {
        let corrupt = |reason: &str| Error::Corrupt {
            name: pack.name().to_string(),
            reason: reason.to_owned(),
        };
        let Some(end) = pack.len().checked_sub(FOOTER_BYTES) else {
            return Err(corrupt("it is too short for a pack"));
        };
        let mut footer = [0; FOOTER_BYTES as usize];
        pack.read_at(end, &mut footer)?;
        let mut fields = Fields(&footer);
        let (at, length) = (fields.u64(), fields.u64());
        let (digest, magic) = (fields.take(16), fields.take(8));
        if magic.is_none_or(|magic| magic[..7] != MAGIC[..7]) {
            return Err(corrupt("it does not end like a pack"));
        }
        if magic != Some(&MAGIC[..]) {
            let (store, name) = ("its store", pack.name().as_str());
            return Err(Error::store(
                &store,
                "read",
                name,
                "a newer release wrote it",
            ));
        }
        let (Some(at), Some(length)) = (at, length) else {
            return Err(corrupt("it does not end like a pack"));
        };
        if length > MAX_DIRECTORY_BYTES || at.checked_add(length) != Some(end) {
            return Err(corrupt("its directory is not where its end says"));
        }
        let mut bytes = vec![0; length as usize];
        pack.read_at(at, &mut bytes)?;
        if digest != Some(&Digest::of(&bytes).as_u128().to_le_bytes()[..]) {
            return Err(corrupt("its directory is not what was written"));
        }
        Self::decode(&bytes, at).ok_or_else(|| corrupt("its directory makes no sense"))
    }

    fn decode(bytes: &[u8], end: u64) -> Option<Self> {
        let (mut directory, mut fields) = (Self::default(), Fields(bytes));
        while !fields.0.is_empty() {
            let name = fields.take(2)?;
            let name = fields.take(usize::from(u16::from_le_bytes(name.try_into().ok()?)))?;
            let (offset, length) = (fields.u64()?, fields.u64()?);
            if offset.checked_add(length)? > end {
                return None;
            }
            directory.insert(str::from_utf8(name).ok()?, offset, length);
        }
        Some(directory)
    }
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }
}
