//! Loading the dataset: what it consists of, and whether it is what was planned.

use coldpress_dataset::{Error as DatasetError, Source, SourceIdentity, Touched};
use coldpress_job::{JobPlan, JournalRecord, RecipeInForce};
use coldpress_partition::{CutSettings, verify_slices};
use coldpress_storage::Digest;

use super::Driver;
use crate::error::{Error, ErrorKind, Result};
use crate::reading::change;

impl Driver<'_> {
    /// Finds the sources; for a planned job, makes sure that they are what was planned.
    pub(super) fn load_sources(&mut self) -> Result<()> {
        match self.truth.state().plan().cloned() {
            Some(plan) => self.check_plan(&plan)?,
            None => self.plan_job()?,
        }
        self.set_recipe()?;
        self.truth.sync()
    }

    /// Decides what the job is about, and how its dataset is cut.
    fn plan_job(&mut self) -> Result<()> {
        self.teller.plan_begins(self.sources.all().len());
        let mut sources = self.sources.all().iter();
        if sources.all(|source| source.identity.length == 0) {
            return Err(self.empty_dataset());
        }
        let prepared = &self.executor.prepared;
        let preview = prepared.preview(self.sources.all())?;
        let cut = prepared.cut_of(self.sources.all(), Some(&preview));
        for warning in preview.warnings {
            self.teller.warn(warning);
        }
        self.compare_need(&self.need_of_all(&preview.seen));
        let decisions = self.teller.decide_cut(&cut, preview.sizing.as_ref());
        let sources = self.sources.all().iter();
        let plan = JobPlan {
            sources: sources.map(|source| source.identity.clone()).collect(),
            identity: format!("reader {}", coldpress_dataset::READER_VERSION),
            plan_settings: cut.into(),
            limit: prepared.recipe.limit,
            decisions,
            reading: Some(prepared.reading(self.sources.all())),
        };
        self.truth.record(JournalRecord::JobPlanned(plan))
    }

    fn set_recipe(&mut self) -> Result<()> {
        let prepared = &self.executor.prepared;
        let chain = self.known_chain(prepared.chain_hashes(self.sources.all())?);
        let earlier = self.truth.state().recipe();
        if earlier.is_some_and(|earlier| earlier.chain != chain) {
            // Other operators may work on other fields, or a field be the text that is none.
            for warning in prepared.preview(self.sources.all())?.warnings {
                self.teller.warn(warning);
            }
        }
        self.truth.record(JournalRecord::RecipeSet(RecipeInForce {
            recipe: Digest::of(prepared.recipe.to_yaml().as_bytes()),
            operators: prepared.operator_names(),
            chain,
            external: prepared.pipeline.external_points().collect(),
            export_path: prepared.outputs.export().path().display().to_string(),
            barriers: prepared.pipeline.barriers(),
        }))
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
        if plan.sources.len() != self.sources.all().len() {
            let (had, has) = (plan.sources.len(), self.sources.all().len());
            let by_suffix = self.executor.prepared.pipeline.suffix_field().is_some();
            if by_suffix || self.sources.all().iter().any(Source::is_joined) {
                return refused(format!(
                    "the dataset was read as {had} sources and is read as {has} (files were added or removed, or \
                     `suffix_filter` was: with it, small files of different suffixes are not read as one)"
                ));
            }
            return refused(format!("the dataset had {had} files and has {has}"));
        }
        if plan.limit != self.executor.prepared.recipe.limit {
            return refused("`limit` changed".to_owned());
        }
        for (planned, now) in plan.sources.iter().zip(self.sources.all()) {
            // Where the input lies is no part of what it is; at the same place it is looked at more closely below.
            if planned.path != now.identity.path && !planned.looks_like(&now.identity) {
                return refused(format!("`{}` became `{}`", planned.path, now.identity.path));
            }
        }
        let reading = self.executor.prepared.reading(self.sources.all());
        self.teller.recall(&plan.decisions);
        let prepared = &self.executor.prepared;
        let is_chosen = prepared.recipe.partition.auto_configure;
        let asked = prepared.cut_of(self.sources.all(), None);
        if !is_chosen && !is_same_cut(settings, &asked) {
            self.teller.warn(
                "the partition settings changed since the job was planned; the saved plan is kept"
                    .to_owned(),
            );
        }
        // The identities of the plan stay: a touched file has the same content.
        let (mut modified, mut moved) = (Vec::new(), Vec::new());
        for (source, planned) in self.sources.all_mut().iter_mut().zip(&plan.sources) {
            modified.push(source.identity.modified_nanos);
            moved.push(source.stand_for(planned));
        }
        if let Some(planned) = plan.reading.as_ref()
            && let Some(change) = change(planned, &reading)
        {
            // A file that changed may be read in another way too, and then that is the reason.
            for source in self.sources.all() {
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
                self.sources.all_mut()[index].identity.modified_nanos = modified[index];
                self.tell_moved(planned, index);
            }
        }
        Ok(())
    }

    fn tell_moved(&mut self, planned: &SourceIdentity, index: usize) {
        let (before, now) = (&planned.path, &self.sources.all()[index].identity.path);
        if before != now {
            let message =
                format!("`{before}` is found as `{now}` now, with the content that was planned");
            self.teller.decide(message);
        }
    }

    /// Whether a source is what was planned; the slices of one that was touched are hashed again.
    pub(super) fn check_source(&self, index: usize) -> Result<()> {
        let source = &self.sources.all()[index];
        if source.check_unchanged()? == Touched::Touched {
            let slices = self
                .truth
                .state()
                .partitions()
                .map(|partition| &partition.slice);
            let slices: Vec<_> = slices
                .filter(|slice| slice.source as usize == index)
                .collect();
            verify_slices(source, &slices, self.cut_settings()?.max_record_bytes)?;
        }
        Ok(())
    }

    /// The error of a dataset without records, with what may have eaten them.
    pub(super) fn empty_dataset(&self) -> Error {
        let paths: Vec<_> = self
            .sources
            .all()
            .iter()
            .take(3)
            .map(|source| format!("`{}`", source.identity.path))
            .collect();
        let more = if self.sources.all().len() > 3 {
            ", …"
        } else {
            ""
        };
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
