//! From a recipe to everything that can be said before the input is read.

mod asked;
mod checks;

use std::time::Duration;

use coldpress_checkpoint::points;
use coldpress_config::{ExecutorKind, OnPartitionFailure, Recipe};
use coldpress_dataset::{FileCompression, Format, READER_VERSION, RowsForm, Source};
use coldpress_failure::RetryPolicy;
use coldpress_job::{AdoptFrom, Publication};
use coldpress_operator::{Asset, ChainHash, ChainSettings, Pipeline, Registry, Shared, Stage};
use coldpress_partition::{CutSettings, Mixing, memory_limit};
use coldpress_storage::StoreSchemes;
use coldpress_worker::IntermediateForm;

use crate::analysis::{self, PassedOver};
use crate::error::{Error, Result};
use crate::labels::label_fields;
use crate::outputs::list::{Content, Outputs};
use crate::trace::{TracePlan, is_traced};

pub(crate) use asked::target;
use asked::{
    checkpoint_compression, cut, retry, storage_compression, storage_format, strategy, workers,
};
use checks::{check_duplicates_path, check_metrics_path, check_stats_export_paths};

/// The longest record that can be asked for: blocks address their bytes by 32 bits, with room for what is around it.
const MAX_RECORD_BYTES: u64 = 512 << 20;

/// A recipe whose operators, parameters, checkpoints and paths were checked.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The recipe.
    pub recipe: Recipe,
    /// The operators that the program knows.
    pub registry: Registry,
    /// What the recipe says to all operators.
    pub chain_settings: ChainSettings,
    /// The recipe's operators, resolved.
    pub pipeline: Pipeline,
    /// The models that the threads of this process share.
    pub shared: Shared,
    /// The operators that an analysis doesn't run.
    pub passed_over: Vec<PassedOver>,
    /// The job whose work a new job begins with.
    pub adopt_from: Option<AdoptFrom>,
    /// After how many operators a checkpoint is wanted, rising.
    pub checkpoints: Vec<u32>,
    /// The format of checkpoints.
    pub checkpoint_format: coldpress_checkpoint::Format,
    /// How checkpoints are compressed.
    pub checkpoint_compression: coldpress_checkpoint::Compression,
    /// Where the dataset is cut, unless the recipe asks for a number of partitions.
    pub cut: CutSettings,
    /// Where the outputs go.
    pub outputs: Outputs,
    /// The plan for traces; none = nothing is traced.
    pub trace: Option<TracePlan>,
    /// How failed attempts are repeated.
    pub retry: RetryPolicy,
    /// Attempts at once.
    pub workers: usize,
    /// Whether a partition that is out of retries fails the job.
    pub partition_failure_is_fatal: bool,
}

impl Prepared {
    /// Returns whether so many operators are more than those before a stage: an attempt that begins there goes on from a
    /// checkpoint inside the stage, and not merely from the result of the stage before.
    pub(crate) fn is_inside(&self, stage: u32, operators: u32) -> bool {
        let stages = self.pipeline.stages();
        let begin = stages.get(stage as usize).map_or(0, Stage::begin);
        operators > begin
    }

    /// Checks a recipe against the operators of a registry; outputs on URLs go to stores of these schemes. Reads and writes
    /// nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Recipe`](crate::ErrorKind::Recipe) for an unknown operator, a wrong parameter, a checkpoint after an operator that the
    /// recipe does not have, an export of an unknown form, or an output behind a URL whose scheme nobody knows.
    pub fn new(mut recipe: Recipe, registry: Registry, schemes: &StoreSchemes) -> Result<Self> {
        if recipe.failure.max_record_bytes > MAX_RECORD_BYTES {
            let message = "must be at most 512, because a record is held in memory whole";
            return Err(Error::of_key(&recipe, "max_record_mb", message));
        }
        let passed_over = match recipe.analysis.analyze {
            true => analysis::pass_over(&mut recipe, &registry),
            false => Vec::new(),
        };
        let chain_settings = ChainSettings {
            keep_all: recipe.analysis.analyze,
            labels: label_fields(&recipe),
            // Data-Juicer drops records without a text.
            needs: match recipe.compat {
                Some(_) => recipe.fields.text_keys.clone(),
                None => Vec::new(),
            },
            ..ChainSettings::of(&recipe)
        };
        let pipeline = Pipeline::resolve(&registry, &recipe.process, &chain_settings)?;
        let names: Vec<&str> = pipeline.names().collect();
        let mut checkpoints = points(&strategy(&recipe), &names)
            .map_err(|error| Error::of_key(&recipe, "checkpoint.op_names", error))?;
        // Whatever the strategy: there is no other way to come by what an external operator gave.
        checkpoints.extend(pipeline.external_points());
        checkpoints.sort_unstable();
        checkpoints.dedup();
        let export = &recipe.export;
        let target = target(export, schemes)?;
        // What needs the whole dataset cannot go on without a part of it.
        let fatal = recipe.failure.on_partition_failure == Some(OnPartitionFailure::Fail)
            || !recipe.failure.fault_tolerance
            || !pipeline.barriers().is_empty();
        check_duplicates_path(&recipe, &pipeline)?;
        check_metrics_path(&recipe)?;
        check_stats_export_paths(&recipe, &pipeline)?;
        let outputs = Outputs::of(&recipe, &pipeline, target, schemes)?;
        let trace = TracePlan::of(&recipe, &pipeline)?;
        let adopt_from = recipe.job.resume_from.as_deref().map(str::parse);
        let adopt_from = adopt_from
            .transpose()
            .map_err(|error| Error::of_key(&recipe, "resume_from", error))?;
        Ok(Self {
            passed_over,
            adopt_from,
            outputs,
            trace,
            chain_settings,
            pipeline,
            shared: Shared::default(),
            checkpoints,
            checkpoint_format: storage_format(recipe.checkpoint.format),
            checkpoint_compression: checkpoint_compression(&recipe),
            cut: cut(&recipe),
            retry: retry(&recipe),
            workers: workers(&recipe),
            partition_failure_is_fatal: fatal,
            registry,
            recipe,
        })
    }

    /// The files that the recipe's operators need.
    #[must_use]
    pub fn assets(&self) -> Vec<Asset> {
        let operators = self.pipeline.operators().iter();
        operators
            .flat_map(|operator| operator.assets())
            .cloned()
            .collect()
    }

    /// The chain hashes over these sources, mixed in this way: before the first operator and after each.
    ///
    /// # Errors
    /// [`ErrorKind::Recipe`](crate::ErrorKind::Recipe) as [`Prepared::new`].
    pub fn chain_hashes(
        &self,
        sources: &[Source],
        mixing: Option<&Mixing>,
    ) -> Result<Vec<ChainHash>> {
        let identities = sources.iter().map(|source| {
            let identity = &source.identity;
            let mut json =
                serde_json::json!({"length": identity.length, "sample": identity.sample});
            if !source.texts.is_empty() {
                json["texts"] = source.texts.clone().into();
            }
            // How a file is read depends on its name too.
            if source.format != Format::Lines {
                json["format"] = serde_json::to_value(&source.format).unwrap_or_default();
            }
            if self.pipeline.suffix_field().is_some() {
                json["suffix"] = source.suffix().into();
            }
            json
        });
        let mut base = serde_json::json!({
            "reader": READER_VERSION,
            "sources": identities.collect::<Vec<_>>(),
            "settings": self.recipe.result_settings(),
        });
        if !self.chain_settings.needs.is_empty() {
            base["needs"] = self.chain_settings.needs.clone().into();
        }
        // Where nothing is drawn, the sources themselves say what is read.
        if let Some(mixing) = mixing.filter(|mixing| mixing.draws()) {
            base["mixing"] = serde_json::json!({"seed": self.recipe.seed, "parts": mixing.parts});
        }
        Ok(self.pipeline.hashes(ChainHash::base(&base.to_string())))
    }

    /// Returns whether the recipe asks for worker processes, so that operators never run in this one.
    pub fn wants_processes(&self) -> bool {
        self.recipe.executor.kind == ExecutorKind::Process
    }

    /// Returns whether the exported rows hold statistics, so that they aren't what the operators left.
    pub(crate) fn ends_with_statistics(&self) -> bool {
        self.recipe.export.keep_stats || self.recipe.analysis.analyze
    }

    /// Returns whether the exported rows are statistics, without the records.
    pub(crate) fn exports_statistics_alone(&self) -> bool {
        let analysis = &self.recipe.analysis;
        analysis.analyze && !analysis.export_original_dataset
    }

    /// In which form rows that come in record batches are written for this export; others are always written as lines.
    pub fn rows_form(&self) -> RowsForm {
        let form = self.outputs.export().rows_form(true);
        // Statistics become a field of the record, and records that an operator moves go as lines.
        let needs_lines = self.ends_with_statistics()
            || self.pipeline.needs_lines()
            || self.pipeline.moves_records();
        if needs_lines && form == RowsForm::Table {
            return self.outputs.export().rows_form(false);
        }
        form
    }

    /// Whether a checkpoint holds whole records, not what changed since the one before.
    pub fn full_checkpoints(&self) -> bool {
        self.recipe.checkpoint.mode == coldpress_config::CheckpointMode::Full
    }

    /// Whether the records behind each operator are kept for people, and how.
    pub(crate) fn intermediate(&self) -> Option<IntermediateForm> {
        let storage = &self.recipe.storage;
        storage
            .preserve_intermediate_data
            .then(|| IntermediateForm {
                format: storage_format(storage.format),
                compression: storage_compression(storage.compression),
                group_rows: self.group_rows(),
            })
    }

    /// Returns the rows per row group or record batch of whole records. None: all of a partition.
    pub(crate) fn group_rows(&self) -> Option<u32> {
        let storage = &self.recipe.storage;
        let rows = u32::try_from(storage.arrow_batch_size).unwrap_or(u32::MAX);
        storage.use_arrow_batches.then_some(rows)
    }

    /// Returns whether records that filters drop are kept, if there are filters, and lines that operators write aside.
    pub fn keeps_dropped(&self) -> bool {
        let mut operators = self.pipeline.operators().iter();
        self.recipe.export.dropped_dir.is_some()
            || operators.any(|operator| operator.aside().is_some())
    }

    /// Whether a decision at the barrier behind a stage is all that is left to be applied to rows that the merge takes as they
    /// are: then it leaves out those that go, and nobody reads and writes all of them once more.
    ///
    /// Where the export has columns, these must be known without the rows that stay, so lines must be read once more.
    pub(crate) fn merge_settles(&self, stage: u32, form: RowsForm) -> bool {
        let export = self.outputs.export();
        let mut behind = self.pipeline.stages().into_iter().skip(stage as usize + 1);
        let is_last =
            behind.next().is_some_and(|next| next.operators.is_empty()) && behind.next().is_none();
        let is_taken = match form {
            RowsForm::Table => export.is_table(),
            RowsForm::Lines(_) => {
                !export.needs_second_pass() && form == RowsForm::Lines(FileCompression::None)
            }
        };
        // Where something besides the rows is wanted of the operator, attempts make it.
        let is_alone =
            !self.keeps_dropped() && !self.ends_with_statistics() && self.intermediate().is_none();
        is_last && is_taken && is_alone
    }

    /// Returns whether records that filters dropped, or lines that operators wrote aside, go beside the export.
    pub fn exports_dropped(&self) -> bool {
        let mut contents = self.outputs.iter().map(|output| output.content);
        contents.any(|content| matches!(content, Content::Dropped(_) | Content::Aside(_)))
    }

    /// Returns whether a result of work up to so many operators has all traces that are wanted of it.
    pub(crate) fn has_trace(&self, operation: u32, result: &Publication) -> bool {
        let trace = self.trace.as_ref();
        trace.is_none_or(|trace| trace.takes(operation, result.trace.as_deref()))
    }

    /// The number of operators that are traced.
    #[must_use]
    pub fn traced_operators(&self) -> usize {
        self.trace.as_ref().map_or(0, |trace| trace.files.len())
    }

    /// The operators that the recipe wants traced and that never are.
    pub(crate) fn not_traced(&self) -> Vec<String> {
        let asked = &self.recipe.trace;
        let operators = self.pipeline.operators().iter();
        let asked_for = operators.filter(|operator| {
            asked.enabled && asked.op_names.iter().any(|name| name == operator.name())
        });
        let never = asked_for.filter(|operator| !is_traced(operator.kind()));
        never.map(|operator| operator.name().to_owned()).collect()
    }

    /// Whether removed records are listed beside the export.
    pub(crate) fn lists_duplicates(&self) -> bool {
        self.recipe.export.duplicates_path.is_some()
    }

    /// How many workers the recipe asks for, where that is more than are ever started.
    pub(crate) fn workers_not_started(&self) -> Option<u32> {
        let asked = self.recipe.executor.workers;
        asked.filter(|asked| *asked as usize > MAX_WORKERS && self.workers == MAX_WORKERS)
    }

    /// The memory that the job may take.
    pub fn memory_limit_bytes(&self) -> u64 {
        let asked = self.recipe.limits.memory_limit_bytes;
        asked.unwrap_or_else(|| memory_limit().bytes)
    }

    /// What a page or a record batch of a columnar file may take in memory: half of a worker's share, as what it is decoded
    /// to takes the rest.
    pub(crate) fn table_memory_bytes(&self) -> u64 {
        // With less not even usual files could be read.
        const LEAST: u64 = 64 << 20;
        (self.memory_limit_bytes() / (2 * self.workers as u64).max(1)).max(LEAST)
    }

    /// The operators' names in order.
    pub fn operator_names(&self) -> Vec<String> {
        self.recipe
            .process
            .iter()
            .map(|call| call.name.clone())
            .collect()
    }
}

/// No machine has more to do at a time, and each worker takes a thread with its stack.
pub(crate) const MAX_WORKERS: usize = 1024;

/// How long a driver waits for news before it looks at its flags again.
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);
