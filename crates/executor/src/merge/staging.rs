//! Writing what lies beside the export: the statistics of its records, what filters dropped, and what
//! deduplicators removed.

use std::io::Read;

use coldpress_checkpoint::{RowBlock, RowsReader};
use coldpress_export::{DuplicatesFile, ExportTarget, OutputFile, Staged};
use coldpress_operator::Decision;
use coldpress_record::{STATS_FIELD, Stats, escape_into};
use coldpress_storage::{Hasher, StoredObject};
use coldpress_worker::obstacle;

use super::duplicates::Lists;
use super::failure::{MergeFailure, unreadable};
use crate::outputs::list::Content;

/// A file of records that a filter dropped of a partition.
pub(crate) struct DroppedPiece {
    pub(crate) operation: u32,
    pub(crate) lines: StoredObject,
}

/// What lies beside the export while it is made, in temporary places beside its own.
pub(crate) struct Staging(Vec<OpenFile>);

struct OpenFile {
    content: Content,
    file: OpenForm,
}

enum OpenForm {
    Lines(OutputFile),
    Duplicates(Box<DuplicatesFile>),
}

type Written = std::result::Result<(), coldpress_export::Error>;

impl Staging {
    pub(crate) fn create(
        beside: Vec<(Content, ExportTarget)>,
        token: &str,
    ) -> std::result::Result<Self, coldpress_export::Error> {
        let create = |(content, target): (Content, ExportTarget)| {
            let file = OutputFile::create(&target, token)?;
            Ok(OpenFile {
                content,
                file: match content {
                    Content::Duplicates => {
                        OpenForm::Duplicates(Box::new(DuplicatesFile::create(file)?))
                    }
                    _ => OpenForm::Lines(file),
                },
            })
        };
        beside
            .into_iter()
            .map(create)
            .collect::<std::result::Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn wants_stats(&self) -> bool {
        self.0.iter().any(|output| output.content == Content::Stats)
    }

    /// Appends the statistics of a partition's rows, or of those that count.
    pub(crate) fn append_stats(
        &mut self,
        index: &mut RowsReader,
        kept: Option<&Decision>,
        partition: u32,
    ) -> std::result::Result<(), MergeFailure> {
        let stats = self
            .0
            .iter_mut()
            .find(|output| output.content == Content::Stats);
        let Some(output) = stats else { return Ok(()) };
        let (mut block, mut lines) = (RowBlock::default(), Vec::new());
        let mut first = 0;
        loop {
            let more = index
                .next(&mut block)
                .map_err(|error| unreadable(partition, &error))?;
            if !more {
                return Ok(());
            }
            lines.clear();
            let counts = |row: usize| kept.is_none_or(|kept| kept.stays(first + row as u64));
            write_stats(&block, counts, &mut lines);
            first += block.rows() as u64;
            output.write(&lines).map_err(MergeFailure::Output)?;
        }
    }

    /// Appends what a partition's filters dropped, and what its operators wrote aside.
    pub(crate) fn append_dropped(
        &mut self,
        pieces: &[DroppedPiece],
        partition: u32,
    ) -> std::result::Result<(), MergeFailure> {
        for piece in pieces {
            let operation = piece.operation;
            let contents = [Content::Dropped(operation), Content::Aside(operation)];
            let mut outputs = self.0.iter_mut();
            let Some(output) = outputs.find(|output| contents.contains(&output.content)) else {
                continue;
            };
            let damaged = |reason: String| MergeFailure::Damaged { partition, reason };
            let path = &piece.lines;
            let read = path.read().map_err(|error| match obstacle(&error) {
                Some(explanation) => MergeFailure::Obstacle(explanation),
                None => damaged(format!("cannot open {path}: {error}")),
            });
            let (mut file, mut hasher) = (read?, Hasher::new());
            let mut buffer = vec![0; 1 << 20];
            loop {
                let length = file
                    .read(&mut buffer)
                    .map_err(|error| damaged(format!("cannot read {path}: {error}")))?;
                if length == 0 {
                    break;
                }
                hasher.update(&buffer[..length]);
                output
                    .write(&buffer[..length])
                    .map_err(MergeFailure::Output)?;
            }
            if hasher.stamp() != *path.stamp() {
                return Err(damaged(format!("{path} is not what was published")));
            }
        }
        Ok(())
    }

    /// Makes them durable in their temporary places.
    pub(crate) fn finish(self, lists: &Lists) -> std::result::Result<Vec<Staged>, MergeFailure> {
        let finish = |output: OpenFile| match output.file {
            OpenForm::Duplicates(file) => lists.write(*file),
            OpenForm::Lines(file) => file.finish().map_err(MergeFailure::Output),
        };
        self.0.into_iter().map(finish).collect()
    }
}

impl OpenFile {
    fn write(&mut self, bytes: &[u8]) -> Written {
        match &mut self.file {
            OpenForm::Lines(file) => file.put(bytes),
            OpenForm::Duplicates(_) => Ok(()),
        }
    }
}

/// A line `{"__dj__stats__": {...}}` for each row, as Data-Juicer writes it.
fn write_stats(block: &RowBlock, counts: impl Fn(usize) -> bool, out: &mut Vec<u8>) {
    let mut key = Vec::new();
    escape_into(STATS_FIELD, &mut key);
    let columns = block.stats.iter();
    let stats = Stats::of_columns(columns.map(|(name, values)| (name.as_str(), values.as_slice())));
    for row in (0..block.rows()).filter(|row| counts(*row)) {
        out.push(b'{');
        out.extend_from_slice(&key);
        out.extend_from_slice(b": ");
        stats.write_json(row, out);
        out.extend_from_slice(b"}\n");
    }
}
