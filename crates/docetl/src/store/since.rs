//! Saving what changed since another checkpoint.

use super::changes::Differ;
use super::files::Other;
use super::intermediate::IntermediateStore;
use super::parquet_out::ParquetOut;
use super::source::Source;
use super::wanted::Wanted;
use super::writer::{RecordWriter, Saved};
use crate::parquet_file::{Base, OpenParquet, open};
use crate::{CheckpointName, Error, Format, Record, Result};

/// The most bases that can be on top of each other: reading a checkpoint reads all of them.
const MAX_BASES: u32 = 8;

impl IntermediateStore {
    /// Saves a checkpoint as what changed since another one, if that takes less space than all of it.
    ///
    /// The other checkpoint is what the operation was given. The file names it, with the digest of its bytes, and can be read
    /// only as long as it is there and the same; [`remove`](Self::remove) and [`retain`](Self::retain) see to that. Other
    /// programs see what changed, and not the records, so this is not done unless it is asked for.
    ///
    /// The checkpoint is stored whole where the other one is not a Parquet file of this crate.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub fn save_since(
        &self,
        name: &CheckpointName,
        base: &CheckpointName,
        records: &[Record],
    ) -> Result<Saved> {
        let changes = match name == base {
            true => None,
            false => self.changes_since(name, base, records)?,
        };
        let mut whole = RecordWriter::create(self.files(), name, Format::Parquet, self.options())?;
        whole.write_all(records)?;
        let Some((out, rows)) = changes else {
            return whole.finish();
        };
        let (unfinished, bytes) = out.finish()?;
        let mut is_smaller = false;
        let saved = whole.finish_unless(|whole| {
            is_smaller = bytes < whole;
            is_smaller
        });
        match saved {
            Ok(None) => {}
            Ok(Some(saved)) => {
                coldpress_storage::remove_durable(&unfinished)?;
                return Ok(saved);
            }
            Err(error) => {
                let _ = coldpress_storage::remove_durable(&unfinished);
                return Err(error);
            }
        }
        let placed = self
            .files()
            .put(&unfinished, name, Format::Parquet, Other::Goes);
        self.forget_dependents();
        Ok(Saved {
            path: placed.inspect_err(|_| drop(coldpress_storage::remove_durable(&unfinished)))?,
            format: Format::Parquet,
            bytes,
            rows,
        })
    }

    /// Writes what changed; none if it cannot be said so.
    fn changes_since(
        &self,
        name: &CheckpointName,
        base: &CheckpointName,
        records: &[Record],
    ) -> Result<Option<(ParquetOut, u64)>> {
        let Some(found) = self.files().find(base, Format::Parquet)? else {
            return Ok(None);
        };
        let Ok(OpenParquet::Own(own)) = coldpress_storage::open_file(&found.path)
            .map_err(Error::from)
            .and_then(|file| open(file).map_err(|fault| super::source::error(&found.path, fault)))
        else {
            return Ok(None);
        };
        let depth = own.base().map_or(0, |base| base.depth) + 1;
        // A checkpoint cannot be made of itself, however far away.
        if depth > MAX_BASES || !own.is_of(base) || self.stands_on(base, name)? {
            return Ok(None);
        }
        let described = Base {
            folder: base.folder(),
            name: base.stem(),
            seal: own.seal().to_owned(),
            depth,
        };
        let source = Source::open(
            self.files(),
            &found.path,
            Format::Parquet,
            base,
            Wanted::ALL,
            self.options(),
        )?;
        source.verify(&found.path)?;
        let mut differ = Differ::new(source.at(found.path));
        let mut out = ParquetOut::new(self.files(), name, self.options()).since(described);
        for batch in super::batches::batches(records) {
            let mut changes = Vec::with_capacity(batch.len());
            for record in batch {
                match differ.change(record)? {
                    Some(change) => changes.push(change),
                    None => return Ok(None),
                }
            }
            out.write(&changes)?;
        }
        Ok(Some((out, records.len() as u64)))
    }

    /// Returns whether a checkpoint is stored as what changed since another one, or since one that is.
    fn stands_on(&self, name: &CheckpointName, other: &CheckpointName) -> Result<bool> {
        let mut next = Some(name.clone());
        for _ in 0..=MAX_BASES {
            match next {
                None => return Ok(false),
                Some(name) if name == *other => return Ok(true),
                Some(name) => next = self.base_of(&name)?,
            }
        }
        Ok(true)
    }

    /// Returns the checkpoint that another one is stored as what changed since, if it is.
    ///
    /// # Errors
    /// [`Error::Storage`] if the file is there and cannot be read.
    pub fn base_of(&self, name: &CheckpointName) -> Result<Option<CheckpointName>> {
        let Some(found) = self.files().find(name, Format::Parquet)? else {
            return Ok(None);
        };
        let Ok(file) = coldpress_storage::open_file(&found.path) else {
            return Ok(None);
        };
        let Ok(OpenParquet::Own(own)) = open(file) else {
            return Ok(None);
        };
        Ok(own
            .base()
            .and_then(|base| CheckpointName::of_file(&base.folder, &base.name)))
    }
}
