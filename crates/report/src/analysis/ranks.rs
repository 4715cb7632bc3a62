//! Exact quantiles of any number of values in bounded memory.
//!
//! Values are seen pass by pass. While they fit, they are kept and sorted. If they don't, the first pass counts how many are in
//! each of many ranges, the next one looks only into the ranges that hold a wanted rank, and so on. Values are handled as keys:
//! integers in the order of the numbers.

use super::Quantile;

/// The number of bits by which the first pass, and each later one, distinguishes values.
const FIRST_BITS: u32 = 16;
const BITS: u32 = 10;

/// The computation of the quantiles of one statistic.
#[derive(Debug)]
pub(super) struct Ranks {
    /// The shares, in ascending order.
    shares: Vec<f64>,
    /// The number of values; known after the first pass.
    count: u64,
    /// The most values that are kept.
    most: usize,
    /// The ranges to look into, in ascending order.
    ranges: Vec<Range>,
    /// Ranks whose keys are known.
    known: Vec<(u64, u64)>,
    is_first: bool,
}

/// The keys that begin with the same bits.
#[derive(Debug)]
struct Range {
    low: u64,
    /// The number of bits that follow.
    open: u32,
    /// The number of values below the range.
    below: u64,
    /// The wanted ranks in it, from 0. In the first pass, they aren't known.
    ranks: Vec<u64>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Keys(Vec<u64>),
    /// The number of values for each of the next bits.
    Counts(u32, Vec<u64>),
}

impl Ranks {
    /// Prepares to compute the quantiles for these shares, keeping at most `most` values.
    pub(super) fn new(shares: &[f64], most: usize) -> Self {
        let mut shares = shares.to_vec();
        shares.sort_by(f64::total_cmp);
        shares.dedup();
        Self {
            shares,
            count: 0,
            most,
            ranges: vec![Range {
                low: 0,
                open: u64::BITS,
                below: 0,
                ranks: Vec::new(),
                content: Content::Keys(Vec::new()),
            }],
            known: Vec::new(),
            is_first: true,
        }
    }

    /// Takes a value, which must not be NaN.
    pub(super) fn take(&mut self, value: f64) {
        let key = key_of(value);
        let at = self.ranges.partition_point(|range| range.low <= key);
        let Some(range) = at.checked_sub(1).and_then(|at| self.ranges.get_mut(at)) else {
            return;
        };
        if !range.holds(key) {
            return;
        }
        range.content.take(key, range.open);
        if let (true, Content::Keys(keys)) = (self.is_first, &range.content)
            && keys.len() > self.most
        {
            let mut counts = Content::Counts(FIRST_BITS, vec![0; 1 << FIRST_BITS]);
            keys.iter().for_each(|key| counts.take(*key, u64::BITS));
            range.content = counts;
        }
    }

    /// Ends a pass. Returns whether another one is needed.
    pub(super) fn end_pass(&mut self, count: u64) -> bool {
        if self.is_first {
            self.is_first = false;
            self.count = count;
            let mut ranks: Vec<u64> = self
                .shares
                .iter()
                .flat_map(|share| around(*share, count))
                .collect();
            ranks.sort_unstable();
            ranks.dedup();
            self.ranges[0].ranks = if count == 0 { Vec::new() } else { ranks };
        }
        let mut narrower = Vec::new();
        for range in std::mem::take(&mut self.ranges) {
            range.end_pass(&mut self.known, &mut narrower);
        }
        let fits = self.most / narrower.len().max(1);
        self.ranges = narrower
            .into_iter()
            .map(|narrow| narrow.range(fits))
            .collect();
        !self.ranges.is_empty()
    }

    pub(super) fn is_unfinished(&self) -> bool {
        !self.ranges.is_empty()
    }

    /// Returns the quantiles once no pass is needed, interpolated linearly between the two adjacent values.
    pub(super) fn quantiles(mut self) -> Vec<Quantile> {
        self.known.sort_unstable();
        let value = |rank: u64| {
            let at = self
                .known
                .binary_search_by_key(&rank, |(rank, _)| *rank)
                .ok()?;
            Some(value_of(self.known[at].1))
        };
        let quantile = |share: &f64| {
            let [below, above] = around(*share, self.count);
            let (low, high) = (value(below)?, value(above)?);
            let part = share * (self.count - 1) as f64 - below as f64;
            // The interpolation starts from the nearer end, as in numpy.
            let value = match part < 0.5 {
                true => low + (high - low) * part,
                false => high - (high - low) * (1.0 - part),
            };
            Some(Quantile {
                share: *share,
                value: if low == high { low } else { value },
            })
        };
        self.shares.iter().filter_map(quantile).collect()
    }
}

/// Returns the ranks around a quantile, from 0.
fn around(share: f64, count: u64) -> [u64; 2] {
    let last = count.saturating_sub(1);
    let at = share * last as f64;
    [at.floor() as u64, at.ceil() as u64].map(|rank| rank.min(last))
}

/// Returns the key of a number. Keys have the order of the numbers.
fn key_of(value: f64) -> u64 {
    let bits = value.to_bits();
    match bits >> 63 {
        0 => bits | 1 << 63,
        _ => !bits,
    }
}

fn value_of(key: u64) -> f64 {
    f64::from_bits(match key >> 63 {
        0 => !key,
        _ => key & !(1 << 63),
    })
}

impl Content {
    fn take(&mut self, key: u64, open: u32) {
        match self {
            Self::Keys(keys) => keys.push(key),
            Self::Counts(bits, counts) => {
                let next = key >> (open - *bits) & ((1 << *bits) - 1);
                counts[next as usize] += 1;
            }
        }
    }
}

/// A range to look into next, and the number of its values.
struct Narrow {
    range: Range,
    values: u64,
}

impl Narrow {
    fn range(self, fits: usize) -> Range {
        let content = match self.values <= fits as u64 {
            true => Content::Keys(Vec::new()),
            false => {
                let bits = BITS.min(self.range.open);
                Content::Counts(bits, vec![0; 1 << bits])
            }
        };
        Range {
            content,
            ..self.range
        }
    }
}

impl Range {
    fn holds(&self, key: u64) -> bool {
        self.open == u64::BITS || (key ^ self.low) >> self.open == 0
    }

    /// Returns the keys of the ranks that are found, and the ranges to search for the others.
    fn end_pass(self, known: &mut Vec<(u64, u64)>, narrower: &mut Vec<Narrow>) {
        match self.content {
            Content::Keys(mut keys) => {
                keys.sort_unstable();
                let key = |rank: &u64| Some((*rank, *keys.get((rank - self.below) as usize)?));
                known.extend(self.ranks.iter().filter_map(key));
            }
            Content::Counts(bits, counts) => {
                let (mut below, open) = (self.below, self.open - bits);
                let mut ranks = self.ranks.into_iter().peekable();
                for (next, values) in counts.into_iter().enumerate() {
                    let mut inside = Vec::new();
                    while let Some(rank) = ranks.next_if(|rank| *rank < below + values) {
                        inside.push(rank);
                    }
                    let low = self.low | (next as u64) << open;
                    if open == 0 {
                        known.extend(inside.into_iter().map(|rank| (rank, low)));
                    } else if !inside.is_empty() {
                        narrower.push(Narrow {
                            range: Range {
                                low,
                                open,
                                below,
                                ranks: inside,
                                content: Content::Keys(Vec::new()),
                            },
                            values,
                        });
                    }
                    below += values;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the quantiles, and the passes that they took.
    fn quantiles(values: &[f64], shares: &[f64], most: usize) -> (Vec<f64>, u32) {
        let mut ranks = Ranks::new(shares, most);
        let mut passes = 0;
        loop {
            values.iter().for_each(|value| ranks.take(*value));
            passes += 1;
            if !ranks.end_pass(values.len() as u64) {
                let quantiles = ranks.quantiles();
                return (quantiles.iter().map(|one| one.value).collect(), passes);
            }
        }
    }

    fn plain(values: &[f64], share: f64) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = share * (sorted.len() - 1) as f64;
        let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
        low + (high - low) * at.fract()
    }

    #[test]
    fn quantiles_are_exact_however_few_values_are_kept() {
        let shares = [0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0];
        let wild = |n: u64| f64::from_bits(n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let sets: [Vec<f64>; 5] = [
            (0..3000)
                .map(|n| f64::from(n * 7919 % 3000) / 3000.0)
                .collect(),
            (0..2000).map(|n| f64::from(n % 5)).collect(),
            vec![-0.25; 700],
            (1..1500)
                .map(wild)
                .filter(|value| value.is_finite() && value.abs() < 1e300)
                .collect(),
            vec![3.0],
        ];
        for values in &sets {
            for most in [10, 100, 100_000] {
                let (found, passes) = quantiles(values, &shares, most);
                for (share, found) in shares.iter().zip(found) {
                    let expected = plain(values, *share);
                    let error = (found - expected).abs();
                    assert!(
                        error <= 1e-12 * expected.abs(),
                        "{share} of {most}: {found} {expected}"
                    );
                }
                assert!(passes <= 6, "{passes}");
                assert_eq!(passes == 1, values.len() <= most);
            }
        }
        assert_eq!(quantiles(&[], &shares, 10), (Vec::new(), 1));
    }

    #[test]
    fn keys_are_in_the_order_of_the_numbers() {
        let numbers = [
            f64::NEG_INFINITY,
            -1e300,
            -1.5,
            -1e-300,
            0.0,
            1e-300,
            2.0,
            f64::INFINITY,
        ];
        assert!(
            numbers
                .windows(2)
                .all(|pair| key_of(pair[0]) < key_of(pair[1]))
        );
        assert!(
            numbers
                .iter()
                .all(|number| value_of(key_of(*number)) == *number)
        );
    }
}
