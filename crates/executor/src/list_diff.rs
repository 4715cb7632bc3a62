//! How two lists differ, whatever they hold: the words of two texts, the operators of two recipes.

/// The number of changes from which two lists count as unrelated: time and memory grow with its square.
const MOST_EDITS: usize = 400;

/// A stretch of two lists that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch<'a, T> {
    /// It is in both.
    Same(&'a [T]),
    /// One was replaced by the other.
    Changed {
        /// What only the first list has there; may be empty.
        removed: &'a [T],
        /// What only the second list has there; may be empty.
        added: &'a [T],
    },
}

/// Compares two lists: finds the fewest changes that lead from one to the other, unless there are more than a few hundred.
///
/// ```
/// use coldpress_executor::{Stretch, compare_lists};
///
/// let stretches = compare_lists(&["a", "b", "c"], &["a", "c"]);
/// let changed = Stretch::Changed { removed: &["b"][..], added: &[] };
/// assert_eq!(stretches, [Stretch::Same(&["a"]), changed, Stretch::Same(&["c"])]);
/// ```
#[must_use]
pub fn compare_lists<'a, T: PartialEq>(before: &'a [T], after: &'a [T]) -> Vec<Stretch<'a, T>> {
    let pairs = before.iter().zip(after);
    let head = pairs.take_while(|(one, other)| one == other).count();
    let (old, new) = (&before[head..], &after[head..]);
    let pairs = old.iter().rev().zip(new.iter().rev());
    let tail = pairs.take_while(|(one, other)| one == other).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let mut stretches = Vec::new();
    if head > 0 {
        stretches.push(Stretch::Same(&before[..head]));
    }
    let (mut x, mut y) = (0, 0);
    for (from_x, from_y, count) in matches(old, new) {
        if from_x > x || from_y > y {
            let (removed, added) = (&old[x..from_x], &new[y..from_y]);
            stretches.push(Stretch::Changed { removed, added });
        }
        stretches.push(Stretch::Same(&old[from_x..from_x + count]));
        (x, y) = (from_x + count, from_y + count);
    }
    if x < old.len() || y < new.len() {
        let (removed, added) = (&old[x..], &new[y..]);
        stretches.push(Stretch::Changed { removed, added });
    }
    if tail > 0 {
        stretches.push(Stretch::Same(&before[before.len() - tail..]));
    }
    stretches
}

/// The stretches that two lists have in common, by Myers' algorithm: where each begins in both, and how long it is. None where
/// more than `MOST_EDITS` changes lead from one to the other.
fn matches<T: PartialEq>(old: &[T], new: &[T]) -> Vec<(usize, usize, usize)> {
    let (n, m) = (old.len() as isize, new.len() as isize);
    let most = (n + m).min(MOST_EDITS as isize);
    let width = (2 * most + 3) as usize;
    let at = |k: isize| (k + most + 1) as usize;
    let mut furthest = vec![0_isize; width];
    let mut trace: Vec<Vec<isize>> = Vec::new();
    for edits in 0..=most {
        trace.push(furthest.clone());
        for k in (-edits..=edits).step_by(2) {
            let down = k == -edits || (k != edits && furthest[at(k - 1)] < furthest[at(k + 1)]);
            let mut x = match down {
                true => furthest[at(k + 1)],
                false => furthest[at(k - 1)] + 1,
            };
            let mut y = x - k;
            while x < n && y >= 0 && y < m && old[x as usize] == new[y as usize] {
                (x, y) = (x + 1, y + 1);
            }
            furthest[at(k)] = x;
            if x >= n && y >= m {
                return back(&trace, edits, n, m, at);
            }
        }
    }
    Vec::new()
}

/// Goes back from the end to the beginning.
fn back(
    trace: &[Vec<isize>],
    edits: isize,
    n: isize,
    m: isize,
    at: impl Fn(isize) -> usize,
) -> Vec<(usize, usize, usize)> {
    let (mut x, mut y) = (n, m);
    let mut found: Vec<(usize, usize, usize)> = Vec::new();
    for edits in (0..=edits).rev() {
        let furthest = &trace[edits as usize];
        let k = x - y;
        let down = k == -edits || (k != edits && furthest[at(k - 1)] < furthest[at(k + 1)]);
        let before = if down { k + 1 } else { k - 1 };
        let (from_x, from_y) = match edits {
            0 => (0, 0),
            _ => (furthest[at(before)], furthest[at(before)] - before),
        };
        let begin_x = match (edits, down) {
            (0, _) => 0,
            (_, true) => from_x,
            (_, false) => from_x + 1,
        };
        let count = x - begin_x;
        if count > 0 {
            found.push((begin_x as usize, (y - count) as usize, count as usize));
        }
        (x, y) = (from_x, from_y);
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(before: &str, after: &str, expected: &str) {
        let (before, after): (Vec<_>, Vec<_>) = (
            before.split_whitespace().collect(),
            after.split_whitespace().collect(),
        );
        let stretches = compare_lists(&before, &after).into_iter();
        let shown = stretches.flat_map(|stretch| match stretch {
            Stretch::Same(same) => same
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>(),
            Stretch::Changed { removed, added } => {
                let removed = removed.iter().map(|name| format!("-{name}"));
                removed
                    .chain(added.iter().map(|name| format!("+{name}")))
                    .collect()
            }
        });
        assert_eq!(shown.collect::<Vec<_>>().join(" "), expected);
    }

    #[test]
    fn additions_and_removals_do_not_shift_the_rest() {
        check("a b c", "a b c", "a b c");
        check("a b c", "a c", "a -b c");
        check("a c", "a b c", "a +b c");
        check("a b a", "b a a", "-a b +a a");
        check("a b", "b a", "-a b +a");
        check("", "a", "+a");
        check("a", "", "-a");
    }

    #[test]
    fn lists_with_nothing_in_common_take_no_long_time() {
        let names =
            |name: &str| -> Vec<String> { (0..200_000).map(|at| format!("{name}{at}")).collect() };
        let (before, after) = (names("a"), names("b"));
        let expected = Stretch::Changed {
            removed: &before[..],
            added: &after[..],
        };
        assert_eq!(compare_lists(&before, &after), [expected]);
    }

    proptest! {
        #[test]
        fn stretches_put_both_lists_together(before in "[abc]{0,30}", after in "[abc]{0,30}") {
            let (before, after): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
            let (mut old, mut new) = (Vec::<char>::new(), Vec::<char>::new());
            for stretch in compare_lists(&before, &after) {
                match stretch {
                    Stretch::Same(same) => {
                        old.extend(same);
                        new.extend(same);
                    }
                    Stretch::Changed { removed, added } => {
                        prop_assert!(!removed.is_empty() || !added.is_empty());
                        old.extend(removed);
                        new.extend(added);
                    }
                }
            }
            prop_assert_eq!(old, before);
            prop_assert_eq!(new, after);
        }
    }
}
