//! Loading the dataset: what it consists of, whether it is what was planned, and the rest of the plan.

use coldpress_dataset::{Error as DatasetError, Format, SourceIdentity, Touched};
use coldpress_job::{DamagedSource, JobPlan, JournalRecord, RecipeInForce};
use coldpress_partition::{CopyPlace, Cut, CutSettings, Cutter, verify_slices};
use coldpress_storage::{Digest, spawn};
use crossbeam_channel::{Receiver, Sender, bounded};

use super::Driver;
use crate::error::{Error, ErrorKind, Result};
use crate::reading::change;

/// What the planning thread tells: a cut, the end, or why it cannot go on.
pub(super) type Planned = std::result::Result<Option<Cut>, DatasetError>;

/// Cuts that the planning thread may be ahead: enough to keep workers busy, and a bound for copies on disk.
const CUTS_AHEAD: usize = 64;

impl Driver<'_> {
    /// Finds the sources; for a planned job, makes sure that they are what was planned.
    pub(super) fn load_sources(&mut self) -> Result<()> {
        let prepared = &self.executor.prepared;
        match self.state.plan().cloned() {
            Some(plan) => self.check_plan(&plan)?,
            None => {
                if self
                    .sources
                    .iter()
                    .all(|source| source.identity.length == 0)
                {
                    return Err(self.empty_dataset());
                }
                let preview = prepared.preview(&self.sources)?;
                let cut = prepared.cut_of(&self.sources, Some(&preview));
                preview
                    .warnings
                    .into_iter()
                    .for_each(|warning| self.warn(warning));
                self.compare_need(&self.need_of_all(&preview.seen));
                let decisions = self.decide_cut(&cut, preview.sizing.as_ref());
                let prepared = &self.executor.prepared;
                let plan = JobPlan {
                    sources: self
                        .sources
                        .iter()
                        .map(|source| source.identity.clone())
                        .collect(),
                    identity: format!("reader {}", coldpress_dataset::READER_VERSION),
                    plan_settings: cut.into(),
                    limit: prepared.recipe.limit,
                    decisions,
                    reading: Some(prepared.reading(&self.sources)),
                };
                self.record(JournalRecord::JobPlanned(plan))?;
            }
        }
        self.chain = self.executor.prepared.chain_hashes(&self.sources)?;
        if self
            .state
            .recipe()
            .is_some_and(|earlier| earlier.chain != self.chain)
        {
            // Other operators may work on other fields, or a field be the text that is none.
            let preview = self.executor.prepared.preview(&self.sources)?;
            preview
                .warnings
                .into_iter()
                .for_each(|warning| self.warn(warning));
        }
        let recipe = RecipeInForce {
            recipe: Digest::of(self.executor.prepared.recipe.to_yaml().as_bytes()),
            operators: self.executor.prepared.operator_names(),
            chain: self.chain.clone(),
            export_path: self.executor.prepared.target.path().display().to_string(),
        };
        self.record(JournalRecord::RecipeSet(recipe))?;
        self.sync()
    }

    /// The early check of a resume: same files, same lengths, same samples; slices of touched files are hashed again.
    fn check_plan(&mut self, plan: &JobPlan) -> Result<()> {
        let settings = plan.plan_settings.cut()?;
        let refused = |what: String| {
            let message = format!(
                "{what} after the job was planned; run with `--fresh` to process the new content"
            );
            Err(Error::new(ErrorKind::Refused, message))
        };
        if plan.sources.len() != self.sources.len() {
            return refused(format!(
                "the dataset had {} files and has {}",
                plan.sources.len(),
                self.sources.len()
            ));
        }
        if plan.limit != self.executor.prepared.recipe.limit {
            return refused("`limit` changed".to_owned());
        }
        for (planned, now) in plan.sources.iter().zip(&self.sources) {
            // Where the input lies is no part of what it is; at the same place it is looked at more closely below.
            if planned.path != now.identity.path && !planned.looks_like(&now.identity) {
                return refused(format!("`{}` became `{}`", planned.path, now.identity.path));
            }
        }
        let reading = self.executor.prepared.reading(&self.sources);
        self.decisions.extend(plan.decisions.iter().cloned());
        let prepared = &self.executor.prepared;
        let is_chosen = prepared.recipe.partition.auto_configure;
        let asked = prepared.cut_of(&self.sources, None);
        if !is_chosen && !is_same_cut(settings, &asked) {
            self.warn(
                "the partition settings changed since the job was planned; the saved plan is kept"
                    .to_owned(),
            );
        }
        // The identities of the plan stay: a touched file has the same content.
        let (mut modified, mut moved) = (Vec::new(), Vec::new());
        for (source, planned) in self.sources.iter_mut().zip(&plan.sources) {
            modified.push(source.identity.modified_nanos);
            moved.push(source.stand_for(planned));
        }
        if let Some(planned) = plan.reading.as_ref()
            && let Some(change) = change(planned, &reading)
        {
            // A file that changed may be read in another way too, and then that is the reason.
            for source in &self.sources {
                source.check_unchanged()?;
            }
            let message = format!(
                "{change} after the job was planned, and its files would be read differently now; \
                 undo the change, or run with `--fresh`"
            );
            return Err(Error::new(ErrorKind::Refused, message));
        }
        for (index, planned) in plan.sources.iter().enumerate() {
            self.check_source(index)?;
            if moved[index] {
                // All that is planned of it was read just now, and its time tells of changes from here on.
                self.sources[index].identity.modified_nanos = modified[index];
                self.tell_moved(planned, index);
            }
        }
        Ok(())
    }

    fn tell_moved(&mut self, planned: &SourceIdentity, index: usize) {
        let (before, now) = (&planned.path, &self.sources[index].identity.path);
        if before != now {
            let message =
                format!("`{before}` is found as `{now}` now, with the content that was planned");
            self.decide(message);
        }
    }

    /// Whether a source is what was planned; the slices of one that was touched are hashed again.
    pub(super) fn check_source(&self, index: usize) -> Result<()> {
        let source = &self.sources[index];
        if source.check_unchanged()? == Touched::Touched {
            let slices = self.state.partitions().map(|partition| &partition.slice);
            let slices: Vec<_> = slices
                .filter(|slice| slice.source as usize == index)
                .collect();
            verify_slices(source, &slices, self.cut_settings()?.max_record_bytes)?;
        }
        Ok(())
    }

    /// The settings that the plan was made with; those of the recipe while there is no plan.
    ///
    /// # Errors
    ///
    /// When the plan's settings cannot be read. The recipe's must not take their place: they may be others by now.
    pub(super) fn cut_settings(&self) -> Result<CutSettings> {
        match self.state.plan() {
            Some(plan) => Ok(plan.plan_settings.cut()?.clone()),
            None => Ok(self.executor.prepared.cut_of(&self.sources, None)),
        }
    }

    /// Begins to cut what is not planned yet, on a thread of its own; `None` when the plan is complete.
    pub(super) fn start_planning(&mut self) -> Result<Option<Receiver<Planned>>> {
        if self.state.plan_complete() {
            return Ok(None);
        }
        let layout = &self.executor.layout;
        let folder = layout.cite(layout.partition_dir())?;
        let place = CopyPlace::new(layout.job_dir(), folder, self.journal.epoch());
        let mut cutter = Cutter::new(self.sources.clone(), self.cut_settings()?, place);
        if let Some(last) = self
            .state
            .partition_count()
            .checked_sub(1)
            .and_then(|last| self.state.partition(last))
        {
            let partitions = self.state.partitions();
            let of_source = partitions.filter(|one| one.slice.source == last.slice.source);
            cutter.resume_after(last, of_source.count() as u64);
        }
        self.state
            .damaged_sources()
            .iter()
            .for_each(|damaged| cutter.skip_source(damaged.source));
        let (sender, receiver) = bounded(CUTS_AHEAD);
        spawn("coldpress-planner", move || cut_all(cutter, &sender))?;
        Ok(Some(receiver))
    }

    /// Takes over what the planner found; `false` when the plan is complete.
    pub(super) fn take_cuts(&mut self, first: Planned, more: &Receiver<Planned>) -> Result<bool> {
        let mut partitions = Vec::new();
        let mut next = Some(first);
        while let Some(planned) = next.take() {
            match planned? {
                Some(Cut::Partition(partition)) => partitions.push(partition),
                Some(Cut::Damage {
                    source,
                    position,
                    reason,
                }) => {
                    self.record_partitions(&mut partitions)?;
                    self.record_damage(DamagedSource {
                        source,
                        position,
                        reason,
                    })?;
                }
                None => {
                    self.record_partitions(&mut partitions)?;
                    return self.complete_plan().map(|()| false);
                }
            }
            next = more.try_recv().ok();
        }
        self.record_partitions(&mut partitions).map(|()| true)
    }

    fn record_partitions(
        &mut self,
        partitions: &mut Vec<coldpress_partition::PlannedPartition>,
    ) -> Result<()> {
        if partitions.is_empty() {
            return Ok(());
        }
        partitions
            .iter()
            .for_each(|partition| self.announce_partition(partition));
        self.record(JournalRecord::PartitionsPlanned {
            partitions: std::mem::take(partitions),
        })
    }

    fn record_damage(&mut self, damage: DamagedSource) -> Result<()> {
        let path = self.source_path(damage.source);
        let from = match damage.position {
            0 => String::new(),
            position => format!(" from {} on", self.place(damage.source, position)),
        };
        let source = self.sources.get(damage.source as usize);
        // What cannot be read at all was told when it was found.
        if !source.is_some_and(|source| matches!(source.format, Format::Damaged(_))) {
            self.warn(format!("`{path}` cannot be read{from}: {}", damage.reason));
        }
        self.record(JournalRecord::SourceDamaged(damage))
    }

    fn complete_plan(&mut self) -> Result<()> {
        let (partitions, records) = (self.state.partition_count(), self.state.next_first_record());
        if partitions == 0 {
            return Err(self.empty_dataset());
        }
        self.record(JournalRecord::PlanCompleted {
            partitions,
            records,
        })?;
        self.announce_plan(partitions, records);
        self.write_progress_view();
        Ok(())
    }

    pub(super) fn source_path(&self, source: u32) -> String {
        self.sources
            .get(source as usize)
            .map(|source| source.identity.path.clone())
            .unwrap_or_default()
    }

    /// The error of a dataset without records, with what may have eaten them.
    pub(super) fn empty_dataset(&self) -> Error {
        let paths: Vec<_> = self
            .sources
            .iter()
            .take(3)
            .map(|source| format!("`{}`", source.identity.path))
            .collect();
        let more = if self.sources.len() > 3 { ", …" } else { "" };
        let error = Error::from(DatasetError::Empty {
            paths: format!("{}{more}", paths.join(", ")),
        });
        let Some(lost) = self.unreadable().into_iter().next() else {
            return error;
        };
        let (path, start, reason) = (lost.source, lost.start, lost.reason);
        Error::new(
            error.kind(),
            match start {
                0 => format!("{error}; `{path}` cannot be read: {reason}"),
                _ => format!(
                    "{error}; `{path}` cannot be read from byte {start} of its text on: {reason}"
                ),
            },
        )
    }
}

/// Whether the same cut was asked for; how long packed sources are was known to the plan alone.
fn is_same_cut(planned: &CutSettings, asked: &CutSettings) -> bool {
    let partitions = |cut: &CutSettings| -> u64 {
        let shares = cut.shares.iter();
        shares.map(|share| share.partitions).sum()
    };
    let without_shares = |cut: &CutSettings| CutSettings {
        shares: Vec::new(),
        // It decides which records come out, not where the dataset is cut.
        max_record_bytes: 0,
        ..cut.clone()
    };
    partitions(planned) == partitions(asked) && without_shares(planned) == without_shares(asked)
}

fn cut_all(mut cutter: Cutter, sender: &Sender<Planned>) {
    loop {
        let cut = cutter.next_cut();
        let ended = !matches!(cut, Ok(Some(_)));
        // The driver stops listening when it stops.
        if sender.send(cut).is_err() || ended {
            return;
        }
    }
}
