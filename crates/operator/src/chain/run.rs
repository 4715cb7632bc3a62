//! Running one operator over one batch.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use coldpress_record::{Batch, DeclaredFields, Stats};

use crate::assets::Shared;
use crate::filter::{Filter, KnownStats, StatRow};
use crate::mapper::{Changes, Mapper};
use crate::record::{Record, RecordError};
use crate::resolved::{Body, ResolvedOperator};
use crate::splitter::{Children, Splitter};

use super::guard::Guard;
use super::step::Step;
use super::{OperatorFailure, Quarantined, Tally};

/// How far an operator has come in a batch, kept outside of it so that it outlives a panic.
#[derive(Default)]
struct Progress {
    /// Index into the selection of the record in hand.
    at: usize,
    /// The rows that stay, for a filter.
    kept: Vec<u32>,
    /// The rows that the operator failed on, with why.
    failed: Vec<(u32, String)>,
    /// The children made so far: row, index among its siblings, text.
    children: Vec<(u32, u32, String)>,
    /// Rows that a splitter made no child of.
    childless: u64,
}

pub(super) fn run_step(
    step: &mut Step,
    batch: &mut Batch,
    tally: &mut Tally,
    fields: &DeclaredFields,
    shared: &Shared,
    guard: &Guard<'_>,
) -> Result<(), OperatorFailure> {
    let rows = batch.selection().to_vec();
    let mut progress = Progress::default();
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
                progress.failed.push((rows[progress.at], reason));
                progress.at += 1;
                Ok(())
            }
            None => catch_unwind(AssertUnwindSafe(|| {
                work(step, batch, &rows[..end], &mut progress);
            })),
        };
        if let Err(panic) = outcome {
            progress.failed.push((
                rows[progress.at],
                format!("panicked: {}", panic_text(&*panic)),
            ));
            progress.at += 1;
            step.remake(shared);
        }
        if !step.operator.skip_errors && !progress.failed.is_empty() {
            let (row, error) = progress.failed.swap_remove(0);
            return Err(OperatorFailure {
                failed: quarantined(step, batch, fields, row, error),
            });
        }
    }
    tally.quarantined.extend(
        progress
            .failed
            .iter()
            .map(|(row, error)| quarantined(step, batch, fields, *row, error.clone())),
    );
    count(step, tally, &rows, &progress);
    if let (Body::Filter(_), Some(dropped)) = (&step.body, &mut tally.dropped) {
        keep_dropped(
            batch,
            fields,
            &rows,
            &progress,
            &mut dropped[step.index as usize],
        );
    }
    settle(step, batch, progress);
    Ok(())
}

/// Works on the rows from `progress.at` on.
fn work(step: &mut Step, batch: &mut Batch, rows: &[u32], progress: &mut Progress) {
    let Step {
        body,
        operator,
        columns,
        stat_columns,
        ..
    } = step;
    let names = &operator.fields;
    match body {
        Body::Mapper(mapper) => map(&mut **mapper, operator, columns, batch, rows, progress),
        Body::Filter(filter) => filter_rows(
            &mut **filter,
            columns,
            names,
            stat_columns,
            batch,
            rows,
            progress,
        ),
        Body::Splitter(splitter) => split(&mut **splitter, columns, names, batch, rows, progress),
    }
}

fn map(
    mapper: &mut dyn Mapper,
    operator: &ResolvedOperator,
    columns: &[usize],
    batch: &mut Batch,
    rows: &[u32],
    progress: &mut Progress,
) {
    let mut changes = Changes::for_fields(columns.len());
    while let Some(row) = rows.get(progress.at) {
        changes.clear();
        let record = Record::new(batch, *row as usize, columns, &operator.fields);
        let mapped = mapper
            .map(&record, &mut changes)
            .and_then(|()| check_declared(&changes, operator))
            .and_then(|()| apply(&changes, columns, batch, *row as usize));
        if let Err(error) = mapped {
            progress.failed.push((*row, error.to_string()));
        }
        progress.at += 1;
    }
}

fn apply(
    changes: &Changes,
    columns: &[usize],
    batch: &mut Batch,
    row: usize,
) -> Result<(), RecordError> {
    let edits = columns.iter().zip(changes.edits());
    edits
        .filter(|(_, edits)| !edits.is_empty())
        .try_for_each(|(column, edits)| batch.edit_text(*column, row, edits))
        .map_err(|error| RecordError::new(error.to_string()))?;
    for (field, value) in changes.values() {
        match value {
            Some(value) => batch.set_value(columns[*field], row, value),
            None => batch.remove_field(columns[*field], row),
        }
    }
    Ok(())
}

/// Where rows stay in their columns, only texts can change; which form rows have is decided before the first is read.
fn check_declared(changes: &Changes, operator: &ResolvedOperator) -> Result<(), RecordError> {
    match changes.values().first() {
        Some((field, _)) if !operator.sets_values => Err(RecordError::new(format!(
            "the operator sets or removes the field `{}` without having declared it",
            operator.fields[*field]
        ))),
        _ => Ok(()),
    }
}

fn filter_rows(
    filter: &mut dyn Filter,
    columns: &[usize],
    names: &[String],
    stat_columns: &[usize],
    batch: &mut Batch,
    rows: &[u32],
    progress: &mut Progress,
) {
    // The statistics move out of the batch while the filter reads its records and fills them.
    let mut stats = std::mem::take(batch.stats_mut());
    let finished = catch_unwind(AssertUnwindSafe(|| {
        while let Some(row) = rows.get(progress.at) {
            let record = Record::new(batch, *row as usize, columns, names);
            match decide(filter, &record, stat_columns, &mut stats, *row as usize) {
                Err(error) => progress.failed.push((*row, error.to_string())),
                Ok(true) => progress.kept.push(*row),
                Ok(false) => {}
            }
            progress.at += 1;
        }
    }));
    *batch.stats_mut() = stats;
    if let Err(panic) = finished {
        std::panic::resume_unwind(panic);
    }
}

/// Returns whether the record stays, after computing what it lacks of the filter's statistics.
fn decide(
    filter: &mut dyn Filter,
    record: &Record<'_>,
    columns: &[usize],
    stats: &mut Stats,
    row: usize,
) -> Result<bool, RecordError> {
    let knows_all = |stats: &Stats| {
        let mut columns = columns.iter();
        columns.all(|column| stats.get(*column, row).is_some())
    };
    if !knows_all(stats) {
        filter.compute(record, &mut StatRow::new(stats, columns, row))?;
        if !knows_all(stats) {
            return Err(RecordError::new(
                "the filter left out one of its statistics",
            ));
        }
    }
    Ok(filter.keep(&KnownStats::new(stats, columns, row)))
}

fn split(
    splitter: &mut dyn Splitter,
    columns: &[usize],
    names: &[String],
    batch: &mut Batch,
    rows: &[u32],
    progress: &mut Progress,
) {
    let mut children = Children::default();
    while let Some(row) = rows.get(progress.at) {
        children.clear();
        let record = Record::new(batch, *row as usize, columns, names);
        // A splitter changes a text, so there must be one; what no record had no operator adds.
        match record
            .text(0)
            .and_then(|_| splitter.split(&record, &mut children))
        {
            Err(error) => progress.failed.push((*row, error.to_string())),
            Ok(()) => {
                let before = progress.children.len();
                let made = children
                    .drain()
                    .enumerate()
                    .map(|(index, text)| (*row, index as u32, text));
                progress.children.extend(made);
                progress.childless += u64::from(progress.children.len() == before);
            }
        }
        progress.at += 1;
    }
}

fn count(step: &Step, tally: &mut Tally, rows: &[u32], progress: &Progress) {
    let ledger = &mut tally.ledger.operators[step.index as usize];
    let (arrived, failed) = (rows.len() as u64, progress.failed.len() as u64);
    ledger.records_in += arrived;
    ledger.quarantined += failed;
    match step.body {
        Body::Filter(_) => {
            ledger.out += progress.kept.len() as u64;
            ledger.dropped += arrived - failed - progress.kept.len() as u64;
        }
        Body::Splitter(_) => {
            let children = progress.children.len() as u64;
            ledger.out += children;
            ledger.dropped += progress.childless;
            ledger.made += children - (arrived - failed - progress.childless);
        }
        Body::Mapper(_) => ledger.out += arrived - failed,
    }
}

/// Writes down the rows that a filter drops.
fn keep_dropped(
    batch: &Batch,
    fields: &DeclaredFields,
    rows: &[u32],
    progress: &Progress,
    out: &mut Vec<u8>,
) {
    let mut kept = progress.kept.iter().peekable();
    let mut failed = progress.failed.iter().map(|(row, _)| row).peekable();
    for row in rows {
        let stays = kept.next_if_eq(&row).is_some();
        if !stays && failed.next_if_eq(&row).is_none() {
            batch.write_record_with_stats(*row as usize, fields, out);
        }
    }
}

/// Takes the rows that do not go on out of the batch.
fn settle(step: &Step, batch: &mut Batch, progress: Progress) {
    match step.body {
        Body::Filter(_) => batch.select(progress.kept),
        Body::Splitter(_) => batch.replace_rows(step.columns[0], &progress.children),
        Body::Mapper(_) => {
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

fn quarantined(
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
        operation: step.index,
        operator: step.operator.name().to_owned(),
        error,
        record: String::from_utf8_lossy(&line).into_owned(),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}
