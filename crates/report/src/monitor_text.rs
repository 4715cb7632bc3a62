//! The state of a job as text, in the layout of Data-Juicer's monitor.

mod glance;

use coldpress_events::time::format_utc;
use coldpress_job::PartitionStatus;

use crate::duplicates::duplicates;
use crate::look::Look;
use crate::monitor::{FirstLook, MonitorView, OverallProgress, PartitionView};
use crate::quantity::{counted, grouped, plain};

/// The most partitions without a problem that are listed if no details are asked for.
const LISTED_PARTITIONS: usize = 20;

impl FirstLook {
    /// Renders it as text with this look.
    #[must_use]
    pub fn render_as(&self, look: Look) -> String {
        match self {
            Self::Whole(view) => view.render_as(look, false),
            Self::Glance(glance) => glance.render_as(look),
        }
    }

    /// Renders it as one line, for logs and for watching a job without a terminal.
    #[must_use]
    pub fn render_line(&self) -> String {
        match self {
            Self::Whole(view) => view.render_line(),
            Self::Glance(glance) => glance.render_line(),
        }
    }

    /// Returns the progress of the job as a whole.
    #[must_use]
    pub fn overall_progress(&self) -> &OverallProgress {
        match self {
            Self::Whole(view) => &view.overall_progress,
            Self::Glance(glance) => &glance.overall_progress,
        }
    }
}

impl MonitorView {
    /// Renders the view as text. `detailed` lists every partition, the work of each operator, what deduplicators removed, and every
    /// checkpoint.
    #[must_use]
    pub fn render(&self, detailed: bool) -> String {
        self.render_as(Look::Plain, detailed)
    }

    /// Renders the same as one line, for logs and for watching a job without a terminal.
    #[must_use]
    pub fn render_line(&self) -> String {
        self.glance().render_line()
    }

    /// Renders the same as [`render`](Self::render), with this look.
    #[must_use]
    pub fn render_as(&self, look: Look, detailed: bool) -> String {
        let glance = self.glance();
        let mut text = glance.render_head(look);
        self.write_partitions(&mut text, look, detailed);
        glance.write_operators(&mut text);
        if detailed {
            self.write_operator_details(&mut text);
            text.push_str(&duplicates(&self.deduplication, &self.losses));
        }
        glance.write_checkpoints(&mut text);
        if detailed {
            self.write_checkpoints(&mut text);
        }
        glance.write_remarks(&mut text);
        text
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

    fn write_checkpoints(&self, text: &mut String) {
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
            format!("{} ({})", plain(&current.name), plain(&current.place())),
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
