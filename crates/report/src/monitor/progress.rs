//! The progress of the job as a whole.

use coldpress_events::time::now_seconds;
use coldpress_job::{Figures, JobView, ShownStatus, Status};

use super::OverallProgress;

/// Returns the progress of the job as a whole. `last_event` is the time of the last event in the log.
pub(crate) fn progress(
    job: &JobView,
    figures: &Figures,
    last_event: Option<f64>,
) -> OverallProgress {
    // Without a journal, the summary's counts are the best available.
    let totals = match figures.is_planned() {
        true => figures.totals(),
        false => job.totals,
    };
    let now = now_seconds();
    let end = end_of(job, now, last_event);
    let since = |start: Option<f64>| Some((end? - start?).max(0.0));
    let run_seconds = since(job.run_start_time);
    let plan_complete = figures.plan_complete();
    let status = status(job, figures);
    let is_over = status.name().starts_with("completed");
    let share = f64::from(totals.completed) / f64::from(totals.partitions.max(1));
    let share = (f64::from(totals.stage) + share) / f64::from(totals.stages.max(1));
    OverallProgress {
        stage: totals.stage,
        stages: totals.stages,
        stage_at_work: totals.stage_of_stages(),
        total_partitions: totals.partitions,
        completed_partitions: totals.completed,
        processing_partitions: given_out(job, figures).count() as u32,
        failed_partitions: totals.failed,
        progress_percentage: if is_over && totals.partitions == 0 {
            100.0
        } else {
            100.0 * share
        },
        total_samples: totals.records,
        processed_samples: totals.processed,
        estimated_remaining_seconds: run_seconds
            .filter(|_| job.liveness.is_alive() && plan_complete)
            .and_then(|elapsed| remaining_seconds(figures, elapsed)),
        elapsed_time_seconds: since(job.start_time),
        seconds_at_work: job.seconds_at_work(now).or(run_seconds),
        runs: job.runs(),
        job_status: status.name().to_owned(),
        plan_complete,
        exported_samples: totals.exported,
        dropped_samples: totals.dropped,
        quarantined_samples: totals.quarantined,
        made_samples: totals.made,
        absorbed_samples: totals.absorbed,
        not_sampled_samples: totals.not_sampled,
        samples_in_failed: totals.records_in_failed,
    }
}

/// Returns the partitions at work with the number of the attempt. If nobody drives the job, nothing is at work, whatever the
/// journal says last.
pub(crate) fn given_out(job: &JobView, figures: &Figures) -> impl Iterator<Item = (u32, u32)> {
    let is_at_work = job.liveness.is_alive() && figures.finished().is_none();
    figures.given_out().filter(move |_| is_at_work)
}

/// Returns the status. The journal takes precedence over the summary, which may be out of date.
fn status(job: &JobView, figures: &Figures) -> ShownStatus {
    match figures.finished() {
        _ if figures.started_at_millis().is_none() => job.status,
        Some(finish) => ShownStatus::Said(finish.status),
        None if !job.liveness.is_alive() => ShownStatus::Interrupted,
        None if figures.totals().partitions == 0 => ShownStatus::Said(Status::Planning),
        None => ShownStatus::Said(Status::Running),
    }
}

/// Returns when the newest driver ended, or the current time while it works.
fn end_of(job: &JobView, now: f64, last_event: Option<f64>) -> Option<f64> {
    let alive_until = job.liveness.is_alive().then_some(now);
    alive_until.or(job.end_time).or(last_event)
}

/// Estimates the remaining time at the pace of the newest driver, for which the work of earlier drivers took no time. All stages
/// count as if they took the same time, because nothing is known of those to come.
fn remaining_seconds(figures: &Figures, elapsed: f64) -> Option<f64> {
    let (done, left) = figures.done_and_left();
    (done > 0).then(|| elapsed / done as f64 * left as f64)
}
