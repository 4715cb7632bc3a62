//! Hashes of n-grams: of a few bytes, and rolling ones over a sequence of codes.
//!
//! There are no random seeds. The constants are arbitrary but fixed: they are part of the version of the operators that count
//! n-grams.

use super::ngram_tally::Collector;

/// Modulus of the rolling hash, a Mersenne prime.
const MODULUS: u64 = (1 << 61) - 1;
/// Base of the rolling hash.
const BASE: u64 = 0x0B4F_5A1D_36E7_92C5;
/// Makes the upper bits of the rolling hash uniform.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
/// Mixed into the words of [`mix`].
const MIX: [u64; 2] = [0xA076_1D64_78BD_642F, 0xE703_7ED1_A0B4_28DB];

/// Returns a 64-bit hash of two words.
#[inline(always)]
pub(super) fn mix(head: u64, tail: u64) -> u64 {
    let product = u128::from(head ^ MIX[0]) * u128::from(tail ^ MIX[1]);
    product as u64 ^ (product >> 64) as u64
}

/// Returns a 64-bit hash of two words that is uniform in its upper bits. It is faster than [`mix`], but unsuitable as part of
/// another hash.
#[inline(always)]
pub(super) fn pair(head: u64, tail: u64) -> u64 {
    head.wrapping_mul(MIX[0])
        .wrapping_add(tail.wrapping_mul(MIX[1]))
}

/// Collects the hashes of all n-grams of `len` codes, which are taken modulo 2^61 − 1.
pub(super) fn collect_rolling<C>(codes: &[C], len: usize, collector: &mut Collector<'_>)
where
    C: Copy + Into<u64>,
{
    if codes.len() < len {
        return;
    }
    let mut hash = codes[..len]
        .iter()
        .fold(0, |hash, &code| roll(hash, code.into() & MODULUS));
    // The part of the next n-gram's hash that comes from the code that leaves, to be subtracted there.
    let leaving = (0..len).fold(1, |power, _| times(power, BASE));
    collector.extend(std::iter::once(hash.wrapping_mul(SPREAD)));
    collector.extend(codes.iter().zip(&codes[len..]).map(|(&gone, &code)| {
        let change = (code.into() & MODULUS) + MODULUS - times(gone.into() & MODULUS, leaving);
        hash = roll(hash, change);
        hash.wrapping_mul(SPREAD)
    }));
}

/// The hashes of all runs of a given number of consecutive hashes.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs {
    /// The hashes of runs whose length is a power of two, by their start.
    powers: Vec<u64>,
    hashes: Vec<u64>,
}

impl Runs {
    /// Returns the hashes of all runs of `len` of these hashes. The hashes must be uniform, and at least `len` of them.
    ///
    /// A run is composed of two shorter ones. So there are few steps even for long runs, and none waits for the one before it.
    pub(super) fn of(&mut self, hashes: &[u64], len: usize) -> &[u64] {
        let Self {
            powers,
            hashes: runs,
        } = self;
        powers.clear();
        powers.extend_from_slice(hashes);
        let (mut have, mut power) = (0, 1);
        loop {
            if len & power != 0 {
                if have == 0 {
                    runs.clone_from(powers);
                } else {
                    join(runs, &powers[have..]);
                }
                have += power;
            }
            if have == len {
                runs.truncate(hashes.len() + 1 - len);
                return runs;
            }
            for place in power..powers.len() {
                powers[place - power] = mix(powers[place - power], powers[place]);
            }
            powers.truncate(powers.len() - power);
            power *= 2;
        }
    }
}

/// Joins each run with the one that comes after it.
fn join(runs: &mut [u64], others: &[u64]) {
    for (run, other) in runs.iter_mut().zip(others) {
        *run = mix(*run, *other);
    }
}

/// Returns `hash * BASE + add` modulo [`MODULUS`], for `add` up to twice the modulus.
#[inline(always)]
fn roll(hash: u64, add: u64) -> u64 {
    let product = u128::from(hash) * u128::from(BASE);
    reduce((product as u64 & MODULUS) + (product >> 61) as u64 + add)
}

#[inline(always)]
fn times(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    reduce((product as u64 & MODULUS) + (product >> 61) as u64)
}

/// Returns the remainder modulo [`MODULUS`] of a number up to 2^64 - 8.
#[inline(always)]
fn reduce(number: u64) -> u64 {
    let folded = (number & MODULUS) + (number >> 61);
    if folded >= MODULUS {
        folded - MODULUS
    } else {
        folded
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rolling_forgets_what_has_left(a in 0..=MODULUS, b in 0..=MODULUS, gone in 0..=MODULUS) {
            let fresh = roll(roll(0, a), b);
            let power = times(times(BASE, BASE), 1);
            let rolled = roll(roll(roll(0, gone), a), b + MODULUS - times(gone, power));
            prop_assert_eq!(fresh, rolled);
        }
    }
}
