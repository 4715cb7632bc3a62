//! The differences between the exports of two jobs, as text at 80 columns.

use coldpress_executor::{DiffRecord, JobsDiff};

use crate::job_report_text::lines::{filled, wrapped};
use crate::quantity::{counted, grouped, plain};
use crate::record_history_text::change_text;

/// The most characters of a record that are shown.
const RECORD_CHARS: usize = 300;
/// The most fields of a changed record that are shown.
const FIELDS: usize = 8;

/// Renders the differences between the exports of two jobs as text.
#[must_use]
pub fn render_jobs_diff(diff: &JobsDiff) -> String {
    let mut text = String::new();
    for ((mark, job), (export, records)) in ["-", "+"]
        .iter()
        .zip(&diff.jobs)
        .zip(diff.exports.iter().zip(diff.records))
    {
        let records = counted(records, "record");
        text.push_str(&format!(
            "{mark} {}: {records} in {}\n",
            plain(job),
            plain(export)
        ));
    }
    let by = match (diff.matched_by, &diff.key) {
        ("key", Some(key)) => format!("by `{}`", plain(key)),
        ("origin", _) => "by their places in the input".to_owned(),
        _ => "by their content".to_owned(),
    };
    let [same, changed, lost, gained] =
        [diff.same, diff.changed, diff.lost, diff.gained].map(grouped);
    let counts = match diff.matched_by {
        "content" => format!("{same} the same, {lost} lost, {gained} gained"),
        _ => format!("{same} the same, {changed} changed, {lost} lost, {gained} gained"),
    };
    text.push_str(&wrapped(
        &format!("{counts}; records are matched {by}"),
        "  ",
    ));
    if !diff.changed_samples.is_empty() {
        text.push_str(&heading(
            "Changed",
            diff.changed,
            diff.changed_samples.len(),
        ));
    }
    for sample in &diff.changed_samples {
        let [one, other] = sample.rows.map(grouped);
        text.push_str(&format!("~ record {one}, now {other}\n"));
        for field in sample.fields.iter().take(FIELDS) {
            text.push_str(&filled(&change_text(field), "    "));
        }
    }
    text.push_str(&samples("Lost", "-", diff.lost, &diff.lost_samples));
    text.push_str(&samples("Gained", "+", diff.gained, &diff.gained_samples));
    if !diff.remarks.is_empty() {
        text.push('\n');
    }
    for (job, count) in diff.jobs.iter().zip(diff.without_key) {
        if count > 0 {
            let count = counted(count, "record");
            let remark = format!("{count} of {} lack the field", plain(job));
            text.push_str(&wrapped(&remark, "Note: "));
        }
    }
    for remark in &diff.remarks {
        text.push_str(&wrapped(&plain(remark), "Note: "));
    }
    text
}

fn heading(title: &str, count: u64, shown: usize) -> String {
    match count > shown as u64 {
        true => format!("\n{title} ({shown} of {})\n", grouped(count)),
        false => format!("\n{title}\n"),
    }
}

fn samples(title: &str, mark: &str, count: u64, samples: &[DiffRecord]) -> String {
    if samples.is_empty() {
        return String::new();
    }
    let mut text = heading(title, count, samples.len());
    for sample in samples {
        let record = plain(&sample.record);
        let short: String = record.chars().take(RECORD_CHARS).collect();
        let more = if short.len() < record.len() {
            "…"
        } else {
            ""
        };
        let line = format!("record {}: {short}{more}", grouped(sample.row));
        text.push_str(&filled(&line, &format!("{mark} ")));
    }
    text
}
