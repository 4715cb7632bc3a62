//! Intermediate data: the records behind each operator, for people. Nobody cites it.

use std::fs;
use std::path::PathBuf;

use coldpress_checkpoint::{
    CheckpointStore, LocalStore, Manifest, ObjectName, RowsOptions, RowsWriter,
};
use coldpress_operator::Chain;
use coldpress_record::Batch;

use crate::attempt::Assignment;
use crate::error::AttemptError;
use crate::spec::IntermediateForm;
use crate::tee::at_point;

/// The files of an attempt, one per operator that it applies.
pub(crate) struct Intermediate {
    folder: PathBuf,
    first: usize,
    files: Vec<(RowsWriter, ObjectName, String)>,
}

impl Intermediate {
    /// The files of the operators from `first` to before `last`.
    ///
    /// They get their names when they are whole, and take the place of those of earlier attempts.
    pub(crate) fn create(
        work: Assignment<'_>,
        form: IntermediateForm,
        (first, last): (usize, usize),
        chain: &Chain,
    ) -> Result<Self, AttemptError> {
        let folder = format!("intermediate/partition_{:06}", work.attempt.task.partition);
        let folder = work.spec.job_dir.join(folder);
        let store = LocalStore::new(&folder);
        let options = RowsOptions {
            with_records: true,
            format: form.format,
            compression: form.compression,
            stats: chain.pipeline().stats(),
            batch_rows: work.spec.checkpoints.batch_rows,
        };
        let names = chain.names().enumerate().take(last).skip(first);
        let file = |(operation, operator): (usize, &str)| {
            let stem = format!("op_{operation:03}_{}", plain(operator));
            let (epoch, number) = (work.attempt.epoch, work.attempt.number);
            let temporary = ObjectName::new(format!(".{stem}.e{epoch}.a{number}.tmp"))?;
            let writer = RowsWriter::create(store.put_new(&temporary)?, &options)?;
            let suffix = form.format.suffix(form.compression);
            Ok((writer, temporary, stem + suffix))
        };
        let files = names.map(file).collect::<Result<_, AttemptError>>()?;
        Ok(Self {
            folder,
            first,
            files,
        })
    }

    /// The records behind an operator.
    pub(crate) fn write(
        &mut self,
        operation: usize,
        batch: &Batch,
        chain: &Chain,
    ) -> Result<(), AttemptError> {
        match self.files.get_mut(operation.saturating_sub(self.first)) {
            Some((writer, ..)) => Ok(writer.write(batch, chain.fields())?),
            None => Ok(()),
        }
    }

    /// Gives the files their names. `whole` is what is true of the whole attempt.
    pub(crate) fn finish(self, work: Assignment<'_>, whole: &Manifest) -> Result<(), AttemptError> {
        for (place, (writer, temporary, name)) in self.files.into_iter().enumerate() {
            let manifest = Manifest {
                operation: (self.first + place + 1) as u32,
                rows: writer.rows(),
                types: None,
                ..whole.clone()
            };
            writer.finish(&at_point(work, manifest)?)?;
            let (from, to) = (self.folder.join(temporary.as_str()), self.folder.join(name));
            fs::rename(&from, &to)
                .map_err(|source| coldpress_storage::Error::io("rename", &from, source))?;
        }
        Ok(())
    }
}

/// An operator's name as a part of a file's.
fn plain(operator: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let plain = |c| if allowed(c) { c } else { '_' };
    operator.chars().take(120).map(plain).collect()
}
