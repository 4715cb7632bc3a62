//! What filters drop, where the recipe wants it kept.

use std::collections::BTreeMap;
use std::path::PathBuf;

use coldpress_checkpoint::DroppedRows;
use coldpress_storage::{FileRef, NewFile};

use crate::attempt::Assignment;
use crate::error::AttemptError;

/// The files of dropped records, one per filter, begun with the first record.
pub(crate) struct DroppedWriter {
    job_dir: PathBuf,
    prefix: String,
    files: BTreeMap<u32, (String, NewFile)>,
}

impl DroppedWriter {
    pub(crate) fn new(work: Assignment<'_>) -> Self {
        Self {
            job_dir: work.spec.job_dir.clone(),
            prefix: work.attempt.file_name(".dropped"),
            files: BTreeMap::new(),
        }
    }

    pub(crate) fn put(&mut self, operation: u32, lines: &[u8]) -> Result<(), AttemptError> {
        if !self.files.contains_key(&operation) {
            let name = format!("results/{}.op{operation:03}.jsonl", self.prefix);
            let file = NewFile::create(self.job_dir.join(&name))?;
            self.files.insert(operation, (name, file));
        }
        match self.files.get_mut(&operation) {
            Some((_, file)) => Ok(file.put(lines)?),
            None => Ok(()),
        }
    }

    pub(crate) fn finish(self) -> Result<Vec<DroppedRows>, AttemptError> {
        let finish = |(operation, (name, file)): (u32, (String, NewFile))| {
            let file = FileRef::new(name, file.finish()?);
            Ok(DroppedRows { operation, file })
        };
        self.files.into_iter().map(finish).collect()
    }
}
