//! Listing jobs repeatedly.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::jobs_dir::JobsDir;
use crate::layout::Layout;
use crate::listing::{ListedJob, list_job, newest_first};
use crate::stamp::JobStamp;
use crate::stand_in::list_again;
use crate::{Error, JobId, Result};

/// Jobs for callers that list them repeatedly. Only jobs in folders that changed are read again, and of jobs at a URL only what
/// is new is fetched.
#[derive(Debug)]
pub struct JobListing {
    dir: JobsDir,
    known: BTreeMap<PathBuf, (Option<JobStamp>, Option<ListedJob>)>,
    /// The copies of jobs at a URL.
    brought: BTreeMap<JobId, Layout>,
}

impl JobListing {
    /// Prepares to list jobs. Nothing is read yet.
    #[must_use]
    pub fn new(dir: JobsDir) -> Self {
        Self {
            dir,
            known: BTreeMap::new(),
            brought: BTreeMap::new(),
        }
    }

    /// Returns where the jobs lie.
    #[must_use]
    pub fn dir(&self) -> &JobsDir {
        &self.dir
    }

    /// Lists the jobs as [`JobsDir::list`] does.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`] if the folder or the URL cannot be listed.
    pub fn list(&mut self) -> Result<Vec<ListedJob>> {
        match self.dir.url() {
            Some(url) => list_again(url, self.dir.schemes(), &mut self.brought),
            None => {
                let folder = self.dir.path().to_owned();
                self.list_folder(&folder)
            }
        }
    }

    fn list_folder(&mut self, base_dir: &Path) -> Result<Vec<ListedJob>> {
        let entries = match fs::read_dir(base_dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(Error::io("list", base_dir, source)),
        };
        let mut known = BTreeMap::new();
        for entry in entries {
            let entry = entry.map_err(|source| Error::io("list", base_dir, source))?;
            let dir = entry.path();
            let id = entry.file_name().to_string_lossy().parse::<JobId>().ok();
            let layout = id.and_then(|id| Layout::in_dir(base_dir, id).ok());
            let stamp = layout.as_ref().map(JobStamp::of);
            let job = match self.known.remove(&dir) {
                // A folder whose name no job can have has no stamp, and is looked at each time.
                Some((before, job)) if before.is_some() && before == stamp => job,
                _ => list_job(base_dir, &dir),
            };
            known.insert(dir, (stamp, job));
        }
        self.known = known;
        let jobs = self.known.values().filter_map(|(_, job)| job.clone());
        let mut jobs: Vec<ListedJob> = jobs.collect();
        newest_first(&mut jobs);
        Ok(jobs)
    }
}

#[cfg(test)]
mod tests {
    use coldpress_storage::StoreSchemes;

    use super::*;
    use crate::list_jobs;

    #[test]
    fn it_lists_what_is_there_each_time() {
        let dir = tempfile::tempdir().unwrap();
        let jobs = JobsDir::new(dir.path(), &StoreSchemes::default());
        let mut listing = JobListing::new(jobs);
        assert_eq!(listing.list().unwrap(), []);
        let check = |listing: &mut JobListing, count: usize| {
            let listed = listing.list().unwrap();
            assert_eq!(listed.len(), count);
            assert_eq!(listed, list_jobs(dir.path()).unwrap());
        };
        let folder = |name: &str| {
            fs::create_dir_all(dir.path().join(name).join("journal")).unwrap();
        };
        folder("a");
        folder(".hidden");
        fs::create_dir(dir.path().join("no job")).unwrap();
        check(&mut listing, 1);
        folder("b");
        check(&mut listing, 2);
        let summary = dir.path().join("a").join("job_summary.json");
        for text in ["nonsense", r#"{"status": "completed", "start_time": 2.0}"#] {
            fs::write(&summary, text).unwrap();
            check(&mut listing, 2);
            check(&mut listing, 2);
        }
        fs::remove_dir_all(dir.path().join("b")).unwrap();
        check(&mut listing, 1);
    }
}
