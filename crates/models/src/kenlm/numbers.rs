//! Reads little-endian numbers at any position of the model's bytes, and computes remainders by a fixed number.

#[inline]
pub(super) fn u64_at(bytes: &[u8], place: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, place))
}

#[inline]
pub(super) fn u32_at(bytes: &[u8], place: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, place))
}

#[inline]
pub(super) fn f32_at(bytes: &[u8], place: usize) -> f32 {
    f32::from_le_bytes(array_at(bytes, place))
}

/// Returns the bits from the `bit`-th one on, counted from the byte at `place`. At least 57 of them are valid.
#[inline]
pub(super) fn bits_at(bytes: &[u8], place: usize, bit: u64) -> u64 {
    u64_at(bytes, place + (bit >> 3) as usize) >> (bit & 7)
}

/// Returns the number of bits that the numbers up to `max` need.
pub(super) fn bits_for(max: u64) -> u32 {
    u64::BITS - max.leading_zeros()
}

#[inline]
fn array_at<const N: usize>(bytes: &[u8], place: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[place..place + N]);
    array
}

/// Computes remainders by one number without dividing, which takes as long as reading memory (Lemire, Kaser and Kurz, "Faster
/// remainder by direct computation", 2019).
#[derive(Clone, Copy, Debug)]
pub(super) struct Remainder {
    divisor: u64,
    /// 2^128 divided by the divisor, rounded up.
    inverse: u128,
}

impl Remainder {
    /// Returns remainders by `divisor`, which must not be 0.
    pub(super) fn by(divisor: u64) -> Self {
        Self {
            divisor,
            inverse: (u128::MAX / u128::from(divisor.max(1))).wrapping_add(1),
        }
    }

    #[inline]
    pub(super) fn of(self, value: u64) -> u64 {
        let fraction = self.inverse.wrapping_mul(u128::from(value));
        let (high, low) = (fraction >> 64, fraction & u128::from(u64::MAX));
        let divisor = u128::from(self.divisor);
        ((high * divisor + ((low * divisor) >> 64)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn remainders_are_those_of_a_division(value: u64, divisor in 1..=u64::MAX, shift in 0..64u32) {
            for divisor in [divisor, 1, 2, u64::MAX, (divisor >> shift).max(1)] {
                for value in [value, 0, u64::MAX, divisor, divisor - 1] {
                    prop_assert_eq!(Remainder::by(divisor).of(value), value % divisor);
                }
            }
        }
    }
}
