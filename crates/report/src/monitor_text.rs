//! How a job stands, as text: the layout of Data-Juicer's monitor.

use std::collections::BTreeMap;

use coldpress_events::time::format_utc;
use coldpress_job::PartitionStatus;

use crate::duplicates::duplicates;
use crate::look::Look;
use crate::monitor::{MonitorView, PartitionView};
use crate::quantity::{bytes, counted, duration, grouped, percent, plain};
use crate::table::{Align, Table};

const RULE: &str =
    "================================================================================\n";

/// Partitions that are listed where nothing is wrong with them and no details are asked for.
const LISTED_PARTITIONS: usize = 20;

impl MonitorView {
    /// The view as text. `detailed` lists every partition, the work of each operator, what
    /// deduplicators removed, and every checkpoint.
    #[must_use]
    pub fn render(&self, detailed: bool) -> String {
        self.render_as(Look::Plain, detailed)
    }

    /// Renders the same as one line, for logs and for watching a job without a terminal.
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
        if let Some(left) = progress.estimated_remaining_seconds {
            line.push_str(&format!(", about {} left", duration(left)));
        }
        line
    }

    /// Renders the same as [`render`](Self::render), with this look.
    #[must_use]
    pub fn render_as(&self, look: Look, detailed: bool) -> String {
        let mut text = format!(
            "{RULE}Coldpress Job Monitor\nJob ID: {}\n{RULE}",
            self.job_id
        );
        self.write_overview(&mut text, look);
        self.write_progress(&mut text, look);
        self.write_partitions(&mut text, look, detailed);
        if !self.operators.is_empty() {
            self.write_operators(&mut text);
        }
        if detailed {
            self.write_operator_details(&mut text);
            text.push_str(&duplicates(&self.deduplication, &self.losses));
        }
        self.write_checkpoints(&mut text, detailed);
        for remark in &self.remarks {
            text.push_str(&format!("\nNote: {}\n", plain(remark)));
        }
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
        if let Some(mapping) = &self.dataset_mapping {
            line("Dataset", shortened(&mapping.original_dataset_path));
            line("Total Samples", grouped(mapping.original_dataset_size));
            line(
                "Partition Size",
                format!("{} samples", grouped(mapping.partition_size)),
            );
        }
        if let Some(start) = self.start_time {
            let time = format_utc(start);
            line(
                "Start Time",
                format!("{} UTC", time.split('.').next().unwrap_or(&time)),
            );
        }
        if let Some(elapsed) = progress.elapsed_time_seconds {
            line("Duration", duration(elapsed));
        }
        if let Some(error) = &self.error_message {
            line("Error", error.clone());
        }
    }

    /// Counts the partitions that workers are at, and those that were given out and wait for a worker.
    fn working_and_waiting(&self) -> (usize, usize) {
        let given_out = self.overall_progress.processing_partitions as usize;
        let partitions = self.partition_status.values();
        let working = partitions.filter(|one| one.current_op.is_some()).count();
        // Which operators are at work is known a few seconds late.
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
            "   Of these: {} kept, {} dropped, {} quarantined\n",
            grouped(progress.exported_samples),
            grouped(progress.dropped_samples),
            grouped(progress.quarantined_samples)
        ));
        if let Some(remaining) = progress.estimated_remaining_seconds {
            text.push_str(&format!(
                "   Estimated Time Remaining: {}\n",
                duration(remaining)
            ));
        }
    }

    fn write_partitions(&self, text: &mut String, look: Look, detailed: bool) {
        text.push_str("\nPARTITION STATUS\n");
        let mut quiet = 0;
        let mut left_out = 0_u64;
        for (index, partition) in &self.partition_status {
            let noteworthy = matches!(
                partition.status,
                PartitionStatus::Processing | PartitionStatus::Failed
            );
            if !noteworthy && !detailed {
                quiet += 1;
                if quiet > LISTED_PARTITIONS {
                    left_out += 1;
                    continue;
                }
            }
            write_partition(text, look, *index, self.overall_progress.stage, partition);
        }
        if left_out > 0 {
            let more = counted(left_out, "more partition");
            text.push_str(&format!("   ... and {more} (--detailed lists them)\n"));
        }
        if self.partition_status.is_empty() {
            text.push_str("   none planned yet\n");
        }
    }

    fn write_operators(&self, text: &mut String) {
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

    fn write_operator_details(&self, text: &mut String) {
        text.push_str("\nOPERATION DETAILS\n");
        for (index, partition) in &self.partition_status {
            if partition.completed_ops.is_empty() {
                continue;
            }
            text.push_str(&format!("   Partition {index}:\n"));
            for operation in &partition.completed_ops {
                text.push_str(&format!(
                    "     {:33} {:8.3} s {:>10} rows/s {:>8} out\n",
                    plain(&operation.name),
                    operation.duration,
                    grouped(operation.throughput.round() as u64),
                    grouped(operation.output_rows)
                ));
            }
        }
    }

    fn write_checkpoints(&self, text: &mut String, detailed: bool) {
        let all = || {
            self.partition_status
                .values()
                .flat_map(|partition| &partition.checkpoints)
        };
        // A file may hold several checkpoints.
        let files = all().map(|checkpoint| (checkpoint.checkpoint_path.as_str(), checkpoint.bytes));
        let size: u64 = files.collect::<BTreeMap<_, _>>().values().sum();
        text.push_str("\nCHECKPOINT SUMMARY\n");
        text.push_str(&format!(
            "   Total Checkpoints: {}",
            grouped(all().count() as u64)
        ));
        text.push_str(&if size > 0 {
            format!(" ({})\n", bytes(size))
        } else {
            "\n".to_owned()
        });
        if !detailed {
            return;
        }
        for (index, partition) in &self.partition_status {
            for checkpoint in &partition.checkpoints {
                let time = checkpoint
                    .timestamp
                    .map(|time| format!(" - {} UTC", &format_utc(time)));
                text.push_str(&format!(
                    "     Partition {index}: {} (op {}){}\n",
                    plain(&checkpoint.operation_name),
                    checkpoint.operation_idx,
                    time.unwrap_or_default()
                ));
            }
        }
    }
}

fn write_partition(
    text: &mut String,
    look: Look,
    index: u32,
    stage: u32,
    partition: &PartitionView,
) {
    text.push_str(&format!(
        "   Partition {index:2}: {}\n",
        look.partition(partition.status)
    ));
    let mut line =
        |name: &str, value: String| text.push_str(&format!("              {name}: {value}\n"));
    line("Samples", grouped(partition.sample_count));
    if let Some(current) = &partition.current_op {
        line(
            "Current",
            format!("{} (op {})", plain(&current.name), current.idx),
        );
    }
    if !partition.completed_ops.is_empty() {
        line(
            "Completed",
            counted(partition.completed_ops.len() as u64, "operation"),
        );
    }
    if !partition.checkpoints.is_empty() {
        line(
            "Checkpoints",
            format!("{} saved", partition.checkpoints.len()),
        );
    }
    // Each stage takes an attempt.
    if partition.attempts > stage + 1 {
        line("Attempts", partition.attempts.to_string());
    }
    if let Some(error) = &partition.error_message {
        line("Error", plain(error));
    }
}

/// A figure of an operator; none where no time was measured, as in jobs of earlier releases.
fn measured(seconds: f64, figure: impl FnOnce() -> String) -> String {
    if seconds > 0.0 {
        figure()
    } else {
        "-".to_owned()
    }
}

/// A dataset of many files has a path of many paths.
fn shortened(path: &str) -> String {
    let files = path.matches(", ").count();
    match path.split_once(", ") {
        Some((first, _)) if path.chars().count() > 66 => format!("{first} and {files} more"),
        _ => path.to_owned(),
    }
}
