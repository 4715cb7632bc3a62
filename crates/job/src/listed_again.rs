//! Listing the jobs below a folder repeatedly.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::layout::Layout;
use crate::listing::{ListedJob, list_job, newest_first};
use crate::stamp::JobStamp;
use crate::{Error, JobId, Result};

/// The jobs below a folder, for callers that list them repeatedly. Only jobs that changed are read again.
#[derive(Debug)]
pub struct JobListing {
    base_dir: PathBuf,
    known: BTreeMap<PathBuf, (Option<JobStamp>, Option<ListedJob>)>,
}

impl JobListing {
    /// Prepares to list the jobs below a folder. Nothing is read yet.
    #[must_use]
    pub fn new(base_dir: impl Into<PathBuf>) -> Self {
        Self {
            base_dir: base_dir.into(),
            known: BTreeMap::new(),
        }
    }

    /// Lists the jobs as [`list_jobs`](crate::list_jobs) does.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`] if the folder cannot be listed.
    pub fn list(&mut self) -> Result<Vec<ListedJob>> {
        let entries = match fs::read_dir(&self.base_dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(Error::io("list", &self.base_dir, source)),
        };
        let mut known = BTreeMap::new();
        for entry in entries {
            let entry = entry.map_err(|source| Error::io("list", &self.base_dir, source))?;
            let dir = entry.path();
            let id = entry.file_name().to_string_lossy().parse::<JobId>().ok();
            let layout = id.and_then(|id| Layout::in_dir(&self.base_dir, id).ok());
            let stamp = layout.as_ref().map(JobStamp::of);
            let job = match self.known.remove(&dir) {
                // A folder whose name no job can have has no stamp, and is looked at each time.
                Some((before, job)) if before.is_some() && before == stamp => job,
                _ => list_job(&self.base_dir, &dir),
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
    use super::*;
    use crate::list_jobs;

    #[test]
    fn it_lists_what_is_there_each_time() {
        let dir = tempfile::tempdir().unwrap();
        let mut listing = JobListing::new(dir.path());
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
