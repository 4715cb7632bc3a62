//! Noticing that a job changed.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use coldpress_storage::FileId;

use crate::layout::Layout;
use crate::lock::Liveness;

/// Everything that can be seen of a job without reading its files. Two stamps are equal if the job did not change in between.
///
/// It costs a few file-system calls, whatever the size of the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobStamp {
    folder: Option<FileId>,
    files: Vec<Option<(u64, SystemTime)>>,
    journal: Vec<(String, u64)>,
    is_alive: bool,
}

impl JobStamp {
    /// Looks at the files of a job.
    #[must_use]
    pub fn of(layout: &Layout) -> Self {
        let views = [
            layout.summary(),
            layout.heartbeat(),
            layout.schema(),
            layout.events(),
            layout.trace_dir(),
        ];
        Self {
            folder: FileId::of(layout.job_dir()).ok(),
            files: views.iter().map(|path| size_and_time(path)).collect(),
            journal: journal_files(&layout.journal_dir()),
            is_alive: Liveness::of(layout).is_ok_and(|liveness| liveness.is_alive()),
        }
    }

    /// Returns whether somebody drives the job.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.is_alive
    }

    /// Returns whether both are of the same folder, and not of another that took its name.
    #[must_use]
    pub fn is_of_same_folder(&self, other: &Self) -> bool {
        self.folder.is_some() && self.folder == other.folder
    }
}

fn size_and_time(path: &Path) -> Option<(u64, SystemTime)> {
    let found = fs::metadata(path).ok()?;
    Some((found.len(), found.modified().ok()?))
}

/// Returns the files of the journal with their lengths, because the journal only ever grows.
fn journal_files(dir: &Path) -> Vec<(String, u64)> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .filter_map(|entry| {
            let length = entry.metadata().ok()?.len();
            Some((entry.file_name().to_string_lossy().into_owned(), length))
        })
        .collect();
    files.sort_unstable();
    files
}
