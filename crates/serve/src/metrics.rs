//! The counts of all jobs for Prometheus.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use coldpress_events::time::now_seconds;
use coldpress_executor::{JobMetrics, OperatorPerformance, prometheus_text};
use coldpress_job::{FiguresFollower, JobStamp, JobView, ListedJob};

use crate::pace::Pace;

/// How long the work of operators is reported after a job ended, in seconds.
const REPORTED_FOR: f64 = 3600.0;

/// The work of the operators of jobs, which is read from their journals at the pace of each: only what was added.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<BTreeMap<String, Known>>);

#[derive(Debug)]
struct Known {
    stamp: JobStamp,
    journal: FiguresFollower,
    operators: Vec<OperatorPerformance>,
    pace: Pace,
}

impl Metrics {
    /// Returns the text: the counts of all jobs, and the work of the operators of those that run or did within the hour.
    pub(crate) fn text(&self, jobs: &[ListedJob]) -> String {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *known);
        let mut all = Vec::new();
        for view in jobs.iter().filter_map(ListedJob::job) {
            let id = view.layout.job_id().as_str();
            let mut metrics = of_view(view);
            if is_of_now(view) {
                let read = read_again(view, before.remove(id));
                metrics.operators.clone_from(&read.operators);
                known.insert(id.to_owned(), read);
            }
            all.push(metrics);
        }
        prometheus_text(&all)
    }
}

fn is_of_now(view: &JobView) -> bool {
    let recent = |end: f64| now_seconds() - end < REPORTED_FOR;
    view.liveness.is_alive() || view.end_time.is_some_and(recent)
}

fn read_again(view: &JobView, before: Option<Known>) -> Known {
    let stamp = JobStamp::of(&view.layout);
    match before {
        Some(before) if before.stamp == stamp || !before.pace.is_due() => before,
        before => {
            let begun = Pace::begin();
            let before = before.filter(|before| before.stamp.is_of_same_folder(&stamp));
            let mut journal = match before {
                Some(before) => before.journal,
                None => FiguresFollower::new(&view.layout),
            };
            // The list of jobs at a URL has copies of their summaries only.
            let _ = view.layout.bring();
            // A journal that cannot be read costs the job these numbers, and the page of the job says why.
            let operators = match journal.look() {
                Ok(figures) => OperatorPerformance::of_job(figures),
                Err(_) => Vec::new(),
            };
            let mut pace = Pace::default();
            pace.end(&begun);
            Known {
                stamp,
                journal,
                operators,
                pace,
            }
        }
    }
}

fn of_view(view: &JobView) -> JobMetrics<'_> {
    JobMetrics {
        job_id: view.layout.job_id().as_str(),
        is_running: view.liveness.is_alive(),
        status: view.status.name(),
        phase: view.phase.filter(|_| view.liveness.is_alive()),
        start_time: view.run_start_time,
        end_time: view.end_time,
        totals: view.totals,
        operators: Vec::new(),
    }
}
