//! The statistic by which a filter decides, and its bounds.

use coldpress_config::{OperatorCall, Overrides, Recipe};
use coldpress_operator::{ChainSettings, OperatorSpec, Pipeline, Registry};
use coldpress_record::StatKind;
use serde::Serialize;

/// A bound of a statistic.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Threshold {
    /// The operator's place in the recipe, from 0.
    pub operator: u32,
    /// The parameter, as in `min_ratio`.
    pub parameter: String,
    /// The bound.
    pub value: f64,
    /// True if records below it are dropped, false if those above it are.
    pub is_least: bool,
}

/// An operator of the recipe, with what the registry knows about it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// The call in the recipe.
    pub(crate) call: OperatorCall,
    pub(crate) name: String,
    pub(crate) kind: Option<String>,
    pub(crate) parameters: String,
    /// True if it makes several records of one.
    pub(crate) splits: bool,
    /// The statistics by which it decides.
    pub(crate) stats: Vec<String>,
    /// The bounds, if it decides by one number.
    pub(crate) bounds: Vec<Threshold>,
}

impl Call {
    /// Returns whether it is a filter.
    pub(crate) fn is_filter(&self) -> bool {
        self.kind.as_deref() == Some("filter")
    }
}

/// Resolves the operators of a recipe one by one, in order. Returns none if the recipe cannot be read.
pub(crate) fn calls(recipe: Option<&str>, registry: &Registry) -> Vec<Call> {
    let parsed =
        recipe.map(|text| Recipe::parse(text, "recipe.resolved.yaml", &Overrides::default()));
    let Some(Ok(recipe)) = parsed else {
        return Vec::new();
    };
    let settings = ChainSettings::of(&recipe);
    let known = |(call, at)| known(call, at, registry, &settings);
    recipe.process.iter().zip(0..).map(known).collect()
}

fn known(call: &OperatorCall, at: u32, registry: &Registry, settings: &ChainSettings) -> Call {
    let spec = registry.get(&call.name);
    // An operator whose files are missing cannot be resolved. Its statistics are then shown without bounds.
    let pipeline = Pipeline::resolve(registry, std::slice::from_ref(call), settings).ok();
    let operator = pipeline.as_ref().and_then(|one| one.operators().first());
    let stats = operator.map_or(&[][..], |operator| operator.stats());
    let is_number = |kind| matches!(kind, StatKind::Int | StatKind::Float | StatKind::Any);
    let numbers = stats.iter().filter(|stat| is_number(stat.kind)).count();
    Call {
        call: call.clone(),
        name: call.name.clone(),
        kind: spec.map(|spec| spec.kind().to_string()),
        parameters: call.params_json().to_string(),
        splits: spec.is_some_and(OperatorSpec::splits),
        stats: stats.iter().map(|stat| stat.name.clone()).collect(),
        bounds: match spec.filter(|_| numbers == 1) {
            Some(spec) => bounds(call, at, spec),
            None => Vec::new(),
        },
    }
}

fn bounds(call: &OperatorCall, at: u32, spec: &OperatorSpec) -> Vec<Threshold> {
    let bounds = spec.bounds(call).into_iter();
    let threshold = |(parameter, value): (&str, f64)| Threshold {
        operator: at,
        parameter: parameter.to_owned(),
        value,
        is_least: parameter.starts_with("min_"),
    };
    bounds.map(threshold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_recipe_and_the_defaults() {
        let recipe = "dataset_path: a.jsonl\nexport_path: b.jsonl\nprocess:\n  - text_length_filter: {min_len: 50}\n  \
                      - alphanumeric_filter: {min_ratio: 0.25, max_ratio: 0.9}\n  - clean_links_mapper\n";
        let calls = calls(Some(recipe), &coldpress_ops::builtin());
        let stats: Vec<_> = calls.iter().map(|call| call.stats.join(" ")).collect();
        assert_eq!(stats, ["text_len", "alnum_ratio", ""]);
        let bounds = |at: usize| -> Vec<(String, f64, bool)> {
            let bounds = calls[at].bounds.iter();
            bounds
                .map(|bound| (bound.parameter.clone(), bound.value, bound.is_least))
                .collect()
        };
        assert_eq!(bounds(0), [("min_len".to_owned(), 50.0, true)]);
        assert_eq!(
            bounds(1),
            [
                ("min_ratio".to_owned(), 0.25, true),
                ("max_ratio".to_owned(), 0.9, false)
            ]
        );
        assert_eq!(calls[2].kind.as_deref(), Some("mapper"));
    }

    #[test]
    fn a_recipe_that_cannot_be_read_has_no_operators() {
        let registry = coldpress_ops::builtin();
        for text in [None, Some(""), Some("process: ["), Some("[]")] {
            assert_eq!(calls(text, &registry), []);
        }
    }
}
