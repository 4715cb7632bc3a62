//! The jobs below a URL.

use std::collections::BTreeMap;

use coldpress_storage::{StoreSchemes, StoreSpec, one_spelling};

use crate::bucket::Scratch;
use crate::layout::Layout;
use crate::listing::{JobView, ListedJob, newest_first};
use crate::{Error, JobId, Result};

/// Lists the jobs below a URL, as [`list_jobs`](crate::list_jobs) does for a folder.
///
/// It reads the summary and heartbeat of each job, and the journal if these do not suffice.
///
/// # Errors
///
/// [`Error::Storage`] if the URL cannot be listed.
pub fn list_jobs_of_url(base_url: &str, schemes: &StoreSchemes) -> Result<Vec<ListedJob>> {
    list_again(base_url, schemes, &mut BTreeMap::new())
}

/// Lists the same jobs with the local copies of those that are `known`, and remembers the copies of those that it lists.
pub(crate) fn list_again(
    base_url: &str,
    schemes: &StoreSchemes,
    known: &mut BTreeMap<JobId, Layout>,
) -> Result<Vec<ListedJob>> {
    let base_url = &*one_spelling(base_url);
    let store = schemes.open(&StoreSpec::Url(base_url.to_owned()))?;
    let (mut jobs, mut before) = (Vec::new(), std::mem::take(known));
    for name in store.folders()? {
        // A name that is not a valid job id does not belong to a job.
        let Ok(job_id) = name.parse::<JobId>() else {
            continue;
        };
        let layout = match before.remove(&job_id) {
            Some(layout) => layout,
            None => Layout::at_url(base_url, job_id.clone(), schemes, &Scratch::Temporary)?,
        };
        jobs.extend(listed(layout.clone()));
        known.insert(job_id, layout);
    }
    newest_first(&mut jobs);
    Ok(jobs)
}

fn listed(layout: Layout) -> Option<ListedJob> {
    let name = layout.job_id().to_string();
    let job_dir = layout.job_dir().to_path_buf();
    let looked = layout.bring_summary().and_then(|()| {
        let view = JobView::of(layout.clone())?;
        if view.is_from_summary() {
            return Ok(view);
        }
        layout.bring()?;
        JobView::of(layout)
    });
    match looked {
        Ok(view) => Some(ListedJob::Job(view)),
        // A folder with neither journal nor summary is somebody else's.
        Err(Error::NeverStarted { .. }) => None,
        Err(error) => Some(ListedJob::Unreadable {
            name,
            job_dir,
            reason: error.to_string(),
        }),
    }
}
