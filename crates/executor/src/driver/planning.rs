//! Cutting the dataset: what is not planned yet is cut on a thread of its own, ahead of the work.

use std::sync::Arc;

use coldpress_dataset::{Error as DatasetError, Format};
use coldpress_job::{DamagedSource, JournalRecord};
use coldpress_partition::{CopyPlace, Cut, CutSettings, Cutter, Fetched, PlannedPartition};
use coldpress_storage::{Place, spawn};
use crossbeam_channel::{Receiver, Sender, bounded};

use super::Driver;
use crate::error::{Error, ErrorKind, Result};
use crate::report::SourceNames as _;

/// What the planning thread reports: cuts, none at the end, or why it cannot go on.
pub(super) type Planned = std::result::Result<Vec<Cut>, DatasetError>;

/// Reports that the planning thread may be ahead: enough to keep workers busy, and a bound for copies on disk.
const REPORTS_AHEAD: usize = 64;
/// The same where slices wait on this machine that were fetched from elsewhere: a bound for the disk that they take.
const FETCHED_AHEAD: usize = 4;
/// Small partitions that are reported together, at most, while the driver is busy.
const CUTS_TOGETHER: usize = 256;
/// The bytes of these, at most.
const BYTES_TOGETHER: u64 = 1 << 20;
/// Partitions that are taken over at a time, about.
const TAKEN_TOGETHER: usize = 4096;

impl Driver<'_> {
    /// The settings that the plan was made with; those of the recipe while there is no plan.
    ///
    /// # Errors
    ///
    /// When the plan's settings cannot be read. The recipe's must not take their place: they may be others by now.
    pub(super) fn cut_settings(&self) -> Result<CutSettings> {
        match self.truth.state().plan() {
            Some(plan) => Ok(plan.plan_settings.cut()?.clone()),
            None => Ok(self.executor.prepared.cut_of(self.sources.all(), None)),
        }
    }

    /// Where slices of sources behind URLs wait for workers; none where there are no such sources.
    pub(super) fn fetched(&self) -> Option<Fetched> {
        let mut sources = self.sources.all().iter();
        let is_remote = sources.any(|source| source.path.is_remote());
        is_remote.then(|| Fetched::new(self.executor.layout.fetched_dir()))
    }

    /// Begins to cut what is not planned yet, on a thread of its own; `None` when the plan is complete.
    pub(super) fn start_planning(&mut self) -> Result<Option<Receiver<Planned>>> {
        if self.truth.state().plan_complete() {
            return Ok(None);
        }
        let copies = Arc::clone(self.stores.of(Place::Partitions));
        let place = CopyPlace::new(copies, self.truth.epoch());
        let mut cutter = Cutter::new(self.sources.all().to_vec(), self.cut_settings()?, place);
        let mut reports_ahead = REPORTS_AHEAD;
        if let Some(fetched) = self.fetched() {
            fetched.clear();
            cutter = cutter.leaving(fetched);
            reports_ahead = FETCHED_AHEAD;
        }
        if let Some(last) = self
            .truth
            .state()
            .partition_count()
            .checked_sub(1)
            .and_then(|last| self.truth.state().partition(last))
        {
            let partitions = self.truth.state().partitions();
            let of_source = partitions.filter(|one| one.slice.source == last.slice.source);
            cutter.resume_after(last, of_source.count() as u64);
        }
        self.truth
            .state()
            .damaged_sources()
            .iter()
            .for_each(|damaged| cutter.skip_source(damaged.source));
        let (sender, receiver) = bounded(reports_ahead);
        spawn("coldpress-planner", move || cut_all(cutter, &sender))?;
        Ok(Some(receiver))
    }

    /// Takes over what the planner found, and what it finds meanwhile until there are `most` partitions; `false` when the plan
    /// is complete.
    pub(super) fn take_cuts(
        &mut self,
        first: Planned,
        more: &Receiver<Planned>,
        most: usize,
    ) -> Result<bool> {
        let mut partitions = Vec::new();
        let mut next = Some(first);
        while let Some(planned) = next.take() {
            let cuts = planned?;
            if cuts.is_empty() {
                self.record_partitions(&mut partitions)?;
                return self.complete_plan().map(|()| false);
            }
            for cut in cuts {
                match cut {
                    Cut::Partition(partition) => partitions.push(partition),
                    Cut::Damage {
                        source,
                        position,
                        reason,
                    } => {
                        self.record_partitions(&mut partitions)?;
                        self.record_damage(DamagedSource {
                            source,
                            position,
                            reason,
                        })?;
                    }
                }
            }
            if partitions.len() < most.min(TAKEN_TOGETHER) {
                next = more.try_recv().ok();
            }
        }
        self.record_partitions(&mut partitions).map(|()| true)
    }

    fn record_partitions(&mut self, partitions: &mut Vec<PlannedPartition>) -> Result<()> {
        if partitions.is_empty() {
            return Ok(());
        }
        for partition in partitions.iter() {
            let path = self.sources.path(partition.slice.source);
            self.teller.partition_planned(partition, &path);
        }
        self.truth.record(JournalRecord::PartitionsPlanned {
            partitions: std::mem::take(partitions),
        })
    }

    fn record_damage(&mut self, damage: DamagedSource) -> Result<()> {
        let path = self.sources.path(damage.source);
        let from = match damage.position {
            0 => String::new(),
            position => format!(" from {} on", self.sources.place(damage.source, position)),
        };
        let source = self.sources.get(damage.source);
        // What cannot be read at all was told when it was found.
        if !source.is_some_and(|source| matches!(source.format, Format::Damaged(_))) {
            self.teller
                .warn(format!("`{path}` cannot be read{from}: {}", damage.reason));
        }
        self.truth.record(JournalRecord::SourceDamaged(damage))
    }

    fn complete_plan(&mut self) -> Result<()> {
        let (partitions, records) = (
            self.truth.state().partition_count(),
            self.truth.state().next_first_record(),
        );
        if partitions == 0 {
            return Err(self.empty_dataset());
        }
        self.check_counts(records)?;
        self.truth.record(JournalRecord::PlanCompleted {
            partitions,
            records,
        })?;
        self.teller.plan_complete(partitions, records);
        self.teller
            .write_progress_after_planning(self.truth.state());
        Ok(())
    }
}

impl Driver<'_> {
    /// Makes sure that as many records were planned as were counted before, by which they are drawn.
    fn check_counts(&self, planned: u64) -> Result<()> {
        let Some(plan) = self.truth.state().plan() else {
            return Ok(());
        };
        let mixing = plan.mixing.as_ref().filter(|mixing| mixing.draws());
        let Some(mixing) = mixing.filter(|_| plan.limit.is_none()) else {
            return Ok(());
        };
        let parts = mixing.parts.iter();
        let counted: u64 = parts.map(|part| part.records * part.all_readings()).sum();
        if planned == counted {
            return Ok(());
        }
        let message = format!(
            "the dataset changed while it was planned: {counted} records were counted and {planned} were found; run with \
             `--fresh`"
        );
        Err(Error::new(ErrorKind::Refused, message))
    }
}

/// Reports all cuts.
fn cut_all(mut cutter: Cutter, sender: &Sender<Planned>) {
    let _ = report_all(&mut cutter, sender);
}

/// As [`cut_all`]; none if the driver listens no more, as when it stops.
fn report_all(cutter: &mut Cutter, sender: &Sender<Planned>) -> Option<()> {
    let (mut cuts, mut bytes) = (Vec::new(), 0);
    loop {
        let cut = match cutter.next_cut() {
            Ok(Some(cut)) => cut,
            end => {
                if !cuts.is_empty() {
                    sender.send(Ok(cuts)).ok()?;
                }
                return sender.send(end.map(|_| Vec::new())).ok();
            }
        };
        if let Cut::Partition(partition) = &cut {
            bytes += partition.slice.bytes();
        }
        cuts.push(cut);
        // Nobody waits for more while the driver has nothing else to take.
        let is_due = sender.is_empty() || cuts.len() >= CUTS_TOGETHER || bytes >= BYTES_TOGETHER;
        if is_due {
            sender.send(Ok(std::mem::take(&mut cuts))).ok()?;
            bytes = 0;
        }
    }
}
