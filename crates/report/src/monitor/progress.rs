//! How the job stands as a whole.

use coldpress_events::time::now_seconds;
use coldpress_job::{JobState, JobView, PartitionStatus, ShownStatus, Status};

use super::OverallProgress;
use super::partitions::shown_status;
use crate::history::History;

/// The job as a whole.
pub(crate) fn progress(job: &JobView, state: &JobState, history: &History) -> OverallProgress {
    // Without a journal the summary's counts are the best there are.
    let totals = if state.plan().is_some() {
        state.totals()
    } else {
        job.totals
    };
    let indices = 0..state.partition_count();
    let processing =
        indices.filter(|index| shown_status(*index, job, state) == PartitionStatus::Processing);
    let elapsed = elapsed_seconds(job, history);
    let plan_complete = state.plan_complete();
    let status = status(job, state);
    let is_over = status.name().starts_with("completed");
    let share = f64::from(totals.completed) / f64::from(totals.partitions.max(1));
    let share = (f64::from(totals.stage) + share) / f64::from(totals.stages.max(1));
    OverallProgress {
        stage: totals.stage,
        stages: totals.stages,
        stage_at_work: totals.stage_of_stages(),
        total_partitions: totals.partitions,
        completed_partitions: totals.completed,
        processing_partitions: processing.count() as u32,
        failed_partitions: totals.failed,
        progress_percentage: if is_over && totals.partitions == 0 {
            100.0
        } else {
            100.0 * share
        },
        total_samples: totals.records,
        processed_samples: totals.processed,
        estimated_remaining_seconds: elapsed
            .filter(|_| job.liveness.is_alive() && plan_complete)
            .and_then(|elapsed| remaining_seconds(state, elapsed)),
        elapsed_time_seconds: elapsed,
        job_status: status.name().to_owned(),
        plan_complete,
        exported_samples: totals.exported,
        dropped_samples: totals.dropped,
        quarantined_samples: totals.quarantined,
    }
}

/// The journal's word counts before the summary's, which may be out of date.
fn status(job: &JobView, state: &JobState) -> ShownStatus {
    match state.finished() {
        _ if state.epochs().is_empty() => job.status,
        Some(finish) => ShownStatus::Said(finish.status),
        None if !job.liveness.is_alive() => ShownStatus::Interrupted,
        None if state.partition_count() == 0 => ShownStatus::Said(Status::Planning),
        None => ShownStatus::Said(Status::Running),
    }
}

fn elapsed_seconds(job: &JobView, history: &History) -> Option<f64> {
    let start = job.start_time?;
    let alive_until = job.liveness.is_alive().then(now_seconds);
    let end = alive_until.or(job.end_time).or(history.last_event)?;
    Some((end - start).max(0.0))
}

/// At the pace of the newest driver: what earlier ones did took it no time.
fn remaining_seconds(state: &JobState, elapsed: f64) -> Option<f64> {
    let epoch = state.current_epoch()?.epoch;
    let recipe = state.recipe()?;
    let (mut done, mut left) = (0_u64, 0_u64);
    for stage in 0..state.stages() {
        let chain = recipe.end_of(stage);
        for planned in state.partitions() {
            let (index, records) = (planned.index, planned.slice.records);
            match chain.and_then(|chain| state.result_of(index, chain)) {
                Some(result) if result.epoch == epoch => done += records,
                Some(_) => {}
                None if state.failure(index).is_some() => {}
                // As if all stages took the same time: nothing is known of those to come.
                None => left += records,
            }
        }
    }
    (done > 0).then(|| elapsed / done as f64 * left as f64)
}
