//! Which records a selector lets through, and in which order.

mod frequency;
mod ranking;
mod stream;

use std::collections::BTreeSet;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::encoding::encode;
use crate::entry::Keyed;
use crate::error::{Error, Result};
use crate::kind::Kind;
use crate::order::{Order, Ordinals, OrdinalsWriter};
use crate::read::ReadAt;
use crate::room::Room;
use crate::signature::SignatureReader;
use crate::sort::Sorter;

use frequency::DistinctValues;
use ranking::{range, top};
use stream::{each_value, scalar};

/// How many records (or values) are meant. With both a share and a count, both hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amount {
    /// So much of all there are, rounded down.
    pub share: Option<f64>,
    /// So many.
    pub count: Option<u64>,
}

impl Amount {
    /// The smaller one of the share of `all` and the count. With `compat`, zero is the same as nothing.
    fn smaller(self, all: u64, compat: bool) -> Option<u64> {
        let share = self.share.filter(|share| !compat || *share != 0.0);
        let count = self.count.filter(|count| !compat || *count != 0);
        let share = share.map(|share| part_of(all, share));
        [share, count].into_iter().flatten().min()
    }

    /// The greater one of the share of `all` and the count.
    fn greater(self, all: u64) -> Option<u64> {
        let share = self.share.map(|share| part_of(all, share));
        share.max(self.count)
    }
}

fn part_of(all: u64, share: f64) -> u64 {
    (share * all as f64) as u64
}

/// How the values of a field are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As they are: numbers by their exact values, texts by code points. All values must be of one [`Kind`].
    Exact,
    /// As floats: a text by the number in it, a list by its mean. What is no number comes last.
    Float,
}

/// What a selector selects. Fields are the signatures: each the JSON text of the field's value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Selection {
    /// So many records with the largest (or smallest) values, in the order of the values. Without an amount, all.
    Top {
        /// How many.
        amount: Amount,
        /// Whether the largest come first, or the smallest.
        largest: bool,
        /// How values are compared.
        reading: Reading,
    },
    /// The records between two places in the order of the values, which are read as floats; from the largest to the
    /// smallest. A value that is no number is smaller than all numbers. All records, if one of the places is not given.
    Range {
        /// How many of the smallest do not stay: the greater one of share and count.
        lower: Amount,
        /// How many of the smallest the others are among: the smaller one of share and count.
        upper: Amount,
    },
    /// The records with so many of the most (or least) frequent values, value by value; of equally frequent values, the
    /// first one in the dataset comes first. Without an amount, all.
    Frequent {
        /// How many of the distinct values.
        amount: Amount,
        /// Whether the most frequent come first, or the least frequent.
        most: bool,
    },
    /// The records whose value is equal to a tag, where they are.
    Among {
        /// JSON values. As for Python, 3 and 3.0 are equal.
        tags: Vec<String>,
    },
    /// So many records by chance, in an order by chance. Both depend on the seed and on the ordinals alone, whatever the
    /// signatures are. All where they are, if there are no more records than are wanted, or without an amount.
    Random {
        /// How many.
        amount: Amount,
        /// Another seed gives other records.
        seed: u64,
    },
}

/// Selects among the records of all these partitions, in order.
///
/// With `compat`, Data-Juicer's oddities are kept: a dataset of one record is returned as it is; a share or count of 0 is
/// the same as none, except in a range; a random selection of no records returns all, one with a share of 0 and no count
/// fails, and one of more records than there are repeats them.
///
/// # Errors
/// [`Error::Mixed`], [`Error::NotScalar`], [`Error::Tag`] and [`Error::NoAmount`] for what cannot be selected by;
/// [`Error::Damaged`], also for signatures that are no values; [`Error::Io`], [`Error::Scratch`], [`Error::Stopped`].
pub fn select<F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    selection: &Selection,
    compat: bool,
    room: &Room<'_>,
) -> Result<Order> {
    let records = partitions.iter().map(SignatureReader::rows).sum();
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
                .map(|wanted| random(records, *seed, wanted, room))
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

fn random(records: u64, seed: u64, wanted: u64, room: &Room<'_>) -> Result<Ordinals> {
    let mut shuffled = Sorter::new(room);
    for ordinal in 0..records {
        let key = xxh3_64_with_seed(&ordinal.to_le_bytes(), seed);
        shuffled.push(Keyed { key, ordinal })?;
    }
    let mut shuffled = shuffled.finish()?;
    let mut ordinals = OrdinalsWriter::new(room)?;
    for _ in 0..wanted.min(records) {
        if let Some(entry) = shuffled.next()? {
            ordinals.push(entry.ordinal)?;
        }
    }
    ordinals.finish_repeated(wanted)
}

#[cfg(test)]
mod tests;
