//! Stages: the operators that run on a partition without waiting for others.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::hash::ChainHash;

/// A part of a recipe that each partition passes on its own.
///
/// Between two stages there is a barrier: one operator that works on the whole dataset, and so waits until all of the stage before
/// is done. A recipe without such operators is one stage.
///
/// The operator at a barrier works on both sides. After the last operator of the stage before, its signer makes signatures of the
/// remaining records. The stage after begins by applying the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its number, from 0.
    pub index: u32,
    /// The places of its operators in the recipe, without those at the barriers.
    pub operators: Range<u32>,
}

impl Stage {
    /// Returns the stages of a recipe with this number of operators. Those at the places `barriers`, in ascending order, work on
    /// the whole dataset.
    ///
    /// Even a barrier at the end of the recipe is followed by a stage, which applies its decision.
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
        ranges.push(begin..operators);
        let stage = |(operators, index)| Self { index, operators };
        ranges.into_iter().zip(0..).map(stage).collect()
    }

    /// Returns the number of the recipe's operators that have been applied when the stage begins. The one at the barrier before it
    /// is not among them: the stage applies its decision first.
    #[must_use]
    pub fn begin(&self) -> u32 {
        match self.index {
            0 => 0,
            _ => self.operators.start.saturating_sub(1),
        }
    }
}

/// The chain hashes up to the end of a stage: before the first operator of the recipe and after each.
///
/// A stage has them only once the barrier before it is resolved, because they depend on its decision. They include those of the
/// stages before, because an attempt at a stage may start from any earlier work, down to the input itself.
///
/// ```
/// use coldpress_operator::{ChainHash, Stage, StageChain};
///
/// let known = [ChainHash::base("a"), ChainHash::base("b"), ChainHash::base("c")];
/// let stages = Stage::cut(4, &[2]);
/// let chain = StageChain::of(&stages[0], &known).unwrap();
/// assert_eq!((chain.end(), chain.after(2)), (2, Some(known[2])));
/// assert_eq!(StageChain::of(&stages[1], &known), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageChain {
    begin: u32,
    hashes: Vec<ChainHash>,
}

impl StageChain {
    /// Returns the hashes up to the end of a stage, out of the known ones of the recipe; `None` if the barrier before it is not
    /// resolved.
    #[must_use]
    pub fn of(stage: &Stage, known: &[ChainHash]) -> Option<Self> {
        let hashes = known.get(..=stage.operators.end as usize)?;
        Some(Self {
            begin: stage.begin(),
            hashes: hashes.to_vec(),
        })
    }

    /// Returns the number of the recipe's operators that have been applied when the stage begins.
    #[must_use]
    pub fn begin(&self) -> u32 {
        self.begin
    }

    /// Returns the number of the recipe's operators that have been applied when the stage ends.
    #[must_use]
    pub fn end(&self) -> u32 {
        u32::try_from(self.hashes.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// Returns the hash after this number of the recipe's operators; `None` beyond the stage.
    #[must_use]
    pub fn after(&self, operation: u32) -> Option<ChainHash> {
        self.hashes.get(operation as usize).copied()
    }

    /// Returns all hashes, each with the number of operators before it.
    pub fn iter(&self) -> impl Iterator<Item = (u32, ChainHash)> {
        (0..).zip(self.hashes.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(operators: u32, barriers: &[u32], expected: &[(u32, u32)]) {
        let stages = Stage::cut(operators, barriers);
        let ranges = stages
            .iter()
            .map(|stage| (stage.operators.start, stage.operators.end));
        let ranges: Vec<_> = ranges.collect();
        assert_eq!(ranges, expected, "{operators} operators, {barriers:?}");
        assert!(stages.iter().zip(0..).all(|(stage, at)| stage.index == at));
    }

    #[test]
    fn barriers_cut_a_recipe() {
        check(0, &[], &[(0, 0)]);
        check(3, &[], &[(0, 3)]);
        check(3, &[1], &[(0, 1), (2, 3)]);
        check(3, &[0], &[(0, 0), (1, 3)]);
        check(4, &[1, 2], &[(0, 1), (2, 2), (3, 4)]);
        // After the last one, only a decision has to be applied.
        check(3, &[2], &[(0, 2), (3, 3)]);
        check(1, &[0], &[(0, 0), (1, 1)]);
    }
}
