//! Computes remainders by a divisor that is used many times.

/// Computes remainders by one divisor without dividing (Lemire, Kaser and Kurz, "Faster remainder by direct computation", 2019).
#[derive(Clone, Copy, Debug)]
pub(super) struct Remainder {
    divisor: u32,
    /// 2^64 divided by the divisor, rounded up.
    inverse: u64,
}

impl Remainder {
    /// Returns remainders by `divisor`, or by 1 if it is 0.
    pub(super) fn by(divisor: u32) -> Self {
        let divisor = divisor.max(1);
        Self {
            divisor,
            inverse: (u64::MAX / u64::from(divisor)).wrapping_add(1),
        }
    }

    pub(super) fn divisor(self) -> u32 {
        self.divisor
    }

    #[inline]
    pub(super) fn of(self, value: u32) -> u32 {
        let fraction = self.inverse.wrapping_mul(u64::from(value));
        ((u128::from(fraction) * u128::from(self.divisor)) >> 64) as u32
    }

    #[inline]
    pub(super) fn of_wide(self, value: u64) -> u32 {
        (value % u64::from(self.divisor)) as u32
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn remainders_are_those_of_a_division(value: u32, divisor in 1..=u32::MAX, shift in 0..32u32) {
            for divisor in [divisor, 1, 2, u32::MAX, (divisor >> shift).max(1)] {
                for value in [value, 0, u32::MAX, divisor, divisor - 1] {
                    prop_assert_eq!(Remainder::by(divisor).of(value), value % divisor);
                }
            }
        }
    }
}
