//! Saves the changes since another checkpoint.

use super::changes::Differ;
use super::files::Other;
use super::intermediate::IntermediateStore;
use super::parquet_out::ParquetOut;
use super::source::Source;
use super::wanted::Wanted;
use super::writer::{RecordWriter, Saved};
use crate::parquet_file::{Base, OpenParquet, open};
use crate::{CheckpointName, Error, Format, Record, Result};

/// The number of bases that can be on top of each other, at most, because reading a checkpoint reads all of them.
const MAX_BASES: u32 = 8;

impl IntermediateStore {
    /// Saves a checkpoint as the changes since another one, if that takes less space than all of it.
    ///
    /// The other checkpoint is the input of the operation. The file refers to it with the digest of its bytes, and can only be read
    /// as long as that checkpoint exists unchanged; [`remove`](Self::remove) and [`retain`](Self::retain) ensure that. Other
    /// programs see the changes and not the records, so this is only done on request.
    ///
    /// If the other checkpoint is not a Parquet file of this crate, the checkpoint is stored whole.
    ///
    /// # Errors
    /// As for [`save`](Self::save).
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

    /// Writes the changes; `None` if they cannot be expressed.
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
        // A checkpoint cannot be based on itself, however indirectly.
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

    /// Returns whether a checkpoint is stored as changes since another one, directly or indirectly.
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

    /// Returns the checkpoint on which another one is based, if it is stored as changes.
    ///
    /// # Errors
    /// [`Error::Storage`] if the file exists and cannot be read.
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
