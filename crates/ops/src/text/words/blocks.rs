//! Masks of 64 bytes of a text, one bit per byte, and arithmetic that finds words in them.
//!
//! Only two kinds of bytes matter: *separators*, which are between words, and *kept* ones, which are part of a character that isn't
//! special. Both are *events*, and the bytes between two events don't matter.

use super::super::block_scan::pack;

/// The number of bytes that are examined at once.
pub(super) const BLOCK: usize = 64;

/// Finds the separators.
#[inline(always)]
pub(super) fn separators(block: &[u8; BLOCK]) -> u64 {
    mask(block, |byte| {
        (byte == b' ') | (byte == b'\n') | (byte == b'\t')
    })
}

/// Finds the kept bytes that are ASCII.
#[inline(always)]
pub(super) fn kept_ascii(block: &[u8; BLOCK]) -> u64 {
    mask(block, |byte| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let control = (byte < b' ') & (byte.wrapping_sub(9) >= 5);
        letter | control | (byte == 0x7F)
    })
}

/// Finds the first bytes of characters that aren't ASCII, and calls `visit` with the bit of each.
#[inline(always)]
pub(super) fn for_each_longer_char(block: &[u8; BLOCK], mut visit: impl FnMut(u32)) {
    if block.is_ascii() {
        return;
    }
    let mut leads = mask(block, |byte| byte >= 0xC0);
    while leads != 0 {
        visit(leads.trailing_zeros());
        leads &= leads - 1;
    }
}

/// Returns the events that come first at or after some seeker, and whether a seeker found none in the block.
///
/// One addition does this for all seekers at once: its carries run through the bytes between events, and stop at the first event.
#[inline(always)]
pub(super) fn first_events(events: u64, seekers: u64) -> (u64, bool) {
    let (sum, beyond) = (!events).overflowing_add(seekers & !events);
    ((sum | seekers) & events, beyond)
}

#[inline(always)]
fn mask(block: &[u8; BLOCK], test: impl Fn(u8) -> bool) -> u64 {
    let mut flags = [0u8; BLOCK];
    for (flag, byte) in flags.iter_mut().zip(block) {
        *flag = u8::from(test(*byte));
    }
    pack(&flags)
}

#[cfg(test)]
mod tests {
    use super::super::super::chars::is_special;
    use super::*;

    #[test]
    fn kept_ascii_bytes_are_not_special() {
        for byte in 0..=127u8 {
            let kept = kept_ascii(&[byte; BLOCK]);
            assert_eq!(kept == 0, is_special(char::from(byte)), "{byte}");
        }
    }

    #[test]
    fn each_seeker_finds_the_next_event() {
        let (found, beyond) = first_events(0b1000_1001_0000, 0b0010_0001_0001_0010);
        assert_eq!((found, beyond), (0b1000_0001_0000, true));
        assert_eq!(first_events(0b1000, 0b1), (0b1000, false));
    }
}
