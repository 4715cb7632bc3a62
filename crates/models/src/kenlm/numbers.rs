//! Numbers at any place of the model's bytes. All are little-endian.

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

/// The bits from the `bit`-th one on, counted from a byte; at least 57 of them are of use.
#[inline]
pub(super) fn bits_at(bytes: &[u8], place: usize, bit: u64) -> u64 {
    u64_at(bytes, place + (bit >> 3) as usize) >> (bit & 7)
}

/// The number of bits that the numbers up to `max` need.
pub(super) fn bits_for(max: u64) -> u32 {
    u64::BITS - max.leading_zeros()
}

#[inline]
fn array_at<const N: usize>(bytes: &[u8], place: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[place..place + N]);
    array
}
