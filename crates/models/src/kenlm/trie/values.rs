//! The weights of n-grams in a trie, either plain or as numbers of quantised values.

use super::super::numbers::{bits_at, f32_at};
use super::super::score::Weights;
use crate::Fault;
use crate::cursor::Cursor;

/// The only version of quantisation that has a known layout.
const QUANTISED_VERSION: u8 = 2;
const SIGN: u32 = 1 << 31;

/// The format of the weights of n-grams of one length.
#[derive(Debug)]
pub(super) enum Values {
    /// A probability without its sign, and a backoff.
    Plain,
    /// The number of a backoff, then that of a probability.
    Quantised { prob: Bins, backoff: Bins },
}

/// The values that all others were rounded to.
#[derive(Debug)]
pub(super) struct Bins {
    bits: u32,
    start: usize,
}

impl Values {
    /// Reads the formats of the n-grams of two words and more in a model of this order.
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        order: usize,
        is_quantised: bool,
    ) -> Result<Vec<Self>, Fault> {
        let what = "the quantised values";
        if !is_quantised {
            return Ok((1..order).map(|_| Self::Plain).collect());
        }
        let version = cursor.u8(what)?;
        if version != QUANTISED_VERSION {
            return Err(Fault::unsupported(format!(
                "its values are quantised as version {version} does, and version {QUANTISED_VERSION} is known"
            )));
        }
        let bits = (u32::from(cursor.u8(what)?), u32::from(cursor.u8(what)?));
        if ![bits.0, bits.1].iter().all(|bits| (1..=25).contains(bits)) {
            return Err(Fault::damaged(format!(
                "its values are quantised to {} and {} bits",
                bits.0, bits.1
            )));
        }
        cursor.take(5, what)?;
        let mut bins = |bits: u32| {
            let range = cursor.range(1 << bits, 4, what)?;
            Ok(Bins {
                bits,
                start: range.start,
            })
        };
        let mut values = Vec::new();
        for _ in 2..order {
            let (prob, backoff) = (bins(bits.0)?, bins(bits.1)?);
            values.push(Self::Quantised { prob, backoff });
        }
        // The longest n-grams have no backoff.
        values.push(Self::Quantised {
            prob: bins(bits.0)?,
            backoff: Bins { bits: 0, start: 0 },
        });
        Ok(values)
    }

    /// Returns the number of bits of an n-gram's weights.
    pub(super) fn bits(&self, is_longest: bool) -> u32 {
        match self {
            Self::Plain if is_longest => 31,
            Self::Plain => 63,
            Self::Quantised { prob, backoff } => prob.bits + backoff.bits,
        }
    }

    #[inline]
    pub(super) fn weights(&self, bytes: &[u8], start: usize, bit: u64) -> Weights {
        let backoff = match self {
            Self::Plain => f32::from_bits(bits_at(bytes, start, bit + 31) as u32),
            Self::Quantised { backoff, .. } => backoff.value(bytes, bits_at(bytes, start, bit)),
        };
        Weights {
            prob: self.prob(bytes, start, bit),
            backoff,
        }
    }

    #[inline]
    pub(super) fn prob(&self, bytes: &[u8], start: usize, bit: u64) -> f32 {
        match self {
            Self::Plain => f32::from_bits(bits_at(bytes, start, bit) as u32 | SIGN),
            Self::Quantised { prob, backoff } => {
                let bit = bit + u64::from(backoff.bits);
                prob.value(bytes, bits_at(bytes, start, bit))
            }
        }
    }
}

impl Bins {
    #[inline]
    fn value(&self, bytes: &[u8], bits: u64) -> f32 {
        let number = bits & ((1 << self.bits) - 1);
        f32_at(bytes, self.start + number as usize * 4)
    }
}
