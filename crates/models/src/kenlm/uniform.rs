//! Finds a number among evenly spread ascending numbers.

use std::ops::Range;

/// The number of guesses. After that, the numbers are not evenly spread, and a binary search is faster.
const GUESSES: u32 = 24;

/// Returns the position of `key` among the ascending numbers that `at` returns for the positions in `range`. None of them exceeds
/// `max`.
#[inline]
pub(super) fn find(range: Range<u64>, max: u64, key: u64, at: impl Fn(u64) -> u64) -> Option<u64> {
    let (mut start, mut end) = (range.start, range.end);
    let (mut below, mut above) = (0, max);
    let mut steps = 0;
    while start < end {
        let width = end - start;
        let step = match steps < GUESSES && below <= key && key <= above {
            true => guess(key - below, above - below, width),
            false => width / 2,
        };
        let place = start + step;
        let found = at(place);
        if found < key {
            start = place + 1;
            below = found;
        } else if found > key {
            end = place;
            above = found;
        } else {
            return Some(place);
        }
        steps += 1;
    }
    None
}

/// Returns the position where a search for `key` would start.
#[inline]
pub(super) fn first_guess(range: Range<u64>, max: u64, key: u64) -> u64 {
    let width = range.end.saturating_sub(range.start).max(1);
    range.start + guess(key.min(max), max, width)
}

/// Guesses the position of a number that is `part` above the lowest of `width` numbers, which span `whole`.
#[inline]
fn guess(part: u64, whole: u64, width: u64) -> u64 {
    // A guess need not be exact, and dividing integers takes longer.
    let share = part as f64 / (whole as f64 + 1.0);
    ((share * width as f64) as u64).min(width - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_there_is_found(
            mut numbers in prop::collection::vec(any::<u64>(), 0..200),
            narrow in any::<bool>(),
            other: u64,
        ) {
            if narrow {
                numbers.iter_mut().for_each(|number| *number %= 1000);
            }
            numbers.sort_unstable();
            numbers.dedup();
            let max = if narrow { 1000 } else { u64::MAX };
            let look_for = |key| find(0..numbers.len() as u64, max, key, |at| numbers[at as usize]);
            for (place, number) in numbers.iter().enumerate() {
                prop_assert_eq!(look_for(*number), Some(place as u64));
            }
            let other = if narrow { other % 1000 } else { other };
            prop_assert_eq!(look_for(other).is_some(), numbers.contains(&other));
        }
    }

    #[test]
    fn uneven_numbers_take_no_long_time() {
        let numbers: Vec<u64> = (0..63).map(|bit| 1 << bit).chain([u64::MAX]).collect();
        for (place, number) in numbers.iter().enumerate() {
            let steps = std::cell::Cell::new(0);
            let at = |place: u64| {
                steps.set(steps.get() + 1);
                numbers[place as usize]
            };
            assert_eq!(find(0..64, u64::MAX, *number, at), Some(place as u64));
            assert!(steps.get() <= GUESSES + 7);
        }
    }
}
