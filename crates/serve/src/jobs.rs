//! The jobs that somebody looks at, or did a moment ago.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use coldpress_job::JobId;

use crate::watched::WatchedJob;

/// How long a job that nobody looks at any more is kept.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// The most jobs that are kept although nobody looks at them; the report of a large job takes a few megabytes.
const MOST_IDLE: usize = 16;

/// The jobs that somebody looks at, or did a moment ago.
#[derive(Debug, Default)]
pub(crate) struct WatchedJobs(Mutex<BTreeMap<JobId, Entry>>);

#[derive(Debug)]
struct Entry {
    job: Arc<WatchedJob>,
    used: Instant,
}

impl WatchedJobs {
    pub(crate) fn get(&self, job_id: &JobId) -> Arc<WatchedJob> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget_idle(&mut all);
        let entry = all.entry(job_id.clone()).or_insert_with(|| Entry {
            job: Arc::new(WatchedJob::new(job_id.clone())),
            used: Instant::now(),
        });
        entry.used = Instant::now();
        Arc::clone(&entry.job)
    }
}

/// Forgets jobs that nobody has looked at for a minute, and the oldest if there are very many.
fn forget_idle(all: &mut BTreeMap<JobId, Entry>) {
    let is_idle = |entry: &Entry| Arc::strong_count(&entry.job) == 1;
    all.retain(|_, entry| !is_idle(entry) || entry.used.elapsed() < KEPT_FOR);
    let mut idle: Vec<(Instant, JobId)> = all
        .iter()
        .filter(|(_, entry)| is_idle(entry))
        .map(|(id, entry)| (entry.used, id.clone()))
        .collect();
    idle.sort();
    for (_, id) in idle.iter().take(idle.len().saturating_sub(MOST_IDLE)) {
        all.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_ids_only_some_are_kept() {
        let jobs = WatchedJobs::default();
        let held = jobs.get(&"held".parse().unwrap());
        for at in 0..1000 {
            jobs.get(&format!("job{at}").parse().unwrap());
        }
        let all = jobs.0.lock().unwrap();
        assert!(all.len() <= MOST_IDLE + 2, "{}", all.len());
        assert!(all.values().any(|entry| Arc::ptr_eq(&entry.job, &held)));
    }
}
