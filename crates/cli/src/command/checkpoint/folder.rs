//! The folder that a command is given: a job's, or one of checkpoint files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coldpress::checkpoint::is_checkpoint_name;
use coldpress::job::{JobState, Journal, Layout, Liveness, open_stores};
use coldpress::report::quantity::plain;
use coldpress::storage::{
    FileStamp, LocalStore, ObjectName, ObjectStore, Place, StoreSchemes, StoreSpec, Stores,
};

use crate::failure::{Failure, chain, code};
use crate::jobs::{find_at_url, url_of};

/// A folder with checkpoint files, and the job that they are of, where that is known.
pub(super) struct Folder {
    pub(super) store: Arc<dyn ObjectStore>,
    /// Where that is, for people.
    pub(super) shown: String,
    pub(super) job: Option<Job>,
}

/// A job and what is true about it.
pub(super) struct Job {
    pub(super) layout: Layout,
    pub(super) state: JobState,
    pub(super) stores: Stores,
}

impl Folder {
    pub(super) fn of(dir: &Path, schemes: &StoreSchemes) -> Result<Self, Failure> {
        let layout = match url_of(dir) {
            Some(url) => find_at_url(url, schemes)??,
            None => {
                let dir = existing(dir)?;
                let Some(layout) = job_of(&dir) else {
                    return Ok(Self {
                        shown: plain(&dir.display().to_string()),
                        store: Arc::new(LocalStore::new(dir)),
                        job: None,
                    });
                };
                layout
            }
        };
        layout.prove()?;
        let state = Journal::read(&layout)?;
        let stores = open_stores(&layout, &state, schemes)?;
        Ok(Self {
            store: Arc::clone(stores.of(Place::Checkpoints)),
            shown: shown(&stores),
            job: Some(Job {
                layout,
                state,
                stores,
            }),
        })
    }

    /// What the job's journal cites in the folder and counts on.
    pub(super) fn cited(&self) -> HashMap<String, FileStamp> {
        let cited = self.job.iter().flat_map(|job| job.state.kept_files());
        let objects = cited.filter(|file| file.place() == Place::Checkpoints);
        objects
            .map(|file| (file.name().to_string(), file.stamp))
            .collect()
    }

    /// The objects that have names of checkpoints.
    pub(super) fn objects(&self) -> Result<Vec<ObjectName>, Failure> {
        let objects = self.store.list("").map_err(|error| cannot(error.into()))?;
        let names = objects.into_iter().map(|object| object.name);
        Ok(names.filter(is_checkpoint_name).collect())
    }
}

impl Job {
    pub(super) fn is_running(&self) -> Result<bool, Failure> {
        Ok(Liveness::of(&self.layout)?.is_alive())
    }
}

/// Where a job's checkpoints are, for people.
pub(super) fn shown(stores: &Stores) -> String {
    plain(&match stores.specs().of(Place::Checkpoints) {
        StoreSpec::Folder(path) => path.display().to_string(),
        StoreSpec::Url(url) => url,
    })
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
