//! Running attempts, one after another, on one thread.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coldpress_failure::{ErrorClass, catch};
use coldpress_operator::{Chain, FoundAssets, Pipeline, Registry, Shared};
use coldpress_record::Batch;
use coldpress_storage::{Packing, Stores, Waits};

use crate::attempt::{Assignment, Attempt, Start};
use crate::error::{AttemptError, FailureKind};
use crate::input;
use crate::last_table::LastTable;
use crate::new_files::NewFiles;
use crate::outcome::Outcome;
use crate::spec::JobSpec;
use crate::underway::{Tools, Underway, Watch};

/// What a worker needs besides the job and its attempts: what cannot be sent as a value.
#[derive(Clone, Debug)]
pub struct WorkerContext {
    /// The operators that the program knows.
    pub registry: Registry,
    /// The job's stores, which hold the files of attempts.
    pub stores: Stores,
    /// The models of all workers of the process.
    pub shared: Shared,
    /// Receives the reports of worker processes about servers that they wait for.
    pub waits: Waits,
}

/// Runs the attempts of a job, one after another; operators and buffers are kept in between.
pub struct Worker {
    spec: Arc<JobSpec>,
    context: WorkerContext,
    /// None before the first attempt, and after a panic that may have left the operators in any state.
    chain: Option<Chain>,
    batch: Batch,
    /// Results that wait to become durable together. A panic in an attempt leaves those of the attempts before it.
    packing: Arc<Mutex<Packing>>,
    last_table: Arc<LastTable>,
}

impl Worker {
    /// A worker for a job, which has built nothing yet.
    pub fn new(spec: Arc<JobSpec>, context: WorkerContext) -> Self {
        Self {
            spec,
            context,
            chain: None,
            batch: Batch::default(),
            packing: Arc::default(),
            last_table: Arc::default(),
        }
    }

    /// Runs one attempt to its end, or to the first batch after it is told to stop.
    ///
    /// The result of one that may be [packed](Attempt::packed) is durable once [`settle`](Self::settle) has returned, and
    /// nobody may act on it before.
    ///
    /// # Errors
    /// [`AttemptError`]; whatever files were made are cited by nobody. A panic outside of an operator is an error too.
    pub fn run(&mut self, attempt: &Attempt, watch: Watch<'_>) -> Result<Outcome, AttemptError> {
        let run = catch(|| self.run_attempt(attempt, watch));
        run.unwrap_or_else(|panic| {
            self.chain = None;
            self.batch = Batch::default();
            Err(AttemptError {
                trace: panic.trace.clone(),
                ..AttemptError::new(ErrorClass::Processing, format!("the worker {panic}"))
            })
        })
    }

    /// The number of bytes that wait to become durable.
    pub fn unsettled_bytes(&self) -> usize {
        self.packing().bytes()
    }

    /// Makes the results of all packed attempts durable that ended since the last call.
    ///
    /// # Errors
    /// [`AttemptError`]; none of these results is durable then, so all of the attempts have failed.
    pub fn settle(&mut self) -> Result<(), AttemptError> {
        let packing = std::mem::take(&mut *self.packing());
        let stores = &self.context.stores;
        Ok(packing.finish(|place, name| stores.put_new(place, name))?)
    }

    fn packing(&self) -> MutexGuard<'_, Packing> {
        self.packing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tries one start after another, at last the slice itself, until one turns out to be good to its end.
    ///
    /// Most starts that are no good are found out when they are opened. Some damage shows only when the last record was
    /// read; what the attempt has made by then is of no use, and it begins again with the next start.
    fn run_attempt(
        &mut self,
        attempt: &Attempt,
        watch: Watch<'_>,
    ) -> Result<Outcome, AttemptError> {
        let spec = Arc::clone(&self.spec);
        let stores = self.context.stores.clone();
        let packing = Arc::clone(&self.packing);
        let last_table = Arc::clone(&self.last_table);
        let mut work = Assignment::new(&spec, &stores, &last_table, attempt)?;
        if attempt.packed {
            work.results = NewFiles::packed(&stores, &packing);
        }
        let mut chain = match self.chain.take() {
            Some(chain) => chain,
            None => build(&spec, &self.context, None)?,
        };
        let (mut set_aside, mut first) = (Vec::new(), 0);
        let run = loop {
            let run = self.run_from(work, watch, &mut chain, &mut first, &mut set_aside);
            match run {
                Err(error) if error.kind == FailureKind::BadStart => {
                    set_aside.push(error.message);
                    first += 1;
                }
                run => break run,
            }
        };
        self.chain = Some(chain);
        let begun_from = attempt.starts.get(first).and_then(Start::file).cloned();
        run.map(|outcome| Outcome {
            begun_from,
            set_aside,
            ..outcome
        })
    }

    /// Runs an attempt from the best start from the `first`-th on; `first` is then the one that was taken.
    fn run_from(
        &mut self,
        work: Assignment<'_>,
        watch: Watch<'_>,
        chain: &mut Chain,
        first: &mut usize,
        set_aside: &mut Vec<String>,
    ) -> Result<Outcome, AttemptError> {
        let (input, start) = input::open(work, *first, set_aside)?;
        *first = start;
        let tools = Tools {
            chain,
            batch: &mut self.batch,
        };
        let mut underway = Underway::begin(work, watch, tools, input)?;
        while underway.step()? {}
        underway.finish()
    }
}

/// Makes the operators of a job, with `field` among the fields that they work on.
pub(crate) fn build(
    spec: &JobSpec,
    context: &WorkerContext,
    field: Option<&str>,
) -> Result<Chain, AttemptError> {
    let WorkerContext {
        registry, shared, ..
    } = context;
    let found = FoundAssets::new(spec.assets.clone());
    let found = found.checked_by(registry.assets().cloned());
    let registry = registry.clone().with_assets(found);
    Pipeline::resolve(&registry, &spec.operators, &spec.settings)
        .map(|pipeline| match field {
            Some(field) => pipeline.declaring(field),
            None => pipeline,
        })
        .and_then(|pipeline| pipeline.instantiate(shared))
        .map_err(|error| AttemptError::new(ErrorClass::Config, error.to_string()))
}
