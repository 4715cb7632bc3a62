//! The points at which a strategy wants checkpoints.

use std::num::NonZeroU32;

use crate::{Error, Result};

/// The strategy for saving a partition's rows on their way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// After every operator.
    EveryOp,
    /// With every finished partition. Its checkpoint is its result, so there are no points on the way.
    EveryPartition,
    /// After every n operators.
    EveryNOps(NonZeroU32),
    /// After every operator that has one of these names.
    Manual(Vec<String>),
    /// Never.
    Disabled,
}

/// Returns the points at which a chain of operators with these names is checkpointed, in ascending order.
///
/// A point is the number of operators applied, so the last one may be the length of the chain.
///
/// # Errors
/// [`Error::UnknownOperators`] when [`Strategy::Manual`] names operators that the chain does not have.
///
/// ```
/// use coldpress_checkpoint::{Strategy, points};
///
/// let manual = Strategy::Manual(vec!["words".into()]);
/// assert_eq!(points(&manual, &["links", "words", "text", "words"])?, [2, 4]);
/// # Ok::<(), coldpress_checkpoint::Error>(())
/// ```
pub fn points(strategy: &Strategy, operators: &[&str]) -> Result<Vec<u32>> {
    let numbered = || (1u32..).zip(operators);
    let points = match strategy {
        Strategy::EveryOp => numbered().map(|(point, _)| point).collect(),
        Strategy::EveryNOps(count) => numbered()
            .map(|(point, _)| point)
            .filter(|point| *point % *count == 0)
            .collect(),
        Strategy::Manual(names) => {
            all_known(names, operators)?;
            numbered()
                .filter(|(_, operator)| names.iter().any(|name| name == *operator))
                .map(|(point, _)| point)
                .collect()
        }
        Strategy::EveryPartition | Strategy::Disabled => Vec::new(),
    };
    Ok(points)
}

fn all_known(names: &[String], operators: &[&str]) -> Result<()> {
    let unknown: Vec<String> = names
        .iter()
        .filter(|name| !operators.contains(&name.as_str()))
        .cloned()
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Error::UnknownOperators { names: unknown })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(strategy: Strategy, operators: &[&str], expected: &[u32]) {
        assert_eq!(points(&strategy, operators).unwrap(), expected);
    }

    fn every(count: u32) -> Strategy {
        Strategy::EveryNOps(NonZeroU32::new(count).unwrap())
    }

    fn manual(names: &[&str]) -> Strategy {
        Strategy::Manual(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn every_strategy_gives_its_points() {
        let operators = ["a", "b", "a", "c", "d"];
        check(Strategy::EveryOp, &operators, &[1, 2, 3, 4, 5]);
        check(every(1), &operators, &[1, 2, 3, 4, 5]);
        check(every(2), &operators, &[2, 4]);
        check(every(5), &operators, &[5]);
        check(every(6), &operators, &[]);
        check(manual(&["d", "a", "a"]), &operators, &[1, 3, 5]);
        check(manual(&[]), &operators, &[]);
        check(Strategy::EveryPartition, &operators, &[]);
        check(Strategy::Disabled, &operators, &[]);
        check(Strategy::EveryOp, &[], &[]);
    }

    #[test]
    fn names_that_match_nothing_are_told() {
        let error = points(&manual(&["x", "a", "A"]), &["a"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no operator of the recipe is named `x` or `A`; \
             checkpoints by name take the names of the recipe's operators"
        );
    }
}
