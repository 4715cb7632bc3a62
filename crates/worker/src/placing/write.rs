//! Writing placed rows, a result for each partition.

use std::ops::Range;

use coldpress_barrier::Arranged;
use coldpress_checkpoint::{DroppedRows, Manifest, RowBlock, RowsReader};
use coldpress_operator::Stat;
use coldpress_record::{Batch, DeclaredFields};

use super::arriving::Arriving;
use super::group::Group;
use super::packed::{Unpacked, unpack};
use super::{PlacedPartition, Placing, PlacingError, SetAside, failed, unreadable};
use crate::error::AttemptError;
use crate::new_files::NewFiles;
use crate::outcome::ResultFiles;
use crate::output::{Content, ResultOptions, ResultWriter, TypesOf};

/// Rows are written in blocks of so many bytes.
const BLOCK_BYTES: usize = 256 << 10;
const BLOCK_ROWS: usize = 4096;

/// Placed rows on their way into the result of a partition.
pub(super) struct Writing<'a> {
    placing: &'a Placing<'a>,
    records: Arriving,
    next: Option<Arranged>,
    /// Set where records that share a position become one.
    group: Option<Group>,
    /// Names and kinds of the statistics.
    stats: &'a [Stat],
    block: RowBlock,
    batch: Batch,
}

impl<'a> Writing<'a> {
    /// Begins with the rows of a partition, which come as `records`.
    pub(super) fn new(placing: &'a Placing<'a>, mut records: Arriving, is_grouped: bool) -> Self {
        Self {
            placing,
            next: records.next(),
            records,
            group: is_grouped.then(Group::default),
            stats: placing.pipeline.stats(),
            block: RowBlock::default(),
            batch: Batch::default(),
        }
    }

    /// Writes the rows of a partition: those at these positions.
    pub(super) fn write(
        mut self,
        partition: u32,
        positions: Range<u64>,
        set_aside: SetAside,
    ) -> Result<PlacedPartition, PlacingError> {
        let options = self.options(partition);
        let mut writer = ResultWriter::create(&options, None)?;
        for position in positions {
            self.push(position)?;
            let block = &self.block;
            if block.lines.bytes.len() >= BLOCK_BYTES || block.rows() >= BLOCK_ROWS {
                self.flush(&mut writer)?;
            }
        }
        self.flush(&mut writer)?;
        let manifest = self.manifest(partition, &set_aside)?;
        let ResultFiles {
            rows,
            index,
            uncompressed_bytes,
            has_types,
            ..
        } = writer.finish(manifest)?;
        Ok(PlacedPartition {
            rows,
            index,
            uncompressed_bytes,
            has_types,
            quarantine: set_aside.quarantine,
            dropped: set_aside.dropped,
            ledger: set_aside.ledger,
        })
    }

    fn options(&self, partition: u32) -> ResultOptions<'a> {
        let spec = self.placing.spec;
        // Where statistics are to be in the rows, the next stage puts them there, even one without operators: what it begins
        // with is what the operators left.
        let is_last = self.placing.operator as usize + 1 == self.placing.pipeline.len();
        let is_final = is_last && !spec.keep_stats;
        let result = self.placing.results.get(partition as usize);
        let source = result.and_then(|result| spec.sources.get(result.source as usize));
        let types = source.and_then(|source| TypesOf::wanted(spec, source));
        ResultOptions {
            text: None,
            files: NewFiles::apart(self.placing.stores),
            name: self.placing.name(partition),
            form: spec.rows_form,
            stats: self.stats,
            content: Content::Records,
            types: types.filter(|_| is_final),
            set: self.placing.pipeline.set_fields(),
        }
    }

    /// Adds the row at a position to the block.
    fn push(&mut self, position: u64) -> Result<(), PlacingError> {
        let first = self.take(position)?.ok_or_else(lost)?;
        let row = unpack(&first.bytes, self.stats.len()).ok_or_else(lost)?;
        let Some(mut group) = self.group.take() else {
            push_row(&mut self.block, self.stats, &row);
            return Ok(());
        };
        group.clear();
        group.push(text_of(row.line)?);
        self.check(&group, &row)?;
        while let Some(member) = self.take(position)? {
            let member = unpack(&member.bytes, self.stats.len()).ok_or_else(lost)?;
            group.push(text_of(member.line)?);
            self.check(&group, &row)?;
        }
        let mut line = Vec::new();
        group.write(&mut line);
        self.group = Some(group);
        let row = Unpacked {
            // What is known of the members is not true of the group.
            stats: vec![None; self.stats.len()],
            line: &line,
            origin: row.origin,
        };
        push_row(&mut self.block, self.stats, &row);
        Ok(())
    }

    /// Takes the next record, if it is at this position.
    fn take(&mut self, position: u64) -> Result<Option<Arranged>, PlacingError> {
        let Some(record) = self.next.take_if(|next| next.position == position) else {
            return Ok(None);
        };
        self.next = self.records.next();
        Ok(Some(record))
    }

    /// A group is held in memory, and is a record like any other.
    fn check(&self, group: &Group, first: &Unpacked<'_>) -> Result<(), PlacingError> {
        let most = self.placing.spec.max_record_bytes;
        // The members, and the record that they become.
        let held = self.placing.memory_bytes / 2;
        let bytes = group.bytes();
        let setting = match (bytes > most, bytes > held) {
            (true, _) => format!("a record may be: `max_record_mb`, {most} bytes"),
            (_, true) => format!(
                "may be held in memory: `memory_limit_mb`, of which a group gets {held} bytes"
            ),
            _ => return Ok(()),
        };
        let source = self.placing.spec.sources.get(first.origin.source as usize);
        let path = source.map_or("?", |source| source.identity.path.as_str());
        let unit = match source.is_some_and(|source| source.is_columnar()) {
            true => "row",
            false => "byte",
        };
        Err(PlacingError::Failed(format!(
            "the group of the record at {unit} {} of `{path}` ({}) is longer than {setting}; group by fields with more \
             values, or raise the limit",
            first.origin.position,
            beginning_of(first.line),
        )))
    }

    /// Writes the block.
    fn flush(&mut self, writer: &mut ResultWriter) -> Result<(), PlacingError> {
        if self.block.is_empty() {
            return Ok(());
        }
        self.placing.look()?;
        let fields = DeclaredFields::default();
        self.block
            .fill_batch(&mut self.batch, &fields)
            .map_err(|error| failed(&error))?;
        let names = self.stats.iter().map(|stat| stat.name.as_str());
        self.batch.reset_stats(names);
        self.block.restore_stats(&mut self.batch);
        writer.write(&self.batch, &fields)?;
        self.block.lines.clear();
        self.block.origins.clear();
        self.block.stats.clear();
        Ok(())
    }

    /// What is true of the rows of a partition: what was true before, and what the operator did.
    fn manifest(&self, partition: u32, set_aside: &SetAside) -> Result<Manifest, PlacingError> {
        let Some(result) = self.placing.results.get(partition as usize) else {
            return Err(lost());
        };
        let open = || -> Result<Manifest, AttemptError> {
            let index = self.placing.stores.get(&result.index.key)?;
            let index = RowsReader::open(index, &result.index.stamp)?;
            Ok(index.manifest().clone())
        };
        let mut manifest = open().map_err(|error| unreadable(partition, error))?;
        manifest.operation = self.placing.operator + 1;
        manifest.chain = self.placing.chain.to_string();
        manifest.ledger.operators.push(set_aside.ledger.clone());
        manifest.quarantine.extend(set_aside.quarantine.clone());
        let operation = self.placing.operator;
        let dropped = set_aside.dropped.clone();
        let dropped = dropped.map(|file| DroppedRows { operation, file });
        if let Some(known) = &mut manifest.dropped {
            known.extend(dropped);
        }
        Ok(manifest)
    }
}

fn push_row(block: &mut RowBlock, stats: &[Stat], row: &Unpacked<'_>) {
    if block.stats.len() != stats.len() {
        let columns = stats.iter().map(|stat| (stat.name.clone(), Vec::new()));
        block.stats = columns.collect();
    }
    block.lines.push(block.origins.len() as u64, row.line);
    block.origins.push(row.origin.clone());
    for ((_, values), value) in block.stats.iter_mut().zip(&row.stats) {
        values.push(value.clone());
    }
}

fn text_of(line: &[u8]) -> Result<&str, PlacingError> {
    str::from_utf8(line).map_err(|_| lost())
}

/// The beginning of a line, for people.
fn beginning_of(line: &[u8]) -> String {
    const SHOWN: usize = 80;
    let text = String::from_utf8_lossy(line);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("`{}`…", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// What was sorted does not come back as it was given, which only a device can have done.
fn lost() -> PlacingError {
    PlacingError::Failed("rows that were sorted on disk did not come back".to_owned())
}
