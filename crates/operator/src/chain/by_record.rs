//! Runs operators that get one record at a time.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use coldpress_record::{DeclaredFields, Stats, scan};

use super::apply::check_declared;
use super::step::Site;
use super::trace::change;
use super::work::Work;
use crate::filter::{Filter, StatRow};
use crate::mapper::{Changes, Mapper};
use crate::record::{Record, RecordError};
use crate::resolved::ResolvedOperator;
use crate::splitter::{ChildValue, Children, Splitter};

pub(super) fn map(mapper: &mut dyn Mapper, work: Work<'_>) {
    let Work {
        site,
        batch,
        rows,
        progress,
        mut sample,
    } = work;
    let mut changes = Changes::for_fields(site.columns.len());
    while let Some(row) = rows.get(progress.at) {
        changes.clear();
        let mapped = mapper
            .map(&site.record(batch, *row), &mut changes)
            .and_then(|()| change(&changes, site, batch, *row as usize, sample.as_deref_mut()));
        if let Err(error) = mapped {
            progress.failed.push((*row, error.to_string()));
        }
        progress.at += 1;
    }
}

/// Checks that children that should be whole records are.
fn check_records(children: &Children, operator: &ResolvedOperator) -> Result<(), RecordError> {
    if !operator.sets_values {
        let message =
            "the operator makes whole records without having declared that it sets values";
        return Err(RecordError::new(message));
    }
    let (fields, mut found) = (DeclaredFields::default(), Vec::new());
    let mut records = children.texts().iter();
    records.try_for_each(|json| {
        if json.contains(['\n', '\r']) {
            return Err(RecordError::new(
                "a record that it was split into has several lines",
            ));
        }
        scan(json, &fields, &mut found).map_err(|error| {
            let message = error.message;
            RecordError::new(format!("what it was split into is no record: {message}"))
        })
    })
}

pub(super) fn filter(filter: &mut dyn Filter, work: Work<'_>) {
    let Work {
        site,
        batch,
        rows,
        progress,
        ..
    } = work;
    // The statistics are moved out of the batch while the filter reads its records and fills them.
    let mut stats = std::mem::take(batch.stats_mut());
    let finished = catch_unwind(AssertUnwindSafe(|| {
        while let Some(row) = rows.get(progress.at) {
            match decide(filter, &site.record(batch, *row), site, &mut stats, *row) {
                Err(error) => progress.failed.push((*row, error.to_string())),
                Ok(true) => progress.kept.push(*row),
                Ok(false) => {}
            }
            progress.at += 1;
        }
    }));
    *batch.stats_mut() = stats;
    if let Err(panic) = finished {
        resume_unwind(panic);
    }
}

/// Computes the missing statistics of the filter, and returns whether the record stays.
fn decide(
    filter: &mut dyn Filter,
    record: &Record<'_>,
    site: &Site,
    stats: &mut Stats,
    row: u32,
) -> Result<bool, RecordError> {
    if !filter.admits(record)? {
        return Ok(false);
    }
    if let Some(known) = site.known_stats(stats, row) {
        return Ok(filter.keep(&known));
    }
    let mut lacking = StatRow::new(
        stats,
        &site.stat_columns,
        row as usize,
        site.operator.compat,
    );
    filter.compute(record, &mut lacking)?;
    let known = site.known_stats(stats, row).ok_or_else(left_out)?;
    Ok(filter.keep(&known))
}

/// Returns the error of a filter that did not compute a declared statistic.
pub(super) fn left_out() -> RecordError {
    RecordError::new("the filter left out one of its statistics")
}

pub(super) fn split(splitter: &mut dyn Splitter, work: Work<'_>) {
    let Work {
        site,
        batch,
        rows,
        progress,
        ..
    } = work;
    let mut children = Children::default();
    while let Some(row) = rows.get(progress.at) {
        children.clear();
        let record = site.record(batch, *row);
        let split = match site.splits_records() {
            true => splitter
                .split(&record, &mut children)
                .and_then(|()| check_records(&children, &site.operator)),
            // A splitter changes a text, so there must be one. Operators never add a field that the record lacked.
            false => record
                .text(0)
                .and_then(|_| splitter.split(&record, &mut children))
                .and_then(|()| {
                    let set = children.values().iter().map(|set| set.field);
                    check_declared(set, &site.operator)
                }),
        };
        match split {
            Err(error) => progress.failed.push((*row, error.to_string())),
            Ok(()) => {
                let before = progress.children.len();
                progress.aside.extend_from_slice(children.aside());
                let (texts, values) = children.drain();
                let made = texts.enumerate();
                let made = made.map(|(index, text)| (*row, index as u32, text));
                progress.children.extend(made);
                progress.child_values.extend(values.map(|set| ChildValue {
                    child: before + set.child,
                    ..set
                }));
                progress.childless += u64::from(progress.children.len() == before);
            }
        }
        progress.at += 1;
    }
}
