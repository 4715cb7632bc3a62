//! Pairing the operators of two recipes.

/// Pairs two lists so that as many equal names as possible are pairs, in the order of both. Returns the places in each list; a
/// place is none if only the other list has the name.
pub(super) fn align(first: &[String], second: &[String]) -> Vec<(Option<usize>, Option<usize>)> {
    /// The largest table of pairs that is computed. Recipes have tens of operators.
    const MOST_PAIRS: usize = 4_000_000;
    let (n, m) = (first.len(), second.len());
    if n.saturating_mul(m) > MOST_PAIRS {
        return by_place(first, second);
    }
    // The greatest number of pairs from these places on.
    let width = m + 1;
    let mut most = vec![0_u32; (n + 1) * width];
    for one in (0..n).rev() {
        for other in (0..m).rev() {
            most[one * width + other] = match first[one] == second[other] {
                true => most[(one + 1) * width + other + 1] + 1,
                false => most[(one + 1) * width + other].max(most[one * width + other + 1]),
            };
        }
    }
    let (mut one, mut other, mut pairs) = (0, 0, Vec::new());
    while one < n || other < m {
        if one < n && other < m && first[one] == second[other] {
            pairs.push((Some(one), Some(other)));
            (one, other) = (one + 1, other + 1);
        } else if other == m
            || (one < n && most[(one + 1) * width + other] >= most[one * width + other + 1])
        {
            pairs.push((Some(one), None));
            one += 1;
        } else {
            pairs.push((None, Some(other)));
            other += 1;
        }
    }
    pairs
}

fn by_place(first: &[String], second: &[String]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut pairs = Vec::new();
    for at in 0..first.len().max(second.len()) {
        match (first.get(at), second.get(at)) {
            (Some(one), Some(other)) if one == other => pairs.push((Some(at), Some(at))),
            (one, other) => {
                pairs.extend(one.map(|_| (Some(at), None)));
                pairs.extend(other.map(|_| (None, Some(at))));
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(first: &str, second: &str, expected: &str) {
        let names =
            |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        let (first, second) = (names(first), names(second));
        let shown = align(&first, &second).into_iter().map(|pair| match pair {
            (Some(one), Some(_)) => first[one].clone(),
            (Some(one), None) => format!("-{}", first[one]),
            (None, Some(other)) => format!("+{}", second[other]),
            (None, None) => "?".to_owned(),
        });
        assert_eq!(shown.collect::<Vec<_>>().join(" "), expected);
    }

    #[test]
    fn what_was_added_or_removed_does_not_shift_the_rest() {
        check("a b c", "a b c", "a b c");
        check("a b c", "a c", "a -b c");
        check("a c", "a b c", "a +b c");
        check("a b a", "b a a", "-a b a +a");
        check("a b", "b a", "-a b +a");
        check("", "a", "+a");
        check("a", "", "-a");
    }

    #[test]
    fn very_long_recipes_are_paired_by_place() {
        let long: Vec<String> = (0..3_000).map(|at| format!("op{at}")).collect();
        let mut other = long.clone();
        other[7] = "other".to_owned();
        let pairs = align(&long, &other);
        assert_eq!(pairs.len(), 3_001);
        assert_eq!(pairs[7..9], [(Some(7), None), (None, Some(7))]);
    }
}
