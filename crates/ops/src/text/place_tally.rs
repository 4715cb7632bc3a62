//! Counts the n-grams of a short text by their positions, without a hash that decides which of them are equal.
//!
//! Each n-gram has a slot of a table, by a 16-bit hash that vector code computes for all of them. The first n-gram that comes to a
//! slot owns it, and most n-grams own theirs: they occur once, or are the first of their kind. Only the others are compared with
//! the owner, character by character. Those that differ from it are set aside, with all their occurrences, since equal n-grams have
//! the same slot.

use crate::width::{Kernel, run_widest};

use super::char_codes::{MARGIN, MOST, zeros};
use super::ngram_hash::mix;

/// The lengths that n-grams can have. Two windows of eight codes that touch or overlap must cover all of one.
pub(super) const LENGTHS: std::ops::RangeInclusive<usize> = WINDOW..=2 * WINDOW;
/// The number of positions. All 16-bit numbers are positions, but no n-gram is at the last one.
const PLACES: usize = MOST + 1;
/// The number of codes that are compared at once.
const WINDOW: usize = 8;
/// The number of slots of the table for each n-gram, at least, unless the table has its maximum size.
const SLOTS_PER_NGRAM: usize = 4;
/// The base-2 logarithm of the number of slots of the largest table.
const SLOT_BITS: u32 = 16;
/// The number of slots that are computed at once.
const BLOCK: usize = 256;
/// Odd numbers without a pattern, for the hashes of n-grams of one, two, four and eight codes, and for joining them.
const FACTORS: [u16; 5] = [0xD6E9, 0x9E37, 0x7F4B, 0x5A1D, 0xC2B3];

/// A number that represents a character.
pub(super) trait Code: Copy + Into<u16> + PartialEq + 'static {
    /// A window that is never read.
    const NONE: &[Self; WINDOW];

    /// Returns the hash of a window.
    fn hash(window: &[Self; WINDOW]) -> u64;
}

impl Code for u8 {
    const NONE: &[u8; WINDOW] = &[0; WINDOW];

    #[inline(always)]
    fn hash(window: &[u8; WINDOW]) -> u64 {
        u64::from_le_bytes(*window)
    }
}

impl Code for u16 {
    const NONE: &[u16; WINDOW] = &[0; WINDOW];

    #[inline(always)]
    fn hash(&[a, b, c, d, e, f, g, h]: &[u16; WINDOW]) -> u64 {
        let four = |[a, b, c, d]: [u16; 4]| {
            u64::from(a) | u64::from(b) << 16 | u64::from(c) << 32 | u64::from(d) << 48
        };
        mix(four([a, b, c, d]), four([e, f, g, h]))
    }
}

/// The results of a count.
#[derive(Debug)]
pub(super) struct Counted<'a> {
    /// The number of different n-grams, not counting those set aside.
    pub(super) distinct: u64,
    /// The counts of the n-grams that occur more than once.
    pub(super) repeated: &'a [u16],
    /// The positions of the n-grams that were set aside.
    pub(super) aside: &'a [u16],
}

/// The memory of a count.
#[derive(Clone, Debug)]
pub(super) struct PlaceTally {
    /// The slot of the n-gram at each position.
    slots: Box<[u16; PLACES]>,
    /// The position of each slot's owner.
    owners: Box<[u16; PLACES]>,
    /// The number of further n-grams that equal the owner at each position.
    more: Box<[u16; PLACES]>,
    /// The positions of n-grams that don't own their slot, and later of those set aside.
    others: Box<[u16; PLACES]>,
    /// The positions of owners that occur more than once, and later their counts.
    repeated: Box<[u16; PLACES]>,
}

impl Default for PlaceTally {
    fn default() -> Self {
        Self {
            slots: zeros(),
            owners: zeros(),
            more: zeros(),
            others: zeros(),
            repeated: zeros(),
        }
    }
}

impl PlaceTally {
    /// Counts the `count` n-grams of `len` codes, one at each position from the first on.
    pub(super) fn count<C: Code>(
        &mut self,
        codes: &[C; MOST + MARGIN],
        count: usize,
        len: usize,
    ) -> Counted<'_> {
        let Self {
            slots,
            owners,
            more,
            others,
            repeated,
        } = self;
        let size = (count * SLOTS_PER_NGRAM).next_power_of_two();
        let bits = size.trailing_zeros().clamp(1, SLOT_BITS);
        run_widest(Slots {
            slots: &mut slots[..count],
            codes,
            len,
            shift: SLOT_BITS - bits,
        });
        owners[..1 << bits].fill(u16::MAX);
        let not_owners = find_owners(&slots[..count], owners, others);
        more[..count].fill(0);
        let places = Places { slots, owners };
        let (aside, len) = places.compare(codes, len, not_owners, others, more, repeated);
        for place in &mut repeated[..len] {
            *place = more[usize::from(*place)] + 1;
        }
        Counted {
            distinct: (count - not_owners) as u64,
            repeated: &repeated[..len],
            aside: &others[..aside],
        }
    }
}

/// Finds the owner of each slot, and lists the positions of all other n-grams. Returns the number of these.
#[inline(never)]
fn find_owners(slots: &[u16], owners: &mut [u16; PLACES], others: &mut [u16; PLACES]) -> usize {
    let mut len = 0;
    for (place, &slot) in slots.iter().enumerate() {
        let place = place as u16;
        let owner = owners[usize::from(slot)];
        // An empty slot has the highest number, which is not the position of any n-gram.
        owners[usize::from(slot)] = owner.min(place);
        others[len & MOST] = place;
        len += usize::from(owner < place);
    }
    len
}

/// The positions of n-grams and of the owners of their slots.
struct Places<'a> {
    slots: &'a [u16; PLACES],
    owners: &'a [u16; PLACES],
}

impl Places<'_> {
    /// Compares the first `others` n-grams with their owners. Counts those that are equal by owner, lists these owners in
    /// `repeated`, and lists the positions of the other n-grams in `others`. Returns the lengths of both lists.
    #[inline(never)]
    fn compare<C: Code>(
        &self,
        codes: &[C; MOST + MARGIN],
        len: usize,
        count: usize,
        others: &mut [u16; PLACES],
        more: &mut [u16; PLACES],
        repeated: &mut [u16; PLACES],
    ) -> (usize, usize) {
        let (mut aside_len, mut repeated_len) = (0, 0);
        for k in 0..count.min(PLACES) {
            let place = others[k];
            let owner = self.owners[usize::from(self.slots[usize::from(place)])];
            let [ngram, owned] = [place, owner].map(|place| windows(codes, place, len));
            // The comparison is hard to predict, so both windows are always compared.
            let is_owned = (ngram[0] == owned[0]) & (ngram[1] == owned[1]);
            let before = more[usize::from(owner)];
            more[usize::from(owner)] = before + u16::from(is_owned);
            repeated[repeated_len & MOST] = owner;
            repeated_len += usize::from((before == 0) & is_owned);
            others[aside_len & MOST] = place;
            aside_len += usize::from(!is_owned);
        }
        (aside_len, repeated_len)
    }
}

/// Returns two windows that cover the n-gram of `len` codes at `place`.
#[inline(always)]
pub(super) fn windows<C: Code>(
    codes: &[C; MOST + MARGIN],
    place: u16,
    len: usize,
) -> [&[C; WINDOW]; 2] {
    let place = usize::from(place);
    // No length exceeds the mask. The mask shows the compiler that nothing is read past the margin.
    let last = place + ((len - WINDOW) & (2 * WINDOW - 1));
    [place, last].map(|place| codes[place..].first_chunk().unwrap_or(C::NONE))
}

struct Slots<'a, C> {
    slots: &'a mut [u16],
    codes: &'a [C],
    len: usize,
    shift: u32,
}

impl<C: Code> Kernel for Slots<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        fill_slots(self.slots, self.codes, self.len, self.shift);
    }
}

/// Computes the slots of n-grams of `len` codes, which are the upper bits of their hashes, shifted down.
///
/// The hash of two neighbours is made from the hashes of both, for all positions at once.
#[inline(always)]
fn fill_slots<C: Code>(slots: &mut [u16], codes: &[C], len: usize, shift: u32) {
    for (number, slots) in slots.chunks_mut(BLOCK).enumerate() {
        let mut powers = [0u16; BLOCK + MARGIN];
        for (power, &code) in powers.iter_mut().zip(&codes[number * BLOCK..]) {
            *power = code.into().wrapping_mul(FACTORS[0]);
        }
        let mut hashes = [0u16; BLOCK];
        let mut have = 0;
        for (step, factor) in FACTORS.into_iter().enumerate() {
            let power = 1 << step;
            if len & power != 0 {
                for (hash, other) in hashes.iter_mut().zip(&powers[have..]) {
                    *hash = hash.wrapping_mul(factor).wrapping_add(*other);
                }
                have += power;
            }
            if have == len {
                break;
            }
            for place in 0..BLOCK + MARGIN / 2 {
                let head = powers[place];
                powers[place] = (head ^ head >> 7)
                    .wrapping_mul(factor)
                    .wrapping_add(powers[place + power]);
            }
        }
        for (slot, hash) in slots.iter_mut().zip(hashes) {
            *slot = (hash ^ hash >> 5).wrapping_mul(FACTORS[4]) >> shift;
        }
    }
}
