//! The folder that a command is given: a job's, or one of checkpoint files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use coldpress::checkpoint::{LocalStore, ObjectName, is_checkpoint_name};
use coldpress::job::{JobState, Journal, Layout, Liveness};
use coldpress::report::quantity::plain;
use coldpress::storage::{FileRef, FileStamp};

use crate::failure::{Failure, chain, code};

/// A folder with checkpoint files, and the job that they are of, where that is known.
pub(super) struct Folder {
    pub(super) store: LocalStore,
    pub(super) job: Option<Job>,
}

/// A job and what is true about it.
pub(super) struct Job {
    pub(super) layout: Layout,
    pub(super) state: JobState,
}

impl Folder {
    pub(super) fn of(dir: &Path) -> Result<Self, Failure> {
        let dir = existing(dir)?;
        let Some(layout) = job_of(&dir) else {
            let store = LocalStore::new(dir);
            return Ok(Self { store, job: None });
        };
        layout.prove()?;
        Ok(Self {
            store: LocalStore::new(layout.checkpoint_dir()),
            job: Some(Job {
                state: Journal::read(&layout)?,
                layout,
            }),
        })
    }

    /// The folder's path, to be shown.
    pub(super) fn shown(&self) -> String {
        plain(&self.store.root().display().to_string())
    }

    /// What the job's journal cites in the folder and counts on.
    pub(super) fn cited(&self) -> HashMap<String, FileStamp> {
        let cited = self.job.iter().flat_map(Job::cited);
        let objects = cited.filter(|file| !file.path.contains('/'));
        objects
            .map(|file| (file.path.clone(), file.stamp()))
            .collect()
    }

    /// The objects that have names of checkpoints.
    pub(super) fn objects(&self) -> Result<Vec<ObjectName>, Failure> {
        use coldpress::checkpoint::CheckpointStore;
        let objects = self.store.list("").map_err(cannot)?;
        let names = objects.into_iter().map(|object| object.name);
        Ok(names.filter(is_checkpoint_name).collect())
    }
}

impl Job {
    /// Every file that counts.
    pub(super) fn cited(&self) -> impl Iterator<Item = &FileRef> {
        let state = &self.state;
        let files = state.cited_files();
        files.filter(|file| !state.is_forgotten(&file.path))
    }

    pub(super) fn is_running(&self) -> Result<bool, Failure> {
        Ok(Liveness::of(&self.layout)?.is_alive())
    }
}

/// The folder's whole path.
pub(super) fn existing(dir: &Path) -> Result<PathBuf, Failure> {
    let found = dir.canonicalize().ok().filter(|dir| dir.is_dir());
    found.ok_or_else(|| {
        let dir = plain(&dir.display().to_string());
        Failure::new(code::NO_SUCH_JOB, format!("there is no folder `{dir}`"))
    })
}

/// The job of which a folder is: its own, or that of its checkpoints.
pub(super) fn job_of(dir: &Path) -> Option<Layout> {
    let at = |dir: &Path| {
        let id = dir.file_name()?.to_str()?.parse().ok()?;
        let layout = Layout::existing(dir.parent()?, id).ok()?;
        (layout.job_dir() == dir).then_some(layout)
    };
    let above = || dir.parent().and_then(at);
    at(dir).or_else(|| above().filter(|layout| layout.checkpoint_dir() == dir))
}

pub(super) fn cannot(error: coldpress::checkpoint::Error) -> Failure {
    Failure::failed(chain(&error))
}
