//! Replaying a part.

use crate::batch::Batch;
use crate::byte_reader::ByteReader;
use crate::delta::{ABSENT, ALL, FLOATS, INTS, LITERAL, SOME, SPAN, TAGGED, WHOLE_RECORDS};
use crate::edits::Edits;
use crate::stat_bytes::{FLOAT, INT, take_untagged};

/// A part does not belong to this batch, or is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what was recorded does not fit the records")]
pub struct ReplayError;

/// The columns of the batch for the fields and statistics of a part.
struct Context<'c> {
    fields: &'c [usize],
    stats: &'c [Option<usize>],
}

impl Batch {
    /// Replays a recorded part on the rows. `fields` and `stats` are the columns of this batch for those of the part. A statistic
    /// for which this batch has no column is skipped.
    ///
    /// # Errors
    /// [`ReplayError`] when the part belongs to other rows or is damaged. The batch is then unusable.
    pub fn replay(
        &mut self,
        part: &[u8],
        fields: &[usize],
        stats: &[Option<usize>],
    ) -> Result<(), ReplayError> {
        let mut reader = ByteReader(part);
        replay_all(self, &mut reader, &Context { fields, stats })
            .filter(|()| reader.0.is_empty())
            .ok_or(ReplayError)
    }
}

fn replay_all(batch: &mut Batch, part: &mut ByteReader<'_>, context: &Context<'_>) -> Option<()> {
    for _ in 0..part.count()? {
        replay_edits(batch, part, context)?;
        replay_split(batch, part, context)?;
    }
    replay_edits(batch, part, context)?;
    replay_selection(batch, part)?;
    replay_stats(batch, part, context)
}

fn replay_edits(batch: &mut Batch, part: &mut ByteReader<'_>, context: &Context<'_>) -> Option<()> {
    let (mut last_row, mut edits) = (0, Edits::default());
    for _ in 0..part.count()? {
        let what = part.number()?;
        let row = part.row(&mut last_row, batch.rows())?;
        if what == 3 << 32 {
            read_script(part, &mut edits)?;
            batch.edit_record(row, &edits).ok()?;
            continue;
        }
        let column = *context.fields.get(what as u32 as usize)?;
        match what >> 32 {
            0 => {
                read_script(part, &mut edits)?;
                batch.edit_text(column, row, &edits).ok()?;
            }
            1 => {
                let length = part.size()?;
                batch.set_json(column, row, part.text(length)?)?;
            }
            2 => batch.remove_field(column, row),
            _ => return None,
        }
    }
    Some(())
}

fn read_script(part: &mut ByteReader<'_>, edits: &mut Edits) -> Option<()> {
    edits.clear();
    let count = part.count()?;
    let mut heads = Vec::with_capacity(count);
    let mut end = 0_usize;
    for _ in 0..count {
        let start = end.checked_add(part.size()?)?;
        end = start.checked_add(part.size()?)?;
        heads.push((start..end, part.size()?));
    }
    for (range, inserted) in heads {
        edits.replace(range, part.text(inserted)?);
    }
    Some(())
}

fn replay_split(batch: &mut Batch, part: &mut ByteReader<'_>, context: &Context<'_>) -> Option<()> {
    let column = match part.size()? {
        WHOLE_RECORDS => None,
        field => Some(*context.fields.get(field)?),
    };
    let count = part.count()?;
    let mut children = Vec::with_capacity(count);
    let mut last_parent = 0;
    for _ in 0..count {
        let parent = part.row(&mut last_parent, batch.rows())?;
        let index = u32::try_from(part.number()?).ok()?;
        let text = match part.byte()? {
            SPAN => {
                let start = part.size()?;
                let end = start.checked_add(part.size()?)?;
                batch.text(column?, parent).ok()?.get(start..end)?
            }
            LITERAL => {
                let length = part.size()?;
                part.text(length)?
            }
            _ => return None,
        };
        children.push((parent as u32, index, text.to_owned()));
    }
    match column {
        Some(column) => batch.replace_rows(column, &children),
        None => batch.replace_records(&children).ok()?,
    }
    Some(())
}

fn replay_selection(batch: &mut Batch, part: &mut ByteReader<'_>) -> Option<()> {
    match part.byte()? {
        ALL => return Some(()),
        SOME => {}
        _ => return None,
    }
    let alive = batch.selection();
    let mut gone = vec![false; alive.len()];
    let mut place = 0_usize;
    for _ in 0..part.count()? {
        place = place.checked_add(part.size()?)?;
        *gone.get_mut(place)? = true;
    }
    let left = alive.iter().zip(gone).filter(|(_, gone)| !gone);
    let left: Vec<u32> = left.map(|(row, _)| *row).collect();
    batch.select(left);
    Some(())
}

fn replay_stats(batch: &mut Batch, part: &mut ByteReader<'_>, context: &Context<'_>) -> Option<()> {
    for _ in 0..part.count()? {
        let column = *context.stats.get(part.size()?)?;
        let form = part.byte()?;
        let rows = batch.selection().to_vec();
        for row in rows {
            let tag = match form {
                INTS => INT,
                FLOATS => FLOAT,
                TAGGED => part.byte()?,
                _ => return None,
            };
            if form == TAGGED && tag == ABSENT {
                continue;
            }
            let value = take_untagged(tag, part)?;
            if let Some(column) = column {
                batch.stats_mut().set(column, row as usize, value);
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests;
