//! The intermediate directory that a command is given.

use std::error::Error as _;
use std::io::{self, ErrorKind};
use std::path::Path;

use coldpress::docetl::{CheckpointName, Entry, Error, IntermediateStore, Options, Unreadable};
use coldpress::report::quantity::plain;
use coldpress::storage::Obstacle;

use crate::failure::{Failure, chain, code};

/// The file in which DocETL keeps the hashes of operations.
const CONFIG: &str = ".docetl_intermediate_config.json";

/// A directory that holds checkpoints, or could.
pub(super) struct Directory {
    pub(super) store: IntermediateStore,
    /// Its path, for people.
    pub(super) shown: String,
    /// True if DocETL's own file is there.
    pub(super) has_config: bool,
    /// Files that look like checkpoints and are not read.
    pub(super) passed_over: Vec<Unreadable>,
    entries: Vec<Entry>,
}

impl Directory {
    pub(super) fn open(dir: &Path, options: Options) -> Result<Self, Failure> {
        let shown = plain(&dir.display().to_string());
        let none = |message: String| Failure::new(code::NO_SUCH_JOB, message);
        match std::fs::metadata(dir) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                return Err(none(format!(
                    "`{shown}` is a file; give the folder that `intermediate_dir` names in the pipeline"
                )));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(none(format!("there is no folder `{shown}`")));
            }
            Err(error) => return Err(Failure::failed(format!("cannot read `{shown}`: {error}"))),
        }
        let store = IntermediateStore::open_with(dir, options).map_err(cannot)?;
        let entries = store.list().map_err(cannot)?;
        let passed_over = store.passed_over().map_err(cannot)?;
        let has_config = dir.join(CONFIG).symlink_metadata().is_ok();
        if entries.is_empty() && !has_config {
            return Err(none(format!(
                "`{shown}` is not an intermediate directory of DocETL: it has no `{CONFIG}` and no file \
                 `STEP/OPERATION.json`"
            )));
        }
        Ok(Self {
            store,
            shown,
            has_config,
            passed_over,
            entries,
        })
    }

    /// The checkpoints, each once.
    pub(super) fn names(&self) -> Vec<CheckpointName> {
        let mut names: Vec<_> = self
            .entries
            .iter()
            .map(|entry| entry.name.clone())
            .collect();
        names.dedup();
        names
    }
}

/// Describes what was not read, a line each.
pub(super) fn not_looked_at(passed_over: &[Unreadable]) -> String {
    let line = |file: &Unreadable| {
        let path = plain(&file.path.display().to_string());
        format!("\nnot looked at: `{path}`: {}\n", plain(&file.reason))
    };
    passed_over.iter().map(line).collect()
}

pub(super) fn cannot(error: Error) -> Failure {
    let path = match &error {
        Error::Storage(coldpress::storage::Error::Io { path, .. }) | Error::Write { path, .. } => {
            Some(&**path)
        }
        _ => None,
    };
    let obstacle = obstacle(&error).map(|obstacle| obstacle.explain(path));
    Failure::failed(obstacle.unwrap_or_else(|| chain(&error)))
}

/// The obstacle that an error comes from, if every other file would meet it too.
pub(super) fn obstacle(error: &Error) -> Option<Obstacle> {
    let of_this = |error: &(dyn std::error::Error + 'static)| match error.downcast_ref() {
        Some(error) => Obstacle::of(error),
        None => error.downcast_ref::<io::Error>().and_then(Obstacle::of_io),
    };
    let found = match error {
        Error::Storage(error) => Obstacle::of(error),
        error => {
            let mut next = error.source();
            let mut found = None;
            while let Some(source) = next {
                found = found.or_else(|| of_this(source));
                next = source.source();
            }
            found
        }
    };
    found.filter(|obstacle| !matches!(obstacle, Obstacle::Forbidden | Obstacle::FileTooLarge))
}
