//! Mixing: how often each part of a dataset is read, and which of its records are drawn.
//!
//! A part consists of the sources of one path in the recipe. All its records are read a number of times, and some of them once
//! more. Which records that last reading draws depends only on their numbers, the seed and the part. Every partition can therefore
//! compute it, and no list is stored.

use serde::{Deserialize, Serialize};

use crate::slice::PlannedPartition;

/// The mixture of a dataset's parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mixing {
    /// The parts, in the order of the dataset.
    pub parts: Vec<Part>,
}

/// A part of a dataset, and how much of it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The number of its sources.
    pub sources: u32,
    /// The number of its records; 0 if there was no need to count them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub records: u64,
    /// The number of times that all of its records are read.
    pub readings: u64,
    /// The number of records that are drawn in one more reading; 0 means that there is none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub drawn: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

impl Part {
    /// Returns the number of times that its sources are read, in full or in part.
    #[must_use]
    pub fn all_readings(&self) -> u64 {
        self.readings + u64::from(self.drawn > 0)
    }

    /// Returns the part with this many records: as many full readings as possible, and the rest of them drawn.
    #[must_use]
    pub fn with_records(self, wanted: u64) -> Self {
        Self {
            readings: wanted.checked_div(self.records).unwrap_or(0),
            drawn: wanted.checked_rem(self.records).unwrap_or(0),
            ..self
        }
    }

    /// Returns the number of records that come into the job, including repeats, if they were counted.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.readings
            .saturating_mul(self.records)
            .saturating_add(self.drawn)
    }
}

impl Mixing {
    /// Returns the mixture in which parts of one source each are read once, in full; `records` are their numbers of records.
    #[must_use]
    pub fn whole(records: &[u64]) -> Self {
        let parts = records.iter().map(|records| Part {
            sources: 1,
            records: *records,
            readings: 1,
            drawn: 0,
        });
        Self {
            parts: parts.collect(),
        }
    }

    /// Returns whether any part is read partially.
    #[must_use]
    pub fn draws(&self) -> bool {
        self.parts.iter().any(|part| part.drawn > 0)
    }

    /// Returns the number of the part that a source belongs to, counted from 0.
    #[must_use]
    pub fn part_of(&self, source: u32) -> Option<usize> {
        let mut end = 0;
        self.parts.iter().position(|part| {
            end += u64::from(part.sources) * part.all_readings();
            u64::from(source) < end
        })
    }

    /// Returns which records of a partition are drawn; none means all.
    #[must_use]
    pub fn draw(&self, partition: &PlannedPartition, seed: u64) -> Option<Draw> {
        let source = u64::from(partition.slice.source);
        let (mut first_source, mut first_record) = (0, 0);
        for (part, number) in self.parts.iter().zip(1..) {
            let whole = first_source + u64::from(part.sources) * part.readings;
            first_source += u64::from(part.sources) * part.all_readings();
            if source < first_source {
                let before = first_record + part.records * part.readings;
                return (source >= whole).then(|| Draw {
                    first: partition.first_record.saturating_sub(before),
                    of: part.records,
                    drawn: part.drawn,
                    key: mixed(seed ^ mixed(number)),
                });
            }
            first_record += part.records * part.all_readings();
        }
        None
    }
}

/// The choice of the drawn records of a slice.
///
/// The numbers below `of` are permuted, as determined by the key, and a record is drawn if its number is mapped to one of the first
/// `drawn`. Exactly that many are therefore drawn, each as likely as any other, and no order has to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// The number of the slice's first record in its part.
    pub first: u64,
    /// The records of the part.
    pub of: u64,
    /// The number of them that are drawn.
    pub drawn: u64,
    /// The key that determines the order.
    pub key: u64,
}

impl Draw {
    /// Returns whether the record with this number in the slice, counted from 0, is drawn.
    #[must_use]
    pub fn takes(&self, number: u64) -> bool {
        let number = self.first.saturating_add(number);
        // Beyond the end, nothing was counted.
        number < self.of && self.place_of(number) < self.drawn
    }

    /// Returns the place to which a number is mapped. This is a Feistel network over the smallest power of two that holds all
    /// numbers, repeated until the place is one of them. That takes at most two rounds on average, because fewer than half of the
    /// places are beyond the end. For a few records it takes more, which is cheap because they are few.
    fn place_of(&self, number: u64) -> u64 {
        // With halves of a bit or two, pairs of records would no longer be equally likely.
        const LEAST_BITS: u32 = 8;
        let bits = (u64::BITS - (self.of - 1).leading_zeros()).max(LEAST_BITS);
        let mut place = number;
        loop {
            place = self.shuffled(place, bits);
            if place < self.of {
                return place;
            }
        }
    }

    /// Permutes the numbers of this many bits.
    fn shuffled(&self, number: u64, bits: u32) -> u64 {
        // The number of rounds is even, so that halves of different widths end where they began.
        const ROUNDS: u64 = 8;
        let (mut high_bits, mut low_bits) = (bits / 2, bits - bits / 2);
        let mut high = number >> low_bits;
        let mut low = number & ones(low_bits);
        for round in 1..=ROUNDS {
            let mask = mixed(low ^ mixed(self.key.wrapping_add(round))) & ones(high_bits);
            (high, low) = (low, high ^ mask);
            (high_bits, low_bits) = (low_bits, high_bits);
        }
        high << low_bits | low
    }
}

fn ones(bits: u32) -> u64 {
    match bits {
        64.. => u64::MAX,
        bits => (1 << bits) - 1,
    }
}

/// Applies the last step of SplitMix64, which makes every bit of the result depend on every bit of the value.
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests;
