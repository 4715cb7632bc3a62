//! Selects records, and decides their order.

mod frequency;
mod ranking;
mod stream;

use std::collections::BTreeSet;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use coldpress_operator::value::Kind;
use coldpress_operator::{Amount, Selection};

use crate::encoding::encode;
use crate::entry::Keyed;
use crate::error::{Error, Result};
use crate::order::{Order, Ordinals, OrdinalsWriter};
use crate::read::ReadAt;
use crate::room::Room;
use crate::signature::SignatureReader;
use crate::sort::Sorter;

use frequency::DistinctValues;
use ranking::{range, top};
use stream::{each_value, scalar};

/// Selects among the records of all these partitions that have a signature, in order.
///
/// With `compat`, Data-Juicer's quirks are kept: a dataset of one record is returned as it is; a share or count of 0 is the same as
/// none, except in a range; a random selection of no records returns all; one with a share of 0 and no count fails; and one of more
/// records than there are repeats them.
///
/// # Errors
/// [`Error::Mixed`], [`Error::NotScalar`], [`Error::Tag`] and [`Error::NoAmount`] if a selection is impossible; [`Error::Damaged`],
/// also if signatures are not values; [`Error::Io`], [`Error::Scratch`], [`Error::Stopped`].
pub fn select<F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    selection: &Selection,
    compat: bool,
    room: &Room<'_>,
) -> Result<Order> {
    let signed =
        |partition: &SignatureReader<'_, F>| partition.rows() - partition.unsigned().len() as u64;
    let records = partitions.iter().map(signed).sum();
    if compat && records <= 1 {
        return Ok(Order::Unchanged);
    }
    let selected = match selection {
        Selection::Top {
            amount,
            largest,
            reading,
        } => match (amount.smaller(records, compat), largest) {
            (None, _) => None,
            (Some(count), true) => Some(top::<true, F>(partitions, *reading, count, room)?),
            (Some(count), false) => Some(top::<false, F>(partitions, *reading, count, room)?),
        },
        Selection::Range { lower, upper } => {
            let bounds = lower.greater(records).zip(upper.smaller(records, false));
            let bounds = bounds.map(|(lower, upper)| (lower, upper.min(records)));
            let range = bounds.map(|(lower, upper)| range(partitions, lower, upper, room));
            range.transpose()?
        }
        Selection::Frequent { amount, most } => {
            let groups = DistinctValues::find(partitions, *most, room)?;
            let count = amount.smaller(groups.count, compat);
            count.map(|count| groups.first(count, room)).transpose()?
        }
        Selection::Among { tags } => Some(among(partitions, tags, room)?),
        Selection::Random { amount, seed } => {
            let wanted = amount.smaller(records, compat);
            if wanted.is_none() && amount.share.is_some() {
                return Err(Error::NoAmount);
            }
            wanted
                .filter(|wanted| match compat {
                    true => *wanted != 0 && *wanted != records,
                    false => *wanted < records,
                })
                .map(|wanted| random(partitions, *seed, wanted, room))
                .transpose()?
        }
    };
    Ok(selected.map_or(Order::Unchanged, Order::Ordinals))
}

fn among<F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    tags: &[String],
    room: &Room<'_>,
) -> Result<Ordinals> {
    let mut wanted = BTreeSet::new();
    for tag in tags {
        let mut value = Vec::new();
        match encode(tag.as_bytes(), &mut value)? {
            kind @ (Kind::List | Kind::Object) => return Err(Error::Tag { kind }),
            _ => wanted.insert(value),
        };
    }
    let mut ordinals = OrdinalsWriter::new(room)?;
    let mut value = Vec::new();
    each_value(partitions, |ordinal, json| {
        value.clear();
        let kind = encode(json, &mut value)?;
        scalar(ordinal, kind)?;
        match wanted.contains(&value) {
            true => ordinals.push(ordinal),
            false => Ok(()),
        }
    })?;
    ordinals.finish()
}

fn random<F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    seed: u64,
    wanted: u64,
    room: &Room<'_>,
) -> Result<Ordinals> {
    let mut shuffled = Sorter::new(room);
    each_value(partitions, |ordinal, _| {
        let key = xxh3_64_with_seed(&ordinal.to_le_bytes(), seed);
        shuffled.push(Keyed { key, ordinal })
    })?;
    let mut shuffled = shuffled.finish()?;
    let mut ordinals = OrdinalsWriter::new(room)?;
    for _ in 0..wanted {
        match shuffled.next()? {
            Some(entry) => ordinals.push(entry.ordinal)?,
            None => break,
        }
    }
    ordinals.finish_repeated(wanted)
}

/// Turns an amount into a number.
trait Counted {
    fn smaller(self, all: u64, compat: bool) -> Option<u64>;
    fn greater(self, all: u64) -> Option<u64>;
}

impl Counted for Amount {
    /// Returns the smaller of the share of `all` and the count. With `compat`, zero is the same as nothing.
    fn smaller(self, all: u64, compat: bool) -> Option<u64> {
        let share = self.share.filter(|share| !compat || *share != 0.0);
        let count = self.count.filter(|count| !compat || *count != 0);
        let share = share.map(|share| part_of(all, share));
        [share, count].into_iter().flatten().min()
    }

    /// Returns the larger of the share of `all` and the count.
    fn greater(self, all: u64) -> Option<u64> {
        let share = self.share.map(|share| part_of(all, share));
        share.max(self.count)
    }
}

fn part_of(all: u64, share: f64) -> u64 {
    (share * all as f64) as u64
}

#[cfg(test)]
mod tests;
