//! Verifying that a checkpoint file is whole.

use coldpress_record::{Batch, DeclaredFields};
use coldpress_storage::{FileStamp, Hasher};
use serde::Serialize;

use super::describe::{Description, described};
use super::kind::Opened;
use crate::container::ContainerReader;
use crate::{DeltaReader, Error, Result, RowBlock, RowsReader, SectionDamage};
use coldpress_storage::{ObjectName, ObjectStore, StoreReader};

const PIECE_BYTES: usize = 512 << 10;

/// The result of verifying a checkpoint file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verified {
    /// The actual length and digest.
    pub stamp: FileStamp,
    /// Its description, if that can be read. For a delta file with damaged sections, it has those before the first damaged one.
    pub description: Option<Description>,
    /// The problems; none if the file is whole.
    pub problems: Vec<String>,
}

impl Verified {
    /// Returns whether there are no problems.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Reads all of a checkpoint file of any kind and format, and returns its problems.
///
/// Without an expected stamp, the file is compared with its own manifest.
///
/// # Errors
/// [`Error::Storage`] when it cannot be read, [`Error::Newer`] when a newer release wrote it. Damage is not an error here.
pub fn verify(
    store: &dyn ObjectStore,
    name: &ObjectName,
    expected: Option<&FileStamp>,
) -> Result<Verified> {
    let stamp = stamp_of(&*store.get(name)?)?;
    let mut found = Verified {
        stamp,
        description: None,
        problems: Vec::new(),
    };
    if let Some(expected) = expected.filter(|expected| **expected != stamp) {
        found
            .problems
            .push(format!("it has {stamp}, it was written with {expected}"));
    }
    match found.read(store, name) {
        Err(Error::Corrupt { reason, .. }) => found.problems.push(reason),
        other => other?,
    }
    Ok(found)
}

impl Verified {
    fn read(&mut self, store: &dyn ObjectStore, name: &ObjectName) -> Result<()> {
        let opened = Opened::new(ContainerReader::open_unverified(store.get(name)?)?)?;
        self.description = Some(described(&opened));
        match opened {
            Opened::Rows(rows) => read_rows(*rows),
            Opened::Table(table) => {
                let (container, _) = *table;
                (0..container.groups().len()).try_for_each(|group| container.check_group(group))
            }
            Opened::Delta(_) => {
                let (delta, damages) = DeltaReader::open_damaged(store.get(name)?)?;
                self.problems.extend(
                    damages
                        .into_iter()
                        .map(|SectionDamage { reason, .. }| reason),
                );
                self.description = Some(described(&Opened::Delta(Box::new(delta))));
                Ok(())
            }
        }
    }
}

/// Reads all rows, and parses their records.
fn read_rows(mut rows: RowsReader) -> Result<()> {
    let (mut block, mut batch, fields) = (
        RowBlock::default(),
        Batch::default(),
        DeclaredFields::default(),
    );
    while rows.next(&mut block)? {
        if rows.has_records() {
            block.fill_batch(&mut batch, &fields)?;
        }
    }
    Ok(())
}

fn stamp_of(reader: &dyn StoreReader) -> Result<FileStamp> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; PIECE_BYTES];
    let mut offset = 0;
    while offset < reader.len() {
        let left = usize::try_from(reader.len() - offset).unwrap_or(PIECE_BYTES);
        let piece = &mut buffer[..left.min(PIECE_BYTES)];
        reader.read_at(offset, piece)?;
        hasher.update(piece);
        offset += piece.len() as u64;
    }
    Ok(hasher.stamp())
}
