//! Records beyond the limit of a job, which are in no partition.

use std::sync::Arc;

use coldpress_dataset::{Block, LineStream, Source, TableFile, TableRows};
use coldpress_record::{Batch, DeclaredFields, Lines};

use super::found::{FoundRecord, Search};
use super::opened::OpenedJob;
use crate::error::Result;

/// Searches the records of the input after those that the job works on for those whose field has a value that `fits`,
/// which is given as JSON. They were never planned, so nobody can say whether they changed since.
pub(super) fn search(
    opened: &OpenedJob,
    field: &str,
    most: usize,
    fits: &dyn Fn(&str) -> bool,
) -> Result<Search> {
    let last = opened.state.partitions().last();
    let (source, begin) = last.map_or((0, 0), |last| (last.slice.source, last.slice.end));
    let mut looking = Looking {
        opened,
        fields: DeclaredFields::new([field]),
        batch: Batch::default(),
        most,
        fits,
        search: Search::default(),
    };
    for (index, one) in (0..).zip(&opened.sources).skip(source as usize) {
        let begin = if index == source { begin } else { 0 };
        match one.is_columnar() {
            true => looking.at_table(index, one, begin)?,
            false => looking.at_lines(index, one, begin)?,
        }
    }
    Ok(looking.search)
}

struct Looking<'a> {
    opened: &'a OpenedJob,
    fields: DeclaredFields,
    batch: Batch,
    most: usize,
    fits: &'a dyn Fn(&str) -> bool,
    search: Search,
}

impl Looking<'_> {
    fn at_lines(&mut self, index: u32, source: &Source, begin: u64) -> Result<()> {
        let longest = self
            .opened
            .executor
            .prepared
            .recipe
            .failure
            .max_record_bytes;
        let mut stream = LineStream::open(source, begin, None, longest)?;
        let mut lines = Lines::new(index);
        loop {
            lines.source = index;
            match stream.next_block(&mut lines)? {
                Block::End => return Ok(()),
                Block::LongRecord { .. } => continue,
                Block::Lines => {}
            }
            self.batch.fill(&mut lines, &self.fields, &mut Vec::new());
            let _ = self.batch.take_seen();
            self.at_batch();
        }
    }

    fn at_table(&mut self, index: u32, source: &Source, begin: u64) -> Result<()> {
        let memory = self.opened.executor.prepared.table_memory_bytes();
        let file = TableFile::open(source)?.with_memory(memory);
        let mut stream = file.stream(begin.min(file.rows())..file.rows())?;
        let mut first = begin;
        while let Some(rows) = stream.next_rows()? {
            let end = first + rows.num_rows() as u64;
            let rows = Arc::new(TableRows::new(rows));
            rows.fill(&mut self.batch, index, first..end, &self.fields);
            self.at_batch();
            first = end;
        }
        Ok(())
    }

    fn at_batch(&mut self) {
        let before = self.opened.state.next_first_record();
        for row in self.batch.selection().iter().map(|row| *row as usize) {
            let number = before + self.search.looked_at;
            self.search.looked_at += 1;
            let Some(json) = self.batch.json(0, row) else {
                continue;
            };
            self.search.with_field += 1;
            if !(self.fits)(&json) {
                continue;
            }
            self.search.found += 1;
            if self.search.records.len() < self.most {
                self.search.records.push(FoundRecord {
                    partition: None,
                    number,
                    origin: self.batch.origin(row).clone(),
                    record: Some(self.batch.record(row)),
                    rejected: None,
                    is_left_out: false,
                    is_sampled: true,
                });
            }
        }
    }
}
