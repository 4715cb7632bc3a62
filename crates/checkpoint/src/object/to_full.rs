//! From what operators did to the rows that came of it.

use coldpress_record::{Batch, DeclaredFields, Origin, StatValue};
use coldpress_storage::{Digest, FileStamp, Hasher};

use crate::{
    CheckpointStore, DeltaReplay, Error, Manifest, ObjectName, Result, RowBlock, RowsOptions,
    RowsReader, RowsWriter,
};

/// Writes the rows that a replay leads to as a full checkpoint, and reads them back.
///
/// `next` fills a batch with the next records of what the replay begins with and begins its statistics; it gives `false`
/// at the end. `options` name the statistics that are kept.
///
/// # Errors
/// [`Error::Corrupt`] when the replay does not fit the batches, or what was written does not come back: nothing may cite
/// it then. [`Error::Precondition`] for a replay that leads nowhere. Otherwise what the store or `next` answers.
pub fn to_full<E: From<Error>>(
    store: &dyn CheckpointStore,
    name: &ObjectName,
    options: &RowsOptions<'_>,
    mut replay: DeltaReplay,
    fields: &DeclaredFields,
    mut next: impl FnMut(&mut Batch) -> Result<bool, E>,
) -> Result<(FileStamp, Manifest), E> {
    let section = replay.manifest().ok_or_else(|| Error::Precondition {
        name: name.to_string(),
        reason: "no section was given to replay".to_owned(),
    })?;
    let manifest = section.manifest.clone();
    let mut writer = RowsWriter::create(store.put_new(name)?, options)?;
    let (mut batch, mut line) = (Batch::default(), Vec::new());
    let mut given = Content::default();
    while next(&mut batch)? {
        replay.next(&mut batch, fields)?;
        writer.write(&batch, fields)?;
        for row in batch.selection().iter().map(|row| *row as usize) {
            line.clear();
            batch.write_record(row, fields, &mut line);
            line.pop();
            let stats = options.stat_names.iter().map(|name| {
                let column = batch.stats().column(name);
                column.and_then(|column| batch.stats().get(column, row))
            });
            given.add(&line, batch.origin(row), stats);
        }
    }
    replay.finish()?;
    let stamp = writer.finish(&manifest)?;
    let found = content_of(
        RowsReader::open(store.get(name)?, &stamp)?,
        options.stat_names,
    )?;
    if found != given.hasher.finish() {
        return Err(
            Error::corrupt(name.as_str(), "the rows that were written do not come back").into(),
        );
    }
    Ok((stamp, manifest))
}

fn content_of(mut rows: RowsReader, stat_names: &[String]) -> Result<Digest> {
    let (mut content, mut block) = (Content::default(), RowBlock::default());
    while rows.next(&mut block)? {
        let lines = &block.lines;
        for (row, (origin, span)) in block.origins.iter().zip(&lines.records).enumerate() {
            let stats = stat_names.iter().map(|name| {
                let (_, values) = block.stats.iter().find(|(known, _)| known == name)?;
                values.get(row).copied().flatten()
            });
            content.add(&lines.bytes[span.range()], origin, stats);
        }
    }
    Ok(content.hasher.finish())
}

/// The digest of rows, however they are stored.
#[derive(Default)]
struct Content {
    hasher: Hasher,
}

impl Content {
    fn add(
        &mut self,
        line: &[u8],
        origin: &Origin,
        stats: impl Iterator<Item = Option<StatValue>>,
    ) {
        let hasher = &mut self.hasher;
        hasher.update(&(line.len() as u64).to_le_bytes());
        hasher.update(line);
        hasher.update(&origin.source.to_le_bytes());
        hasher.update(&origin.position.to_le_bytes());
        let piece = origin.piece.indices();
        hasher.update(&(piece.len() as u64).to_le_bytes());
        piece
            .iter()
            .for_each(|index| hasher.update(&index.to_le_bytes()));
        for value in stats {
            let (tag, bits) = match value {
                None => (0, 0),
                Some(StatValue::Int(value)) => (1, value as u64),
                Some(StatValue::Float(value)) => (2, value.to_bits()),
            };
            hasher.update(&[tag]);
            hasher.update(&bits.to_le_bytes());
        }
    }
}
