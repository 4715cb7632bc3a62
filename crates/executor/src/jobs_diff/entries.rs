//! Records as entries that can be sorted: an identity, a digest of the content, and the row.

use coldpress_barrier::{Arranged, ArrangedRecords, Arranger, Room};
use coldpress_record::Origin;
use coldpress_storage::Digest;

use super::canonical::canonical;
use super::rows::JobRows;
use crate::error::{Error, ErrorKind, Result};
use crate::follow::value_of;

/// How records are matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity<'a> {
    /// By where they came from.
    Origin,
    /// By their content.
    Content,
    /// By the value of a field.
    Key(&'a str),
}

impl Identity<'_> {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Content => "content",
            Self::Key(_) => "key",
        }
    }
}

/// A record of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// A digest of what it is matched by.
    pub(super) key: u128,
    /// A digest of its content.
    pub(super) content: u128,
    pub(super) row: u64,
}

/// The entries of an export, by their keys.
pub(super) struct Entries<'r> {
    sorted: ArrangedRecords<'r>,
    /// The next one.
    next: Option<Entry>,
    pub(super) records: u64,
    pub(super) without_key: u64,
}

/// Sorts the records of an export by what they are matched by.
pub(super) fn sort<'r>(
    job: &JobRows,
    identity: Identity<'_>,
    room: &'r Room<'r>,
) -> Result<Entries<'r>> {
    let mut arranger = Arranger::new(room);
    let (mut records, mut without_key) = (0, 0);
    job.each(|row, origin, record| {
        records += 1;
        let content = Digest::of(canonical(record).as_bytes()).as_u128();
        let key = match (identity, origin) {
            (Identity::Origin, Some(origin)) => digest_of(origin),
            (Identity::Key(field), _) => {
                match value_of(record, field).filter(|value| *value != "null") {
                    Some(value) => Digest::of(canonical(value).as_bytes()).as_u128(),
                    None => {
                        without_key += 1;
                        content
                    }
                }
            }
            (Identity::Origin | Identity::Content, _) => content,
        };
        let pushed = arranger.push(Arranged {
            position: (key >> 64) as u64,
            ordinal: row,
            bytes: [key.to_le_bytes(), content.to_le_bytes()].concat().into(),
        });
        pushed.map_err(unsortable)
    })?;
    let mut entries = Entries {
        sorted: arranger.finish().map_err(unsortable)?,
        next: None,
        records,
        without_key,
    };
    entries.advance()?;
    Ok(entries)
}

impl Entries<'_> {
    /// The next entry.
    pub(super) fn peek(&self) -> Option<Entry> {
        self.next
    }

    /// Takes the next entry.
    pub(super) fn take(&mut self) -> Result<Option<Entry>> {
        let taken = self.next;
        self.advance()?;
        Ok(taken)
    }

    fn advance(&mut self) -> Result<()> {
        let next = self.sorted.next_record().map_err(unsortable)?;
        self.next = next.and_then(|arranged| {
            let (key, content) = arranged.bytes.split_first_chunk::<16>()?;
            Some(Entry {
                key: u128::from_le_bytes(*key),
                content: u128::from_le_bytes(content.try_into().ok()?),
                row: arranged.ordinal,
            })
        });
        Ok(())
    }
}

pub(super) fn unsortable(error: coldpress_barrier::Error) -> Error {
    Error::because(ErrorKind::Failed, "the records cannot be sorted", error)
}

fn digest_of(origin: &Origin) -> u128 {
    let mut bytes = Vec::new();
    bytes.extend(origin.source.to_le_bytes());
    bytes.extend(origin.position.to_le_bytes());
    let indices = origin.piece.indices().iter();
    bytes.extend(indices.flat_map(|index| index.to_le_bytes()));
    Digest::of(&bytes).as_u128()
}
