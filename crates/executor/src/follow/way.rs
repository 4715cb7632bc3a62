//! The way of the records that were found: stretch by stretch, from the input to the end of the recipe.

mod moved;
mod stretch;

use std::collections::BTreeMap;

use coldpress_operator::Determinism;

use super::branches::{Branches, RECORD_CHARS};
use super::exported::Exported;
use super::found::{FoundRecord, Search};
use super::history::{Fate, RecordHistories, RecordHistory};
use super::opened::OpenedJob;
use super::query::RecordQuery;
use super::text_diff::cut;
use crate::error::{Error, ErrorKind, Result};
use stretch::{From, Live, Stretch};

/// Follows the records to their ends.
pub(super) fn histories(
    opened: &OpenedJob,
    query: &RecordQuery,
    search: Search,
) -> Result<RecordHistories> {
    let mut ways = Ways {
        opened,
        field: query.field(),
        branches: Branches::default(),
    };
    let roots: Vec<usize> = search
        .records
        .iter()
        .map(|found| ways.root(found))
        .collect();
    in_worker(|| ways.follow(&search.records, &roots))?;
    let records = search.records.iter().zip(&roots);
    let records = records.map(|(found, root)| RecordHistory {
        source: opened.path_of(&found.origin),
        place: opened.place_of(&found.origin),
        number: found.number + 1,
        partition: found.partition,
        partition_status: found.partition.map(|partition| opened.status_of(partition)),
        record: found
            .record
            .as_ref()
            .map(|record| cut(record, RECORD_CHARS)),
        branch: ways.branches.finished(*root),
    });
    let mut histories = RecordHistories {
        job_id: opened.executor.layout.job_id().to_string(),
        query: query.to_string(),
        looked_at: search.looked_at,
        with_field: query.field().map(|_| search.with_field),
        found: search.found,
        records: records.collect(),
        remarks: opened.remarks.clone(),
    };
    histories.remarks.extend(remarks(opened));
    Ok(histories)
}

/// Runs operators as a worker does: on a thread whose name says so, since a program may want to know whose panic it is.
fn in_worker<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("coldpress-worker-follow".to_owned());
        let thread = builder
            .spawn_scoped(scope, work)
            .map_err(|error| Error::because(ErrorKind::Failed, "cannot start a thread", error))?;
        let died = |_| Error::new(ErrorKind::Failed, "the records cannot be followed: a panic");
        thread.join().map_err(died)?
    })
}

/// Returns remarks that a reader of the histories needs.
fn remarks(opened: &OpenedJob) -> Vec<String> {
    let state = &opened.state;
    let mut remarks = Vec::new();
    if !state.plan_complete() {
        let records = state.next_first_record();
        remarks.push(format!(
            "the plan is not complete: only the first {records} records of the dataset can be found"
        ));
    }
    let unfinished: u32 = opened.unfinished().values().sum();
    if unfinished > 0 {
        let all = state.partition_count();
        remarks.push(format!(
            "{unfinished} of {all} partitions are not finished: of records in them it is shown what the recipe does with them"
        ));
    }
    remarks
}

struct Ways<'a> {
    opened: &'a OpenedJob,
    field: Option<&'a str>,
    branches: Branches,
}

/// Where all partitions have to stop.
enum Stop {
    /// After all operators.
    End,
    /// Before an external operator.
    External(u32),
    /// Before an operator that gave the records of a stage other places.
    Moves { stage: u32, operation: u32 },
    /// Before an operator at a barrier whose decision cannot be had.
    Barrier { operation: u32, fate: Fate },
}

impl Stop {
    fn operation(&self, all: u32) -> u32 {
        match self {
            Self::End => all,
            Self::External(operation)
            | Self::Moves { operation, .. }
            | Self::Barrier { operation, .. } => *operation,
        }
    }
}

impl Ways<'_> {
    fn root(&mut self, found: &FoundRecord) -> usize {
        let record = found.record.clone().unwrap_or_default();
        let root = self.branches.begin(found.origin.clone(), record);
        let at_reading = match &found.rejected {
            _ if !found.is_sampled => Some(Fate::NotSampled),
            Some(reason) => Some(Fate::Quarantined {
                operation: None,
                operator: None,
                error: reason.clone(),
            }),
            None => found.is_left_out.then_some(Fate::WithoutText),
        };
        if let Some(fate) = at_reading {
            let failed = found
                .partition
                .and_then(|partition| self.opened.failed(partition));
            self.branches.end(root, failed.unwrap_or(fate));
        }
        if let (None, Some(limit)) = (found.partition, self.opened.limit()) {
            self.branches.end(root, Fate::BeyondLimit { limit });
        }
        root
    }

    fn follow(&mut self, found: &[FoundRecord], roots: &[usize]) -> Result<()> {
        let all = self.opened.executor.prepared.pipeline.len() as u32;
        let mut live: BTreeMap<u32, Vec<Live>> = BTreeMap::new();
        for (found, root) in found.iter().zip(roots) {
            let partition = found.partition.filter(|_| !self.branches.has_ended(*root));
            if let Some(partition) = partition {
                let one = Live {
                    branch: *root,
                    row: None,
                };
                live.entry(partition).or_default().push(one);
            }
        }
        let (mut from, mut at) = (From::Slice, 0);
        while !live.is_empty() {
            let stop = self.next_stop(at);
            let until = stop.operation(all);
            let mut ended: BTreeMap<u32, Vec<(usize, u64)>> = BTreeMap::new();
            for (partition, live) in std::mem::take(&mut live) {
                let stretch = Stretch {
                    opened: self.opened,
                    field: self.field,
                    partition,
                    from,
                    begin: at,
                    until,
                };
                let left = stretch.walk(&mut self.branches, &live)?;
                ended.insert(partition, left);
            }
            match stop {
                Stop::End => {
                    self.end(&ended);
                    break;
                }
                Stop::Barrier { fate, .. } => {
                    for (partition, branches) in &ended {
                        let fate = self.opened.failed(*partition).unwrap_or(fate.clone());
                        for (branch, _) in branches {
                            self.branches.end(*branch, fate.clone());
                        }
                    }
                    break;
                }
                Stop::External(operation) => {
                    for (partition, branches) in ended {
                        let ones = branches.into_iter();
                        let ones = ones.map(|(branch, _)| Live { branch, row: None });
                        live.insert(partition, ones.collect());
                    }
                    (from, at) = (From::External, operation + 1);
                }
                Stop::Moves { stage, operation } => {
                    live = self.moved(stage, operation, &ended);
                    (from, at) = (From::Placed, operation + 1);
                }
            }
            live.retain(|_, live| !live.is_empty());
        }
        // Whatever an operator did to it: a partition that failed is not in the export.
        for (found, root) in found.iter().zip(roots) {
            let failed = found
                .partition
                .and_then(|partition| self.opened.failed(partition));
            if let Some(fate) = failed {
                self.branches.overrule(*root, &fate);
            }
        }
        Ok(())
    }

    /// Where the partitions have to stop next, with so many operators applied.
    fn next_stop(&self, at: u32) -> Stop {
        let pipeline = &self.opened.executor.prepared.pipeline;
        let barriers = pipeline.barriers();
        for operation in at..pipeline.len() as u32 {
            let operator = &pipeline.operators()[operation as usize];
            if operator.determinism() == Determinism::External {
                return Stop::External(operation);
            }
            let Some(stage) = barriers.iter().position(|place| *place == operation) else {
                continue;
            };
            let stage = stage as u32;
            let name = operator.name().to_owned();
            let Some(resolved) = self.opened.state.barrier(stage) else {
                let fate = Fate::Waiting {
                    operation,
                    operator: name,
                };
                return Stop::Barrier { operation, fate };
            };
            if resolved.has_placed() {
                return Stop::Moves { stage, operation };
            }
            let mut files = resolved.files.iter();
            if files.any(|file| self.opened.state.is_forgotten(&file.key)) {
                let reason = format!(
                    "what {name} decided is not kept any more, because the job was cleaned"
                );
                return Stop::Barrier {
                    operation,
                    fate: Fate::Unknown { reason },
                };
            }
        }
        Stop::End
    }

    fn end(&mut self, ended: &BTreeMap<u32, Vec<(usize, u64)>>) {
        let exported = Exported::of(self.opened);
        for (partition, branches) in ended {
            for (branch, row) in branches {
                let fate = exported.fate(*partition, *row);
                self.branches.end(*branch, fate);
            }
        }
    }
}
