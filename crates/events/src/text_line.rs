//! Writes the line of an event in `events.log`, for people.

use std::fmt::Write;

use crate::time::format_utc;
use crate::{Event, Level};

/// Writes the event as one line:
/// `2026-11-21 01:37:40.123 INFO  op_complete  partition 3  clean_links_mapper  message`.
pub(crate) fn write_text_line(event: &Event, line: &mut String) {
    let level = match event.level() {
        Level::Debug => "DEBUG",
        Level::Info => "INFO ",
        Level::Warning => "WARN ",
        Level::Error => "ERROR",
    };
    line.push_str(&format_utc(event.timestamp));
    line.push(' ');
    line.push_str(level);
    line.push(' ');
    push_plain(line, event.kind.as_str());
    if let Some(partition) = event.partition_id {
        // Writing to a `String` cannot fail.
        let _ = write!(line, "  partition {partition}");
        if let Some(stage) = event.stage() {
            let _ = write!(line, " in stage {}", stage + 1);
        }
    }
    for text in event.operation_name.iter().chain([&event.message]) {
        if !text.is_empty() {
            line.push_str("  ");
            push_plain(line, text);
        }
    }
    if let Some(error) = event.error_message.as_deref()
        && !event.message.contains(error)
    {
        line.push_str(": ");
        push_plain(line, error);
    }
    line.push('\n');
}

/// Appends a text without control characters. They may come from data, and must neither break the line nor reach a terminal.
fn push_plain(line: &mut String, text: &str) {
    for letter in text.chars() {
        if letter.is_control() {
            line.extend(letter.escape_default());
        } else {
            line.push(letter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventKind;

    #[track_caller]
    fn check(event: &Event, expected: &str) {
        let mut line = String::new();
        write_text_line(event, &mut line);
        assert_eq!(line, expected);
    }

    #[test]
    fn lines() {
        let event = Event::new(EventKind::OpComplete, "990 of 1000 records kept")
            .at(1_795_225_060.123)
            .partition(3_u64)
            .operation("clean_links_mapper", 0);
        check(
            &event,
            "2026-11-21 01:37:40.123 INFO  op_complete  partition 3  clean_links_mapper  990 of 1000 records kept\n",
        );
        let event = Event::new(EventKind::PartitionStart, "990 records")
            .at(0.0)
            .partition(3_u64)
            .metadata("stage", 1);
        check(
            &event,
            "1970-01-01 00:00:00.000 INFO  partition_start  partition 3 in stage 2  990 records\n",
        );
        let event = Event::new(EventKind::JobFailed, "")
            .at(0.0)
            .error("system", "no\nspace\u{1b}[2J");
        check(
            &event,
            "1970-01-01 00:00:00.000 ERROR job_failed: no\\nspace\\u{1b}[2J\n",
        );
    }
}
