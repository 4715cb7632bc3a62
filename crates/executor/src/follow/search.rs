//! Finding records in the input of a job.

use std::collections::BTreeSet;

use coldpress_record::Origin;
use coldpress_worker::{AttemptError, FailureKind, ScannedRecord};
use rayon::prelude::*;

use super::beyond;
use super::found::{FoundRecord, Search};
use super::opened::OpenedJob;
use super::query::{RecordQuery, Wanted};
use crate::error::{Error, ErrorKind, Result};

/// Finds the records that are asked for: the first `most` of them, and how many there are.
pub(super) fn search(opened: &OpenedJob, query: &RecordQuery, most: usize) -> Result<Search> {
    match query {
        RecordQuery::Field { path, value } => {
            if path.is_empty() {
                let message = "the name of the field is empty; write it as FIELD=VALUE";
                return Err(Error::new(ErrorKind::Recipe, message));
            }
            let wanted = Wanted::new(value);
            let found = of_all(opened, Some(path), most, |record| {
                record.value().is_some_and(|json| wanted.is(&json))
            })?;
            match opened.limit() {
                None => Ok(found),
                Some(_) => {
                    let fits = |json: &str| wanted.is(json);
                    let beyond = beyond::search(opened, path, most, &fits)?;
                    Ok(found.add(beyond, most))
                }
            }
        }
        RecordQuery::All => of_all(opened, None, most, |_| true),
        RecordQuery::Number { file, number } => by_number(opened, file, *number),
    }
}

/// The records with these origins in the partitions, in the order of the dataset.
pub(crate) fn records_at(
    opened: &OpenedJob,
    partition: u32,
    origins: &BTreeSet<Origin>,
) -> Result<Vec<FoundRecord>> {
    let found = of_partition(opened, partition, None, usize::MAX, |record| {
        origins.contains(record.origin)
    });
    Ok(found?.records)
}

fn of_all(
    opened: &OpenedJob,
    field: Option<&str>,
    most: usize,
    fits: impl Fn(&ScannedRecord<'_>) -> bool + Sync,
) -> Result<Search> {
    let partitions = 0..opened.state.partition_count();
    let found = partitions
        .into_par_iter()
        .map(|partition| of_partition(opened, partition, field, most, &fits));
    // The order of the dataset, whatever the order in which they are read.
    found.try_reduce(Search::default, |one, next| Ok(one.add(next, most)))
}

fn of_partition(
    opened: &OpenedJob,
    partition: u32,
    field: Option<&str>,
    most: usize,
    fits: impl Fn(&ScannedRecord<'_>) -> bool,
) -> Result<Search> {
    let mut search = Search::default();
    let planned = opened.state.partition(partition);
    let (Some(planned), Some(attempt)) = (planned, opened.reading_of(partition)) else {
        return Ok(search);
    };
    let scanned = opened.reader().scan(&attempt, field, |record| {
        search.with_field += u64::from(record.value().is_some());
        if !fits(record) {
            return;
        }
        search.found += 1;
        if search.records.len() < most {
            search.records.push(FoundRecord {
                partition: Some(partition),
                number: planned.first_record + record.number,
                origin: record.origin.clone(),
                record: record.record(),
                rejected: record.rejected().map(str::to_owned),
                is_left_out: record.is_left_out(),
                is_sampled: attempt.draw.is_none_or(|draw| draw.takes(record.number)),
            });
        }
    });
    search.looked_at = scanned.map_err(unreadable)?;
    Ok(search)
}

/// An input that cannot be read is refused as a resume refuses it.
pub(super) fn unreadable(error: AttemptError) -> Error {
    let kind = match error.kind {
        FailureKind::InputChanged => ErrorKind::Refused,
        FailureKind::DamagedCopy => ErrorKind::Failed,
        _ => ErrorKind::Input,
    };
    Error::new(kind, error.message).for_a_look()
}

fn by_number(opened: &OpenedJob, file: &str, number: u64) -> Result<Search> {
    let refused = |message: String| Err(Error::new(ErrorKind::Recipe, message));
    let paths = opened.sources.iter().map(|source| &source.identity.path);
    let is_it = |path: &str| {
        path == file
            || path
                .strip_suffix(file)
                .is_some_and(|rest| rest.ends_with('/'))
    };
    let fitting: Vec<(u32, &String)> = (0_u32..)
        .zip(paths)
        .filter(|(_, path)| is_it(path))
        .collect();
    let Some((_, path)) = fitting.first() else {
        return refused(no_such_file(opened, file));
    };
    if let Some((_, other)) = fitting.iter().find(|(_, other)| other != path) {
        return refused(format!(
            "`{file}` may be `{path}` or `{other}`; name more of the path"
        ));
    }
    let Some(before) = number.checked_sub(1) else {
        return refused("records are counted from 1".to_owned());
    };
    // A file that is read several times is as many sources.
    let (mut all, mut most) = (Search::default(), 0);
    for (source, _) in &fitting {
        match in_source(opened, *source, before)? {
            Ok(found) => all = all.add(found, usize::MAX),
            Err(records) => most = most.max(records),
        }
    }
    if all.looked_at > 0 {
        return Ok(all);
    }
    let source = fitting.first().map_or(0, |(source, _)| *source);
    let why = match opened.limit() {
        Some(limit) => {
            format!(" among the first {limit} of the dataset, which the job works on (`limit`)")
        }
        None if is_unreadable_in(opened, source) => {
            " that could be read, and a part that could not".to_owned()
        }
        None => String::new(),
    };
    let message = format!("there is no record {number}: `{path}` has {most} records{why}");
    Err(Error::new(ErrorKind::Failed, message))
}

/// The record after so many others of a source; or, where it has fewer, how many it has.
fn in_source(opened: &OpenedJob, source: u32, before: u64) -> Result<Result<Search, u64>> {
    let slices = opened.state.partitions();
    let mut passed = 0;
    for planned in slices.filter(|planned| planned.slice.source == source) {
        let records = planned.slice.records;
        if before - passed < records {
            let wanted = before - passed;
            let found = of_partition(opened, planned.index, None, 1, |record| {
                record.number == wanted
            });
            return found.map(Ok);
        }
        passed += records;
    }
    Ok(Err(passed))
}

/// Returns whether a part of a source could not be read at all, as its last line that is cut off.
fn is_unreadable_in(opened: &OpenedJob, source: u32) -> bool {
    let state = &opened.state;
    let results = (0..state.partition_count()).filter_map(|index| state.farthest_result(index));
    let mut torn = results.flat_map(|(_, result)| &result.unreadable);
    let mut damaged = state.damaged_sources().iter();
    torn.any(|torn| torn.source == source) || damaged.any(|damage| damage.source == source)
}

fn no_such_file(opened: &OpenedJob, file: &str) -> String {
    const LISTED: usize = 5;
    let paths = opened.sources.iter().map(|source| &source.identity.path);
    let listed: Vec<String> = paths.take(LISTED).map(|path| format!("`{path}`")).collect();
    let more = match opened.sources.len() > LISTED {
        true => ", …",
        false => "",
    };
    format!(
        "`{file}` is not a file of the dataset, which has {}{more}",
        listed.join(", ")
    )
}
