//! Keys of a recipe that can contradict its operators or each other.

use std::fs;

use coldpress_config::Recipe;
use coldpress_operator::{OperatorKind, Pipeline, ResolvedOperator};

use crate::error::{Error, ErrorKind, Result};

/// The file for Prometheus is replaced every few seconds, so that a slip must not name somebody's data.
pub(super) fn check_metrics_path(recipe: &Recipe) -> Result<()> {
    let refused = |message: String| Err(Error::of_key(recipe, "metrics_path", message));
    match &recipe.events.metrics_path {
        Some(path) if !path.ends_with(".prom") => refused(format!(
            "the name of `{path}` must end in `.prom`, as Prometheus' textfile collector asks for"
        )),
        Some(path) if fs::metadata(path).is_ok_and(|found| !found.is_file()) => {
            refused(format!("`{path}` exists and is not a file"))
        }
        _ => Ok(()),
    }
}

/// An operator can leave only one kind of records beside the export.
pub(super) fn check_stats_export_paths(recipe: &Recipe, pipeline: &Pipeline) -> Result<()> {
    let mut operators = pipeline.operators().iter();
    let asks =
        |one: &&ResolvedOperator| one.kind() == OperatorKind::Filter && one.aside().is_some();
    match operators.find(asks) {
        Some(filter) if recipe.export.dropped_dir.is_some() => Err(Error::new(
            ErrorKind::Recipe,
            format!(
                "{}: `stats_export_path` cannot be used together with `export_dropped`; its file has the records that the \
                 filter drops, so leave one of the two out",
                filter.name()
            ),
        )),
        _ => Ok(()),
    }
}

/// A list of duplicates needs something that finds any.
pub(super) fn check_duplicates_path(recipe: &Recipe, pipeline: &Pipeline) -> Result<()> {
    let Some(path) = &recipe.export.duplicates_path else {
        return Ok(());
    };
    let refused = |message: String| Err(Error::of_key(recipe, "duplicates_path", message));
    if !path.ends_with(".parquet") {
        return refused(format!(
            "`{path}` is written as Parquet, so its name must end in `.parquet`"
        ));
    }
    let mut operators = pipeline.operators().iter();
    let removes = |operator: &ResolvedOperator| {
        let barrier = operator.barrier();
        barrier.is_some_and(|barrier| barrier.rule.removes_duplicates())
    };
    if !operators.any(removes) {
        return refused(
            "no operator of the recipe removes duplicates; add a deduplicator, or leave the key out \
             (`document_line_deduplicator` cuts lines out, and removes no record)"
                .to_owned(),
        );
    }
    Ok(())
}
