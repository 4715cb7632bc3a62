//! Recognizing a job's own files, by the names that it gives them and by links that lead elsewhere.

use std::fs;
use std::path::{Path, PathBuf};

use crate::id::JobId;
use crate::journal::Journal;
use crate::layout::Layout;
use crate::{Error, Result};

/// The files of a job's folder.
const FILES: [&str; 8] = [
    "job.lock",
    "job.heartbeat",
    "job_summary.json",
    "recipe.yaml",
    "recipe.resolved.yaml",
    "events.jsonl",
    "lineage.jsonl",
    "report.html",
];

/// The prefixes of the names of files that belong to a partition: in the first stage, and in later ones.
const OF_ATTEMPTS: [&str; 2] = ["partition_", "stage_"];

const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// The folders in a job's folder, with the prefixes of the names in them.
const FOLDERS: [(&str, &[&str]); 15] = [
    ("journal", &DIGITS),
    // The journal of a job that adopts another's work, before it is moved into place.
    (".journal.tmp", &["0"]),
    (
        "metadata",
        &[
            "dataset_mapping.json",
            "final_mapping_report.json",
            "schema.json",
        ],
    ),
    ("results", &OF_ATTEMPTS),
    ("quarantine", &OF_ATTEMPTS),
    ("signatures", &OF_ATTEMPTS),
    // Earlier releases created it and never used it.
    ("reports", &[]),
    ("partitions", &["partition_"]),
    ("fetched", &["partition_"]),
    ("unsealed", &DIGITS),
    ("checkpoints", &["partition_", "stage_", "checkpoint_"]),
    ("intermediate", &OF_ATTEMPTS),
    ("event_logs", &["events."]),
    (
        "analysis",
        &[
            "statistics.parquet",
            ".statistics.parquet.coldpress.",
            "overall.",
            "analysis.json",
        ],
    ),
    ("trace", &["sample_trace-", "duplicate-"]),
];

/// Returns the job that made the file at this place, which must be free of links. The job's folder proves itself by its journal.
///
/// Files that somebody else put into a job's folder have names other than the job's.
#[must_use]
pub fn job_that_made(place: &Path) -> Option<Layout> {
    let folders = place.ancestors().skip(1).take(3);
    let candidates = folders.filter(|folder| place.strip_prefix(folder).is_ok_and(is_own_name));
    candidates.filter_map(job_in).next()
}

/// Returns the job in exactly this folder, if it has a journal or was killed before the first record was durable.
fn job_in(folder: &Path) -> Option<Layout> {
    let id: JobId = folder.file_name()?.to_str()?.parse().ok()?;
    let layout = Layout::in_dir(folder.parent()?, id).ok()?;
    let has_journal = Journal::exists(&layout).is_ok_and(|exists| exists);
    let was_begun = || layout.lock().is_file() && layout.journal_dir().is_dir();
    (has_journal || was_begun()).then_some(layout)
}

/// Returns whether this is the name of a folder of traces that is not in its final place yet.
fn is_trace_in_the_making(name: &str) -> bool {
    name.starts_with(".trace.coldpress.") && name.ends_with(".tmp")
}

/// Returns whether a job gives this name, below its folder, to a file.
fn is_own_name(inside: &Path) -> bool {
    let mut names = inside.iter().map(|name| name.to_string_lossy());
    let (Some(first), second) = (names.next(), names.next()) else {
        return false;
    };
    let Some(second) = second else {
        return FILES.contains(&&*first);
    };
    let is_folder =
        |folder: &str| folder == first || folder == "trace" && is_trace_in_the_making(&first);
    let folder = FOLDERS.iter().find(|(folder, _)| is_folder(folder));
    folder.is_some_and(|(_, starts)| starts.iter().any(|start| second.starts_with(start)))
}

/// The places where a job keeps its own files, without links.
#[derive(Clone, Debug)]
pub struct OwnPlaces {
    job_dir: PathBuf,
    elsewhere: [PathBuf; 3],
}

impl OwnPlaces {
    /// Returns the job's folder.
    #[must_use]
    pub fn job_dir(&self) -> &Path {
        &self.job_dir
    }

    /// Returns whether the job has, or could come to have, a file of its own at this place, which must be free of links.
    #[must_use]
    pub fn would_make(&self, place: &Path) -> bool {
        let of_job = place.strip_prefix(&self.job_dir).is_ok_and(is_own_name);
        let is_moved = |folder: &PathBuf| {
            let inside = place.strip_prefix(folder);
            inside.is_ok_and(|inside| is_moved_name(&inside.to_string_lossy()))
        };
        of_job || self.elsewhere.iter().any(is_moved)
    }

    /// Returns whether this place, which must be free of links, is reserved for the job's own files: it is one of its files, or
    /// anything below one of its folders.
    #[must_use]
    pub fn reserves(&self, place: &Path) -> bool {
        let is_reserved = |inside: &Path| {
            let first = inside.iter().next().map(|name| name.to_string_lossy());
            first.is_none_or(|first| {
                FILES.contains(&&*first) || FOLDERS.iter().any(|(folder, _)| *folder == first)
            })
        };
        place.strip_prefix(&self.job_dir).is_ok_and(is_reserved)
            || self
                .elsewhere
                .iter()
                .any(|folder| place.starts_with(folder))
    }
}

/// Returns whether a job gives such names to files in folders that its recipe moved elsewhere.
#[must_use]
pub fn is_moved_name(name: &str) -> bool {
    let starts = ["partition_", "stage_", "checkpoint_", "events."];
    starts.iter().any(|start| name.starts_with(start))
}

impl Layout {
    /// Returns the places where the job keeps its own files.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`] if there is no current folder.
    pub fn places(&self) -> Result<OwnPlaces> {
        let real = |folder: &Path| coldpress_storage::real_folder(folder);
        Ok(OwnPlaces {
            job_dir: real(self.job_dir())?,
            elsewhere: [
                real(self.checkpoint_dir())?,
                real(self.partition_dir())?,
                real(self.event_log_dir())?,
            ],
        })
    }

    /// Checks that the job's folders are where they seem to be. A link among them would make the job write, replace and delete
    /// files wherever it leads.
    ///
    /// The job's folder itself may be reached through links, and so may the folders that the recipe names.
    ///
    /// # Errors
    ///
    /// [`Error::Linked`] with the link.
    pub fn prove(&self) -> Result<()> {
        let inside = FOLDERS
            .iter()
            .map(|(folder, _)| self.job_dir().join(folder));
        let elsewhere = [
            self.checkpoint_dir().to_path_buf(),
            self.partition_dir().to_path_buf(),
            self.event_log_dir().to_path_buf(),
            self.event_log_dir()
                .parent()
                .unwrap_or(self.job_dir())
                .to_path_buf(),
        ];
        // The folder itself may be reached through a link, and may be one of those that a summary names.
        let elsewhere = elsewhere
            .into_iter()
            .filter(|folder| *folder != self.job_dir());
        inside
            .chain(elsewhere)
            .try_for_each(|folder| refuse_link(&folder))
    }

    /// Fails if a folder is a link.
    pub(crate) fn refuse_link(&self, folder: &Path) -> Result<()> {
        refuse_link(folder)
    }
}

pub(super) fn refuse_link(folder: &Path) -> Result<()> {
    match fs::symlink_metadata(folder) {
        Ok(found) if found.is_symlink() => Err(Error::Linked {
            path: folder.to_path_buf(),
            target: fs::read_link(folder).unwrap_or_default(),
        }),
        // A missing folder can be created. If it cannot be examined, the code that uses it reports the error.
        _ => Ok(()),
    }
}
