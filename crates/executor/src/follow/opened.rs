//! A job that is opened for reading: its recipe, its state, and its input, which must be what was planned.

use std::sync::Arc;

use coldpress_dataset::Source;
use coldpress_job::{JobState, Journal, Layout};
use coldpress_operator::{ChainHash, Stage, StageChain};
use coldpress_partition::Task;
use coldpress_storage::Stores;
use coldpress_worker::{Attempt, Follower, JobSpec, Start, WorkerContext};

use super::FollowOptions;
use crate::cleaning::recipe_of;
use crate::error::{Error, ErrorKind, Result};
use crate::executor::{Executor, ExecutorBuilder};
use crate::known_chain::known_chain;
use crate::mixing::mixed;
use crate::planned_sources::{match_mixing, match_plan};
use crate::spec::job_spec;
use crate::starts::{StartSettings, Starts};

/// A job that is opened for reading. Nothing of it is locked or changed.
pub(crate) struct OpenedJob {
    pub(crate) executor: Executor,
    pub(crate) state: JobState,
    pub(crate) sources: Vec<Source>,
    pub(crate) stores: Stores,
    /// The chain hashes of its recipe as far as they are known, as this release computes them.
    pub(crate) chain: Vec<ChainHash>,
    /// Remarks, a sentence each.
    pub(crate) remarks: Vec<String>,
    spec: Arc<JobSpec>,
    /// The same without operators. It is made once, as it may be long: there is a reader for each partition.
    reading: Arc<JobSpec>,
}

impl OpenedJob {
    /// Opens a job for reading.
    pub(crate) fn open(layout: &Layout, options: &FollowOptions<'_>) -> Result<Self> {
        if !Journal::exists(layout)? {
            let message = format!("the job `{}` has no journal", layout.job_id());
            return Err(Error::new(ErrorKind::NoSuchJob, message));
        }
        let state = Journal::read(layout)?;
        let Some(plan) = state.plan().cloned() else {
            let message = format!("the job `{}` is not planned yet", layout.job_id());
            return Err(Error::new(ErrorKind::Failed, message));
        };
        let builder = ExecutorBuilder::new(recipe_of(layout)?, options.registry.clone());
        let builder = builder
            .schemes(options.schemes.clone())
            .asset_folders(options.asset_folders.clone());
        let executor = builder.build_in(layout.clone())?;
        let stores = executor.stores(&state)?;
        let dataset = executor.dataset()?;
        match_mixing(&executor.prepared, &plan, &dataset.of_paths).map_err(Error::for_a_look)?;
        let mut sources = match &plan.mixing {
            Some(mixing) => mixed(&dataset.sources, &dataset.of_paths, mixing),
            None => dataset.sources,
        };
        match_plan(&executor.prepared, &plan, &mut sources).map_err(Error::for_a_look)?;
        // Whether they are the same to the last byte is checked as they are read.
        let unchanged = |source: &Source| source.check_unchanged().map(drop);
        let unchanged = sources.iter().try_for_each(unchanged);
        unchanged.map_err(|error| Error::from(error).for_a_look())?;
        let prepared = &executor.prepared;
        let hashes = prepared.chain_hashes(&sources, plan.mixing.as_ref())?;
        let chain = known_chain(&state, &prepared.pipeline, hashes);
        let spec = JobSpec {
            // Earlier work can be used whatever it has besides rows.
            keep_dropped: false,
            trace: None,
            ..job_spec(prepared, &stores, &sources, false)
        };
        let reading = JobSpec {
            operators: Vec::new(),
            assets: Vec::new(),
            // What cannot be read is a finding here, not a failure.
            lenient: true,
            ..spec.clone()
        };
        let mut opened = Self {
            remarks: Vec::new(),
            spec: Arc::new(spec),
            reading: Arc::new(reading),
            executor,
            state,
            sources,
            stores,
            chain,
        };
        opened.remarks = opened.differences();
        Ok(opened)
    }

    /// Remarks where the job's work differs from what this program would do.
    fn differences(&self) -> Vec<String> {
        let Some(recipe) = self.state.recipe() else {
            return Vec::new();
        };
        let names: Vec<&str> = self.executor.prepared.pipeline.names().collect();
        if recipe.operators != names {
            return vec![
                "the journal names another recipe than `recipe.resolved.yaml`: a run was interrupted as it began, and the \
                 next one continues with the recipe that it is given"
                    .to_owned(),
            ];
        }
        let pairs = recipe.chain.iter().zip(&self.chain);
        let same = pairs.take_while(|(one, other)| one == other).count();
        let known = recipe.chain.len();
        if same == known {
            return Vec::new();
        }
        // The first hash is that of the input and of how it is read.
        let what = match same.checked_sub(1).and_then(|at| names.get(at)) {
            Some(name) => format!("`{name}` or a file that it uses is not what it was"),
            None => "the input is read in another way".to_owned(),
        };
        vec![format!(
            "{what} when the job ran, so what is shown may differ from what happened"
        )]
    }

    /// How many records of the dataset the job works on at most, where it has all of them planned.
    pub(crate) fn limit(&self) -> Option<u64> {
        let limit = self.state.plan().and_then(|plan| plan.limit);
        limit.filter(|_| self.state.plan_complete())
    }

    /// The recipe's stages.
    pub(crate) fn stages(&self) -> Vec<Stage> {
        self.executor.prepared.pipeline.stages()
    }

    /// A follower of records through the recipe's operators.
    pub(crate) fn follower(&self) -> Follower {
        Follower::new(Arc::clone(&self.spec), self.context())
    }

    /// A follower that only reads.
    pub(crate) fn reader(&self) -> Follower {
        Follower::new(Arc::clone(&self.reading), self.context())
    }

    fn context(&self) -> WorkerContext {
        let prepared = &self.executor.prepared;
        WorkerContext {
            registry: prepared.registry.clone(),
            stores: self.stores.clone(),
            shared: prepared.shared.clone(),
            waits: self.executor.schemes.waits().clone(),
        }
    }

    /// An attempt that only reads the slice of a partition; none of one that is not planned.
    pub(crate) fn reading_of(&self, partition: u32) -> Option<Attempt> {
        let stage = Stage {
            index: 0,
            operators: 0..0,
        };
        let chain = StageChain::of(&stage, &self.chain)?;
        self.attempt(partition, chain, 0, Vec::new(), Vec::new())
    }

    /// An attempt at operators up to the end of a stage, from the slice or from these starts.
    pub(crate) fn attempt(
        &self,
        partition: u32,
        chain: StageChain,
        stage: u32,
        starts: Vec<Start>,
        decisions: Vec<Option<coldpress_storage::ObjectRef>>,
    ) -> Option<Attempt> {
        let from_input = starts.is_empty();
        let (slice, poison) = self.with_starts(&chain, |starts| {
            let slice = starts.slice(partition)?;
            Some((slice, starts.poison(partition).collect()))
        })?;
        Some(Attempt {
            epoch: 0,
            number: 0,
            // What cannot be read from the slice must not be.
            task: Task::new(if from_input { 0 } else { stage.max(1) }, partition),
            slice,
            draw: self
                .state
                .draw(partition, self.executor.prepared.recipe.seed),
            chain,
            starts,
            from_input,
            gate: None,
            checkpoints: Vec::new(),
            decisions,
            poison,
            isolated: false,
            packed: false,
        })
    }

    /// Earlier work of a partition that has exactly so many operators applied.
    pub(crate) fn work_after(
        &self,
        partition: u32,
        chain: &StageChain,
        operation: u32,
    ) -> Vec<Start> {
        let found = self.with_starts(chain, |starts| {
            let mut found = starts.starts(partition);
            found.retain(|start| start.operation() == operation);
            Some(found)
        });
        found.unwrap_or_default()
    }

    fn with_starts<T>(
        &self,
        chain: &StageChain,
        ask: impl FnOnce(&Starts<'_>) -> Option<T>,
    ) -> Option<T> {
        let pipeline = &self.executor.prepared.pipeline;
        let barriers = pipeline.barriers();
        let signer = |place: u32| {
            let before = self.chain.get(place as usize)?;
            let operator = pipeline.operators().get(place as usize)?;
            Some((place, before.then(operator.signature_identity())))
        };
        let signers: Vec<(u32, ChainHash)> = barriers.into_iter().filter_map(signer).collect();
        ask(&Starts {
            state: &self.state,
            chain,
            begin: 0,
            settings: StartSettings {
                use_earlier_work: true,
                external: &[],
                restart_from_beginning: true,
                keep_stats: self.executor.prepared.recipe.export.keep_stats,
                keep_dropped: false,
                trace: None,
                checkpoints: &[],
                gate_seconds: 0.0,
            },
            costs: &[],
            signers: &signers,
            gateless: &std::collections::BTreeSet::new(),
        })
    }
}
