//! The traces that a recipe wants, and the files they go to.

use std::collections::HashSet;

use coldpress_config::Recipe;
use coldpress_operator::{OperatorKind, Pipeline, ResolvedOperator, TraceSettings};
use coldpress_worker::TraceSpec;

use crate::error::{Error, Result};

/// The traces that a recipe wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracePlan {
    /// The sample. It is the same for all operators: a change in which of them are shown costs no work.
    pub(crate) spec: TraceSpec,
    /// The files, in the order of the recipe.
    pub(crate) files: Vec<TracedOperator>,
}

/// An operator that is traced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TracedOperator {
    /// Its place in the recipe.
    pub(crate) operation: u32,
    /// Its name.
    pub(crate) name: String,
    /// The name of its file.
    pub(crate) file: String,
}

impl TracePlan {
    /// The traces that a recipe asks for; none where it asks for none.
    ///
    /// # Errors
    /// [`ErrorKind::Recipe`](crate::error::ErrorKind::Recipe) for more records than can be held.
    pub(crate) fn of(recipe: &Recipe, pipeline: &Pipeline) -> Result<Option<Self>> {
        let asked = &recipe.trace;
        let most = u32::try_from(asked.samples).unwrap_or(u32::MAX);
        if most > TraceSettings::MOST {
            let most = TraceSettings::MOST;
            let message = format!(
                "must be at most {most}, because samples are held in memory; `export_dropped` keeps all that is dropped"
            );
            return Err(Error::of_key(recipe, "trace_num", message));
        }
        let files = files(recipe, pipeline);
        if !asked.enabled || most == 0 || files.is_empty() {
            return Ok(None);
        }
        let mut keys = asked.keys.clone();
        // The old content of these fields must not be mistaken for the operator's work.
        keys.retain(|key| key != "original_text" && key != "processed_text");
        let settings = TraceSettings {
            most,
            keys,
            seed: recipe.seed,
        };
        Ok(Some(Self {
            spec: TraceSpec {
                settings,
                external: pipeline.external_points().next(),
            },
            files,
        }))
    }

    /// Identifies everything that the files depend on besides the records.
    pub(crate) fn identity(&self) -> String {
        let files = self.files.iter();
        let files = files.map(|one| serde_json::json!([one.operation, one.name, one.file]));
        serde_json::json!({
            "by": self.spec.by(),
            "most": self.spec.settings.most,
            "files": files.collect::<Vec<_>>(),
        })
        .to_string()
    }

    /// Returns whether what was traced of work up to so many operators is enough to go on from it.
    pub(crate) fn takes(&self, operation: u32, traced: Option<&coldpress_job::TraceEntry>) -> bool {
        let by = traced.map(|traced| (traced.by.as_str(), traced.most));
        self.spec.takes(operation, by)
    }
}

/// The operators that are shown, with their files.
fn files(recipe: &Recipe, pipeline: &Pipeline) -> Vec<TracedOperator> {
    let wanted = &recipe.trace.op_names;
    let mut taken = HashSet::new();
    let mut files = Vec::new();
    let operators = (0..).zip(pipeline.operators());
    for (operation, operator) in operators.filter(|(_, operator)| is_traced(operator.kind())) {
        let kind = kind_of_file(recipe, operator);
        let name = operator.name().to_owned();
        // Taken by operators that are not shown too: a file is called the same whatever else is shown.
        let file = free_name(kind, &name, &mut taken);
        if wanted.is_empty() || wanted.contains(&name) {
            files.push(TracedOperator {
                operation,
                name,
                file,
            });
        }
    }
    files
}

/// Returns whether operators of this kind are traced: as in Data-Juicer, neither selectors nor groupers.
pub(crate) fn is_traced(kind: OperatorKind) -> bool {
    !matches!(kind, OperatorKind::Selector | OperatorKind::Grouper)
}

/// Returns the prefix of the name of an operator's file.
fn kind_of_file(recipe: &Recipe, operator: &ResolvedOperator) -> &'static str {
    let removes = |operator: &ResolvedOperator| {
        let barrier = operator.barrier();
        barrier.is_some_and(|barrier| barrier.rule.removes_duplicates())
    };
    match recipe.compat.is_some() && removes(operator) {
        true => "duplicate",
        false => "sample_trace",
    }
}

/// A name that no operator before has: the second one of a name gets a number.
fn free_name(kind: &str, name: &str, taken: &mut HashSet<String>) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let name: String = name
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    let numbered = (2..).map(|number| format!("{kind}-{name}-{number}.jsonl"));
    let mut names = std::iter::once(format!("{kind}-{name}.jsonl")).chain(numbered);
    names
        .find(|name| taken.insert(name.clone()))
        .unwrap_or_default()
}

/// Returns whether a folder holds nothing but files of traces.
pub(crate) fn holds_only_traces(folder: &std::path::Path) -> bool {
    let is_trace = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_named = name.starts_with("sample_trace-") || name.starts_with("duplicate-");
            is_named && entry.file_type().is_ok_and(|kind| kind.is_file())
        })
    };
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.all(is_trace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operator_has_a_file_of_its_own() {
        let mut taken = HashSet::new();
        let names = [
            "a_filter",
            "b",
            "a_filter",
            "a_filter-2",
            "a_filter",
            "../x",
        ];
        let names = names.map(|name| free_name("sample_trace", name, &mut taken));
        let expected = [
            "sample_trace-a_filter.jsonl",
            "sample_trace-b.jsonl",
            "sample_trace-a_filter-2.jsonl",
            "sample_trace-a_filter-2-2.jsonl",
            "sample_trace-a_filter-3.jsonl",
            "sample_trace-.._x.jsonl",
        ];
        assert_eq!(names, expected);
    }
}
