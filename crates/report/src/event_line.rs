//! The line of an event, for people to read.

use coldpress_events::time::format_utc;
use coldpress_events::{Event, Level};

use crate::quantity::plain;

/// Formats the event as one line without a line end: `2026-11-21 01:37:40.123 INFO  op_complete  partition 3  clean_links_mapper
/// message`.
#[must_use]
pub fn render_event(event: &Event) -> String {
    let level = match event.level() {
        Level::Debug => "DEBUG",
        Level::Info => "INFO ",
        Level::Warning => "WARN ",
        Level::Error => "ERROR",
    };
    let mut line = format!(
        "{} {level} {}",
        format_utc(event.timestamp),
        plain(event.kind.as_str())
    );
    if let Some(partition) = event.partition_id {
        line.push_str(&format!("  partition {partition}"));
        if let Some(stage) = event.stage() {
            line.push_str(&format!(" in stage {}", stage + 1));
        }
    }
    if let Some(name) = &event.operation_name {
        line.push_str(&format!("  {}", plain(name)));
    }
    if !event.message.is_empty() {
        line.push_str(&format!("  {}", plain(&event.message)));
    }
    let error = event.error_message.as_deref();
    if let Some(error) = error.filter(|error| !event.message.contains(error)) {
        line.push_str(&format!(": {}", plain(error)));
    }
    line
}

#[cfg(test)]
mod tests {
    use coldpress_events::EventKind;

    use super::*;

    #[test]
    fn a_line_names_all_there_is_and_no_control_character() {
        let event = Event::new(EventKind::OpFailed, "failed")
            .at(0.0)
            .partition(3_u64)
            .operation("a_mapper", 0)
            .error("processing", "no\n\u{1b}[2J");
        assert_eq!(
            render_event(&event),
            "1970-01-01 00:00:00.000 ERROR op_failed  partition 3  a_mapper  failed: no\\n\\u{1b}[2J"
        );
    }
}
