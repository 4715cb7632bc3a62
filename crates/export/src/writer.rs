//! Making the output beside its place.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};

use coldpress_dataset::RowsForm;
use coldpress_table::MixedField;

use crate::error::{Error, Result};
use crate::kept::Keeping;
use crate::lines::LinesOutput;
use crate::output_files::OutputFiles;
use crate::partition_rows::PartitionRows;
use crate::second_pass::{Passed, SecondPass};
use crate::staged::Staged;
use crate::target::ExportTarget;

/// Puts the rows of the partitions together, in order, in a temporary place beside the export path, or in uploads that nobody
/// sees.
///
/// JSONL and JSON are written as the partitions come. Of Parquet, Arrow and CSV the partitions are remembered, because their
/// schema is that of all rows, and written in [`finish`](Self::finish) by several threads. The same partitions always give
/// the same bytes.
pub struct ExportWriter(Work);

enum Work {
    Copied {
        output: Box<LinesOutput>,
        rows_form: RowsForm,
        buffer: Vec<u8>,
    },
    Remembered(Box<SecondPass>),
}

/// An output that is complete and not in its place, and what is to be told about it.
#[derive(Debug)]
#[non_exhaustive]
pub struct FinishedExport {
    /// The output.
    pub staged: Staged,
    /// Fields whose values are of more than one type, so that they became JSON text; of outputs with columns.
    pub mixed: Vec<MixedField>,
    /// What else is odd about its columns, a sentence each.
    pub notes: Vec<String>,
}

const BUFFER_BYTES: usize = 1 << 20;

impl ExportWriter {
    /// Begins an output of `target`; `token` tells this attempt at it from others. What needs all rows is written by
    /// `threads` threads.
    ///
    /// # Errors
    /// When the temporary directory of shards cannot be made.
    pub fn create(target: &ExportTarget, token: &str, threads: usize) -> Result<Self> {
        let files = OutputFiles::create(target, token)?;
        let work = if target.needs_second_pass() {
            Work::Remembered(Box::new(SecondPass::new(target, token, files, threads)))
        } else {
            Work::Copied {
                output: Box::new(LinesOutput::new(target, files)),
                rows_form: target.rows_form(false),
                buffer: vec![0; BUFFER_BYTES],
            }
        };
        Ok(Self(work))
    }

    /// Appends the rows of a partition.
    ///
    /// # Errors
    /// [`DamagedRows`](crate::Error::DamagedRows) when the rows cannot be read or are not what their stamp says: they must
    /// be made again, and so must this output. Others when the output cannot be written.
    pub fn append(&mut self, partition: PartitionRows) -> Result<()> {
        match &mut self.0 {
            Work::Copied {
                output,
                rows_form,
                buffer,
            } if partition.form == *rows_form => copy(&partition, output, buffer),
            Work::Copied { .. } => Err(partition.damaged("its rows are of another form")),
            Work::Remembered(pass) => pass.add(partition),
        }
    }

    /// Makes the output complete and durable in its temporary place.
    ///
    /// # Errors
    /// [`DamagedRows`](crate::Error::DamagedRows) as [`append`](Self::append), as some outputs are written only now;
    /// [`Abandoned`](crate::Error::Abandoned) soon after `abandoned` is set; others when the output cannot be written or
    /// synced.
    pub fn finish(self, abandoned: &AtomicBool) -> Result<FinishedExport> {
        if abandoned.load(Ordering::Relaxed) {
            return Err(Error::Abandoned);
        }
        let Passed {
            written,
            mixed,
            notes,
        } = match self.0 {
            Work::Copied { output, .. } => Passed {
                written: output.finish()?,
                mixed: Vec::new(),
                notes: Vec::new(),
            },
            Work::Remembered(pass) => pass.finish(abandoned)?,
        };
        Ok(FinishedExport {
            staged: written,
            mixed,
            notes,
        })
    }
}

/// Copies the bytes of a partition and proves them on the way.
fn copy(partition: &PartitionRows, output: &mut LinesOutput, buffer: &mut [u8]) -> Result<()> {
    let (mut file, proof) = partition.open()?;
    let mut keeping = partition.kept.as_ref().map(Keeping::new);
    loop {
        let length = match file.read(buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(partition.unreadable(&error)),
        };
        match &mut keeping {
            None => output.write(&buffer[..length])?,
            Some(keeping) => keeping.take(&buffer[..length], |lines| output.write(lines))?,
        }
    }
    partition.prove(&proof.stamp())?;
    partition.check_kept(keeping.as_ref())
}
