//! Rows as they are read back, and how they become a batch.

use coldpress_record::{Batch, DeclaredFields, Lines, Origin, Reject, StatValue};

use crate::{Error, Result};

/// Some rows of a file, reused from block to block.
#[derive(Debug, Default)]
pub struct RowBlock {
    /// The records, of source 0. A record's position is its row number in the file. Empty for an index file.
    pub lines: Lines,
    /// The origin of each row.
    pub origins: Vec<Origin>,
    /// Each statistic of the file, with an optional value for each row.
    pub stats: Vec<(String, Vec<Option<StatValue>>)>,
    file: String,
}

impl RowBlock {
    /// Returns the number of rows in the block.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.origins.len()
    }

    /// Returns whether the block has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// Replaces the batch with the records of this block and their origins. The lines are then gone, and the rest stays.
    ///
    /// [`restore_stats`](Self::restore_stats) restores the statistics, once the batch has columns for them.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the block has no lines for its rows (it is from an index file), or when a line isn't a record.
    pub fn fill_batch(&mut self, batch: &mut Batch, fields: &DeclaredFields) -> Result<()> {
        if self.lines.records.len() != self.origins.len() {
            let reason = format!(
                "{} rows have {} records",
                self.origins.len(),
                self.lines.records.len()
            );
            return Err(Error::corrupt(&self.file, reason));
        }
        let mut rejects: Vec<Reject> = Vec::new();
        batch.fill(&mut self.lines, fields, &mut rejects);
        if let Some(reject) = rejects.first() {
            let row = reject.origin.position;
            let reason = format!("row {row} is not a record: {}", reject.reason);
            return Err(Error::corrupt(&self.file, reason));
        }
        batch.set_origins(self.origins.iter().cloned());
        Ok(())
    }

    /// Sets the statistics that the batch has columns for.
    pub fn restore_stats(&self, batch: &mut Batch) {
        let rows = batch.rows();
        for (name, values) in &self.stats {
            let Some(column) = batch.stats().column(name) else {
                continue;
            };
            for (row, value) in values.iter().enumerate().take(rows) {
                if let Some(value) = value {
                    batch.stats_mut().set(column, row, value.clone());
                }
            }
        }
    }

    /// Empties the block and prepares it for these statistics.
    pub(super) fn begin<'n>(
        &mut self,
        file: &str,
        mut stat_names: impl ExactSizeIterator<Item = &'n str>,
    ) {
        self.lines.source = 0;
        self.lines.clear();
        self.origins.clear();
        file.clone_into(&mut self.file);
        self.stats.truncate(stat_names.len());
        for (known, values) in &mut self.stats {
            values.clear();
            if let Some(name) = stat_names.next().filter(|name| *name != known.as_str()) {
                name.clone_into(known);
            }
        }
        let more = stat_names.map(|name| (name.to_owned(), Vec::new()));
        self.stats.extend(more);
    }
}
