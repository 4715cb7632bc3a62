//! A first look at a job, as text.

use coldpress_events::time::format_utc;
use coldpress_job::PartitionStatus;

use crate::look::Look;
use crate::monitor::{Glance, OverallProgress};
use crate::quantity::{bytes, counted, duration, grouped, percent, plain};
use crate::table::{Align, Table};

const RULE: &str =
    "================================================================================\n";

/// The most failed partitions that are listed.
const LISTED_FAILURES: usize = 20;

impl OverallProgress {
    /// Formats how long the job took, or has taken so far. If it had several runs, it adds how long it was worked on.
    pub(crate) fn duration_text(&self) -> Option<String> {
        let elapsed = duration(self.elapsed_time_seconds?);
        Some(match (self.runs, self.seconds_at_work) {
            (0 | 1, _) | (_, None) => elapsed,
            (runs, Some(seconds)) => format!(
                "{} of work in {runs} runs, {elapsed} from start to end",
                duration(seconds)
            ),
        })
    }

    /// Lists what happened to records in few jobs, each after a comma.
    fn further_fates(&self) -> String {
        let fates = [
            (self.made_samples, "made"),
            (self.absorbed_samples, "absorbed"),
            (self.not_sampled_samples, "not drawn"),
            (self.samples_in_failed, "in failed partitions"),
        ];
        let fates = fates.iter().filter(|(count, _)| *count > 0);
        fates
            .map(|(count, what)| format!(", {} {what}", grouped(*count)))
            .collect()
    }
}

impl Glance {
    /// Renders it as one line, for logs and for watching a job without a terminal.
    #[must_use]
    pub fn render_line(&self) -> String {
        let progress = &self.overall_progress;
        let stage = progress.stage_at_work.as_ref();
        let stage = stage.map_or(String::new(), |stage| format!(" in {stage}"));
        let mut line = format!(
            "{}: {:.1} %, {}/{} partitions{stage}, {}/{} samples",
            progress.job_status,
            progress.progress_percentage,
            progress.completed_partitions,
            progress.total_partitions,
            grouped(progress.processed_samples),
            grouped(progress.total_samples)
        );
        if progress.failed_partitions > 0 {
            line.push_str(&format!(", {} failed", progress.failed_partitions));
        }
        if let Some(operator) = &self.barrier {
            line.push_str(&format!(", {} decides", plain(operator)));
        }
        if self.damage.is_some() {
            line.push_str(", the journal is damaged");
        }
        if let Some(left) = progress.estimated_remaining_seconds {
            line.push_str(&format!(", about {} left", duration(left)));
        }
        line
    }

    /// Renders it as text, with this look.
    #[must_use]
    pub fn render_as(&self, look: Look) -> String {
        let mut text = self.render_head(look);
        self.write_partitions(&mut text, look);
        self.write_operators(&mut text);
        self.write_checkpoints(&mut text);
        self.write_remarks(&mut text);
        text
    }

    /// Renders what comes before the partitions.
    pub(super) fn render_head(&self, look: Look) -> String {
        let mut text = format!(
            "{RULE}Coldpress Job Monitor\nJob ID: {}\n{RULE}",
            self.job_id
        );
        if let Some(damage) = &self.damage {
            text.push_str(&format!(
                "\nWARNING: {}\n         What follows comes from the job summary alone.\n",
                plain(damage)
            ));
        }
        self.write_overview(&mut text, look);
        self.write_progress(&mut text, look);
        text
    }

    fn write_overview(&self, text: &mut String, look: Look) {
        let progress = &self.overall_progress;
        text.push_str("\nJOB OVERVIEW\n");
        text.push_str(&format!("   Status: {}\n", look.job(&progress.job_status)));
        let mut line =
            |name: &str, value: String| text.push_str(&format!("   {name}: {}\n", plain(&value)));
        if let Some(phase) = self.phase {
            line("Phase", phase.to_string());
        }
        if let Some(operator) = &self.barrier {
            line(
                "Barrier",
                format!("{operator} decides about the whole dataset"),
            );
        }
        if let Some(dataset) = &self.dataset {
            line("Dataset", shortened(&dataset.path));
            line("Total Samples", grouped(dataset.samples));
            line(
                "Partition Size",
                format!("{} samples", grouped(dataset.partition_size)),
            );
        }
        if let Some(start) = self.start_time {
            let time = format_utc(start);
            line(
                "Start Time",
                format!("{} UTC", time.split('.').next().unwrap_or(&time)),
            );
        }
        if let Some(took) = progress.duration_text() {
            line("Duration", took);
        }
        if let Some(error) = &self.error_message {
            line("Error", error.clone());
        }
    }

    /// Counts the partitions that workers are working on, and those that were given out and wait for a worker.
    fn working_and_waiting(&self) -> (usize, usize) {
        let given_out = self.overall_progress.processing_partitions as usize;
        let partitions = self.at_work.iter();
        let working = partitions.filter(|one| one.current_op.is_some()).count();
        // The operators at work are known with a delay of a few seconds.
        match working {
            0 => (given_out, 0),
            working => (working, given_out.saturating_sub(working)),
        }
    }

    fn write_progress(&self, text: &mut String, look: Look) {
        let progress = &self.overall_progress;
        let so_far = if progress.plan_complete {
            ""
        } else {
            " planned so far"
        };
        let stage = progress.stage_at_work.as_ref();
        let of_stage = stage.map_or(String::new(), |stage| format!(" in {stage}"));
        text.push_str(&format!(
            "\nOVERALL PROGRESS\n   Progress: {:.1}% ({}/{} partitions{so_far}{of_stage})\n",
            progress.progress_percentage, progress.completed_partitions, progress.total_partitions
        ));
        text.push_str(&look.bar(progress.progress_percentage));
        let (working, waiting) = self.working_and_waiting();
        let waiting = match waiting {
            0 => String::new(),
            waiting => format!("{waiting} waiting for a worker, "),
        };
        text.push_str(&format!(
            "   Status: {} completed, {} processing, {waiting}{} failed\n   Samples: {}/{}\n",
            progress.completed_partitions,
            working,
            progress.failed_partitions,
            grouped(progress.processed_samples),
            grouped(progress.total_samples)
        ));
        text.push_str(&format!(
            "   Of these: {} kept, {} dropped, {} quarantined{}\n",
            grouped(progress.exported_samples),
            grouped(progress.dropped_samples),
            grouped(progress.quarantined_samples),
            progress.further_fates()
        ));
        if let Some(remaining) = progress.estimated_remaining_seconds {
            text.push_str(&format!(
                "   Estimated Time Remaining: {}\n",
                duration(remaining)
            ));
        }
    }

    /// Lists the partitions at work and those that failed, and counts the others.
    fn write_partitions(&self, text: &mut String, look: Look) {
        text.push_str("\nPARTITION STATUS\n");
        let progress = &self.overall_progress;
        let head = |index: u32, status: PartitionStatus, samples: u64| {
            format!(
                "   Partition {index:2}: {}\n              Samples: {}\n",
                look.partition(status),
                grouped(samples)
            )
        };
        for one in &self.at_work {
            text.push_str(&head(
                one.partition,
                PartitionStatus::Processing,
                one.samples,
            ));
            if let Some(current) = &one.current_op {
                let place = current.place();
                let (name, place) = (plain(&current.name), plain(&place));
                text.push_str(&format!("              Current: {name} ({place})\n"));
            }
            // Each stage takes an attempt.
            if one.attempt > progress.stage + 1 {
                text.push_str(&format!("              Attempts: {}\n", one.attempt));
            }
        }
        for one in self.failed.iter().take(LISTED_FAILURES) {
            text.push_str(&head(one.partition, PartitionStatus::Failed, one.samples));
            text.push_str(&format!("              Error: {}\n", plain(&one.error)));
        }
        let more = self.failed.len().saturating_sub(LISTED_FAILURES);
        if more > 0 {
            let more = counted(more as u64, "more partition");
            text.push_str(&format!("   ... and {more} failed\n"));
        }
        let listed = self.at_work.len() + self.failed.len();
        let completed = progress.completed_partitions;
        let pending =
            (progress.total_partitions as usize).saturating_sub(listed + completed as usize);
        text.push_str(&format!(
            "   {} completed and {} pending (--detailed lists all partitions)\n",
            grouped(u64::from(completed)),
            grouped(pending as u64)
        ));
    }

    pub(super) fn write_operators(&self, text: &mut String) {
        if self.operators.is_empty() {
            return;
        }
        text.push_str("\nOPERATION PERFORMANCE\n");
        let mut table = Table::new([
            ("OPERATION", Align::Left),
            ("IN", Align::Right),
            ("OUT", Align::Right),
            ("SECONDS", Align::Right),
            ("ROWS/S", Align::Right),
            ("REDUCTION", Align::Right),
        ])
        .indent(3);
        for operator in &self.operators {
            table.row([
                plain(&operator.name),
                grouped(operator.records_in),
                grouped(operator.records_out),
                measured(operator.seconds, || format!("{:.2}", operator.seconds)),
                measured(operator.seconds, || {
                    grouped(operator.throughput.round() as u64)
                }),
                percent(operator.reduction_ratio),
            ]);
        }
        text.push_str(&table.render());
    }

    pub(super) fn write_checkpoints(&self, text: &mut String) {
        let size = match self.checkpoint_bytes {
            0 => String::new(),
            size => format!(" ({})", bytes(size)),
        };
        text.push_str(&format!(
            "\nCHECKPOINT SUMMARY\n   Total Checkpoints: {}{size}\n",
            grouped(self.checkpoints)
        ));
    }

    pub(super) fn write_remarks(&self, text: &mut String) {
        for remark in &self.remarks {
            text.push_str(&format!("\nNote: {}\n", plain(remark)));
        }
    }
}

/// Formats a figure of an operator; none if no time was measured, as in jobs of earlier releases.
fn measured(seconds: f64, figure: impl FnOnce() -> String) -> String {
    if seconds > 0.0 {
        figure()
    } else {
        "-".to_owned()
    }
}

/// Shortens the path of a dataset of many files, which consists of many paths.
fn shortened(path: &str) -> String {
    let files = path.matches(", ").count();
    match path.split_once(", ") {
        Some((first, _)) if path.chars().count() > 66 => format!("{first} and {files} more"),
        _ => path.to_owned(),
    }
}
