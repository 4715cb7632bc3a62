//! The list of jobs, which is made once for all clients.

use std::sync::{Arc, Mutex, PoisonError};

use coldpress_job::{JobListing, JobsDir, ListedJob};
use coldpress_report::JobsView;

use crate::pace::Pace;
use crate::version::Version;
use crate::watched::{Latest, Trouble};

/// The list of jobs.
#[derive(Debug)]
pub(crate) struct Listing(Mutex<Current>);

#[derive(Debug)]
struct Current {
    listing: JobListing,
    jobs: Arc<Vec<ListedJob>>,
    latest: Option<Latest>,
    pace: Pace,
}

impl Listing {
    pub(crate) fn new(dir: JobsDir) -> Self {
        Self(Mutex::new(Current {
            pace: Pace::of(&dir),
            listing: JobListing::new(dir),
            jobs: Arc::default(),
            latest: None,
        }))
    }

    /// Returns the latest view of the list.
    pub(crate) fn latest(&self) -> Latest {
        self.now().0
    }

    /// Returns the jobs.
    pub(crate) fn jobs(&self) -> Result<Arc<Vec<ListedJob>>, Trouble> {
        let (latest, jobs) = self.now();
        latest.map(|_| jobs)
    }

    fn now(&self) -> (Latest, Arc<Vec<ListedJob>>) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = match &current.latest {
            Some(latest) if !current.pace.is_due() => latest.clone(),
            _ => {
                let begun = Pace::begin();
                let latest = current.list();
                current.pace.end(&begun);
                current.latest = Some(latest.clone());
                latest
            }
        };
        (latest, Arc::clone(&current.jobs))
    }
}

impl Current {
    fn list(&mut self) -> Latest {
        let unreadable = |error: &dyn std::fmt::Display| Trouble::Unreadable(error.to_string());
        let jobs = self.listing.list().map_err(|error| unreadable(&error))?;
        let view = JobsView::of(self.listing.dir().path(), &jobs);
        self.jobs = Arc::new(jobs);
        let json = serde_json::to_string(&view).map_err(|error| unreadable(&error))?;
        let previous = self.latest.as_ref().and_then(|latest| latest.as_ref().ok());
        let next = Version::after(previous.map(Arc::as_ref), json, None)
            .map_err(|error| unreadable(&error))?;
        match (next, previous) {
            (Some(next), _) => Ok(Arc::new(next)),
            (None, Some(previous)) => Ok(Arc::clone(previous)),
            (None, None) => Err(Trouble::Unreadable("there is no list".to_owned())),
        }
    }
}
