//! An attempt under way: from its start, batch by batch, to its outcome.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use coldpress_checkpoint::Manifest;
use coldpress_failure::ErrorClass;
use coldpress_operator::{Chain, Guard, InHandFn, ResolvedOperator, Tally, Tracer};
use coldpress_record::{Batch, FieldsSeen, Ledger};

use crate::attempt::Assignment;
use crate::barrier::{Signing, decisions};
use crate::error::AttemptError;
use crate::input::{Found, Records};
use crate::intermediate::Intermediate;
use crate::outcome::{Outcome, ResultFiles};
use crate::output::{ResultOptions, ResultWriter};
use crate::progress::Progress;
use crate::segment::Segment;
use crate::tee::Tee;
use crate::times::{FileTimes, nanos_of, timed};
use crate::trace::Writing;

/// Who watches an attempt, and may stop it.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Set when the attempt is to leave at its next batch.
    pub stop: &'a AtomicBool,
    /// Is told what the attempt is at.
    pub progress: &'a Progress,
    /// Is told of each record before an operator works on it alone; none = operators get whole batches.
    pub in_hand: Option<&'a InHandFn<'a>>,
}

/// What a worker keeps from one attempt to the next, because it is costly to make.
pub(crate) struct Tools<'a> {
    pub(crate) chain: &'a mut Chain,
    pub(crate) batch: &'a mut Batch,
}

/// An attempt under way. It owns everything that the attempt makes, until [`finish`](Self::finish) makes it durable; one
/// that is dropped before leaves files that nobody cites.
pub(crate) struct Underway<'a> {
    work: Assignment<'a>,
    watch: Watch<'a>,
    guard: Guard<'a>,
    chain: &'a mut Chain,
    batch: &'a mut Batch,
    input: Box<dyn Records + 'a>,
    /// What the input had besides the records of the batch.
    found: Found,
    /// Operators that an earlier attempt had applied already.
    resumed_at: u32,
    /// Operators that are applied at the end: all, unless the attempt ends at a gate.
    last: usize,
    segments: Vec<Segment<'a>>,
    tee: Tee,
    intermediate: Option<Intermediate>,
    /// None of an attempt that ends at a gate.
    result: Option<ResultWriter>,
    /// What the barrier behind the stage asks for; none of an attempt that ends at a gate, and where there is no barrier.
    signing: Option<Signing>,
    /// The time that signatures took so far, in nanoseconds.
    signing_nanos: u64,
    file_times: FileTimes,
    /// What is true of the partition from its start, but for what the tally and the segments hold.
    manifest: Manifest,
    tally: Tally,
}

impl<'a> Underway<'a> {
    /// Begins an attempt over these records: creates what it writes to.
    pub(crate) fn begin(
        work: Assignment<'a>,
        watch: Watch<'a>,
        tools: Tools<'a>,
        input: Box<dyn Records + 'a>,
    ) -> Result<Self, AttemptError> {
        let Tools { chain, batch } = tools;
        let manifest = begin_manifest(work, chain, input.manifest());
        let resumed_at = manifest.operation;
        let tally = Tally {
            ledger: manifest.ledger.clone(),
            dropped: work
                .spec
                .keep_dropped
                .then(|| vec![Vec::new(); chain.len()]),
            trace: work
                .spec
                .trace
                .as_ref()
                .map(|trace| Tracer::new(&trace.settings, chain.len())),
            ..chain.tally()
        };
        // An attempt before, or a start that was no good, may have left something.
        let _ = batch.take_seen();
        let gate = gate(work, chain, resumed_at);
        let last = gate.unwrap_or(work.attempt.chain.end());
        watch.progress.begin(work, resumed_at, gate);
        let (first, last) = (resumed_at as usize, last as usize);
        let segments = Segment::of(work, first, last, follows_moves(work, chain));
        let points = Segment::points(&segments);
        let tee = Tee::create(work, &points, input.base(), chain)?;
        let intermediate = match work.spec.intermediate {
            Some(form) => Some(Intermediate::create(work, form, (first, last), chain)?),
            None => None,
        };
        let result = match gate {
            None => Some(ResultWriter::create(
                &ResultOptions::of(work, chain, input.text()),
                input.schema(),
            )?),
            Some(_) => None,
        };
        let signing = Signing::of(work, chain).filter(|_| gate.is_none());
        chain.decide(&decisions(work)?);
        Ok(Self {
            guard: Guard {
                poison: &work.attempt.poison,
                in_hand: watch.in_hand,
            },
            work,
            watch,
            chain,
            batch,
            input,
            found: Found::default(),
            resumed_at,
            last,
            segments,
            tee,
            intermediate,
            result,
            signing,
            signing_nanos: 0,
            file_times: FileTimes::default(),
            manifest,
            tally,
        })
    }

    /// Takes the next batch all the way from the input to the result; `false` at the end of the input.
    pub(crate) fn step(&mut self) -> Result<bool, AttemptError> {
        self.found = Found::default();
        let (input, found) = (&mut self.input, &mut self.found);
        let reading = &mut self.file_times.reading_nanos;
        if !timed(reading, || input.next(self.batch, self.chain, found))? {
            return Ok(false);
        }
        // Not before the input was asked: an attempt that has nothing left to do may as well be finished.
        if self.watch.stop.load(Ordering::Relaxed) {
            return Err(AttemptError::stopped());
        }
        // A batch of an earlier attempt's rows counts as one record, as nobody knows how many it was made of.
        let records = self.found.records.max(1);
        self.watch.progress.read(self.work.attempt.task, records);
        self.account_for_input()?;
        for at in 0..self.segments.len() {
            self.run_segment(at)?;
        }
        if let Some(result) = &mut self.result {
            let writing = &mut self.file_times.result_nanos;
            timed(writing, || result.write(self.batch, self.chain.fields()))?;
        }
        if let Some(signing) = &mut self.signing {
            timed(&mut self.signing_nanos, || {
                signing.sign(self.batch, self.chain, &self.guard, self.work)
            })?;
        }
        Ok(true)
    }

    /// Counts what was read and sets aside what is not a record.
    fn account_for_input(&mut self) -> Result<(), AttemptError> {
        let found = &mut self.found;
        let ledger = &mut self.tally.ledger;
        ledger.records += found.records;
        ledger.rejected += found.rejected();
        ledger.without_text += std::mem::take(&mut found.without_text);
        ledger.not_sampled += found.not_sampled;
        ledger.rejected_bytes += found.rejected_bytes();
        ledger.too_long += found.too_long.len() as u64;
        if !self.work.spec.lenient {
            found.refuse_unread(self.work)?;
        }
        self.manifest.unreadable.append(&mut found.unreadable);
        // No operator saw these records, so they belong to whatever comes first; there is always a segment.
        let Some(first) = self.segments.first_mut() else {
            return Ok(());
        };
        for reject in found.rejects.drain(..) {
            first.reject(reject)?;
        }
        for (origin, length) in found.too_long.drain(..) {
            first.reject_too_long(origin, length, self.work.spec.max_record_bytes)?;
        }
        Ok(())
    }

    /// Runs the operators of a segment over the batch, and sets aside what they leave behind.
    ///
    /// What a segment drops or fails on must be in its own files before the next one runs: an attempt that goes on from
    /// the checkpoint in between takes over the files of the segments before it and no others.
    fn run_segment(&mut self, at: usize) -> Result<(), AttemptError> {
        let (operators, point) = (self.segments[at].operators.clone(), self.segments[at].point);
        if point.is_some() {
            let writing = &mut self.file_times.checkpoint_nanos;
            timed(writing, || self.tee.before(self.batch));
        }
        self.run_operators(operators)?;
        let segment = &mut self.segments[at];
        for failed in self.tally.quarantined.drain(..) {
            segment.fail(failed)?;
        }
        for (operation, lines) in self.tally.dropped.iter_mut().flatten().enumerate() {
            if !lines.is_empty() {
                segment.drop_rows(operation as u32, lines)?;
                lines.clear();
            }
        }
        match point {
            Some(point) => {
                let writing = &mut self.file_times.checkpoint_nanos;
                timed(writing, || self.tee.after(point, self.batch, self.chain))
            }
            None => Ok(()),
        }
    }

    fn run_operators(&mut self, operators: Range<usize>) -> Result<(), AttemptError> {
        for at in operators {
            let progress = self.watch.progress;
            progress.enter(self.work.attempt.task, at as u32);
            // One at a time: the progress shows which, and intermediate data is what each leaves.
            self.chain
                .run_guarded(self.batch, at..at + 1, &mut self.tally, &self.guard)
                .map_err(|failure| {
                    let label = self.chain.pipeline().label(at);
                    let source = self.work.source_of(&failure.failed.origin);
                    AttemptError::of_operator(failure, &label, source)
                })?;
            if let Some(intermediate) = &mut self.intermediate {
                intermediate.write(at, self.batch, self.chain)?;
            }
        }
        Ok(())
    }

    /// Makes everything durable and gives the outcome.
    ///
    /// First it is made sure that what was read is what was planned. Then files are finished in the order in which one
    /// cites another: checkpoints and results name the quarantine files of the segments before them.
    pub(crate) fn finish(self) -> Result<Outcome, AttemptError> {
        let begun = Instant::now();
        let Self {
            work,
            chain,
            input,
            mut tally,
            mut manifest,
            ..
        } = self;
        let is_slice = input.manifest().is_none();
        input.finish()?;
        if is_slice {
            manifest.seen = self.batch.take_seen();
        }
        let decided = self.resumed_at as usize..self.last;
        chain
            .check_decided(decided)
            .map_err(|message| AttemptError::new(ErrorClass::Processing, message))?;
        // Nothing came to the operators after a gate.
        tally.ledger.operators.truncate(self.last);
        check_ledger(work, &tally, &manifest)?;
        manifest.ledger = tally.ledger;
        let trace = tally.trace.take();
        let traced = trace.map(|trace| Writing::begin(work, trace, self.resumed_at));
        let traced = traced.transpose()?.flatten();
        let mut points = Vec::new();
        for segment in self.segments {
            let is_point = segment.point.is_some();
            segment.finish(&mut manifest)?;
            // One file for all segments: it counts for the operators up to the checkpoint.
            if let (Some(trace), Some(traced)) = (&mut manifest.trace, &traced) {
                let file = traced.file_until(manifest.operation);
                trace.files.retain(|known| known.file != file.file);
                trace.files.push(file);
            }
            points.extend(is_point.then(|| manifest.clone()));
        }
        manifest.chain = work.chain_after(manifest.operation)?.to_string();
        if let Some(intermediate) = self.intermediate {
            intermediate.finish(work, &manifest)?;
        }
        let mut file_times = self.file_times;
        let before = file_times.checkpoint_nanos;
        let checkpoints = timed(&mut file_times.checkpoint_nanos, || {
            self.tee.finish(work, points, &manifest, chain)
        })?;
        let on_checkpoints = file_times.checkpoint_nanos - before;
        let result = self.result.map(|result| result.finish(manifest.clone()));
        let result = result.transpose()?;
        let signatures = self.signing.map(|signing| signing.finish(work));
        let signatures = signatures.transpose()?;
        traced.map(Writing::finish).transpose()?;
        let result = result.map(|result| ResultFiles {
            signatures,
            ..result
        });
        // Everything else that is finished here belongs to the results or is beside them.
        file_times.result_nanos += nanos_of(begun.elapsed()).saturating_sub(on_checkpoints);
        Ok(Outcome {
            task: work.attempt.task,
            attempt: work.attempt.number,
            result,
            checkpoints,
            quarantine: manifest.quarantine,
            dropped: manifest.dropped,
            trace: manifest.trace,
            seen: manifest.seen,
            ledger: manifest.ledger,
            unreadable: manifest.unreadable,
            error_marks: manifest.error_marks,
            resumed_at: self.resumed_at,
            begun_from: None,
            set_aside: Vec::new(),
            nanos: tally.nanos,
            signing_nanos: self.signing_nanos,
            file_times,
        })
    }
}

/// Returns whether an operator before the stage may have placed records of other slices in the partition.
fn follows_moves(work: Assignment<'_>, chain: &Chain) -> bool {
    let operators = chain.pipeline().operators().iter();
    // Where a later stage begins, the operator at the barrier before it is still to be applied.
    let before = match work.attempt.task.stage {
        0 => 0,
        _ => work.attempt.chain.begin() as usize + 1,
    };
    let mut barriers = operators.take(before).filter_map(ResolvedOperator::barrier);
    barriers.any(|barrier| barrier.rule.moves_records())
}

/// Where the attempt ends short of the result: at the gate that it was given, and after an external operator anyhow,
/// since nothing may work on what that gave before it is published. Only now is it known where the attempt begins.
fn gate(work: Assignment<'_>, chain: &Chain, resumed_at: u32) -> Option<u32> {
    let mut external = chain.pipeline().external_points();
    let of_stage = resumed_at + 1..=work.attempt.chain.end();
    let external = external.find(|point| of_stage.contains(point));
    work.attempt.gate.into_iter().chain(external).min()
}

/// What is true before the first batch: nothing, or what the earlier work says.
fn begin_manifest(work: Assignment<'_>, chain: &Chain, earlier: Option<&Manifest>) -> Manifest {
    let empty = Ledger::new(chain.names());
    let keep_dropped = work.spec.keep_dropped;
    let Some(earlier) = earlier else {
        let slice = &work.attempt.slice;
        return Manifest {
            partition: work.attempt.task.partition,
            operation: 0,
            chain: work.base.to_string(),
            slice: slice.digest,
            ledger: empty,
            error_marks: vec![0; slice.marks.len()],
            unreadable: Vec::new(),
            rows: 0,
            quarantine: Vec::new(),
            seen: FieldsSeen::default(),
            types: None,
            dropped: keep_dropped.then(Vec::new),
            trace: work.spec.trace.as_ref().map(|trace| trace.so_far(None)),
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
        dropped: earlier.dropped.clone().filter(|_| keep_dropped),
        trace: work
            .spec
            .trace
            .as_ref()
            .map(|trace| trace.so_far(Some(earlier))),
        ..earlier.clone()
    }
}

/// Makes sure that every record came to exactly one place, and that as many were read as were planned.
fn check_ledger(
    work: Assignment<'_>,
    tally: &Tally,
    manifest: &Manifest,
) -> Result<(), AttemptError> {
    tally
        .ledger
        .check()
        .map_err(|imbalance| AttemptError::new(ErrorClass::Processing, imbalance.to_string()))?;
    let read = tally.ledger.records + manifest.unreadable.len() as u64;
    let planned = work.attempt.slice.records;
    if read != planned {
        let message = format!("{planned} records were planned and {read} were read");
        return Err(AttemptError::new(ErrorClass::Processing, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
