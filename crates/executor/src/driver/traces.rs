//! Traces: what was traced of results and at barriers, and what the merge makes of it.

use std::collections::BTreeMap;

use coldpress_job::{BarrierResolved, Publication, TraceEntry};
use coldpress_operator::ResolvedOperator;
use coldpress_partition::Task;

use super::Driver;
use crate::barrier::TracedPairs;
use crate::merge::traces::{TracePiece, Traces};

impl Driver<'_> {
    /// What is needed to trace what the operator at the end of a stage removes; none where nothing is traced, or it removes
    /// no duplicates.
    pub(super) fn traced_pairs(&self, stage: u32) -> Option<TracedPairs> {
        let prepared = &self.executor.prepared;
        let trace = prepared.trace.as_ref()?;
        let place = self.place_of_duplicates(stage)?;
        let files = |partition| {
            let result = self.usable_result_of(Task::new(stage, partition))?;
            Some((result.rows.clone(), result.index.clone()))
        };
        let results = (0..self.truth.state().partition_count()).map(files);
        Some(TracedPairs {
            spec: trace.spec.clone(),
            place,
            results: results.collect::<Option<_>>()?,
        })
    }

    /// The place of the operator at the end of a stage, if it removes duplicates.
    fn place_of_duplicates(&self, stage: u32) -> Option<u32> {
        let pipeline = &self.executor.prepared.pipeline;
        let place = *pipeline.barriers().get(stage as usize)?;
        let operator = pipeline.operators().get(place as usize);
        let barrier = operator.and_then(ResolvedOperator::barrier)?;
        barrier.rule.removes_duplicates().then_some(place)
    }

    /// Whether the pairs that are to be traced of what the operator at the end of a stage removed are there: the merge cannot
    /// find them.
    pub(super) fn has_pairs_that_are_wanted(&self, stage: u32, resolved: &BarrierResolved) -> bool {
        let Some(trace) = &self.executor.prepared.trace else {
            return true;
        };
        if self.place_of_duplicates(stage).is_none() {
            return true;
        }
        // A decision is made again at no cost but its own, so that nothing is excused from being traced.
        let wanted =
            |traced: &&TraceEntry| traced.serves(&trace.spec.by(), trace.spec.settings.most);
        resolved
            .trace
            .as_ref()
            .filter(wanted)
            .is_some_and(|traced| {
                traced.files().all(|file| {
                    let is_kept = !self.truth.state().is_forgotten(&file.key);
                    is_kept && self.stores.object(file).verify().is_ok()
                })
            })
    }

    /// What the merge needs of what was traced of a result.
    pub(super) fn traced_pieces(&self, result: &Publication) -> Vec<TracePiece> {
        match self.executor.prepared.trace {
            Some(_) => self.pieces_of(result.trace.as_ref()).collect(),
            None => Vec::new(),
        }
    }

    fn pieces_of(&self, traced: Option<&TraceEntry>) -> impl Iterator<Item = TracePiece> {
        let files = traced.into_iter().flat_map(|traced| &traced.files);
        files.map(|entry| TracePiece {
            operations: entry.begin..entry.end,
            file: self.stores.object(&entry.file),
        })
    }

    /// What the merge puts samples into; none where nothing is traced.
    pub(super) fn begin_traces(&self, token: &str) -> Option<Traces> {
        let prepared = &self.executor.prepared;
        let (plan, (output, _)) = (prepared.trace.clone()?, prepared.outputs.trace()?);
        let state = self.truth.state();
        let stages = 0..prepared.pipeline.barriers().len() as u32;
        let barriers = stages.filter_map(|stage| state.barrier(stage));
        let pairs = barriers.flat_map(|resolved| self.pieces_of(resolved.trace.as_ref()));
        let sources = self.sources.all().iter();
        Some(Traces {
            plan,
            temporary: output.target.temporary_path(token),
            paths: sources.map(|source| source.identity.path.clone()).collect(),
            pairs: pairs.collect(),
            samples: BTreeMap::new(),
        })
    }
}
