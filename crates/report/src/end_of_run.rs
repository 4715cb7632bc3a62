//! The result of a run as text: where every record went, where the files are, and how to continue.

use coldpress_executor::{ErrorSummary, OperatorPerformance, Report};
use coldpress_job::{Journal, Layout, Status};
use coldpress_record::Ledger;

use crate::duplicates::duplicates;
use crate::quantity::{bytes, counted, duration, grouped, plain, plain_lines};
use crate::table::{Align, Table};

/// The most failed partitions and unreadable parts that are listed.
const LISTED: usize = 10;

/// Renders the table at the end of a run, however the run ended.
#[must_use]
pub fn render_report(report: &Report) -> String {
    let mut text = headline(report);
    text.push_str(&records(report));
    text.push_str(&pace(report));
    if !report.ledger.operators.is_empty() {
        text.push('\n');
        text.push_str(&operators(&report.ledger, &report.operators));
    }
    text.push_str(&duplicates(&report.deduplication, &report.losses));
    text.push_str(&errors(report));
    text.push_str(&losses(report));
    text.push_str(&mixed_fields(report));
    text.push('\n');
    text.push_str(&places(report));
    text
}

fn headline(report: &Report) -> String {
    let job = &report.job_id;
    match report.status {
        _ if report.already_complete => {
            format!("Job {job} is already complete: there was nothing left to do\n")
        }
        Status::Completed => format!("Job {job}: completed\n"),
        Status::CompletedWithFailures => {
            format!("Job {job}: completed, but without a part of its input\n")
        }
        Status::Stopped => {
            format!("Job {job}: stopped; what is finished is kept, nothing is exported yet\n")
        }
        status => format!("Job {job}: {status}\n"),
    }
}

fn records(report: &Report) -> String {
    let ledger = &report.ledger;
    let in_failed: u64 = report
        .failed_partitions
        .iter()
        .map(|failed| failed.records)
        .sum();
    let mut parts = vec![
        format!("{} in", grouped(ledger.records + in_failed)),
        format!("{} kept", grouped(ledger.exported())),
        format!("{} dropped", grouped(ledger.dropped())),
        format!("{} quarantined", grouped(ledger.quarantined())),
    ];
    if ledger.made() > 0 {
        parts.push(format!("{} made", grouped(ledger.made())));
    }
    if ledger.absorbed() > 0 {
        parts.push(format!("{} absorbed", grouped(ledger.absorbed())));
    }
    if ledger.not_sampled > 0 {
        parts.push(format!("{} not drawn", grouped(ledger.not_sampled)));
    }
    if in_failed > 0 {
        parts.push(format!("{} in failed partitions", grouped(in_failed)));
    }
    let mut text = field("Records", &parts.join(", "));
    if ledger.without_text > 0 {
        let records = grouped(ledger.without_text);
        text.push_str(&field("No text", &format!("{records} (dropped)")));
    }
    if ledger.rejected_bytes > 0 {
        let unread = format!(
            "{} of the input (in quarantine)",
            bytes(ledger.rejected_bytes)
        );
        text.push_str(&field("Not read", &unread));
    }
    text
}

fn pace(report: &Report) -> String {
    let mut partitions = grouped(u64::from(report.partitions));
    for (count, what) in [
        (report.partitions_reused, "from an earlier run"),
        (report.partitions_resumed, "continued from earlier work"),
        (report.failed_partitions.len() as u32, "failed"),
    ] {
        if count > 0 && !report.already_complete {
            partitions.push_str(&format!(", {count} {what}"));
        }
    }
    let mut time = duration(report.seconds);
    let is_whole_run = report.status == Status::Completed
        && report.partitions_reused + report.partitions_resumed == 0;
    if is_whole_run && !report.already_complete && report.seconds > 0.0 {
        let megabytes = report.input_bytes as f64 / 1e6;
        time.push_str(&format!(
            " for {} ({:.1} MB/s)",
            bytes(report.input_bytes),
            megabytes / report.seconds
        ));
    }
    field("Partitions", &partitions) + &field("Time", &time)
}

fn operators(ledger: &Ledger, performance: &[OperatorPerformance]) -> String {
    let mut table = Table::new([
        ("Operator", Align::Left),
        ("In", Align::Right),
        ("Kept", Align::Right),
        ("Dropped", Align::Right),
        ("Quarantined", Align::Right),
        ("Seconds", Align::Right),
    ]);
    if ledger.rejected + ledger.without_text > 0 {
        table.row([
            "(reading)".to_owned(),
            grouped(ledger.sampled()),
            grouped(ledger.read()),
            grouped(ledger.without_text),
            grouped(ledger.rejected),
        ]);
    }
    for (operator, index) in ledger.operators.iter().zip(0_u32..) {
        let found = performance.iter().find(|found| found.index == index);
        table.row([
            plain(&operator.name),
            grouped(operator.records_in),
            grouped(operator.out),
            grouped(operator.dropped),
            grouped(operator.quarantined),
            found.map_or(String::new(), |found| format!("{:.2}", found.seconds)),
        ]);
    }
    table.render()
}

/// Lists fields that hold different types of values.
fn mixed_fields(report: &Report) -> String {
    let fields = report.fields.iter().flat_map(|view| &view.fields);
    let mixed: Vec<String> = fields
        .filter_map(|field| {
            let odd = field.odd.as_ref()?;
            let types = field
                .types
                .iter()
                .map(|seen| format!("{} {}", grouped(seen.count), seen.kind));
            Some(format!(
                "\nField {} is of several types: {}\n  the first {} is in the record at {} {} of {}\n",
                plain(&field.name),
                types.collect::<Vec<_>>().join(", "),
                plain(&odd.kind),
                odd.unit(),
                grouped(odd.position),
                plain(&odd.path)
            ))
        })
        .collect();
    let listed = mixed.iter().take(LISTED).map(String::as_str);
    listed.collect::<String>() + &more(mixed.len(), "field of several types")
}

/// Lists attempts that failed, most of which were made good by later ones.
fn errors(report: &Report) -> String {
    let line = |error: &ErrorSummary| {
        format!(
            "\n{}, the last of partition {} ({})\n  {}\n  {}\n",
            counted(u64::from(error.attempts), "failed attempt"),
            error.partition,
            error.class,
            plain_lines(&error.message, "    "),
            error.advice
        )
    };
    report.errors.iter().map(line).collect()
}

/// Lists what was in the input and is not in the output.
fn losses(report: &Report) -> String {
    let mut text = String::new();
    for failed in report.failed_partitions.iter().take(LISTED) {
        text.push_str(&format!(
            "\nPartition {} failed after {}: {} of {}, {}, are not in the output\n  {}\n",
            failed.partition,
            counted(u64::from(failed.attempts), "attempt"),
            counted(failed.records, "record"),
            plain(&failed.source),
            plain(&failed.part),
            plain_lines(&failed.error, "      ")
        ));
    }
    text.push_str(&more(report.failed_partitions.len(), "failed partition"));
    for part in report.unreadable.iter().take(LISTED) {
        let place = match (part.start, part.length) {
            (0, 0) => String::new(),
            (start, 0) => format!(" from byte {} on", grouped(start)),
            (start, length) => format!(
                " from byte {} to {}",
                grouped(start),
                grouped(start + length)
            ),
        };
        text.push_str(&format!(
            "\nUnreadable: {}{place}\n  {}\n",
            plain(&part.source),
            plain(&part.reason)
        ));
    }
    text.push_str(&more(report.unreadable.len(), "unreadable part"));
    if report.ledger.too_long > 0 {
        let (are, places, each) = match report.ledger.too_long {
            1 => ("is", "its place and length", "it"),
            _ => ("are", "their places and lengths", "each"),
        };
        text.push_str(&format!(
            "\nToo long: {} {are} longer than `max_record_mb`; the quarantine has {places}\n  \
             {each} may have been many records, where a quote is never closed or a line end is missing\n",
            counted(report.ledger.too_long, "record"),
        ));
    }
    text
}

fn more(count: usize, what: &str) -> String {
    match count.saturating_sub(LISTED) {
        0 => String::new(),
        left => format!(
            "... and {}\n",
            counted(left as u64, &format!("more {what}"))
        ),
    }
}

fn places(report: &Report) -> String {
    let path = |path: &std::path::Path| plain(&path.display().to_string());
    let mut text = String::new();
    if is_exported(report.status) {
        let output = format!(
            "{} ({})",
            path(&report.export_path),
            bytes(report.export_bytes)
        );
        text.push_str(&field("Output", &output));
        for (companion, at) in report.companions.iter().take(LISTED).zip(0..) {
            let label = if at == 0 { "Beside it" } else { "" };
            text.push_str(&field(label, &path(companion)));
        }
    }
    if let Some(traces) = report
        .trace_dir
        .as_ref()
        .filter(|_| is_exported(report.status))
    {
        text.push_str(&field("Traces", &path(traces)));
    }
    text.push_str(&field("Job", &path(&report.job_dir)));
    text.push_str(&field("Checkpoints", &path(&report.checkpoint_dir)));
    if let Some(events) = &report.event_log {
        text.push_str(&field("Events", &path(events)));
    }
    if let Some(quarantine) = &report.quarantine_dir {
        text.push_str(&field("Quarantine", &path(quarantine)));
    }
    let verb = match report.status {
        Status::Completed => "Run again",
        Status::CompletedWithFailures => "Try again",
        _ => "Resume",
    };
    text + &field(verb, &plain(&next_command(report)))
}

/// Returns the command that continues from here. Only a fresh run reads unreadable parts again; any run tries failed partitions
/// again.
fn next_command(report: &Report) -> String {
    let is_partly_read =
        report.status == Status::CompletedWithFailures && report.failed_partitions.is_empty();
    let fresh = if is_partly_read { " --fresh" } else { "" };
    format!("{}{fresh}", report.resumption_command)
}

fn is_exported(status: Status) -> bool {
    matches!(status, Status::Completed | Status::CompletedWithFailures)
}

/// Renders what is left of a failed job, and how to continue. Returns an empty text if nothing is left.
#[must_use]
pub fn render_unfinished(layout: &Layout, resumption_command: &str) -> String {
    let Ok(state) = Journal::read(layout) else {
        return String::new();
    };
    let totals = state.totals();
    let mut text = format!(
        "Job {}: {} of {} finished and kept{}, {} failed\n",
        layout.job_id(),
        totals.completed,
        counted(u64::from(totals.partitions), "partition"),
        totals
            .stage_of_stages()
            .map_or(String::new(), |stage| format!(" in {stage}")),
        totals.failed
    );
    for failure in state.failed().take(LISTED) {
        text.push_str(&format!(
            "  partition {}: {}\n",
            failure.partition,
            plain_lines(&failure.error, "    ")
        ));
    }
    text.push_str(&field("Job", &layout.shown()));
    if layout.events().exists() {
        text.push_str(&field(
            "Events",
            &layout.shown_path(&layout.events()).display().to_string(),
        ));
    }
    if state
        .publications()
        .any(|publication| !publication.quarantine.is_empty())
    {
        text.push_str(&field(
            "Quarantine",
            &layout
                .shown_path(&layout.quarantine_dir())
                .display()
                .to_string(),
        ));
    }
    text + &field("Resume", &plain(resumption_command))
}

fn field(name: &str, value: &str) -> String {
    format!("{name:11} {value}\n")
}

#[cfg(test)]
mod tests;
