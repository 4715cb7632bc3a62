//! Stages: the operators that run on a partition without waiting for others.

use std::ops::Range;

/// A stretch of a recipe that each partition passes on its own.
///
/// Between two stages there is a barrier: one operator that works on the whole dataset, and so waits until all of the stage
/// before it is done. A recipe without such operators is one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its number, from 0.
    pub index: u32,
    /// The places of its operators in the recipe; none where one barrier follows another.
    pub operators: Range<u32>,
}

impl Stage {
    /// The stages of a recipe with so many operators, of which those at the places `barriers`, rising, work on the whole
    /// dataset.
    ///
    /// No stage follows a barrier that ends the recipe: nothing is left for partitions to do.
    ///
    /// ```
    /// use coldpress_operator::Stage;
    ///
    /// let stages = Stage::cut(5, &[2]);
    /// assert_eq!((stages.len(), &stages[0].operators, &stages[1].operators), (2, &(0..2), &(3..5)));
    /// ```
    #[must_use]
    pub fn cut(operators: u32, barriers: &[u32]) -> Vec<Self> {
        let mut ranges = Vec::with_capacity(barriers.len() + 1);
        let mut begin = 0;
        for barrier in barriers {
            ranges.push(begin..*barrier);
            begin = barrier + 1;
        }
        if begin < operators || barriers.is_empty() {
            ranges.push(begin..operators);
        }
        let stage = |(operators, index)| Self { index, operators };
        ranges.into_iter().zip(0..).map(stage).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(operators: u32, barriers: &[u32], expected: &[Range<u32>]) {
        let stages = Stage::cut(operators, barriers);
        let ranges: Vec<_> = stages.iter().map(|stage| stage.operators.clone()).collect();
        assert_eq!(ranges, expected, "{operators} operators, {barriers:?}");
        assert!(stages.iter().zip(0..).all(|(stage, at)| stage.index == at));
    }

    #[test]
    fn barriers_cut_a_recipe() {
        check(0, &[], &[0..0]);
        check(3, &[], &[0..3]);
        check(3, &[1], &[0..1, 2..3]);
        check(3, &[0], &[0..0, 1..3]);
        check(4, &[1, 2], &[0..1, 2..2, 3..4]);
        // Nothing follows the last one.
        check(3, &[2], &[0..2]);
        check(1, &[0], &[0..0]);
    }
}
