//! Applying what is planned: the sources and the partitions.

use coldpress_dataset::SourceIdentity;
use coldpress_partition::PlannedPartition;

use super::JobState;
use super::partition::PartitionState;
use super::rules::contradiction;
use crate::journal::record::{DamagedSource, JobPlan};
use crate::{Error, Result};

impl JobState {
    pub(super) fn set_plan(&mut self, plan: &JobPlan) -> Result<()> {
        let sources = [&self.coming_sources[..], &plan.sources].concat();
        let plan = JobPlan {
            sources,
            ..plan.clone()
        };
        match &self.plan {
            None => self.plan = Some(plan),
            Some(known) if *known == plan => {}
            Some(_) => return contradiction("the job is planned twice, and differently"),
        }
        self.coming_sources.clear();
        Ok(())
    }

    /// Adds sources of a plan that is still to come.
    pub(super) fn add_sources(&mut self, first: u32, sources: &[SourceIdentity]) -> Result<()> {
        let known = self.coming_sources.len();
        if usize::try_from(first) != Ok(known) {
            return contradiction(format!(
                "source {first} of a plan follows where source {known} should"
            ));
        }
        self.coming_sources.extend_from_slice(sources);
        Ok(())
    }

    pub(super) fn add_partitions(&mut self, partitions: &[PlannedPartition]) -> Result<()> {
        let (known, records) = (self.partitions.len(), self.next_first_record);
        for partition in partitions {
            if let Err(error) = self.add_partition(partition) {
                self.partitions.truncate(known);
                self.next_first_record = records;
                return Err(error);
            }
        }
        Ok(())
    }

    fn add_partition(&mut self, partition: &PlannedPartition) -> Result<()> {
        let index = partition.index;
        if let Some(known) = self.partition(index) {
            if known == partition {
                return Ok(());
            }
            return contradiction(format!(
                "partition {index} is planned twice, and differently"
            ));
        }
        let next = self.partition_count();
        if index != next || next == u32::MAX {
            return contradiction(format!(
                "partition {index} is planned where {next} should be"
            ));
        }
        if self.plan_complete {
            return contradiction(format!(
                "partition {index} is planned after the plan was complete"
            ));
        }
        let first = self.next_first_record;
        if partition.first_record != first {
            let found = partition.first_record;
            return contradiction(format!(
                "partition {index} begins with record {found}, and the one before ends before {first}"
            ));
        }
        self.check_slice(partition)?;
        self.next_first_record = first
            .checked_add(partition.slice.records)
            .ok_or_else(|| Error::contradiction("more records than can be counted"))?;
        self.partitions.push(PartitionState::new(partition.clone()));
        Ok(())
    }

    fn check_slice(&self, partition: &PlannedPartition) -> Result<()> {
        let (index, slice) = (partition.index, &partition.slice);
        self.check_source(slice.source)?;
        if slice.start > slice.end {
            return contradiction(format!("partition {index} ends before it begins"));
        }
        if let Some(before) = self.partitions.last().map(|state| &state.planned.slice) {
            let place = (slice.source, slice.start);
            if place < (before.source, before.end) {
                return contradiction(format!("partition {index} begins inside the one before"));
            }
        }
        Ok(())
    }

    fn check_source(&self, source: u32) -> Result<()> {
        let sources = self.plan.as_ref().map_or(0, |plan| plan.sources.len());
        if usize::try_from(source).is_ok_and(|source| source < sources) {
            return Ok(());
        }
        contradiction(format!("source {source} of {sources} is spoken of"))
    }

    pub(super) fn add_damage(&mut self, damaged: &DamagedSource) -> Result<()> {
        self.check_source(damaged.source)?;
        if !self.damaged_sources.contains(damaged) {
            self.damaged_sources.push(damaged.clone());
        }
        Ok(())
    }

    pub(super) fn complete_plan(&mut self, partitions: u32, records: u64) -> Result<()> {
        if self.plan.is_none() {
            return contradiction("a plan is complete that was never begun");
        }
        let known = (self.partition_count(), self.next_first_record);
        if known != (partitions, records) {
            let (planned, counted) = known;
            return contradiction(format!(
                "the plan is said to have {partitions} partitions and {records} records, \
                 and has {planned} and {counted}"
            ));
        }
        self.plan_complete = true;
        Ok(())
    }
}
