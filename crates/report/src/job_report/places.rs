//! The names of a job's sources.

use std::collections::BTreeSet;

use coldpress_job::JobState;

/// The paths of the sources, and whether a place in one is a byte or a row.
pub(super) struct Places {
    paths: Vec<String>,
    columnar: BTreeSet<u32>,
}

impl Places {
    pub(super) fn of(state: &JobState) -> Self {
        let sources = state.plan().map_or(&[][..], |plan| &plan.sources);
        let columnar = state
            .partitions()
            .map(|planned| &planned.slice)
            .filter(|slice| slice.decoded_bytes.is_some())
            .map(|slice| slice.source);
        Self {
            paths: sources.iter().map(|source| source.path.clone()).collect(),
            columnar: columnar.collect(),
        }
    }

    /// Returns the path of a source, which is empty if there is no such source.
    pub(super) fn path(&self, source: u32) -> String {
        self.paths.get(source as usize).cloned().unwrap_or_default()
    }

    /// Spells a place in a source, as `byte 40` or `row 3`.
    pub(super) fn place(&self, source: u32, position: u64) -> String {
        format!("{} {position}", self.unit(source))
    }

    /// Spells a part of a source, as `bytes 0 to 40` or `rows 0 to 3`.
    pub(super) fn part(&self, source: u32, start: u64, end: u64) -> String {
        format!("{}s {start} to {end}", self.unit(source))
    }

    fn unit(&self, source: u32) -> &'static str {
        match self.columnar.contains(&source) {
            true => "row",
            false => "byte",
        }
    }
}
