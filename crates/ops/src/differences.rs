//! What differs from Data-Juicer on purpose: the one place from which `docs/compatibility.md` and `coldpress check` know it.
//!
//! One file per kind of operator, with a row for each difference. The names of tests are checked by the tests of this module, and
//! examples with texts are run by those of mappers.

mod analyses;
mod deduplicators;
mod filters;
mod mappers;
mod models;
mod other_mappers;
mod reading;
mod selectors;
mod traces;

use coldpress_operator::{Node, OperatorCall};

/// Something that Data-Juicer does otherwise.
#[derive(Debug)]
pub struct Difference {
    /// Where the documentation lists it.
    pub section: Section,
    /// What in a recipe it is about.
    pub about: About,
    /// The parameters of which a call must have one, so that the difference can show; none if it always can. `name: 0` is a
    /// parameter that must be that number.
    pub given: &'static [&'static str],
    /// What is treated differently.
    pub what: &'static str,
    /// What Data-Juicer does.
    pub data_juicer: &'static str,
    /// What is done here.
    pub here: &'static str,
    /// What is done here with `compat: data_juicer`.
    pub with_compat: &'static str,
    /// A case that shows it.
    pub example: Example,
    /// The test that holds it, as `path::name`, or a file of vectors; empty where there is none.
    pub test: &'static str,
}

/// The part of a recipe that a difference is about.
#[derive(Debug)]
pub enum About {
    /// Calls of these operators.
    Operators(&'static [&'static str]),
    /// Calls of a filter whose statistics records may have already.
    FiltersAgain,
    /// A key of the recipe, and when it can show there.
    Key(&'static str, Case),
    /// `coldpress analyze`.
    Analyses,
}

/// When a difference about a key of the recipe can show, as `coldpress check` finds out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// Whatever the recipe says.
    Always,
    /// Paths have weights, and there is no `dataset.max_sample_num`.
    WeightsAlone,
    /// Shares of `dataset.max_sample_num` are no whole numbers.
    BrokenShares,
    /// `dataset.max_sample_num` records come of a single path.
    SinglePath,
    /// Only some records of a path come in.
    Draws,
    /// There is a `dataset.max_sample_num`.
    Total,
    /// Filters compute statistics, and the recipe does not have them written.
    Statistics,
    /// The path of the export has no ending, and nothing else says its form.
    NoEnding,
    /// Operators are traced.
    Traces,
    /// Operators are traced, of which the recipe has one twice.
    TracesTwice,
    /// Operators are traced, and one is a deduplicator.
    TracesDeduplicator,
    /// Operators are traced, and one is `document_deduplicator`.
    TracesExact,
    /// Operators are traced, and one makes several records of one.
    TracesMany,
    /// Operators are traced by name, and the recipe lacks one of them.
    UnknownTraced,
    /// What deduplicators remove is listed.
    Duplicates,
}

/// The sections of the documentation, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// How datasets are read.
    Reading,
    /// How results are written.
    Writing,
    /// The files of `open_tracer`.
    Traces,
    /// `coldpress analyze`.
    Analyses,
    /// Deduplicators.
    Deduplicators,
    /// Filters.
    Filters,
    /// Mappers of texts.
    Mappers,
    /// Selectors and groupers.
    Selectors,
    /// Operators with models.
    Models,
    /// Mappers of HTML, Chinese, agents and personal information.
    OtherMappers,
}

impl Section {
    /// Returns the heading of its table.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Reading => "Reading",
            Self::Writing => "Writing",
            Self::Traces => "Traces",
            Self::Analyses => "Analyses",
            Self::Deduplicators => "Deduplicators",
            Self::Filters => "Filters",
            Self::Mappers => "Mappers",
            Self::Selectors => "Selectors and groupers",
            Self::Models => "Models",
            Self::OtherMappers => "Mappers of HTML, Chinese, agents and personal information",
        }
    }
}

/// A case that shows a difference.
#[derive(Debug)]
pub enum Example {
    /// In words, as Markdown.
    Words(&'static str),
    /// What a mapper makes of a text.
    Texts {
        /// The mapper.
        operator: &'static str,
        /// Its parameters, as a JSON object.
        params: &'static str,
        /// The text.
        text: &'static str,
        /// The texts of the records that come out.
        here: &'static [&'static str],
        /// The same with `compat: data_juicer`.
        with_compat: &'static [&'static str],
    },
}

impl Difference {
    /// Returns whether Data-Juicer does it otherwise even with `compat: data_juicer`.
    #[must_use]
    pub fn differs_with_compat(&self) -> bool {
        !self.with_compat.starts_with("as Data-Juicer")
    }

    /// Returns whether it can show in the results of a call.
    #[must_use]
    pub fn concerns_call(&self, call: &OperatorCall) -> bool {
        let is_about = match self.about {
            About::Operators(names) => names.contains(&call.name.as_str()),
            About::FiltersAgain => call.name.ends_with("_filter"),
            About::Key(..) | About::Analyses => false,
        };
        let has = |given: &&str| match given.split_once(": ") {
            None => call.param(given).is_some(),
            Some((name, number)) => {
                let found = call.param(name).and_then(Node::as_f64);
                found.is_some() && found == number.parse().ok()
            }
        };
        is_about && (self.given.is_empty() || self.given.iter().any(has))
    }
}

/// Returns all differences, section by section.
pub fn all() -> impl Iterator<Item = &'static Difference> {
    let files = [
        reading::ROWS,
        traces::ROWS,
        analyses::ROWS,
        deduplicators::ROWS,
        filters::ROWS,
        mappers::ROWS,
        selectors::ROWS,
        models::ROWS,
        other_mappers::ROWS,
    ];
    files.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_tests_that_are_named_exist() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for Difference { what, test, .. } in all() {
            let (path, name) = test.split_once("::").unwrap_or((test, ""));
            if path.is_empty() {
                continue;
            }
            let source = std::fs::read_to_string(root.join(path));
            let source = source.unwrap_or_else(|error| panic!("{what}: {path}: {error}"));
            let is_there = name.is_empty() || source.contains(&format!("fn {name}("));
            assert!(is_there, "{what}: {path} has no test `{name}`");
        }
    }

    #[test]
    fn operators_parameters_and_rows_are_known_by_one_name() {
        let registry = crate::builtin();
        let mut seen = Vec::new();
        for difference in all() {
            assert!(!seen.contains(&difference.what), "{}", difference.what);
            seen.push(difference.what);
            let About::Operators(names) = difference.about else {
                continue;
            };
            for name in names {
                let spec = registry.get(name);
                let spec = spec.unwrap_or_else(|| panic!("there is no operator `{name}`"));
                let base = spec.base_params();
                let params = spec.params().iter().chain(&base);
                let params: Vec<&str> = params.map(|param| param.name).collect();
                for given in difference.given {
                    let given = given.split_once(": ").map_or(*given, |(name, _)| name);
                    let is_known = params.contains(&given)
                        || names.len() > 1
                        || spec.params_without_effect().contains(&given);
                    assert!(is_known, "{name} has no parameter `{given}`");
                }
            }
        }
    }

    #[test]
    fn a_difference_concerns_calls_that_can_show_it() {
        let about = |call: OperatorCall| {
            let found = all().filter(|difference| difference.concerns_call(&call));
            found.map(|difference| difference.what).collect::<Vec<_>>()
        };
        let chunks = |call: OperatorCall| about(call).len();
        let by_length = OperatorCall::new("text_chunk_mapper").with("max_len", 4);
        assert!(chunks(by_length.clone()) < chunks(by_length.with("overlap_len", 2)));
        let selected = |ratio: f64| {
            let call = OperatorCall::new("random_selector").with("select_ratio", ratio);
            about(call).contains(&"`random_selector`: `select_ratio: 0` without `select_num`")
        };
        assert!(selected(0.0) && !selected(0.5));
        for (filter, has_decimals) in [("text_length_filter", false), ("alphanumeric_filter", true)]
        {
            let found = about(OperatorCall::new(filter));
            assert!(!found.is_empty(), "{filter}");
            assert_eq!(
                found.contains(&"statistics with decimals"),
                has_decimals,
                "{filter}"
            );
        }
        assert_eq!(
            about(OperatorCall::new("whitespace_normalization_mapper")),
            [""; 0]
        );
    }
}
