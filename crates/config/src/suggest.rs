//! Finds the known name that is closest to an unknown one.

/// Returns the candidate with the fewest edits from `name`, if it is close enough to be meant.
///
/// A candidate whose last part is the whole name (`max_size_mb` for `partition.max_size_mb`) counts as one edit away, so that a key
/// outside its section is found.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A name longer than this isn't a typo of a known one, and the table below takes quadratic time.
    const LONGEST: usize = 100;
    let length = name.chars().count();
    if length > LONGEST {
        return None;
    }
    let allowed = (length / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (distance_to(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn distance_to(name: &str, candidate: &str) -> usize {
    let misplaced = candidate
        .rsplit_once('.')
        .is_some_and(|(_, last)| last == name && last.len() > 3);
    if misplaced {
        1
    } else {
        edit_distance(name, candidate)
    }
}

/// Counts insertions, deletions, replacements and swaps of neighbours.
fn edit_distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, left_char) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, right_char) in right.iter().enumerate() {
            let replaced = previous[column] + usize::from(left_char != right_char);
            let mut best = replaced
                .min(previous[column + 1] + 1)
                .min(current[column] + 1);
            let swapped = row > 0
                && column > 0
                && left[row - 1] == *right_char
                && right[column - 1] == *left_char;
            if swapped {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits() {
        for (left, right, expected) in [
            ("", "abc", 3),
            ("size", "size", 0),
            ("sise", "size", 1),
            ("szie", "size", 1),
            ("max_retrys", "max_retries", 2),
        ] {
            assert_eq!(edit_distance(left, right), expected, "{left} {right}");
            assert_eq!(edit_distance(right, left), expected, "{right} {left}");
        }
    }

    #[test]
    fn far_names_are_not_suggested() {
        let known = ["partition.size", "np", "process"];
        assert_eq!(nearest("partition.sise", known), Some("partition.size"));
        assert_eq!(nearest("size", known), Some("partition.size"));
        assert_eq!(nearest("prozess", known), Some("process"));
        assert_eq!(nearest("zebra", known), None);
        assert_eq!(nearest(&"x".repeat(1000), known), None);
    }
}
