//! Regular expressions in Python's syntax, with the matches that Python finds.
//!
//! Users write patterns for Python's `regex` module, or for `re`. [`Pattern::new`] reads that syntax and chooses an engine: one
//! that does not backtrack, in linear time, wherever it finds the same matches, and else one that backtracks as Python does,
//! with a limit of steps for each text. [`Matches`] finds all matches in a text, and [`Template`] is what replaces them.
//!
//! What cannot be done is refused when the pattern is read, with the reason, and is never taken for something else:
//! approximate matches, recursion, named lists, verbs, and full case-folding.
//!
//! This crate knows neither operators nor jobs; `coldpress-ops` builds operators with it.
//!
//! ```
//! use coldpress_pattern::{Matches, Options, Pattern};
//!
//! let pattern = Pattern::new(r"(?<!\d)(\d{4})(?!\d)", Options::default()).unwrap();
//! let mut found = Vec::new();
//! Matches::new(pattern)
//!     .each("in 2024, not 12345", |slots| found.push(slots[0]..slots[1]))
//!     .unwrap();
//! assert_eq!(found, [Some(3)..Some(7)]);
//! ```

mod ast;
mod backtrack;
mod error;
mod linear;
mod matches;
mod options;
mod parse;
mod pattern;
mod program;
mod runs;
mod sets;
mod steady_search;
mod template;

use std::ops::RangeInclusive;

/// Incremented whenever a pattern that was accepted before finds other matches.
pub const REVISION: u32 = 3;

pub use error::{Error, Result, TooManySteps};
pub use matches::{Matches, Slots};
pub use options::{Dialect, Options, Unicode};
pub use pattern::Pattern;
pub use template::{Groups, Template};

/// Returns the characters of a property as a pattern names it, such as `\p{P}` or `\P{Lu}`; none if there is no such property.
#[must_use]
pub fn members(property: &str) -> Option<impl Iterator<Item = RangeInclusive<char>> + use<>> {
    let (is_negated, rest) = match property.strip_prefix(r"\p{") {
        Some(rest) => (false, rest),
        None => (true, property.strip_prefix(r"\P{")?),
    };
    let set = sets::property(rest.strip_suffix('}')?)?;
    let set = if is_negated { set.not() } else { set };
    let ranges: Vec<_> = set.ranges().map(|(first, last)| first..=last).collect();
    Some(ranges.into_iter())
}
