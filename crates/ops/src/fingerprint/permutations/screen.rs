//! Finds the few hashes that lower a minimum.
//!
//! After some dozens of hashes of a text, each further hash lowers almost none of the minima. Half of the number shows whether it
//! may. With `low` for the low 32 bits of `a * h + b`, the result is `low` plus the upper three bits of the 64, plus one more in
//! the rare case that the modulus has to be taken off. So it is at most 8 more than `low`, and never less unless that is beyond 32
//! bits. The whole number only has to be computed if `low` is below a minimum. `low` is raised by 8 first, so that numbers that may
//! be beyond 32 bits come before all others.

use crate::width::{Width, for_each_width};

/// The number of hashes that are examined before checking whether one of them may lower a minimum.
pub(super) const GROUP: usize = 16;
/// The number of permutations that are examined together: as many as fit in the widest vector register.
const LANES: usize = 16;
/// The most by which a result exceeds the low 32 bits.
const SLACK: u32 = 8;

/// The low halves of the permutations.
#[derive(Clone, Debug, Default)]
pub(super) struct Screen(Vec<Half>);

/// The low halves of some of the permutations. Lanes beyond the last permutation give numbers above every limit.
#[derive(Clone, Debug)]
struct Half {
    multipliers: [u32; LANES],
    increments: [u32; LANES],
}

/// A place where a minimum may be lowered: a group, and for each lane a byte that is nonzero if its minimum may be lowered.
struct Hit {
    group: usize,
    lanes: [u8; LANES],
}

impl Screen {
    /// Takes the multipliers, and the increments, which must be one more than Data-Juicer's.
    pub(super) fn new(multipliers: &[u64], increments: &[u64]) -> Self {
        let halves = multipliers.chunks(LANES).zip(increments.chunks(LANES));
        let half = |(multipliers, increments): (&[u64], &[u64])| {
            let at = |numbers: &[u64], lane| numbers.get(lane).map(|number| *number as u32);
            Half {
                multipliers: std::array::from_fn(|lane| at(multipliers, lane).unwrap_or(0)),
                increments: std::array::from_fn(|lane| match at(increments, lane) {
                    Some(increment) => increment.wrapping_add(SLACK - 1),
                    None => u32::MAX,
                }),
            }
        };
        Self(halves.map(half).collect())
    }

    /// Lowers each of `minima` to the least number that `least` returns for its permutation and a group. `least` is called only for
    /// groups that may have a lower one.
    pub(super) fn look_through(
        &self,
        width: Width,
        groups: &[[u32; GROUP]],
        minima: &mut [u32],
        least: impl Fn(usize, &[u32; GROUP]) -> u32,
    ) {
        for (number, (half, minima)) in self.0.iter().zip(minima.chunks_mut(LANES)).enumerate() {
            let mut limits = [0; LANES];
            for (limit, minimum) in limits.iter_mut().zip(minima.iter()) {
                *limit = highest(*minimum);
            }
            let mut hit = Hit {
                group: 0,
                lanes: [0; LANES],
            };
            loop {
                next_hit(width, half, groups, &limits, &mut hit);
                let Some(group) = groups.get(hit.group) else {
                    break;
                };
                let mut lanes = u128::from_le_bytes(hit.lanes);
                while lanes != 0 {
                    let lane = lanes.trailing_zeros() as usize / 8;
                    lanes &= !(0xff << (8 * lane));
                    minima[lane] = least(LANES * number + lane, group).min(minima[lane]);
                    limits[lane] = highest(minima[lane]);
                }
                hit.group += 1;
            }
        }
    }
}

/// Returns the highest of the raised numbers that may lower a minimum. Where the raised number would be beyond 32 bits, any number
/// may.
fn highest(minimum: u32) -> u32 {
    minimum.saturating_add(SLACK - 1)
}

for_each_width! {
    /// Finds the next group, starting at that of `hit`, in which a hash may lower one of the minima.
    #[allow(clippy::needless_range_loop, reason = "a lane is a column of several arrays")]
    fn next_hit(half: &Half, groups: &[[u32; GROUP]], limits: &[u32; LANES], hit: &mut Hit) {
        for group in &groups[hit.group..] {
            let mut least = [0; LANES];
            for lane in 0..LANES {
                let (a, b) = (half.multipliers[lane], half.increments[lane]);
                let mut lowest = u32::MAX;
                for hash in group {
                    lowest = lowest.min(a.wrapping_mul(*hash).wrapping_add(b));
                }
                least[lane] = lowest;
            }
            let mut lanes = [0; LANES];
            for lane in 0..LANES {
                lanes[lane] = u8::from(least[lane] <= limits[lane]);
            }
            if u128::from_ne_bytes(lanes) != 0 {
                hit.lanes = lanes;
                return;
            }
            hit.group += 1;
        }
    }
}
