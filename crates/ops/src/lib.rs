//! The built-in operators of Coldpress.
//!
//! [`builtin`] gives a [`Registry`] that knows them all, [`register`] adds them to one. Each operator is one file in the
//! folder of its kind, with vectors beside it that were made by running the reference system. What they share stands
//! in [`text`]: pure functions that find, count and replace.
//!
//! ```
//! let registry = coldpress_ops::builtin();
//! assert!(registry.get("clean_links_mapper").is_some());
//! ```
//!
//! They know nothing of files, partitions or jobs; `coldpress-operator` is the contract that they fulfil, and the same
//! that operators of a user fulfil.

mod filter;
mod manual;
mod mapper;
pub mod text;

use coldpress_operator::Registry;

/// Adds all built-in operators to `registry`; those of the same name are replaced.
pub fn register(registry: &mut Registry) {
    for spec in [mapper::specs(), filter::specs()].into_iter().flatten() {
        registry.add(spec);
    }
}

/// A registry of all built-in operators.
pub fn builtin() -> Registry {
    let mut registry = Registry::default();
    register(&mut registry);
    registry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_has_a_manual() {
        for spec in builtin().iter() {
            assert!(spec.summary().ends_with('.'), "{}", spec.name());
            for heading in ["# What it does", "# Parameters", "# Example", "# Notes on determinism"] {
                assert!(spec.long_doc().contains(heading), "{} has no {heading}", spec.name());
            }
        }
    }
}
