//! Mixing: how often each part of a dataset is read, and which of its records are drawn.
//!
//! A part is what one path of the recipe means. Its records are read whole some times, and once more in part. Which
//! records that last reading draws depends on their numbers, the seed and the part alone, so every partition can tell for
//! itself, and nobody keeps a list.

use serde::{Deserialize, Serialize};

use crate::slice::PlannedPartition;

/// How a dataset is mixed of its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mixing {
    /// The parts, in the order of the dataset.
    pub parts: Vec<Part>,
}

/// A part of a dataset, and how much of it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The sources that it consists of.
    pub sources: u32,
    /// Its records; 0 where nobody had to count them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub records: u64,
    /// How often all of its records are read.
    pub readings: u64,
    /// The records that are drawn in one more reading; 0 = there is none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub drawn: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

impl Part {
    /// How often its sources are read, in whole or in part.
    #[must_use]
    pub fn all_readings(&self) -> u64 {
        self.readings + u64::from(self.drawn > 0)
    }

    /// The part of which so many records are wanted: as many whole readings as that takes, and the rest of it drawn.
    #[must_use]
    pub fn with_records(self, wanted: u64) -> Self {
        Self {
            readings: wanted.checked_div(self.records).unwrap_or(0),
            drawn: wanted.checked_rem(self.records).unwrap_or(0),
            ..self
        }
    }

    /// The records that come into the job, repeats included, where they were counted.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.readings
            .saturating_mul(self.records)
            .saturating_add(self.drawn)
    }
}

impl Mixing {
    /// The mixture in which parts of one source each are read whole, once; they have so many records.
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

    /// Returns whether a part is read in part.
    #[must_use]
    pub fn draws(&self) -> bool {
        self.parts.iter().any(|part| part.drawn > 0)
    }

    /// The number of the part that a source belongs to, counted from 0.
    #[must_use]
    pub fn part_of(&self, source: u32) -> Option<usize> {
        let mut end = 0;
        self.parts.iter().position(|part| {
            end += u64::from(part.sources) * part.all_readings();
            u64::from(source) < end
        })
    }

    /// Which records of a partition are drawn; none = all.
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

/// Which records of a slice are drawn.
///
/// The numbers below `of` are put in another order, which the key decides; a record is drawn if its number comes to lie
/// among the first `drawn`. So exactly that many are, each as likely as any other, and no order has to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// The number of the slice's first record in its part.
    pub first: u64,
    /// The records of the part.
    pub of: u64,
    /// How many of them are drawn.
    pub drawn: u64,
    /// What decides the order.
    pub key: u64,
}

impl Draw {
    /// Returns whether the record with this number in the slice, counted from 0, is drawn.
    #[must_use]
    pub fn takes(&self, number: u64) -> bool {
        let number = self.first.saturating_add(number);
        // Beyond the end there is nothing that was counted.
        number < self.of && self.place_of(number) < self.drawn
    }

    /// Where a number comes to lie: a Feistel network over the least power of two that holds all of them, repeated until
    /// the place is one of theirs. That is at most twice on average, as fewer than half of the places are beyond; for a few
    /// records it is more, and costs nothing as they are few.
    fn place_of(&self, number: u64) -> u64 {
        // With halves of a bit or two, pairs of records are not equally likely any more.
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

    /// A permutation of the numbers of so many bits.
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

/// The last step of SplitMix64: every bit of the result depends on every bit of the value.
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests;
