//! What differs between the exports of two jobs: records that one has and the other has not, and records that changed.
//!
//! Each record becomes an entry of an identity and a digest. The entries of both jobs are sorted by their identities, on disk
//! where they do not fit into memory, and compared in one pass. Only then are the records that are shown read.

mod canonical;
mod compare;
mod entries;
mod rows;
mod show;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use coldpress_barrier::Room;
use coldpress_job::{JobState, Layout};
use coldpress_storage::StoreSchemes;
use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::follow::FieldChange;

use compare::compare;
use entries::{Identity, sort};
use rows::JobRows;

/// How the exports of two jobs are compared.
#[derive(Debug)]
pub struct DiffOptions<'a> {
    /// The stores that the jobs' files may be in.
    pub schemes: &'a StoreSchemes,
    /// The field by whose value records are matched. None: by their places in the input if both jobs have the same, else by
    /// their content.
    pub key: Option<&'a str>,
    /// How many records of a kind are shown.
    pub samples: usize,
    /// A folder for all records that only one of the jobs has: `lost.jsonl` and `gained.jsonl`. None: they are only counted.
    pub output: Option<&'a Path>,
    /// Memory that may be used; more is sorted on disk.
    pub memory_bytes: u64,
}

/// What differs between the exports of two jobs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobsDiff {
    /// The jobs.
    pub jobs: [String; 2],
    /// The paths of their exports.
    pub exports: [String; 2],
    /// How records are matched: by `origin`, `content` or `key`.
    pub matched_by: &'static str,
    /// The field, if records are matched by one.
    pub key: Option<String>,
    /// How many records each export has.
    pub records: [u64; 2],
    /// How many of them lack that field, so that they are matched by their content.
    pub without_key: [u64; 2],
    /// Records that both have, and that are the same.
    pub same: u64,
    /// Records that both have, and that differ.
    pub changed: u64,
    /// Records that only the first has.
    pub lost: u64,
    /// Records that only the second has.
    pub gained: u64,
    /// Some of those that differ.
    pub changed_samples: Vec<ChangedRecord>,
    /// Some of those that only the first has.
    pub lost_samples: Vec<DiffRecord>,
    /// Some of those that only the second has.
    pub gained_samples: Vec<DiffRecord>,
    /// Remarks that a reader needs, a sentence each.
    pub remarks: Vec<String>,
}

/// A record that only one of the exports has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffRecord {
    /// Its number in the export, from 1.
    pub row: u64,
    /// The record, shortened.
    pub record: String,
}

/// A record that both exports have, and that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedRecord {
    /// Its numbers in the exports, from 1.
    pub rows: [u64; 2],
    /// The record in the first export, shortened.
    pub record: String,
    /// The fields that differ.
    pub fields: Vec<FieldChange>,
}

/// Compares the exports of two jobs. It changes nothing of them.
///
/// The rows are read from the jobs' results, which know where each record came from; if one of the jobs was cleaned, from the
/// exports.
///
/// # Errors
/// [`ErrorKind::NoSuchJob`](crate::ErrorKind::NoSuchJob) for a job without a journal;
/// [`ErrorKind::Failed`](crate::ErrorKind::Failed) when a job has no export, or files cannot be read or written;
/// [`ErrorKind::Refused`](crate::ErrorKind::Refused) when an export has to be read and is not what the job made;
/// [`ErrorKind::Recipe`](crate::ErrorKind::Recipe) for a field whose values do not identify records.
pub fn diff_jobs(first: &Layout, second: &Layout, options: &DiffOptions<'_>) -> Result<JobsDiff> {
    let mut remarks = Vec::new();
    let jobs = rows::open(first, second, options.schemes, &mut remarks)?;
    let identity = match options.key {
        Some(key) => Identity::Key(key),
        None if jobs.iter().all(JobRows::has_origins)
            && same_input(&jobs[0].state, &jobs[1].state) =>
        {
            Identity::Origin
        }
        None => Identity::Content,
    };
    let stop = AtomicBool::new(false);
    let folder = std::env::temp_dir();
    // One half for each job while their records are sorted.
    let room = Room::new(options.memory_bytes, &folder, &stop);
    let [mut one, mut other] = [
        sort(&jobs[0], identity, &room)?,
        sort(&jobs[1], identity, &room)?,
    ];
    let (records, without_key) = (
        [one.records, other.records],
        [one.without_key, other.without_key],
    );
    if let Identity::Key(field) = identity
        && records != [0, 0]
        && records == without_key
    {
        return Err(Error::new(
            ErrorKind::Recipe,
            format!(
                "no record of either export has the field `{field}`, so records cannot be matched by it; name another one \
                 with --key, or leave --key out"
            ),
        ));
    }
    let rows_room = Room::new(options.memory_bytes / 2, &folder, &stop);
    let outcome = compare(&mut one, &mut other, identity, options, &rows_room)?;
    let mut diff = JobsDiff {
        jobs: [first, second].map(|layout| layout.job_id().to_string()),
        exports: [jobs[0].export.clone(), jobs[1].export.clone()],
        matched_by: identity.name(),
        key: options.key.map(str::to_owned),
        records,
        without_key,
        same: outcome.same,
        changed: outcome.changed,
        lost: outcome.lost,
        gained: outcome.gained,
        changed_samples: Vec::new(),
        lost_samples: Vec::new(),
        gained_samples: Vec::new(),
        remarks,
    };
    show::show(&jobs, outcome, options, &mut diff)?;
    Ok(diff)
}

/// Whether both jobs read the same files in the same order, so that a place in one input is the same record in the other.
fn same_input(first: &JobState, second: &JobState) -> bool {
    let (Some(one), Some(other)) = (first.plan(), second.plan()) else {
        return false;
    };
    let mut pairs = one.sources.iter().zip(&other.sources);
    let reading = |plan: &coldpress_job::JobPlan| plan.reading.as_ref().map(|reading| reading.text);
    one.sources.len() == other.sources.len()
        && reading(one) == reading(other)
        && pairs.all(|(one, other)| one.looks_like(other))
}
