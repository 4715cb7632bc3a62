//! Runs one operator over one batch, and sorts its records by the result.

use coldpress_failure::catch;
use coldpress_record::{Batch, DeclaredFields, StatValue};

use super::guard::Guard;
use super::step::Step;
use super::tally::{OperatorFailure, Quarantined, Tally};
use super::work::{BatchProgress, Work};
use super::{by_batch, by_decision, by_record, trace};
use crate::assets::Shared;
use crate::resolved::Body;
use crate::splitter::ChildValue;
use crate::trace::Sample;

pub(super) fn run_step(
    step: &mut Step,
    batch: &mut Batch,
    tally: &mut Tally,
    fields: &DeclaredFields,
    shared: &Shared,
    guard: &Guard<'_>,
) -> Result<(), OperatorFailure> {
    let rows = batch.selection().to_vec();
    if step.site.operator.computes_anew {
        batch.stats_mut().forget(&step.site.stat_columns, &rows);
    }
    let mut progress = BatchProgress::default();
    let mut first_trace = None;
    let mut sample = tally.trace.as_mut();
    let mut sample = sample.as_mut().and_then(|trace| trace.of(step.site.index));
    let one_by_one = guard.is_needed(step);
    while progress.at < rows.len() {
        let refused = one_by_one
            .then(|| guard.refuse(step, batch, rows[progress.at]))
            .flatten();
        let end = if one_by_one {
            progress.at + 1
        } else {
            rows.len()
        };
        let outcome = match refused {
            Some(reason) => {
                step.pass_over();
                progress.fail(rows[progress.at], reason);
                Ok(())
            }
            None => catch(|| {
                let sample = sample.as_deref_mut();
                work(step, batch, &rows[..end], &mut progress, sample);
            }),
        };
        if let Err(panic) = outcome {
            if !progress.retry_alone() {
                progress.fail(rows[progress.at], panic.to_string());
                if progress.failed.len() == 1 {
                    first_trace = panic.trace;
                }
            }
            step.remake(shared);
        }
        if !step.site.operator.skip_errors && !progress.failed.is_empty() {
            let (row, error) = progress.failed.swap_remove(0);
            return Err(OperatorFailure {
                failed: Box::new(quarantined(step, batch, fields, row, error)),
                trace: first_trace,
            });
        }
    }
    if let Some(column) = step.site.verdict_column {
        note_verdicts(batch, column, &rows, &mut progress);
    }
    if let Some(sample) = sample {
        trace::after_step(step, batch, fields, &rows, &progress, sample);
    }
    tally.quarantined.extend(
        progress
            .failed
            .iter()
            .map(|(row, error)| quarantined(step, batch, fields, *row, error.clone())),
    );
    count(step, tally, &rows, &progress);
    if let Some(dropped) = &mut tally.dropped {
        let out = &mut dropped[step.site.index as usize];
        match (&step.body, &step.site.operator.aside) {
            (Body::Filter(_) | Body::BatchFilter(_), Some(_)) => {
                keep_all(batch, fields, &rows, &progress, out);
            }
            (_, Some(_)) => out.append(&mut progress.aside),
            (body, None) if body.drops() => keep_dropped(batch, fields, &rows, &progress, out),
            _ => {}
        }
    }
    settle(step, batch, progress);
    Ok(())
}

/// Works on the rows, starting at the one that `progress` has reached.
fn work(
    step: &mut Step,
    batch: &mut Batch,
    rows: &[u32],
    progress: &mut BatchProgress,
    sample: Option<&mut Sample>,
) {
    let Step {
        site,
        body,
        decided,
    } = step;
    let work = Work {
        site,
        batch,
        rows,
        progress,
        sample,
    };
    match body {
        Body::Mapper(mapper) => by_record::map(&mut **mapper, work),
        Body::Filter(filter) => by_record::filter(&mut **filter, work),
        Body::Splitter(splitter) => by_record::split(&mut **splitter, work),
        Body::BatchMapper(mapper) => by_batch::map(&mut **mapper, work),
        Body::BatchFilter(filter) => by_batch::filter(&mut **filter, work),
        Body::Signer(signer) => by_decision::apply_decision(&mut **signer, decided, work),
    }
}

/// Notes for each row whether the filter keeps it. All rows stay that it did not fail on.
fn note_verdicts(batch: &mut Batch, column: usize, rows: &[u32], progress: &mut BatchProgress) {
    let dropped: Vec<u32> = progress.dropped(rows).collect();
    let stats = batch.stats_mut();
    let verdicts = [(&progress.kept, true), (&dropped, false)];
    for (row, is_kept) in verdicts
        .into_iter()
        .flat_map(|(rows, is_kept)| rows.iter().map(move |row| (*row, is_kept)))
    {
        stats.set(column, row as usize, StatValue::Bool(is_kept));
    }
    progress.kept.extend(dropped);
    progress.kept.sort_unstable();
}

fn count(step: &Step, tally: &mut Tally, rows: &[u32], progress: &BatchProgress) {
    let ledger = &mut tally.ledger.operators[step.site.index as usize];
    let (arrived, failed) = (rows.len() as u64, progress.failed.len() as u64);
    ledger.records_in += arrived;
    ledger.quarantined += failed;
    match step.body {
        Body::Filter(_) | Body::BatchFilter(_) | Body::Signer(_) => {
            ledger.out += progress.kept.len() as u64;
            ledger.dropped += arrived - failed - progress.kept.len() as u64;
        }
        Body::Splitter(_) => {
            let children = progress.children.len() as u64;
            ledger.out += children;
            ledger.dropped += progress.childless;
            ledger.made += children - (arrived - failed - progress.childless);
        }
        Body::Mapper(_) | Body::BatchMapper(_) => ledger.out += arrived - failed,
    }
}

/// Records the rows that an operator drops.
fn keep_dropped(
    batch: &Batch,
    fields: &DeclaredFields,
    rows: &[u32],
    progress: &BatchProgress,
    out: &mut Vec<u8>,
) {
    for row in progress.dropped(rows) {
        batch.write_record_with_stats(row as usize, fields, out);
    }
}

/// Records the rows that a filter decided about.
fn keep_all(
    batch: &Batch,
    fields: &DeclaredFields,
    rows: &[u32],
    progress: &BatchProgress,
    out: &mut Vec<u8>,
) {
    let mut failed = progress.failed.iter().map(|(row, _)| *row).peekable();
    for row in rows {
        if failed.next_if_eq(row).is_none() {
            batch.write_record_with_stats(*row as usize, fields, out);
        }
    }
}

/// Removes the rows that don't continue from the batch.
fn settle(step: &Step, batch: &mut Batch, progress: BatchProgress) {
    match step.body {
        Body::Filter(_) | Body::BatchFilter(_) | Body::Signer(_) => batch.select(progress.kept),
        Body::Splitter(_) if step.site.splits_records() => {
            // The records were checked when they were made. A batch that cannot take them keeps none of them.
            if batch.replace_records(&progress.children).is_err() {
                batch.select(Vec::new());
            }
        }
        Body::Splitter(_) => {
            batch.replace_rows(step.site.columns[0], &progress.children);
            for ChildValue {
                child,
                field,
                value,
            } in &progress.child_values
            {
                batch.set_value(step.site.columns[*field], *child, value);
            }
        }
        Body::Mapper(_) | Body::BatchMapper(_) => {
            let mut failed = progress
                .failed
                .iter()
                .map(|(row, _)| *row as usize)
                .peekable();
            if failed.peek().is_some() {
                batch.retain(|row| failed.next_if_eq(&row).is_none());
            }
        }
    }
}

pub(super) fn quarantined(
    step: &Step,
    batch: &Batch,
    fields: &DeclaredFields,
    row: u32,
    error: String,
) -> Quarantined {
    let mut line = Vec::new();
    batch.write_record(row as usize, fields, &mut line);
    line.pop();
    Quarantined {
        origin: batch.origin(row as usize).clone(),
        operation: step.site.index,
        operator: step.site.operator.name().to_owned(),
        error,
        record: String::from_utf8_lossy(&line).into_owned(),
    }
}
