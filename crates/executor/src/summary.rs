//! What the journal tells about a job as a whole.

use coldpress_job::{JobState, Layout, Publication};
use coldpress_record::Ledger;

use crate::report::OperatorPerformance;

/// The result of each partition that came farthest under the recipe in force, in partition order, kept or not.
fn results(state: &JobState) -> impl Iterator<Item = &Publication> {
    let indices = 0..state.partition_count();
    indices.filter_map(|index| Some(state.farthest_result(index)?.1))
}

/// Returns how each operator did, over all published partitions.
#[must_use]
pub fn performance(state: &JobState) -> Vec<OperatorPerformance> {
    let mut ledger = Ledger::default();
    let mut nanos: Vec<u64> = Vec::new();
    for result in results(state) {
        ledger.add(&result.ledger);
        nanos.resize(nanos.len().max(result.nanos.len()), 0);
        nanos
            .iter_mut()
            .zip(&result.nanos)
            .for_each(|(sum, nanos)| *sum += nanos);
    }
    let performance =
        |(index, nanos): (usize, &u64)| OperatorPerformance::of(&ledger, index, *nanos);
    nanos.iter().enumerate().filter_map(performance).collect()
}

/// A few lines for a person.
pub(crate) fn status_report(layout: &Layout, state: &JobState) -> String {
    let totals = state.totals();
    let status = match state.finished() {
        Some(finish) => finish.status.to_string(),
        None => "running or interrupted".to_owned(),
    };
    let mut lines = vec![
        format!("Job {}: {status}", layout.job_id()),
        format!(
            "Partitions: {} of {} completed{}, {} failed",
            totals.completed,
            totals.partitions,
            totals
                .stage_of_stages()
                .map_or(String::new(), |stage| format!(" in {stage}")),
            totals.failed
        ),
        format!(
            "Records: {} of {} processed, {} kept, {} dropped, {} quarantined",
            totals.processed, totals.records, totals.exported, totals.dropped, totals.quarantined
        ),
    ];
    for operator in performance(state) {
        lines.push(format!(
            "  {}: {} in, {} out, {:.2} s, {:.0} records/s",
            operator.name,
            operator.records_in,
            operator.records_out,
            operator.seconds,
            operator.throughput
        ));
    }
    lines.extend(state.failed().map(|failure| {
        format!(
            "  partition {} failed: {}",
            failure.partition, failure.error
        )
    }));
    if let Some(error) = state.finished().and_then(|finish| finish.error.as_ref()) {
        lines.push(format!("Error: {error}"));
    }
    lines.join("\n") + "\n"
}
