//! The columnar file that a worker read last.

use std::sync::{Arc, Mutex, PoisonError};

use coldpress_dataset::{Result, Source, TableFile};

/// The columnar file that a worker read last. What was read of it besides the rows of an attempt, as its metadata, serves the
/// attempts that follow, which mostly go on in the same file.
#[derive(Debug, Default)]
pub(crate) struct LastTable(Mutex<Option<(u32, Arc<TableFile>)>>);

impl LastTable {
    /// Opens the source of this number, unless it was the last. Its pages and record batches may take so much memory.
    pub(crate) fn open(
        &self,
        number: u32,
        source: &Source,
        memory_bytes: u64,
    ) -> Result<Arc<TableFile>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, file)) = last.as_ref().filter(|(of, _)| *of == number) {
            return Ok(Arc::clone(file));
        }
        // Not two at a time.
        *last = None;
        let file = Arc::new(TableFile::open(source)?.with_memory(memory_bytes));
        *last = Some((number, Arc::clone(&file)));
        Ok(file)
    }
}
