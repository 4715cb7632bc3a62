//! The files of an attempt: rows, index, checkpoints, quarantine.

use std::io::Write;

use coldpress_checkpoint::{
    CheckpointStore, LocalStore, Manifest, ObjectName, RowsOptions, RowsWriter, checkpoint_name,
};
use coldpress_dataset::RowsEncoder;
use coldpress_operator::{Chain, ChainHash};
use coldpress_record::{Batch, Ledger};
use coldpress_storage::{FileRef, NewFile, create_dir_all_durable};

use crate::attempt::Attempt;
use crate::error::AttemptError;
use crate::outcome::CheckpointOutcome;

/// The rows that come out, and beside them their origins and statistics.
pub(crate) struct ResultWriter {
    name: String,
    rows: RowsEncoder<NewFile>,
    index_name: String,
    index: RowsWriter,
    keep_stats: bool,
    buffer: Vec<u8>,
}

impl ResultWriter {
    pub(crate) fn create(attempt: &Attempt, chain: &Chain) -> Result<Self, AttemptError> {
        let folder = attempt.job_dir.join("results");
        create_dir_all_durable(&folder)?;
        let suffix = match attempt.rows_compression {
            coldpress_dataset::Compression::Gzip => ".jsonl.gz",
            coldpress_dataset::Compression::Zstd => ".jsonl.zst",
            _ => ".jsonl",
        };
        let name = attempt.file_name(suffix);
        let file = NewFile::create(folder.join(&name))?;
        let rows = RowsEncoder::new(file, attempt.rows_compression)
            .map_err(|error| AttemptError::system(&error))?;
        let index_name = attempt.file_name(".index.parquet");
        let options = RowsOptions {
            with_records: false,
            stat_names: chain.stat_names(),
            ..RowsOptions::default()
        };
        let index = RowsWriter::create(
            LocalStore::new(folder).put_new(&ObjectName::new(&index_name)?)?,
            &options,
        )?;
        Ok(Self {
            name,
            rows,
            index_name,
            index,
            keep_stats: attempt.keep_stats,
            buffer: Vec::new(),
        })
    }

    pub(crate) fn write(&mut self, batch: &Batch, chain: &Chain) -> Result<(), AttemptError> {
        self.buffer.clear();
        for row in batch.selection() {
            if self.keep_stats {
                batch.write_record_with_stats(*row as usize, chain.fields(), &mut self.buffer);
            } else {
                batch.write_record(*row as usize, chain.fields(), &mut self.buffer);
            }
        }
        self.rows
            .write_all(&self.buffer)
            .map_err(|error| AttemptError::system(&error))?;
        Ok(self.index.write(batch, chain.fields())?)
    }

    /// The rows, the index, and the bytes of the rows before they were packed.
    pub(crate) fn finish(
        self,
        manifest: Manifest,
    ) -> Result<(FileRef, FileRef, u64), AttemptError> {
        let plain_bytes = self.rows.plain_bytes();
        let file = self
            .rows
            .finish()
            .map_err(|error| AttemptError::system(&error))?;
        let rows = FileRef::new(format!("results/{}", self.name), file.finish()?);
        let manifest = Manifest {
            rows: self.index.rows(),
            ..manifest
        };
        let index = FileRef::new(
            format!("results/{}", self.index_name),
            self.index.finish(&manifest)?,
        );
        Ok((rows, index, plain_bytes))
    }
}

/// One checkpoint, written as the batches pass by.
pub(crate) struct CheckpointWriter {
    operation: u32,
    operator: String,
    chain: ChainHash,
    name: ObjectName,
    writer: RowsWriter,
}

impl CheckpointWriter {
    /// The checkpoint after `operation` operators.
    pub(crate) fn create(
        attempt: &Attempt,
        operation: u32,
        chain: &Chain,
        store: &dyn CheckpointStore,
    ) -> Result<Self, AttemptError> {
        let operator = chain
            .names()
            .nth(operation.saturating_sub(1) as usize)
            .unwrap_or_default()
            .to_owned();
        let (epoch, number) = (attempt.epoch, attempt.attempt);
        let name = checkpoint_name(attempt.partition.index, operation, &operator, epoch, number);
        let options = RowsOptions {
            with_records: true,
            compression: attempt.checkpoint_compression,
            stat_names: chain.stat_names(),
            batch_rows: attempt.checkpoint_batch_rows,
        };
        let writer = RowsWriter::create(store.put_new(&name)?, &options)?;
        let chain = attempt.chain[operation as usize];
        Ok(Self {
            operation,
            operator,
            chain,
            name,
            writer,
        })
    }

    pub(crate) fn write(&mut self, batch: &Batch, chain: &Chain) -> Result<(), AttemptError> {
        Ok(self.writer.write(batch, chain.fields())?)
    }

    /// Finishes it; `manifest` says what is true of the rows in it, but for the ledger, which is that of all operators.
    pub(crate) fn finish(self, manifest: &Manifest) -> Result<CheckpointOutcome, AttemptError> {
        let operators = manifest.ledger.operators[..self.operation as usize].to_vec();
        let ledger = Ledger {
            operators,
            ..manifest.ledger
        };
        let rows = self.writer.rows();
        let chain = self.chain.to_string();
        let manifest = Manifest {
            operation: self.operation,
            chain,
            ledger,
            rows,
            ..manifest.clone()
        };
        let stamp = self.writer.finish(&manifest)?;
        let file = FileRef::new(self.name.as_str(), stamp);
        Ok(CheckpointOutcome {
            operation: self.operation,
            operator: self.operator,
            chain: self.chain,
            file,
            rows,
        })
    }
}
