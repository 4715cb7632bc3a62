//! Selects by rank in the order of the values.

use coldpress_operator::Reading;
use coldpress_operator::value::Kind;

use crate::encoding::{Unread, encode, encode_float};
use crate::entry::{Keyed, Valued};
use crate::error::{Error, Result};
use crate::order::Ordinals;
use crate::read::ReadAt;
use crate::room::Room;
use crate::signature::SignatureReader;
use crate::sort::Sorter;

use super::stream::{each_value, first, scalar};

pub(crate) fn top<const LARGEST: bool, F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    reading: Reading,
    count: u64,
    room: &Room<'_>,
) -> Result<Ordinals> {
    let unread = match LARGEST {
        true => Unread::Lowest,
        false => Unread::Highest,
    };
    let mut values = Sorter::<Valued<LARGEST>>::new(room);
    let mut kinds = Kinds::default();
    each_value(partitions, |ordinal, json| {
        let mut value = Vec::new();
        match reading {
            Reading::Exact => kinds.take(ordinal, encode(json, &mut value)?)?,
            Reading::Float => encode_float(json, unread, &mut value)?,
        }
        let value = value.into();
        values.push(Valued { value, ordinal })
    })?;
    let mut sorted = values.finish()?;
    first(count, room, || {
        Ok(sorted.next()?.map(|value| value.ordinal))
    })
}

/// Returns the `upper - lower` largest of the `upper` smallest values, starting with the largest.
pub(crate) fn range<F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    lower: u64,
    upper: u64,
    room: &Room<'_>,
) -> Result<Ordinals> {
    let mut values = Sorter::<Valued<false>>::sharing(room);
    each_value(partitions, |ordinal, json| {
        let mut value = Vec::new();
        encode_float(json, Unread::Lowest, &mut value)?;
        let value = value.into();
        values.push(Valued { value, ordinal })
    })?;
    let mut sorted = values.finish()?;
    // Reversing the order must leave equal values in the order of the dataset, so they share a rank.
    let mut ranks = Sorter::sharing(room);
    let mut rank = u64::MAX;
    let mut last: Option<Valued<false>> = None;
    for _ in 0..upper {
        let Some(value) = sorted.next()? else {
            break;
        };
        if last.is_some_and(|last| last.value != value.value) {
            rank -= 1;
        }
        ranks.push(Keyed {
            key: rank,
            ordinal: value.ordinal,
        })?;
        last = Some(value);
    }
    drop(sorted);
    let mut ranks = ranks.finish()?;
    first(upper.saturating_sub(lower), room, || {
        Ok(ranks.next()?.map(|ranked| ranked.ordinal))
    })
}

/// Checks that all values have one kind.
#[derive(Default)]
struct Kinds {
    first: Option<(u64, Kind)>,
}

impl Kinds {
    fn take(&mut self, ordinal: u64, kind: Kind) -> Result<()> {
        scalar(ordinal, kind)?;
        match *self.first.get_or_insert((ordinal, kind)) {
            (_, first) if first == kind => Ok(()),
            (one_ordinal, one) => Err(Error::Mixed {
                one,
                one_ordinal,
                other: kind,
                other_ordinal: ordinal,
            }),
        }
    }
}
