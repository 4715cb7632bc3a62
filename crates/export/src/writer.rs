//! Making the output beside its final place.

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

/// Combines the rows of the partitions in order, in a temporary place beside the export path, or in uploads that nobody sees.
///
/// JSONL and JSON are written as the partitions come. For Parquet, Arrow and CSV the partitions are remembered, because their
/// schema is that of all rows, and [`finish`](Self::finish) writes them with several threads. The same partitions always give the
/// same bytes.
pub struct ExportWriter(Work);

enum Work {
    Copied {
        output: Box<LinesOutput>,
        rows_form: RowsForm,
        buffer: Vec<u8>,
    },
    Remembered(Box<SecondPass>),
}

/// An output that is complete but not in place, with notes about it.
#[derive(Debug)]
#[non_exhaustive]
pub struct FinishedExport {
    /// The output.
    pub staged: Staged,
    /// Fields whose values have more than one type, so that they became JSON text; only for outputs with columns.
    pub mixed: Vec<MixedField>,
    /// Other oddities of its columns, a sentence each.
    pub notes: Vec<String>,
}

const BUFFER_BYTES: usize = 1 << 20;

impl ExportWriter {
    /// Begins an output of `target`. The `token` distinguishes this attempt from others. An output that needs all rows first is
    /// written by `threads` threads.
    ///
    /// # Errors
    /// Fails when the temporary directory of shards cannot be created.
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
    /// [`DamagedRows`](crate::Error::DamagedRows) when the rows cannot be read or do not match their stamp. They must be made
    /// again, and so must this output. Others when the output cannot be written.
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
    /// [`DamagedRows`](crate::Error::DamagedRows) as in [`append`](Self::append), because some outputs are written only now;
    /// [`Abandoned`](crate::Error::Abandoned) soon after `abandoned` is set; others when the output cannot be written or synced.
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
