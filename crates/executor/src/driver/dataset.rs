//! Loading the dataset: what it consists of, and whether it is what was planned.

use coldpress_dataset::{Error as DatasetError, SourceIdentity};
use coldpress_job::{JobPlan, JournalRecord, RecipeInForce};
use coldpress_partition::{CutSettings, Mixing};
use coldpress_storage::Digest;

use super::Driver;
use crate::error::{Error, Result};
use crate::known_chain::known_chain;
use crate::mixing::{count, described};
use crate::planned_sources::{MatchedSources, check_source, match_mixing, match_plan};
use crate::reading::changed_keys;

impl Driver<'_> {
    /// Finds the sources; for a planned job, makes sure that they are what was planned. False if the run was stopped before
    /// that was known.
    pub(super) fn load_sources(&mut self) -> Result<bool> {
        match self.truth.state().plan().cloned() {
            Some(plan) => self.check_plan(&plan)?,
            None => {
                if !self.plan_job()? {
                    return Ok(false);
                }
            }
        }
        self.set_recipe()?;
        self.truth.sync().map(|()| true)
    }

    /// Decides what the job is about, and how its dataset is mixed and cut. False if the run was stopped before.
    fn plan_job(&mut self) -> Result<bool> {
        self.teller.plan_begins(self.sources.all().len());
        let mut sources = self.sources.all().iter();
        if sources.all(|source| source.identity.length == 0) {
            return Err(self.empty_dataset());
        }
        let Some((mixing, mut decisions)) = self.find_mixing()? else {
            return Ok(false);
        };
        let prepared = &self.executor.prepared;
        let preview = prepared.preview(self.sources.all())?;
        let cut = prepared.cut_of(self.sources.all(), Some(&preview));
        for warning in preview.warnings {
            self.teller.warn(warning);
        }
        self.compare_need(&self.need_of_all(&preview.seen));
        decisions.extend(self.teller.decide_cut(&cut, preview.sizing.as_ref()));
        let sources = self.sources.all().iter();
        let plan = JobPlan {
            sources: sources.map(|source| source.identity.clone()).collect(),
            identity: format!("reader {}", coldpress_dataset::READER_VERSION),
            plan_settings: cut.into(),
            limit: prepared.recipe.limit,
            decisions,
            reading: Some(prepared.reading(self.sources.all())),
            mixing,
        };
        self.truth.record(JournalRecord::JobPlanned(plan))?;
        Ok(true)
    }

    /// Finds out how the dataset is mixed, and names its sources as often as they are read. None if the run was stopped
    /// before. The mixture is none where every path is read whole, once; the sentences with it go to the plan.
    fn find_mixing(&mut self) -> Result<Option<(Option<Mixing>, Vec<String>)>> {
        let prepared = &self.executor.prepared;
        let records = match prepared.must_count() {
            true => {
                let message =
                    "the records of each path are counted, as only some of them are drawn";
                self.teller.decide(message.to_owned());
                let (sources, of_paths) = (self.sources.all(), self.sources.of_paths());
                let counted = count(sources, of_paths, prepared, &self.executor.shared.stop)?;
                let Some(records) = counted else {
                    return Ok(None);
                };
                records
            }
            false => Vec::new(),
        };
        let mixing = prepared.mixing(self.sources.of_paths(), &records)?;
        let mut decisions = Vec::new();
        if let Some(mixing) = &mixing {
            for note in prepared.notes_of(mixing) {
                self.teller.warn(note);
            }
            let paths = prepared.recipe.dataset.shown_paths();
            for (part, path) in mixing.parts.iter().zip(paths) {
                decisions.push(format!("`{path}`: {}", described(part)));
            }
            decisions
                .iter()
                .for_each(|decision| self.teller.decide(decision.clone()));
            self.sources.mix(mixing);
        }
        Ok(Some((mixing, decisions)))
    }

    /// Names the sources as the plan does.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] when the recipe mixes them in another way now.
    fn mix_as_planned(&mut self, plan: &JobPlan) -> Result<()> {
        let of_paths = self.sources.of_paths();
        match_mixing(&self.executor.prepared, plan, of_paths)?;
        if let Some(mixing) = &plan.mixing {
            self.sources.mix(mixing);
        }
        Ok(())
    }

    fn set_recipe(&mut self) -> Result<()> {
        let prepared = &self.executor.prepared;
        let mixing = self
            .truth
            .state()
            .plan()
            .and_then(|plan| plan.mixing.as_ref());
        let first = prepared.chain_hashes(self.sources.all(), mixing)?;
        let chain = known_chain(self.truth.state(), &prepared.pipeline, first);
        let settings = prepared.result_settings();
        let earlier = self.truth.state().recipe();
        if let Some(earlier) = earlier.filter(|earlier| earlier.chain != chain) {
            // Earlier releases did not write them down.
            let known = Some(&earlier.settings).filter(|known| !known.is_empty());
            if let Some(changed) = known.and_then(|known| changed_keys(known, &settings)) {
                self.teller.warn(format!(
                    "{changed}, so no result of an earlier run is used and all records are processed again"
                ));
            }
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
            export_path: prepared.outputs.export().place().to_string(),
            settings,
            barriers: prepared.pipeline.barriers(),
        }))
    }

    /// The early check of a resume: same files, same lengths, same samples; slices of touched files are hashed again.
    fn check_plan(&mut self, plan: &JobPlan) -> Result<()> {
        let settings = plan.plan_settings.cut()?;
        self.mix_as_planned(plan)?;
        let prepared = &self.executor.prepared;
        let matched = match_plan(prepared, plan, self.sources.all_mut())?;
        self.teller.recall(&plan.decisions);
        let is_chosen = prepared.recipe.partition.auto_configure;
        let asked = prepared.cut_of(self.sources.all(), None);
        if !is_chosen && !is_same_cut(settings, &asked) {
            self.teller.warn(
                "the partition settings changed since the job was planned; the saved plan is kept"
                    .to_owned(),
            );
        }
        let MatchedSources { modified, moved } = matched;
        for (index, planned) in plan.sources.iter().enumerate() {
            self.check_source(index)?;
            // Results cite it by the path that led to it, which may be gone although the file is where it was.
            if let Some(path) = self.sources.all()[index].path.local()
                && let Ok(place) = std::path::absolute(path)
            {
                self.stores.move_input(index as u32, &place);
            }
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
        let longest = self.cut_settings()?.max_record_bytes;
        check_source(
            &self.sources.all()[index],
            index,
            self.truth.state(),
            longest,
        )
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
