//! The histories of records, as text at 80 columns.

use coldpress_executor::{
    DiffPart, Effect, Fate, FieldChange, NamedDuplicate, OperatorStep, RecordBranch,
    RecordHistories, RecordHistory, TextDiff,
};
use serde_json::Value;

use crate::job_report_text::lines::{filled, short, wrapped};
use crate::quantity::{counted, grouped, plain};

/// The most fields of a change that are shown, and the most characters of a value.
const FIELDS: usize = 8;
const VALUE_CHARS: usize = 120;
/// The most characters of a record that are shown.
const RECORD_CHARS: usize = 300;
/// The greatest width of a line.
const WIDTH: usize = 79;
/// The greatest width of the column of operators.
const NAME_CHARS: usize = 40;

/// Renders what happened to records as text.
#[must_use]
pub fn render_histories(histories: &RecordHistories) -> String {
    let mut text = headline(histories);
    for history in &histories.records {
        text.push('\n');
        text.push_str(&record(history));
    }
    if histories.found > histories.records.len() as u64 {
        let rest = histories.found - histories.records.len() as u64;
        let more = counted(rest, "more record");
        text.push_str(&format!("\n{more} with {}\n", plain(&histories.query)));
    }
    if !histories.remarks.is_empty() {
        text.push('\n');
    }
    for remark in &histories.remarks {
        text.push_str(&wrapped(&plain(remark), "Note: "));
    }
    text
}

fn headline(histories: &RecordHistories) -> String {
    let found = counted(histories.found, "record");
    format!(
        "Job {}: {found} found by {}; {} looked at\n",
        histories.job_id,
        plain(&histories.query),
        counted(histories.looked_at, "record")
    )
}

fn record(history: &RecordHistory) -> String {
    let mut text = format!(
        "{}, {}\n  record {} of the dataset",
        plain(&history.source),
        history.place,
        grouped(history.number)
    );
    let status = history.partition_status.as_deref().unwrap_or_default();
    let partition = history
        .partition
        .map(|partition| format!(", in partition {partition} ({status})"));
    text.push_str(&partition.unwrap_or_default());
    text.push('\n');
    if let Some(record) = &history.record {
        text.push_str(&filled(&cut(&plain(record), RECORD_CHARS), "  "));
    }
    text.push('\n');
    branch(&history.branch, 2, &mut text);
    text
}

fn branch(branch: &RecordBranch, indent: usize, text: &mut String) {
    /// The most pieces of a record that are shown.
    const PIECES: usize = 20;
    let blanks = " ".repeat(indent);
    let width = branch
        .steps
        .iter()
        .map(|step| plain(&step.operator).chars().count())
        .max()
        .unwrap_or(0)
        .min(NAME_CHARS);
    for step in &branch.steps {
        let name = plain(&step.operator);
        let line = format!("{blanks}{name:width$}  {}", outcome(step));
        let figures = figures(step);
        match line.chars().count() + 2 + figures.chars().count() <= WIDTH {
            _ if figures.is_empty() => text.push_str(&format!("{}\n", line.trim_end())),
            true => text.push_str(&format!("{line}: {figures}\n")),
            false => {
                let below = " ".repeat(indent + 2);
                text.push_str(&format!("{line}\n{}", filled(&figures, &below)));
            }
        }
        details(step, indent + 2, text);
    }
    if branch.pieces.is_empty() {
        text.push_str(&wrapped(&fate(&branch.fate), &format!("{blanks}=> ")));
    }
    for (number, piece) in (1..).zip(&branch.pieces).take(PIECES) {
        let all = branch.pieces.len();
        text.push_str(&format!("{blanks}piece {number} of {all}\n"));
        self::branch(piece, indent + 2, text);
    }
    if branch.pieces.len() > PIECES {
        let more = counted((branch.pieces.len() - PIECES) as u64, "more piece");
        text.push_str(&format!("{blanks}{more}\n"));
    }
}

/// Describes in a few words what an operator did.
fn outcome(step: &OperatorStep) -> String {
    match &step.effect {
        Effect::Unchanged => "unchanged".to_owned(),
        Effect::Changed { fields } => {
            let names: Vec<String> = fields.iter().map(|one| plain(&one.field)).collect();
            format!("changed {}", cut(&names.join(", "), VALUE_CHARS))
        }
        Effect::Kept => "kept".to_owned(),
        Effect::Judged { keeps: true } => "would keep it".to_owned(),
        Effect::Judged { keeps: false } => "WOULD DROP it".to_owned(),
        Effect::Dropped => "DROPPED".to_owned(),
        Effect::Duplicate { .. } => "DROPPED as a duplicate".to_owned(),
        Effect::Failed { .. } => "FAILED".to_owned(),
        Effect::Split { pieces } => format!("split into {}", counted(*pieces, "piece")),
        Effect::Selected { positions } => match positions.as_slice() {
            [one] => format!("selected, as record {}", grouped(one + 1)),
            several => format!("selected, {} times", several.len()),
        },
        Effect::NotSelected => "NOT SELECTED".to_owned(),
        Effect::Grouped { position, .. } => format!("put into group {}", grouped(position + 1)),
    }
}

/// Formats the statistics of the record, and the bounds of the one that decides.
fn figures(step: &OperatorStep) -> String {
    let stats = step.stats.iter();
    let stats: Vec<String> = stats
        .map(|(name, value)| format!("{} {}", plain(name), figure(value)))
        .collect();
    let bounds = step.bounds.iter();
    let bounds: Vec<String> = bounds
        .map(|bound| format!("{} {}", plain(&bound.parameter), figure(&bound.value)))
        .collect();
    match (stats.is_empty(), bounds.is_empty()) {
        (true, _) => String::new(),
        (false, true) => cut(&stats.join(", "), VALUE_CHARS),
        (false, false) => format!("{} ({})", stats.join(", "), bounds.join(", ")),
    }
}

fn figure(value: &Value) -> String {
    match value.as_f64() {
        Some(number) => short(number),
        None => cut(&plain(&value.to_string()), VALUE_CHARS),
    }
}

fn details(step: &OperatorStep, indent: usize, text: &mut String) {
    let mark = " ".repeat(indent);
    match &step.effect {
        Effect::Changed { fields } => {
            for field in fields.iter().take(FIELDS) {
                text.push_str(&filled(&change_text(field), &mark));
            }
            if fields.len() > FIELDS {
                let more = counted((fields.len() - FIELDS) as u64, "more field");
                text.push_str(&format!("{mark}{more}\n"));
            }
        }
        Effect::Failed { error } => text.push_str(&wrapped(&plain(error), &mark)),
        Effect::Duplicate { kept } => match kept {
            Some(kept) => text.push_str(&named("kept instead", kept, &mark)),
            None => {
                let lost = "the record that was kept instead cannot be read any more";
                text.push_str(&wrapped(lost, &mark));
            }
        },
        Effect::Grouped {
            first: Some(first), ..
        } => text.push_str(&named("as a part of the record of", first, &mark)),
        _ => {}
    }
}

fn named(what: &str, one: &NamedDuplicate, mark: &str) -> String {
    let id = one.id.as_ref().map(|id| format!(" ({})", plain(id)));
    let place = format!(
        "{what}: {}, {}{}",
        plain(&one.source),
        one.place,
        id.unwrap_or_default()
    );
    let record = cut(&plain(&one.record), RECORD_CHARS);
    filled(&place, mark) + &filled(&record, &format!("{mark}  "))
}

/// Formats a changed field in a line.
pub(crate) fn change_text(change: &FieldChange) -> String {
    let field = plain(&change.field);
    if let Some(diff) = &change.text {
        return format!("{field}: {}", text_change(diff));
    }
    let value = |json: &str| cut(&plain(json), VALUE_CHARS);
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{field}: {} -> {}", value(before), value(after)),
        (Some(before), None) => format!("{field}: {} -> removed", value(before)),
        (None, Some(after)) => format!("{field}: set to {}", value(after)),
        (None, None) => field,
    }
}

/// Formats a text with its changes marked like `git diff --word-diff`.
fn text_change(diff: &TextDiff) -> String {
    let part = |part: &DiffPart| match part {
        DiffPart::Same(text) => plain(text),
        DiffPart::Removed(text) => format!("[-{}-]", plain(text)),
        DiffPart::Added(text) => format!("{{+{}+}}", plain(text)),
    };
    let shown: String = diff.parts.iter().map(part).collect();
    let lengths = format!(
        "({} -> {} characters)",
        grouped(diff.chars_before),
        grouped(diff.chars_after)
    );
    match diff.more_changes {
        0 => format!("{shown} {lengths}"),
        more => format!("{shown} and {} {lengths}", counted(more, "more change")),
    }
}

fn fate(fate: &Fate) -> String {
    // People count from 1, as `plan` and the page do.
    let of = |operator: &str, operation: u32| {
        format!(
            "{} (operator {})",
            plain(operator),
            u64::from(operation) + 1
        )
    };
    match fate {
        Fate::Exported {
            file: Some(file),
            row,
        } => {
            format!("exported: {}, record {}", plain(file), grouped(*row))
        }
        Fate::Exported { file: None, row } => {
            format!("exported: record {} of the export", grouped(*row))
        }
        Fate::Through => "kept by all operators; the job has not exported it yet".to_owned(),
        Fate::Dropped {
            operation,
            operator,
        } => format!("dropped by {}", of(operator, *operation)),
        Fate::NotSampled => "not drawn: the recipe takes only some records of this path".to_owned(),
        Fate::WithoutText => "dropped where it was read: it has no text".to_owned(),
        Fate::Quarantined {
            operation: Some(operation),
            operator: Some(operator),
            ..
        } => format!(
            "in quarantine, because {} failed on it",
            of(operator, *operation)
        ),
        Fate::Quarantined { error, .. } => {
            format!("in quarantine: it cannot be read: {}", plain(error))
        }
        Fate::Absorbed {
            operation,
            operator,
        } => format!(
            "went on as a part of its group, made by {}",
            of(operator, *operation)
        ),
        Fate::Split => "went on in pieces".to_owned(),
        Fate::InFailedPartition { error } => {
            format!(
                "not exported, because its partition failed: {}",
                plain(error)
            )
        }
        Fate::BeyondLimit { limit } => {
            let records = counted(*limit, "record");
            format!("not processed: the job processes only the first {records} (`limit`)")
        }
        Fate::Waiting {
            operation,
            operator,
        } => format!(
            "waits for {}, which decides once all partitions have got this far",
            of(operator, *operation)
        ),
        Fate::Unknown { reason } => {
            format!("what became of it then is not known: {}", plain(reason))
        }
    }
}

fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
