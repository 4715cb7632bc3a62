//! Kinds of operators, and what their results depend on.

use std::fmt;

/// What kind of operator it is. The constructor of its [`OperatorSpec`](crate::OperatorSpec) decides; its name has no say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum OperatorKind {
    /// Changes records, or splits them.
    Mapper,
    /// Drops records.
    Filter,
    /// Drops records, or cuts parts out of them, that others of the dataset have too.
    Deduplicator,
    /// Keeps some records of the dataset, maybe in another order.
    Selector,
    /// Makes one record of several, or several of one.
    Grouper,
}

impl OperatorKind {
    /// Returns whether operators of this kind may drop records, which a recipe may want kept.
    pub fn drops(self) -> bool {
        matches!(self, Self::Filter | Self::Deduplicator | Self::Selector)
    }
}

impl fmt::Display for OperatorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mapper => "mapper",
            Self::Filter => "filter",
            Self::Deduplicator => "deduplicator",
            Self::Selector => "selector",
            Self::Grouper => "grouper",
        })
    }
}

/// What an operator's result depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Determinism {
    /// The record and the parameters alone.
    #[default]
    Pure,
    /// Also the recipe's seed and the record's origin.
    Seeded,
    /// Anything: a service, a command. An attempt ends after such an operator, so that what it gave is published
    /// before anything works on it, and is not computed again as long as it is whole.
    External,
}
