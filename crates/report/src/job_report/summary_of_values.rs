//! Many values as a few numbers: a histogram and quantiles.

use serde::Serialize;

/// A histogram: the number of values between edges.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Bins {
    /// The edges in ascending order, one more than there are bars. The last bar includes its upper edge.
    pub edges: Vec<f64>,
    /// True if the widths of the bars grow by a factor, because some values are far greater than most. A bar for values near 0
    /// may come first.
    pub logarithmic: bool,
    /// The number of values of records that passed, for each bar.
    pub passed: Vec<u64>,
    /// The number of values of records that were dropped because of them.
    pub dropped: Vec<u64>,
}

/// The number of occurrences of a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ValueCount {
    /// The value.
    pub value: String,
    /// The number in records that passed.
    pub passed: u64,
    /// The number in records that were dropped because of it.
    pub dropped: u64,
}

const BARS: usize = 60;

/// The number of parts; the quantiles are for 0, 1, 2 … of them.
const PARTS: usize = 200;

impl Bins {
    /// Builds the histogram of finite values.
    pub(super) fn of(passed: &[f64], dropped: &[f64]) -> Self {
        let all = || passed.iter().chain(dropped).copied();
        let least = all().fold(f64::INFINITY, f64::min);
        let greatest = all().fold(f64::NEG_INFINITY, f64::max);
        if least > greatest {
            return Self::default();
        }
        let (logarithmic, edges) = match long_tail(&all().collect::<Vec<_>>(), greatest) {
            Some(edges) => (true, edges),
            None => {
                let are_whole = all().all(|value| value.fract() == 0.0);
                (false, even_edges(least, greatest, are_whole))
            }
        };
        let count = |values: &[f64]| {
            let mut bars = vec![0_u64; edges.len() - 1];
            for value in values {
                // The number of edges up to the value. The greatest value belongs to the last bar.
                let at = edges.partition_point(|edge| edge <= value);
                let bar = at.saturating_sub(1).min(bars.len() - 1);
                bars[bar] += 1;
            }
            bars
        };
        Self {
            passed: count(passed),
            dropped: count(dropped),
            edges,
            logarithmic,
        }
    }
}

/// Returns edges that grow by a factor if the values have a long tail. With evenly spaced edges, nearly all values would be in the
/// first bar.
fn long_tail(values: &[f64], greatest: f64) -> Option<Vec<f64>> {
    /// The least ratio of the greatest value to the median in a long tail.
    const LONG: f64 = 50.0;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted[sorted.len() / 2];
    let is_long = sorted[0] >= 0.0 && middle > 0.0 && greatest / middle >= LONG;
    let first = sorted.iter().copied().find(|value| *value > 0.0);
    // Tiny values would take most of the space.
    let first = first.filter(|_| is_long)?.max(greatest / 1e7);
    let below = (sorted[0] < first).then_some(0.0);
    let edge = |at: usize| first * (greatest / first).powf(at as f64 / BARS as f64);
    let mut edges: Vec<f64> = below.into_iter().chain((0..BARS).map(edge)).collect();
    // Computed edges may miss the greatest value by a little.
    edges.push(greatest);
    Some(edges)
}

fn even_edges(least: f64, greatest: f64, are_whole: bool) -> Vec<f64> {
    if least == greatest {
        return vec![least, least + 1.0];
    }
    // Bars narrower than 1 would leave gaps between whole numbers.
    let (bars, greatest) = match are_whole && greatest - least < BARS as f64 {
        true => ((greatest - least) as usize + 1, greatest + 1.0),
        false => (BARS, greatest),
    };
    let edge = |at: usize| least + (greatest - least) * (at as f64 / bars as f64);
    let mut edges: Vec<f64> = (0..bars).map(edge).collect();
    edges.push(greatest);
    edges
}

/// Returns the quantiles of sorted values, from the least to the greatest. Returns none if there are no values.
pub(super) fn quantiles(sorted: &[f64]) -> Vec<f64> {
    let Some(last) = sorted.len().checked_sub(1) else {
        return Vec::new();
    };
    let at = |part: usize| sorted[(part * last + PARTS / 2) / PARTS];
    (0..=PARTS).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_a_bar() {
        for (passed, dropped) in [
            (vec![0.0, 0.1, 0.25, 1.0], vec![0.5]),
            (vec![3.0; 7], vec![]),
            (vec![1.0, 2.0, 2.0, 5.0], vec![9.0, 9.0]),
            (vec![1.0, 10.0, 1e6, 3e7], vec![2.0]),
            (vec![0.0, 1e-30, 5.0, 7.0, 9.0, 1e9], vec![0.0]),
            (vec![-1e300, 1e300], vec![f64::MIN_POSITIVE]),
        ] {
            let bins = Bins::of(&passed, &dropped);
            assert_eq!(bins.passed.iter().sum::<u64>(), passed.len() as u64);
            assert_eq!(bins.dropped.iter().sum::<u64>(), dropped.len() as u64);
            assert!(bins.edges.is_sorted() && bins.edges.len() == bins.passed.len() + 1);
        }
        assert_eq!(Bins::of(&[], &[]), Bins::default());
    }

    #[test]
    fn whole_numbers_of_a_small_range_have_a_bar_each() {
        let bins = Bins::of(&[1.0, 2.0, 2.0, 5.0], &[]);
        assert_eq!(bins.edges, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(bins.passed, [1, 2, 0, 0, 1]);
    }

    #[test]
    fn quantiles_go_from_the_least_to_the_greatest() {
        let values: Vec<f64> = (0..=1000).map(f64::from).collect();
        let quantiles = quantiles(&values);
        assert_eq!(quantiles.len(), PARTS + 1);
        assert_eq!(
            (quantiles[0], quantiles[100], quantiles[200]),
            (0.0, 500.0, 1000.0)
        );
        assert!(super::quantiles(&[]).is_empty());
    }
}
