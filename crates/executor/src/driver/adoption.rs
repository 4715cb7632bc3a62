//! Beginning with the work of another job, where the recipe asks for it.

use std::path::PathBuf;

use coldpress_dataset::Resolved;
use coldpress_job::{Adopted, JobLock, JobState, Journal, JournalRecord, Layout, adopt};

use super::Driver;
use crate::error::{Error, ErrorKind, Result};
use crate::executor::Executor;
use crate::mixing::mixed;
use crate::reading::changed_keys;

/// Work of another job that this one can begin with.
pub(super) struct Adoption {
    other: Layout,
    operations: Option<u32>,
    /// Where the inputs lie, by their numbers in the plan; none if that cannot be told.
    inputs: Vec<PathBuf>,
}

impl Adoption {
    /// What the recipe asks for, if that is work on the same input.
    ///
    /// # Errors
    /// When there is no such job, its journal cannot be read, or nothing of it could be of use.
    pub(super) fn asked_for(executor: &Executor, dataset: &Resolved) -> Result<Option<Self>> {
        let Some(from) = &executor.prepared.adopt_from else {
            return Ok(None);
        };
        let refused = |reason: &str| {
            let message = format!("`resume_from`: job `{}` {reason}", from.job_id);
            Err(Error::new(ErrorKind::Refused, message))
        };
        let into = &executor.layout;
        if from.job_id == *into.job_id() {
            return refused("is this job itself, and has done nothing yet");
        }
        let other = into.beside(from.job_id.clone())?;
        let state = Journal::read(&other)?;
        let (Some(plan), Some(recipe)) = (state.plan(), state.recipe()) else {
            return refused("was never planned, so there is nothing to adopt");
        };
        plan.plan_settings.cut()?;
        let other_dataset = "is over another dataset, so nothing of it can be adopted";
        let mixing = executor
            .prepared
            .mixing_like(plan.mixing.as_ref(), &dataset.of_paths)?;
        let Some(mixing) = mixing.filter(|mixing| *mixing == plan.mixing) else {
            return refused(other_dataset);
        };
        let sources = match &mixing {
            Some(mixing) => &mixed(&dataset.sources, &dataset.of_paths, mixing),
            None => &dataset.sources,
        };
        let now = || sources.iter().map(|source| &source.identity);
        // Where it lies is no part of what it is.
        let looks_same = plan.sources.len() == sources.len()
            && plan
                .sources
                .iter()
                .zip(now())
                .all(|(planned, now)| planned.looks_like(now));
        let paths = plan.sources.iter().map(|source| &source.path);
        let is_named_so = paths.eq(now().map(|identity| &identity.path));
        if !(looks_same || is_named_so) || plan.limit != executor.prepared.recipe.limit {
            return refused(other_dataset);
        }
        if recipe.chain.first()
            != executor
                .prepared
                .chain_hashes(sources, mixing.as_ref())?
                .first()
        {
            let now = executor.prepared.result_settings();
            let known = Some(&recipe.settings).filter(|known| !known.is_empty());
            return refused(&match known.and_then(|known| changed_keys(known, &now)) {
                Some(changed) => format!("ran with other settings, so nothing of it can be adopted: {changed}"),
                None => "read the dataset before it changed, or with other settings, so nothing of it can be adopted".to_owned(),
            });
        }
        let inputs = sources
            .iter()
            .map(|source| std::path::absolute(source.path.shown()));
        Ok(Some(Self {
            other,
            operations: from.operations,
            inputs: inputs.collect::<Result<_, _>>().unwrap_or_default(),
        }))
    }

    /// Takes over what the other job has.
    pub(super) fn carry_out(&self, executor: &Executor, lock: &JobLock) -> Result<Adopted> {
        let stores = executor.stores(&JobState::default())?;
        let into = (&executor.layout, &stores);
        Ok(adopt(
            &self.other,
            into,
            lock,
            &self.inputs,
            self.operations,
            &executor.schemes,
        )?)
    }
}

impl Driver<'_> {
    /// Tells what was taken over.
    ///
    /// # Errors
    /// When the journal cannot take in what was lost.
    pub(super) fn announce_adoption(&mut self, adopted: Adopted) -> Result<()> {
        let Some(from) = self.truth.state().adopted().cloned() else {
            return Ok(());
        };
        let limit = from.operations.map(|limit| {
            let operators = if limit == 1 { "operator" } else { "operators" };
            format!(", up to {limit} {operators}")
        });
        self.teller.decide(format!(
            "the job goes on from the work of job `{}`{}: `resume_from`",
            from.job_id,
            limit.unwrap_or_default()
        ));
        for lost in &adopted.lost {
            self.teller.warn(format!(
                "`{lost}` of job `{}` is gone or damaged; what it held is made again",
                from.job_id
            ));
        }
        if adopted.lost.is_empty() {
            return Ok(());
        }
        // So that nothing counts on them.
        let files = adopted.lost;
        self.truth.record(JournalRecord::Forgotten { files })
    }
}
