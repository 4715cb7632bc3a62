//! Traces: the samples of results and of barriers, which the merge puts together.

use std::collections::BTreeMap;

use coldpress_job::{BarrierResolved, Publication, TraceEntry};
use coldpress_operator::ResolvedOperator;
use coldpress_partition::Task;

use super::Driver;
use crate::barrier::TracedPairs;
use crate::merge::traces::{TracePiece, Traces};

impl Driver<'_> {
    /// Returns the context for tracing what the operator at the end of a stage removes; none if nothing is traced, or if it
    /// removes no duplicates.
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

    /// Returns whether the barrier at the end of a stage has the pairs of duplicates that are to be traced. The merge cannot
    /// find them itself.
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

    /// Returns the traces of a result, as the merge needs them.
    pub(super) fn traced_pieces(&self, result: &Publication) -> Vec<TracePiece> {
        match self.executor.prepared.trace {
            Some(_) => self.pieces_of(result.trace.as_deref()).collect(),
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

    /// Begins the samples that the merge writes; none if nothing is traced.
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
