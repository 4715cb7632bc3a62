//! Analyses: jobs that compute the statistics of all filters and drop nothing.

use coldpress_assets::AssetFolders;
use coldpress_config::{OperatorCall, Recipe, Strategy};
use coldpress_operator::{ChainSettings, OperatorKind, Pipeline, Registry};
use serde::Serialize;

/// An operator of the recipe that an analysis doesn't run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PassedOver {
    /// Its name.
    pub operator: String,
    /// Its kind, such as `deduplicator`.
    pub kind: String,
    /// Its place in the recipe, from 0.
    pub place: u32,
    /// As the recipe has it.
    #[serde(skip)]
    pub call: OperatorCall,
}

/// The built-in mappers that Data-Juicer's analyzer runs, because they tag records.
const TAGGING: [&str; 5] = [
    "agent_bad_case_signal_mapper",
    "agent_dialog_normalize_mapper",
    "agent_tool_type_mapper",
    "tool_success_tagger_mapper",
    "usage_counter_mapper",
];

/// Takes the operators out of the recipe that an analysis doesn't run, and returns them.
///
/// Those that need the whole dataset decide by more than a record, and those that make one record of several leave nothing
/// that statistics could belong to. Data-Juicer's analyzer runs no mappers either, which `compat` keeps.
pub(crate) fn pass_over(recipe: &mut Recipe, registry: &Registry) -> Vec<PassedOver> {
    let compat = recipe.compat.is_some();
    let mut passed_over = Vec::new();
    let mut places = 0..;
    recipe.process.retain(|call| {
        let place = places.next().unwrap_or(u32::MAX);
        // An unknown operator stays, and is an error of its own.
        let Some(kind) = registry.get(&call.name).map(|spec| spec.kind()) else {
            return true;
        };
        let runs = match kind {
            OperatorKind::Filter => true,
            OperatorKind::Mapper => !compat || TAGGING.contains(&call.name.as_str()),
            _ => false,
        };
        if !runs {
            passed_over.push(PassedOver {
                operator: call.name.clone(),
                kind: kind.to_string(),
                place,
                call: call.clone(),
            });
        }
        runs
    });
    forget_operators(recipe, &passed_over);
    passed_over
}

/// Removes keys from the recipe that are about records which operators drop or about operators that don't run: an analysis
/// drops none.
fn forget_operators(recipe: &mut Recipe, passed_over: &[PassedOver]) {
    if let Strategy::Manual(names) = &mut recipe.checkpoint.strategy {
        names.retain(|name| !passed_over.iter().any(|one| one.operator == *name));
    }
    recipe.export.duplicates_path = None;
    recipe.export.dropped_dir = None;
    if recipe.analysis.export_original_dataset {
        recipe.export.keep_stats = true;
    }
}

/// Calls of all filters that look at the text alone, need no file, and have a default for each parameter: what an analysis runs
/// where there is no list of operators.
pub fn text_filters(registry: &Registry) -> Vec<OperatorCall> {
    const TEXT: &str = "text";
    let settings = ChainSettings {
        text_key: TEXT.to_owned(),
        seed: 0,
        skip_op_error: true,
        compat: false,
        keep_all: true,
        labels: Vec::new(),
        needs: Vec::new(),
        python: Default::default(),
    };
    // Without a folder no file is found: the filter uses its built-in list, or is left out.
    let registry = registry.clone().with_assets(AssetFolders::default());
    let filters = registry
        .iter()
        .filter(|spec| spec.kind() == OperatorKind::Filter);
    let calls = filters.map(|spec| OperatorCall::new(spec.name()));
    let is_usable = |call: &OperatorCall| {
        let pipeline = Pipeline::resolve(&registry, std::slice::from_ref(call), &settings);
        pipeline.is_ok_and(|pipeline| {
            let operator = &pipeline.operators()[0];
            operator.assets().is_empty()
                && operator.fields() == [TEXT]
                && !operator.stats().is_empty()
        })
    };
    calls.filter(is_usable).collect()
}
