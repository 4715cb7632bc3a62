//! The outcome of trying the quarantined records again, as text at 80 columns.

use coldpress_executor::{Replayed, ReplayedClass};

use crate::job_report_text::lines::{filled, wrapped};
use crate::quantity::{counted, grouped, plain};
use crate::table::{Align, Table};

/// The most characters of a record and of a message that are shown.
const RECORD_CHARS: usize = 200;

/// Renders what would become of the records in quarantine as text.
#[must_use]
pub fn render_replayed(replayed: &Replayed) -> String {
    let in_quarantine = counted(replayed.in_quarantine, "record");
    let mut text = format!(
        "Job {}: {in_quarantine} in quarantine, {} replayed\n",
        replayed.job_id,
        grouped(replayed.replayed)
    );
    if replayed.replayed > 0 {
        text.push_str(&outcome(replayed));
    }
    let mut table = Table::new([
        ("OPERATOR", Align::Left),
        ("IN", Align::Right),
        ("OUT", Align::Right),
        ("DROPPED", Align::Right),
        ("QUARANTINED", Align::Right),
    ]);
    for operator in &replayed.operators {
        table.row([
            plain(&operator.name),
            grouped(operator.records_in),
            grouped(operator.out),
            grouped(operator.dropped),
            grouped(operator.quarantined),
        ]);
    }
    if !table.is_empty() {
        text.push('\n');
        text.push_str(&table.render());
    }
    for class in &replayed.classes {
        text.push('\n');
        text.push_str(&self::class(class));
    }
    if !replayed.remarks.is_empty() {
        text.push('\n');
    }
    for remark in &replayed.remarks {
        text.push_str(&wrapped(&plain(remark), "Note: "));
    }
    text
}

fn outcome(replayed: &Replayed) -> String {
    let mut parts = vec![
        format!("{} kept", grouped(replayed.kept)),
        format!("{} dropped", grouped(replayed.dropped)),
        format!("{} quarantined again", grouped(replayed.quarantined)),
    ];
    for (count, what) in [(replayed.made, "made"), (replayed.absorbed, "absorbed")] {
        if count > 0 {
            parts.push(format!("{} {what}", grouped(count)));
        }
    }
    format!("Now         {}\n", parts.join(", "))
}

fn class(class: &ReplayedClass) -> String {
    let operator = class.operator.as_deref().map(plain);
    let shown = class.samples.len() as u64;
    let count = match class.count > shown {
        true => format!("{shown} of {}", grouped(class.count)),
        false => grouped(class.count),
    };
    let title = match (class.outcome, operator) {
        ("kept", _) => format!("Kept ({count})"),
        ("split", _) => format!("Split ({count})"),
        ("dropped", Some(operator)) => format!("Dropped by {operator} ({count})"),
        ("dropped", None) => format!("Dropped where they are read, as they have no text ({count})"),
        ("absorbed", Some(operator)) => format!("Grouped by {operator} ({count})"),
        (_, Some(operator)) => format!("Quarantined again by {operator} ({count})"),
        (_, None) => format!("Still not readable ({count})"),
    };
    let mut text = title + "\n";
    for sample in &class.samples {
        let by = sample.failed_in.as_deref().unwrap_or("(reading)");
        let place = format!("{}, {}", plain(&sample.source), sample.place);
        let was = format!("{place}  was: {}: {}", plain(by), short(&sample.error));
        text.push_str(&filled(&was, "  "));
        if let Some(error) = &sample.error_now {
            text.push_str(&filled(&format!("now: {}", short(error)), "    "));
        }
        if let Some(record) = &sample.record {
            text.push_str(&filled(&short(record), "    "));
        }
    }
    text
}

fn short(text: &str) -> String {
    let text = plain(text);
    match text.char_indices().nth(RECORD_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
