//! The lines of a job's journal, read without the engine.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::folder::names_in;

/// A stage, and a partition in it.
pub(crate) type Task = (u64, u64);

/// A journal as it lies on the disk: all whole lines, of all epochs, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    lines: Vec<Value>,
}

impl Journal {
    /// Reads the journal of a job. A last line without an end is one that the kill tore.
    pub(crate) fn read(job: &Path) -> Self {
        let folder = job.join("journal");
        let mut lines = Vec::new();
        for name in names_in(&folder) {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            let whole = text
                .split_inclusive('\n')
                .filter(|line| line.ends_with('\n'));
            lines.extend(whole.map(|line| serde_json::from_str::<Value>(line).unwrap()));
        }
        Self { lines }
    }

    /// How many lines it has.
    pub(crate) fn length(&self) -> usize {
        self.lines.len()
    }

    /// Whether it is that journal, perhaps with more lines.
    pub(crate) fn begins_with(&self, earlier: &Self) -> bool {
        self.lines.starts_with(&earlier.lines)
    }

    /// What the last line is about.
    pub(crate) fn last(&self) -> &str {
        let last = self
            .lines
            .last()
            .and_then(|line| line["record"]["type"].as_str());
        last.unwrap_or("nothing")
    }

    /// The stages and partitions that have results: published ones, and those that a decision settles.
    pub(crate) fn published(&self) -> BTreeSet<Task> {
        self.tasks("published", 0).chain(self.settled()).collect()
    }

    /// The tasks behind barriers whose decisions are all that was left to do.
    fn settled(&self) -> impl Iterator<Item = Task> {
        let records = self.lines.iter().map(|line| &line["record"]);
        let resolved = records.filter(|record| record["type"] == "barrier_resolved");
        resolved.flat_map(|record| {
            let stage = record["stage"].as_u64().unwrap_or(0) + 1;
            let partitions = record["settled"].as_array().map_or(0, Vec::len) as u64;
            (0..partitions).map(move |partition| (stage, partition))
        })
    }

    /// How often a result of this stage and partition was published.
    pub(crate) fn publications(&self, task: Task) -> usize {
        self.tasks("published", 0)
            .chain(self.settled())
            .filter(|found| *found == task)
            .count()
    }

    /// The stages and partitions at which attempts began behind the first `skipped` lines.
    pub(crate) fn attempted_after(&self, skipped: usize) -> impl Iterator<Item = Task> {
        self.tasks("attempt_started", skipped)
    }

    fn tasks(&self, of_type: &str, skipped: usize) -> impl Iterator<Item = Task> {
        let records = self.lines.iter().skip(skipped).map(|line| &line["record"]);
        records
            .filter(move |record| record["type"] == of_type)
            .map(|record| {
                let stage = record["stage"].as_u64().unwrap_or(0);
                (stage, record["partition"].as_u64().unwrap())
            })
    }
}
