//! Runs operators that get many records at a time.
//!
//! A call that fails as a whole, by an error or a panic, doesn't identify the bad record. Its records are then sent again one by
//! one, so that the good ones continue and each bad one has an error of its own.

use super::by_record::left_out;
use super::step::Site;
use super::trace::change;
use super::work::{BatchProgress, Work};
use crate::batch_level::{BatchFilter, BatchMapper, MapAnswers, StatAnswers};
use crate::record::{Record, RecordError};

pub(super) fn map(mapper: &mut dyn BatchMapper, work: Work<'_>) {
    let Work {
        site,
        batch,
        rows,
        progress,
        mut sample,
    } = work;
    while progress.at < rows.len() {
        let call = next_call(site, rows, progress);
        let records: Vec<Record<'_>> = call.iter().map(|row| site.record(batch, *row)).collect();
        let mut answers = MapAnswers::new(call.len(), site.columns.len());
        progress.called_with = call.len();
        if let Err(error) = mapper.map(&records, &mut answers) {
            take_failed_call(progress, call, &error);
            continue;
        }
        progress.called_with = 0;
        for (row, answer) in call.iter().zip(answers.into_each()) {
            let applied = answer.and_then(|changes| {
                change(&changes, site, batch, *row as usize, sample.as_deref_mut())
            });
            if let Err(error) = applied {
                progress.failed.push((*row, error.to_string()));
            }
            progress.at += 1;
        }
    }
}

pub(super) fn filter(filter: &mut dyn BatchFilter, work: Work<'_>) {
    let Work {
        site,
        batch,
        rows,
        progress,
        ..
    } = work;
    while progress.at < rows.len() {
        let call = next_call(site, rows, progress);
        let lacks = |row: &u32| site.known_stats(batch.stats(), *row).is_none();
        let lacking: Vec<u32> = call.iter().copied().filter(lacks).collect();
        let mut errors = Vec::new();
        if !lacking.is_empty() {
            let records: Vec<Record<'_>> =
                lacking.iter().map(|row| site.record(batch, *row)).collect();
            let mut answers = StatAnswers::new(
                batch.stats(),
                &site.stat_columns,
                &lacking,
                site.operator.compat,
            );
            progress.called_with = call.len();
            if let Err(error) = filter.compute(&records, &mut answers) {
                take_failed_call(progress, call, &error);
                continue;
            }
            progress.called_with = 0;
            errors = answers.settle(batch.stats_mut(), &site.stat_columns, &lacking);
        }
        let mut errors = lacking.into_iter().zip(errors).peekable();
        for row in call {
            let error = errors.next_if(|(lacking, _)| lacking == row);
            match error.and_then(|(_, error)| error) {
                Some(error) => progress.failed.push((*row, error.to_string())),
                None => match site.known_stats(batch.stats(), *row) {
                    None => progress.failed.push((*row, left_out().to_string())),
                    Some(known) if filter.keep(&known) => progress.kept.push(*row),
                    Some(_) => {}
                },
            }
            progress.at += 1;
        }
    }
}

/// Returns the rows of the next call: as many as the operator gets at a time, or one of those that are tried alone.
fn next_call<'r>(site: &Site, rows: &'r [u32], progress: &BatchProgress) -> &'r [u32] {
    let most = match progress.at < progress.alone_until {
        true => 1,
        false => site.operator.batch_size,
    };
    let rest = &rows[progress.at..];
    &rest[..most.min(rest.len())]
}

/// Handles a call that failed as a whole. If it had one record, that record failed; if it had several, they are tried alone.
fn take_failed_call(progress: &mut BatchProgress, call: &[u32], error: &RecordError) {
    if !progress.retry_alone() {
        progress.fail(call[0], error.to_string());
    }
}
