//! Running attempts, one after another, on one thread.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use coldpress_checkpoint::{CheckpointStore, Manifest};
use coldpress_failure::ErrorClass;
use coldpress_operator::{Chain, Guard, InHandFn, Pipeline, Registry, Shared, Tally};
use coldpress_partition::Task;
use coldpress_record::{Batch, FieldsSeen, Ledger};

use crate::attempt::{Assignment, Attempt};
use crate::error::{AttemptError, FailureKind};
use crate::input::{Found, Input};
use crate::intermediate::Intermediate;
use crate::made::Made;
use crate::outcome::Outcome;
use crate::output::ResultWriter;
use crate::progress::Progress;
use crate::segment::Segment;
use crate::spec::JobSpec;
use crate::tee::Tee;

/// What a worker needs besides the attempt: what cannot be sent as a value.
#[derive(Clone, Debug)]
pub struct WorkerContext {
    /// The operators that the program knows.
    pub registry: Registry,
    /// Where checkpoints are.
    pub store: Arc<dyn CheckpointStore>,
    /// The models of all workers of the process.
    pub shared: Shared,
}

/// Runs attempts, one after another; built operators and buffers are kept in between.
pub struct Worker {
    spec: Arc<JobSpec>,
    context: WorkerContext,
    chain: Option<Chain>,
    batch: Batch,
}

/// What an attempt looks at and tells on its way.
struct Watch<'a> {
    stop: &'a AtomicBool,
    progress: &'a Progress,
    guard: Guard<'a>,
}

/// A batch's run: whose it is, and who watches.
struct Inside<'a> {
    watch: &'a Watch<'a>,
    task: Task,
}

impl Worker {
    /// A worker for a job, which has built nothing yet.
    pub fn new(spec: Arc<JobSpec>, context: WorkerContext) -> Self {
        Self {
            spec,
            context,
            chain: None,
            batch: Batch::default(),
        }
    }

    /// Runs one attempt to its end, or to the first batch after `stop` is set.
    ///
    /// # Errors
    /// [`AttemptError`]; whatever files were made are cited by nobody. A panic outside of an operator is an error too.
    pub fn run(
        &mut self,
        attempt: &Attempt,
        stop: &AtomicBool,
        progress: &Progress,
    ) -> Result<Outcome, AttemptError> {
        self.run_watched(attempt, stop, progress, None)
    }

    /// As [`run`](Self::run); `in_hand` is told of each record before an operator works on it alone.
    ///
    /// # Errors
    /// As there.
    pub fn run_watched(
        &mut self,
        attempt: &Attempt,
        stop: &AtomicBool,
        progress: &Progress,
        in_hand: Option<&InHandFn<'_>>,
    ) -> Result<Outcome, AttemptError> {
        let spec = Arc::clone(&self.spec);
        let work = Assignment::new(&spec, attempt)?;
        let watch = Watch {
            stop,
            progress,
            guard: Guard {
                poison: &attempt.poison,
                in_hand,
            },
        };
        let run = catch_unwind(AssertUnwindSafe(|| self.run_attempt(work, &watch)));
        run.unwrap_or_else(|panic| {
            self.chain = None;
            self.batch = Batch::default();
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            Err(AttemptError::new(
                ErrorClass::Processing,
                format!("the worker panicked: {text}"),
            ))
        })
    }

    fn run_attempt(
        &mut self,
        work: Assignment<'_>,
        watch: &Watch<'_>,
    ) -> Result<Outcome, AttemptError> {
        self.prepare_chain()?;
        let (mut set_aside, mut first) = (Vec::new(), 0);
        loop {
            let run = self.run_from(work, &mut first, &mut set_aside, watch);
            match run {
                // The next start is tried, at last the slice itself.
                Err(error) if error.kind == FailureKind::BadStart => {
                    set_aside.push(error.message);
                    first += 1;
                }
                run => {
                    return run.map(|outcome| Outcome {
                        set_aside,
                        ..outcome
                    });
                }
            }
        }
    }

    /// Runs an attempt from the best start from the `first`-th on; `first` is then the one that was taken.
    fn run_from(
        &mut self,
        work: Assignment<'_>,
        first: &mut usize,
        set_aside: &mut Vec<String>,
        watch: &Watch<'_>,
    ) -> Result<Outcome, AttemptError> {
        let store = &*self.context.store;
        let Some(chain) = &mut self.chain else {
            return Err(AttemptError::new(
                ErrorClass::Processing,
                "the operators were not built",
            ));
        };
        let (mut input, start) = Input::open(work, *first, store, set_aside)?;
        *first = start;
        let mut manifest = begin_manifest(work, chain, input.manifest());
        let resumed_at = manifest.operation;
        let mut tally = chain.tally();
        tally.ledger = manifest.ledger.clone();
        tally.dropped = work
            .spec
            .keep_dropped
            .then(|| vec![Vec::new(); chain.len()]);
        let _ = self.batch.take_seen();
        let last = work.attempt.gate.map_or(chain.len(), |gate| gate as usize);
        watch.progress.begin(work, resumed_at, last as u32);
        let mut segments = Segment::of(work, resumed_at as usize, last);
        let points = Segment::points(&segments);
        let mut tee = Tee::create(work, &points, input.base(work), chain, store)?;
        let operators = (resumed_at as usize, last);
        let mut intermediate = match work.spec.intermediate {
            Some(form) => Some(Intermediate::create(work, form, operators, chain)?),
            None => None,
        };
        let mut result = match work.attempt.gate {
            None => Some(ResultWriter::create(work, chain, input.schema())?),
            Some(_) => None,
        };
        let mut found = Found::default();
        while input.next(&mut self.batch, chain, &mut found)? {
            if watch.stop.load(Ordering::Relaxed) {
                return Err(AttemptError::stopped());
            }
            watch.progress.read(work.attempt.task, found.records.max(1));
            account_for_input(work, &mut found, &mut tally, &mut manifest, &mut segments)?;
            let kept = intermediate.as_mut();
            run_batch(
                chain,
                &mut self.batch,
                &mut segments,
                (&mut tee, kept),
                &mut tally,
                &Inside {
                    watch,
                    task: work.attempt.task,
                },
            )?;
            if let Some(result) = &mut result {
                result.write(&self.batch, chain)?;
            }
        }
        let from_slice = input.is_slice();
        input.finish(work)?;
        if from_slice {
            manifest.seen = self.batch.take_seen();
        }
        let made = Made {
            tally,
            manifest,
            segments,
            tee,
            intermediate,
            result,
            resumed_at,
        };
        made.finish(work, chain)
    }

    /// Builds the operators, unless an attempt before did.
    fn prepare_chain(&mut self) -> Result<(), AttemptError> {
        if self.chain.is_some() {
            return Ok(());
        }
        let WorkerContext {
            registry, shared, ..
        } = &self.context;
        let chain = Pipeline::resolve(registry, &self.spec.operators, &self.spec.settings)
            .and_then(|pipeline| pipeline.instantiate(shared))
            .map_err(|error| AttemptError::new(ErrorClass::Config, error.to_string()))?;
        self.chain = Some(chain);
        Ok(())
    }
}

/// What is true before the first batch: nothing, or what the earlier work says.
fn begin_manifest(work: Assignment<'_>, chain: &Chain, earlier: Option<&Manifest>) -> Manifest {
    let empty = Ledger::new(chain.names());
    let slice = work.attempt.slice.clone();
    let Some(earlier) = earlier else {
        return Manifest {
            partition: work.attempt.task.partition,
            operation: 0,
            chain: work.attempt.chain[0].to_string(),
            slice: slice.digest,
            ledger: empty,
            error_marks: vec![0; slice.marks.len()],
            unreadable: Vec::new(),
            rows: 0,
            quarantine: Vec::new(),
            seen: FieldsSeen::default(),
            types: None,
            dropped: work.spec.keep_dropped.then(Vec::new),
        };
    };
    let mut operators = earlier.ledger.operators.clone();
    operators.extend(empty.operators.into_iter().skip(operators.len()));
    Manifest {
        ledger: Ledger {
            operators,
            ..earlier.ledger
        },
        types: None,
        dropped: earlier.dropped.clone().filter(|_| work.spec.keep_dropped),
        ..earlier.clone()
    }
}

/// The error of the first record that cannot be read, where the recipe wants none left out.
fn refuse_unread(work: Assignment<'_>, found: &Found) -> Result<(), AttemptError> {
    let rejects = found
        .rejects
        .iter()
        .map(|reject| (reject.origin.position, reject.reason.clone()));
    let limit = work.spec.max_record_bytes;
    let too_long = found.too_long.iter().map(|(origin, length)| {
        let reason =
            format!("the record is longer than `max_record_mb` ({length} bytes, limit {limit})");
        (origin.position, reason)
    });
    let lost = found
        .unreadable
        .iter()
        .map(|part| (part.start, part.reason.clone()));
    let Some((position, reason)) = rejects.chain(too_long).chain(lost).min() else {
        return Ok(());
    };
    let path = work.source.path.display();
    let unit = match work.source.is_columnar() {
        true => "row",
        false => "byte",
    };
    Err(AttemptError::strict(format!(
        "`{path}` at {unit} {position}: {reason}; `load_jsonl_lenient: true` puts such records in quarantine"
    )))
}

/// Counts what was read and sets aside what is no record.
fn account_for_input(
    work: Assignment<'_>,
    found: &mut Found,
    tally: &mut Tally,
    manifest: &mut Manifest,
    segments: &mut [Segment],
) -> Result<(), AttemptError> {
    tally.ledger.records += found.records;
    tally.ledger.rejected += (found.rejects.len() + found.too_long.len()) as u64;
    tally.ledger.too_long += found.too_long.len() as u64;
    let lengths = found.rejects.iter().map(|reject| reject.bytes.len() as u64);
    let long = found.too_long.iter().map(|(_, length)| *length);
    tally.ledger.rejected_bytes += lengths.chain(long).sum::<u64>();
    if !work.spec.lenient {
        refuse_unread(work, found)?;
    }
    manifest.unreadable.append(&mut found.unreadable);
    let Some(first) = segments.first_mut() else {
        return Ok(());
    };
    found
        .rejects
        .drain(..)
        .try_for_each(|reject| first.reject(reject))?;
    let mut too_long = found.too_long.drain(..);
    too_long.try_for_each(|(origin, length)| {
        first.reject_too_long(origin, length, work.spec.max_record_bytes)
    })
}

fn run_batch(
    chain: &mut Chain,
    batch: &mut Batch,
    segments: &mut [Segment],
    (tee, mut intermediate): (&mut Tee, Option<&mut Intermediate>),
    tally: &mut Tally,
    inside: &Inside<'_>,
) -> Result<(), AttemptError> {
    let mut point = 0;
    for segment in segments {
        if segment.is_point {
            tee.before(batch);
        }
        match intermediate.as_deref_mut() {
            None => run_operators(chain, batch, segment.operators.clone(), tally, inside)?,
            Some(intermediate) => {
                for operation in segment.operators.clone() {
                    run_operators(chain, batch, operation..operation + 1, tally, inside)?;
                    intermediate.write(operation, batch, chain)?;
                }
            }
        }
        tally
            .quarantined
            .drain(..)
            .try_for_each(|failed| segment.fail(failed))?;
        for (operation, lines) in tally.dropped.iter_mut().flatten().enumerate() {
            if !lines.is_empty() {
                segment.drop_rows(operation as u32, lines)?;
                lines.clear();
            }
        }
        if segment.is_point {
            tee.after(point, batch, chain)?;
            point += 1;
        }
    }
    Ok(())
}

fn run_operators(
    chain: &mut Chain,
    batch: &mut Batch,
    operators: Range<usize>,
    tally: &mut Tally,
    inside: &Inside<'_>,
) -> Result<(), AttemptError> {
    let Inside { watch, task } = inside;
    for operation in operators {
        watch.progress.enter(*task, operation as u32);
        chain
            .run_guarded(batch, operation..operation + 1, tally, &watch.guard)
            .map_err(|failure| AttemptError {
                operator: Some(failure.failed.operator.clone()),
                ..AttemptError::new(ErrorClass::Processing, failure.to_string())
            })?;
    }
    Ok(())
}
