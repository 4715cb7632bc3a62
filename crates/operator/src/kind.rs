//! Kinds of operators, and what their results depend on.

use std::fmt;

/// The kind of an operator. The constructor of its [`OperatorSpec`](crate::OperatorSpec) decides it, and not its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum OperatorKind {
    /// Changes records, or splits them.
    Mapper,
    /// Drops records.
    Filter,
    /// Drops records, or cuts parts out of them, that occur elsewhere in the dataset.
    Deduplicator,
    /// Keeps some records of the dataset, possibly in another order.
    Selector,
    /// Makes one record out of several, or several out of one.
    Grouper,
}

impl OperatorKind {
    /// Returns whether operators of this kind may drop records. A recipe may want to keep those.
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

/// The dependencies of an operator's result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Determinism {
    /// The record and the parameters alone.
    #[default]
    Pure,
    /// Also the recipe's seed and the record's origin.
    Seeded,
    /// Anything, such as a service or a command. An attempt ends after such an operator, so that its results are published before
    /// any other operator uses them. They are not computed again as long as they are intact.
    External,
}
