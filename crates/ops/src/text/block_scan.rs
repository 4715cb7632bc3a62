//! Finds the bytes of a text that need a closer look, 64 at a time.
//!
//! The test of a byte and its two successors is a few comparisons without branches, which the compiler turns into vector
//! instructions. Only the few bytes that pass it are visited one by one.

use crate::width::{Kernel, run_widest};

/// The number of bytes that are tested at once.
const BLOCK: usize = 64;
/// The size of a block with the bytes after it that a test may look at.
const WINDOW: usize = BLOCK + 2;

/// Calls `visit` with the position of every byte for which `test(byte, next, next but one)` holds, in order.
///
/// After the end of the text, the test is given zeros. To be fast, `test` must not have branches (`&` and `|`, not `&&` and `||`).
#[inline]
pub(crate) fn for_each_hit<T, V>(bytes: &[u8], test: T, visit: V)
where
    T: Fn(u8, u8, u8) -> bool,
    V: FnMut(usize),
{
    run_widest(Scan { bytes, test, visit });
}

struct Scan<'t, T, V> {
    bytes: &'t [u8],
    test: T,
    visit: V,
}

impl<T, V> Kernel for Scan<'_, T, V>
where
    T: Fn(u8, u8, u8) -> bool,
    V: FnMut(usize),
{
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        let bytes = self.bytes;
        let mut start = 0;
        while let Some(window) = bytes.get(start..).and_then(|rest| rest.first_chunk()) {
            visit_block(window, start, BLOCK, &self.test, &mut self.visit);
            start += BLOCK;
        }
        while start < bytes.len() {
            let mut window = [0u8; WINDOW];
            let rest = &bytes[start..bytes.len().min(start + WINDOW)];
            window[..rest.len()].copy_from_slice(rest);
            let len = rest.len().min(BLOCK);
            visit_block(&window, start, len, &self.test, &mut self.visit);
            start += BLOCK;
        }
    }
}

#[inline(always)]
fn visit_block(
    window: &[u8; WINDOW],
    start: usize,
    len: usize,
    test: &impl Fn(u8, u8, u8) -> bool,
    visit: &mut impl FnMut(usize),
) {
    let mut flags = [0u8; BLOCK];
    let mut any = 0u8;
    for i in 0..BLOCK {
        let flag = u8::from(test(window[i], window[i + 1], window[i + 2]));
        flags[i] = flag;
        any |= flag;
    }
    if any == 0 {
        return;
    }
    let mut mask = pack(&flags);
    while mask != 0 {
        let bit = mask.trailing_zeros() as usize;
        if bit >= len {
            return;
        }
        visit(start + bit);
        mask &= mask - 1;
    }
}

/// Packs 64 bytes of 0 or 1 into a word, the first byte lowest.
#[inline(always)]
pub(super) fn pack(flags: &[u8; BLOCK]) -> u64 {
    let mut mask = 0u64;
    for (k, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
        // The product gathers the lowest bits of the eight bytes in the highest byte.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask |= gathered << (8 * k);
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_hit_is_visited_once_and_in_order(bytes in proptest::collection::vec(0u8..6, 0..300)) {
            let test = |a: u8, b: u8, c: u8| (a == 1) | ((a == 2) & (b == 3) & (c == 0));
            let at = |i: usize| bytes.get(i).copied().unwrap_or(0);
            let expected: Vec<usize> = (0..bytes.len()).filter(|&i| test(at(i), at(i + 1), at(i + 2))).collect();
            let mut visited = Vec::new();
            for_each_hit(&bytes, test, |place| visited.push(place));
            prop_assert_eq!(visited, expected);
        }
    }
}
