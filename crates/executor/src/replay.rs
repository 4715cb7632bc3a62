//! Running the records in quarantine through a recipe again, to say what would become of them now.
//!
//! They become the input of a job of their own, in a temporary folder, so everything that holds for jobs holds here too. Other
//! records and the files of their own job are not touched.

mod classes;
mod records;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use coldpress_assets::AssetFolders;
use coldpress_config::{
    AlertSettings, ExportSettings, Input, LineageSettings, OnPartitionFailure, Recipe,
    TraceSettings,
};
use coldpress_job::Layout;
use coldpress_operator::Registry;
use coldpress_storage::StoreSchemes;
use serde::Serialize;
use tempfile::TempDir;

use crate::cleaning::recipe_of;
use crate::error::{Error, ErrorKind, Result};
use crate::executor::ExecutorBuilder;
use crate::follow::FollowOptions;

pub use classes::{ReplayedClass, ReplayedSample};
use records::Gathered;

/// How records in quarantine are run again.
#[derive(Debug)]
pub struct ReplayOptions<'a> {
    /// The operators that the program knows.
    pub registry: &'a Registry,
    /// The stores that the job's files may be in.
    pub schemes: &'a StoreSchemes,
    /// The folders of models and word lists.
    pub asset_folders: AssetFolders,
    /// The recipe. None: the one that the job was run with.
    pub recipe: Option<Recipe>,
    /// Where the records that are kept are written, as JSON lines. None: nowhere.
    pub export: Option<&'a Path>,
    /// Called with the temporary folder before records are written to it. It is removed at the end, and a program that ends
    /// before that must remove it, because it has records of the user's.
    pub folder_made: fn(&Path),
}

/// What would become of the records in quarantine.
#[derive(Clone, Debug, Serialize)]
pub struct Replayed {
    /// The job.
    pub job_id: String,
    /// How many records of it are in quarantine.
    pub in_quarantine: u64,
    /// How many were run again. Of the others only the place is known, as they are too long.
    pub replayed: u64,
    /// How many of these were taken from the job's input, as they were before any operator; the others are as they reached the
    /// operator that failed on them.
    pub from_input: u64,
    /// How many would come out.
    pub kept: u64,
    /// How many would be dropped.
    pub dropped: u64,
    /// How many would be in quarantine again.
    pub quarantined: u64,
    /// How many would go into groups.
    pub absorbed: u64,
    /// How many would be made, by splitters and selectors.
    pub made: u64,
    /// The recipe's operators, and what they would do with the records.
    pub operators: Vec<ReplayedOperator>,
    /// Some of the records, by their outcome.
    pub classes: Vec<ReplayedClass>,
    /// Remarks that a reader needs, a sentence each.
    pub remarks: Vec<String>,
}

/// What an operator would do with the records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplayedOperator {
    /// Its name.
    pub name: String,
    /// Records that would reach it.
    pub records_in: u64,
    /// Records that would leave it.
    pub out: u64,
    /// Records that it would drop.
    pub dropped: u64,
    /// Records that it would fail on.
    pub quarantined: u64,
}

/// Runs the records in quarantine through a recipe, and says what would become of them. Nothing of the job changes, and it may
/// be running.
///
/// # Errors
/// [`ErrorKind::NoSuchJob`] for a job without a journal; [`ErrorKind::Recipe`] when the recipe cannot be used;
/// [`ErrorKind::Failed`] when the quarantine cannot be read, or the records cannot be run.
pub fn replay_quarantine(layout: &Layout, options: &ReplayOptions<'_>) -> Result<Replayed> {
    let folder = private_folder()?;
    (options.folder_made)(folder.path());
    let input = folder.path().join("quarantine.jsonl");
    let gathered = Gathered::write(layout, options, &input)?;
    let given = match &options.recipe {
        Some(recipe) => recipe.clone(),
        None => recipe_of(layout)?,
    };
    let recipe = recipe_over(&given, &input, folder.path());
    let mut replayed = Replayed {
        job_id: layout.job_id().to_string(),
        in_quarantine: gathered.found,
        replayed: gathered.written,
        from_input: gathered.from_input,
        kept: 0,
        dropped: 0,
        quarantined: 0,
        absorbed: 0,
        made: 0,
        operators: Vec::new(),
        classes: Vec::new(),
        remarks: gathered.remarks.clone(),
    };
    if gathered.written == 0 {
        return Ok(replayed);
    }
    let export = folder.path().join("kept.jsonl");
    let builder = ExecutorBuilder::new(recipe, options.registry.clone());
    let builder = builder.asset_folders(options.asset_folders.clone());
    let executor = builder.build()?;
    replayed
        .remarks
        .extend(remarks(&executor.prepared.pipeline));
    let report = executor.run()?;
    let ledger = &report.ledger;
    replayed.kept = ledger.exported();
    replayed.dropped = ledger.dropped();
    replayed.quarantined = ledger.quarantined();
    replayed.absorbed = ledger.absorbed();
    replayed.made = ledger.made();
    replayed.operators = ledger
        .operators
        .iter()
        .map(|operator| ReplayedOperator {
            name: operator.name.to_string(),
            records_in: operator.records_in,
            out: operator.out,
            dropped: operator.dropped,
            quarantined: operator.quarantined,
        })
        .collect();
    let follow = FollowOptions {
        registry: options.registry,
        schemes: options.schemes,
        asset_folders: options.asset_folders.clone(),
        most: records::MOST_KNOWN,
    };
    replayed.classes = classes::classes(&executor.layout, &follow, &gathered)?;
    if let Some(path) = options.export {
        let copied = std::fs::copy(&export, path);
        copied.map_err(|error| {
            let message = format!("cannot write `{}`", path.display());
            Error::because(ErrorKind::Failed, message, error)
        })?;
    }
    Ok(replayed)
}

/// Returns remarks that a reader of the outcome needs.
fn remarks(pipeline: &coldpress_operator::Pipeline) -> Vec<String> {
    let mut remarks = Vec::new();
    let barriers = pipeline.barriers();
    let names: Vec<&str> = pipeline.names().collect();
    let global: Vec<&str> = barriers
        .iter()
        .map(|place| names[*place as usize])
        .collect();
    if let Some((last, first)) = global.split_last() {
        let names = match first {
            [] => (*last).to_owned(),
            first => format!("{} and {last}", first.join(", ")),
        };
        remarks.push(format!(
            "{names} worked on the replayed records alone, without the rest of the dataset"
        ));
    }
    if pipeline.external_points().next().is_some() {
        remarks.push("external operators were called with the replayed records".to_owned());
    }
    if pipeline.suffix_field().is_some() {
        remarks.push(
            "the replayed records count as records of a file that ends in `.jsonl`".to_owned(),
        );
    }
    remarks
}

/// Parameters that name a file which an operator writes beside the export.
const WRITTEN_ASIDE: [&str; 2] = ["batch_meta_export_path", "stats_export_path"];

/// Makes a temporary folder for records of the user's, which nobody else may read.
fn private_folder() -> Result<TempDir> {
    let folder = tempfile::Builder::new()
        .prefix("coldpress-replay-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir();
    let parent = std::env::temp_dir();
    folder.map_err(|error| {
        let message = format!("cannot make a temporary folder in `{}`", parent.display());
        Error::because(ErrorKind::Failed, message, error)
    })
}

/// Returns the recipe for these records alone: of the original, only the operators matter here.
fn recipe_over(given: &Recipe, input: &Path, folder: &Path) -> Recipe {
    let text = |path: &Path| path.display().to_string();
    let mut recipe = given.clone();
    recipe.dataset.inputs = vec![Input::whole(text(input))];
    recipe.dataset.max_sample_num = None;
    recipe.dataset.suffixes = Vec::new();
    recipe.dataset.lenient = true;
    recipe.dataset.columns = Vec::new();
    recipe.dataset.field = None;
    // What is replayed is gathered in clear text.
    recipe.encryption.decrypt = false;
    recipe.export = ExportSettings {
        path: text(&folder.join("kept.jsonl")),
        export_type: None,
        compression: None,
        shard_size_bytes: 0,
        keep_stats: false,
        dropped_dir: None,
        duplicates_path: None,
        stats: Some(false),
        ..recipe.export
    };
    recipe.paths.work_dir = text(&folder.join("jobs"));
    recipe.paths.event_log_dir = None;
    recipe.paths.checkpoint_dir = None;
    recipe.paths.partition_dir = None;
    recipe.job.job_id = Some("replay".to_owned());
    recipe.job.must_resume = false;
    recipe.job.resume_from = None;
    recipe.partition.auto_configure = false;
    recipe.partition.num_of_partitions = None;
    recipe.failure.max_error_ratio = 1.0;
    recipe.failure.max_errors = None;
    recipe.failure.skip_op_error = true;
    recipe.failure.on_partition_failure = Some(OnPartitionFailure::Fail);
    recipe.events.enabled = false;
    recipe.events.metrics_path = None;
    recipe.trace = TraceSettings::default();
    recipe.alerts = AlertSettings::default();
    recipe.lineage = LineageSettings::default();
    recipe.limit = None;
    for call in &mut recipe.process {
        // Files that operators write beside the export belong to the job.
        call.params
            .retain(|(key, _)| !WRITTEN_ASIDE.contains(&key.name.as_str()));
    }
    recipe
}
