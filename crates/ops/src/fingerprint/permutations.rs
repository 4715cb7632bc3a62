//! The permutations of MinHash. Each maps every hash of a shingle to another number, and the least of these is one entry of a
//! signature.
//!
//! Data-Juicer maps `h` to `(a * h + b) mod (2^61 - 1)`, and keeps the low 32 bits. The product wraps at 64 bits before the
//! remainder is taken, so nothing needs more than 64 bits. The numbers `a` and `b` are drawn as numpy draws them from its old
//! generator, with the seed 42.

mod screen;
mod twister;

use self::screen::{GROUP, Screen};
use self::twister::MersenneTwister;
use crate::width::{Width, for_each_width};

/// The modulus, a Mersenne prime.
const MODULUS: u64 = (1 << 61) - 1;
/// The bits of a result that are kept.
const LOW_BITS: u64 = (1 << 32) - 1;
/// The seed that Data-Juicer uses.
const SEED: u32 = 42;
/// The number of hashes for which each pair of `a` and `b` is used while it is in a register.
const HASHES_AT_ONCE: usize = 8;
/// The number of hashes that are all mapped. The first ones lower most of the minima; later ones are only searched for those that
/// lower one.
const FIRST: usize = 64;

/// A number of permutations, the same ones every time.
#[derive(Clone, Debug)]
pub struct Permutations {
    width: Width,
    multipliers: Vec<u64>,
    /// The numbers `b`, one more than Data-Juicer's: see [`lower_shifted`].
    increments: Vec<u64>,
    shifted: Vec<u64>,
    screen: Screen,
}

impl Permutations {
    /// Returns the first `count` permutations.
    pub fn new(count: usize) -> Self {
        let mut random = MersenneTwister::new(SEED);
        let draw = |_| (1 + random.up_to(MODULUS - 2), random.up_to(MODULUS - 1));
        Self::of((0..count).map(draw))
    }

    fn of(pairs: impl Iterator<Item = (u64, u64)>) -> Self {
        let (multipliers, increments): (Vec<_>, Vec<_>) =
            pairs.map(|(a, b)| (a, b.wrapping_add(1))).unzip();
        Self {
            width: Width::widest(),
            shifted: vec![0; multipliers.len()],
            screen: Screen::new(&multipliers, &increments),
            multipliers,
            increments,
        }
    }

    /// Returns the number of permutations.
    pub fn count(&self) -> usize {
        self.multipliers.len()
    }

    /// Lowers each of `minima`, one for each permutation, to the least number to which it maps one of `hashes`.
    ///
    /// # Panics
    /// If there are not as many minima as permutations.
    pub fn lower(&mut self, hashes: &[u32], minima: &mut [u32]) {
        assert_eq!(minima.len(), self.count(), "a minimum for each permutation");
        let (first, others) = hashes.split_at(hashes.len().min(FIRST));
        self.lower_by_all(first, minima);
        let (groups, rest) = others.as_chunks();
        self.lower_by_all(rest, minima);
        let least = |number, group: &_| self.least_of_group(number, group);
        self.screen.look_through(self.width, groups, minima, least);
    }

    /// Does the same by mapping all of `hashes`.
    fn lower_by_all(&mut self, hashes: &[u32], minima: &mut [u32]) {
        if hashes.is_empty() {
            return;
        }
        self.shifted.fill(LOW_BITS);
        lower_shifted(
            self.width,
            &self.multipliers,
            &self.increments,
            hashes,
            &mut self.shifted,
        );
        for (number, minimum) in minima.iter_mut().enumerate() {
            let shifted = self.shifted[number];
            let least = if shifted >= LEAST_CERTAIN {
                (shifted - 1) as u32
            } else {
                self.least(number, hashes)
            };
            *minimum = least.min(*minimum);
        }
    }

    /// Returns the least number to which permutation `number` maps a hash of a group.
    fn least_of_group(&self, number: usize, group: &[u32; GROUP]) -> u32 {
        let mut shifted = LOW_BITS;
        lower_one(
            self.width,
            self.multipliers[number],
            self.increments[number],
            group,
            &mut shifted,
        );
        match shifted >= LEAST_CERTAIN {
            true => (shifted - 1) as u32,
            false => self.least(number, group),
        }
    }

    /// Returns the least number to which permutation `number` maps one of `hashes`, straight from the definition.
    #[cold]
    fn least(&self, number: usize, hashes: &[u32]) -> u32 {
        let (a, b) = (
            self.multipliers[number],
            self.increments[number].wrapping_sub(1),
        );
        let map = |&hash: &u32| (a.wrapping_mul(hash.into()).wrapping_add(b) % MODULUS) as u32;
        hashes.iter().map(map).min().unwrap_or(u32::MAX)
    }
}

/// The least result of [`lower_shifted`] that is certain to be right.
const LEAST_CERTAIN: u64 = 8;

for_each_width! {
    /// Lowers each of `minima` to one more than the number to which its permutation maps one of `hashes`.
    ///
    /// With `x = a * h + b`, the remainder is `y = (x mod 2^61) + (x >> 61)`, less the modulus if `y` reaches it, which almost
    /// never happens. The low 32 bits of `y` are those of `x + (x >> 61)`. If the modulus has to be taken off, `x mod 2^61` lies at
    /// most 7 below it, and then the low bits of `y + 1` are below 8; so are those of the single number, 2^32 - 1, whose successor
    /// does not fit. Hence with `b` one more than it should be, `x + (x >> 61)` is `y + 1`, and any minimum of 8 or more is right.
    /// The caller computes the others again.
    fn lower_shifted(multipliers: &[u64], increments: &[u64], hashes: &[u32], minima: &mut [u64]) {
        let (groups, rest) = hashes.as_chunks::<HASHES_AT_ONCE>();
        for group in groups {
            lower_by(multipliers, increments, group, minima);
        }
        for hash in rest {
            lower_by(multipliers, increments, &[*hash], minima);
        }
    }
}

for_each_width! {
    /// Does the same for one minimum, whose permutation has `a` and `b`.
    fn lower_one(a: u64, b: u64, hashes: &[u32; GROUP], minimum: &mut u64) {
        for hash in hashes {
            *minimum = (*minimum).min(one_more(a, b, *hash));
        }
    }
}

/// Returns one more than the number to which a permutation maps a hash, see [`lower_shifted`].
#[inline(always)]
fn one_more(a: u64, b: u64, hash: u32) -> u64 {
    let x = a.wrapping_mul(u64::from(hash)).wrapping_add(b);
    x.wrapping_add(x >> 61) & LOW_BITS
}

#[inline(always)]
fn lower_by<const N: usize>(
    multipliers: &[u64],
    increments: &[u64],
    hashes: &[u32; N],
    minima: &mut [u64],
) {
    for ((a, b), minimum) in multipliers.iter().zip(increments).zip(minima) {
        let mut least = *minimum;
        for hash in hashes {
            least = least.min(one_more(*a, *b, *hash));
        }
        *minimum = least;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn permutations_are_those_of_numpy() {
        let permutations = Permutations::new(1000);
        let pair = |number: usize| {
            (
                permutations.multipliers[number],
                permutations.increments[number] - 1,
            )
        };
        let first = [
            (2_297_359_619_001_564_596, 1_396_682_528_897_996_046),
            (1_973_689_801_170_867_272, 1_819_927_849_474_927_636),
            (572_192_888_165_898_362, 571_748_048_327_668_950),
            (1_071_453_510_346_823_115, 2_143_071_682_933_157_236),
            (1_865_242_737_500_154_728, 1_532_418_594_269_339_778),
            (379_716_980_844_854_581, 1_750_777_661_071_092_055),
            (1_520_798_217_888_136_606, 1_611_122_243_678_701_953),
            (1_048_235_628_103_308_220, 1_077_373_049_702_139_040),
        ];
        assert!(
            first
                .into_iter()
                .enumerate()
                .all(|(i, known)| pair(i) == known)
        );
        assert_eq!(
            pair(255),
            (2_092_141_031_243_851_673, 797_693_216_700_694_537)
        );
        assert_eq!(
            pair(999),
            (1_052_473_880_581_149_290, 593_746_849_069_409_621)
        );
    }

    #[track_caller]
    fn check(permutations: &mut Permutations, hashes: &[u32]) {
        let expected: Vec<u32> = (0..permutations.count())
            .map(|number| permutations.least(number, hashes))
            .collect();
        for width in Width::available() {
            permutations.width = width;
            let mut minima = vec![u32::MAX; permutations.count()];
            // In two parts, as long texts are hashed.
            let (first, second) = hashes.split_at(hashes.len() / 3);
            permutations.lower(first, &mut minima);
            permutations.lower(second, &mut minima);
            assert_eq!(minima, expected, "{width:?}");
        }
    }

    /// Generates numbers around the multiples of 2^61, where the remainder takes one more step.
    fn edge() -> impl Strategy<Value = u64> {
        (0u64..8, 0u64..40)
            .prop_map(|(multiple, below)| (multiple << 61).wrapping_add(20).wrapping_sub(below))
    }

    proptest! {
        #[test]
        fn every_width_agrees_with_the_definition(
            hashes in proptest::collection::vec(any::<u32>(), 0..300),
            count in 0usize..70,
        ) {
            check(&mut Permutations::new(count), &hashes);
        }

        #[test]
        fn remainders_at_the_edge_are_exact(
            pairs in proptest::collection::vec((prop_oneof![Just(0), 1u64..4, any::<u64>()], prop_oneof![edge(), any::<u64>()]), 1..40),
            hashes in proptest::collection::vec(prop_oneof![0u32..9, any::<u32>()], 1..200),
        ) {
            check(&mut Permutations::of(pairs.into_iter()), &hashes);
        }
    }

    /// The first hashes map to large numbers. Those that come late lower the minima, or would if they were taken for smaller ones.
    #[test]
    fn results_around_the_minimum_are_exact_in_late_hashes() {
        for b in (0..20).map(|more| u64::from(u32::MAX - more)) {
            let mut hashes = vec![9; 80];
            for late in 0..20 {
                hashes[70] = late;
                check(
                    &mut Permutations::of([(1, b), (1 << 61, b), ((1 << 61) - 1, b)].into_iter()),
                    &hashes,
                );
            }
        }
    }

    #[test]
    fn the_largest_and_the_least_results_are_exact() {
        for b in [
            MODULUS - 1,
            MODULUS,
            MODULUS + 1,
            LOW_BITS,
            LOW_BITS - 1,
            u64::MAX,
            0,
            1 << 61,
        ] {
            check(&mut Permutations::of([(0, b)].into_iter()), &[7]);
        }
    }
}
