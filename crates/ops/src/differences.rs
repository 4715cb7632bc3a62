//! The intended differences from Data-Juicer. `docs/compatibility.md` and `coldpress check` are both made from this one list.
//!
//! There is one file per kind of operator, with a row for each difference. The tests of this module check the names of the tests in
//! it, and the tests of the mappers run the examples that have texts.

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

/// A difference from Data-Juicer.
#[derive(Debug)]
pub struct Difference {
    /// The section of the documentation that lists it.
    pub section: Section,
    /// The part of a recipe that it is about.
    pub about: About,
    /// The parameters that make the difference show if a call has any of them; empty if it always can. `name: 0` is a parameter
    /// that must have that value.
    pub given: &'static [&'static str],
    /// The subject that is treated differently.
    pub what: &'static str,
    /// The behaviour of Data-Juicer.
    pub data_juicer: &'static str,
    /// The behaviour of Coldpress.
    pub here: &'static str,
    /// The behaviour of Coldpress with `compat: data_juicer`.
    pub with_compat: &'static str,
    /// A case that shows it.
    pub example: Example,
    /// The test that checks it, as `path::name`, or a file of vectors.
    pub test: &'static str,
}

/// The part of a recipe that a difference is about.
#[derive(Debug)]
pub enum About {
    /// Calls of these operators.
    Operators(&'static [&'static str]),
    /// Calls of a filter whose statistics a record may already have.
    FiltersAgain,
    /// A key of the recipe, and the case in which the difference can show.
    Key(&'static str, Case),
    /// `coldpress analyze`.
    Analyses,
}

/// The cases in which a difference about a key of the recipe can show. `coldpress check` decides which of them apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// Any recipe.
    Always,
    /// Paths have weights, and there is no `dataset.max_sample_num`.
    WeightsAlone,
    /// Shares of `dataset.max_sample_num` are not whole numbers.
    BrokenShares,
    /// All `dataset.max_sample_num` records come from a single path.
    SinglePath,
    /// Only some records of a path are read.
    Draws,
    /// There is a `dataset.max_sample_num`.
    Total,
    /// There is a `dataset.max_sample_num`, and the paths are in `dataset_path`.
    TotalBesidePaths,
    /// There are several paths, and one is a URL, or the executor is one of Ray.
    SeveralElsewhere,
    /// A path is a directory.
    Directory,
    /// Records have fields with the paths of images, audios or videos.
    MediaPaths,
    /// Some records lack a field that others have, or a field has values of several types.
    UnevenFields,
    /// Never: such a recipe is refused.
    Refused,
    /// Filters compute statistics, and the recipe does not write them.
    Statistics,
    /// The path of the export has no extension, and nothing else gives its format.
    NoEnding,
    /// Operators are traced.
    Traces,
    /// Operators are traced, and the recipe has one of them twice.
    TracesTwice,
    /// Operators are traced, and one is a deduplicator.
    TracesDeduplicator,
    /// Operators are traced, and one is `document_deduplicator`.
    TracesExact,
    /// Operators are traced, and one makes several records out of one.
    TracesMany,
    /// Operators are traced by name, and the recipe lacks one of them.
    UnknownTraced,
    /// The duplicates that deduplicators remove are listed.
    Duplicates,
}

/// The sections of the documentation, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Reading datasets.
    Reading,
    /// Writing results.
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
    /// Returns the heading of the section's table.
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
    /// The result of a mapper for one text.
    Texts {
        /// The mapper.
        operator: &'static str,
        /// Its parameters, as a JSON object.
        params: &'static str,
        /// The text.
        text: &'static str,
        /// The texts of the records that come out.
        here: &'static [&'static str],
        /// The texts that come out with `compat: data_juicer`.
        with_compat: &'static [&'static str],
    },
}

impl Difference {
    /// Returns whether Data-Juicer behaves differently even with `compat: data_juicer`.
    #[must_use]
    pub fn differs_with_compat(&self) -> bool {
        !self.with_compat.starts_with("as Data-Juicer")
    }

    /// Returns whether the difference can show in the results of a call.
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

    /// Returns whether a source file has a test of this name.
    fn has_test(source: &str, name: &str) -> bool {
        let before = source
            .split_once(&format!("fn {name}("))
            .map(|(before, _)| before);
        let attributes = before.and_then(|before| before.rsplit_once("#[test]"));
        attributes.is_some_and(|(_, between)| !between.contains("fn "))
    }

    #[test]
    fn each_row_has_a_test_that_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for Difference { what, test, .. } in all() {
            assert!(!test.is_empty(), "no test holds the row `{what}`");
            let (path, name) = test.split_once("::").unwrap_or((test, ""));
            let source = std::fs::read_to_string(root.join(path));
            let source = source.unwrap_or_else(|error| panic!("{what}: {path}: {error}"));
            let is_there = match name {
                "" => path.ends_with(".vectors.jsonl") && !source.is_empty(),
                name => has_test(&source, name),
            };
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
