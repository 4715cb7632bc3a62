//! Operators of the tests that are given many records at a time, as if the work were done elsewhere.

use std::fs::OpenOptions;
use std::io::Write;

use coldpress_operator::{
    BatchFilter, BatchMapper, Changes, Determinism, KnownStats, MapAnswers, Mapper, NoParams,
    OperatorCall, OperatorSpec, Record, RecordError, Registry, Resolved, StatAnswers, StatKind,
    StatValue, params,
};

use crate::operators::{BANG, ERR};

/// Adds them to the other operators of the tests.
pub(crate) fn add_to(registry: Registry) -> Registry {
    registry
        .with(OperatorSpec::batch_mapper(
            "serve_mapper",
            "Edits texts and sets marks; fails on some.",
            |_: NoParams, _| {
                let fields = ["text", "marks", "meta.title"];
                Ok(Resolved::new(|| Serve).fields(fields).sets_values())
            },
        ))
        .with(OperatorSpec::batch_filter(
            "serve_filter",
            "Keeps by the last character; fails on some.",
            |_: NoParams, _| Ok(Resolved::new(|| Serve).stat("last", StatKind::Text)),
        ))
        .with(
            OperatorSpec::batch_mapper(
                "ask_mapper",
                "Adds a word, and logs which records it saw.",
                |params: AskParams, _| {
                    let log = params.log;
                    Ok(Resolved::new(move || Ask { log: log.clone() }))
                },
            )
            .determinism(Determinism::External)
            .batch_size(3),
        )
        .with(
            OperatorSpec::mapper(
                "mood_mapper",
                "Does with a text whatever a file says at the time.",
                |params: MoodParams, _| Ok(Resolved::new(move || Mood(params.file.clone()))),
            )
            .determinism(Determinism::External),
        )
}

params! {
    /// Parameters of `mood_mapper`.
    pub(crate) struct MoodParams {
        /// The file: `same` makes all texts the same, `strip` takes their first lines off.
        file: String = String::new();
    }
}

/// A call of the external operator that does what this file says.
pub(crate) fn mood(file: &std::path::Path) -> OperatorCall {
    OperatorCall::new("mood_mapper").with("file", file.display().to_string())
}

struct Mood(String);

impl Mapper for Mood {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let edits = changes.field(0);
        match std::fs::read_to_string(&self.0)
            .unwrap_or_default()
            .as_str()
        {
            "same" => edits.replace(0..text.len(), "same"),
            "strip" => edits.delete(0..text.find('\n').map_or(0, |end| end + 1)),
            _ => {}
        }
        Ok(())
    }
}

/// A call of the external operator that logs to this file.
pub(crate) fn ask(log: &std::path::Path) -> OperatorCall {
    OperatorCall::new("ask_mapper").with("log", log.display().to_string())
}

/// Of a batch with a record that makes it panic, nothing is answered. One that errs fails alone as a mapper, and with
/// its batch as a filter.
struct Serve;

impl Serve {
    fn read<'a>(record: &Record<'a>) -> Result<&'a str, RecordError> {
        let text = record.text(0)?;
        if text.contains(BANG) {
            std::panic::panic_any(BANG);
        }
        match text.contains(ERR) {
            true => Err(RecordError::new("an error")),
            false => Ok(text),
        }
    }
}

impl BatchMapper for Serve {
    fn map(&mut self, records: &[Record<'_>], answers: &mut MapAnswers) -> Result<(), RecordError> {
        for (at, record) in records.iter().enumerate() {
            match Self::read(record) {
                Err(error) => answers.fail(at, error),
                Ok(text) if text.len() % 3 == 0 => {
                    let changes = answers.of(at);
                    changes.field(0).replace(0..0, "\u{1F4E1} ");
                    changes.set(1, vec![text.len(), 7]);
                }
                Ok(text) if text.len() % 3 == 1 => answers.of(at).remove(2),
                Ok(_) => {}
            }
        }
        Ok(())
    }
}

impl BatchFilter for Serve {
    fn compute(
        &mut self,
        records: &[Record<'_>],
        answers: &mut StatAnswers,
    ) -> Result<(), RecordError> {
        for (at, record) in records.iter().enumerate() {
            let last = Self::read(record)?.chars().next_back();
            let last = String::from_iter(last);
            answers.of(at).set(0, StatValue::Text(last.into()));
        }
        Ok(())
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        stats[0]
            .as_text()
            .is_some_and(|last| last != "d" && last != "\u{1}")
    }
}

params! {
    /// Parameters of `ask_mapper`.
    struct AskParams {
        /// The file that it appends the origin of each record to; none = it keeps no log.
        log: String = String::new();
    }
}

struct Ask {
    log: String,
}

impl BatchMapper for Ask {
    fn map(&mut self, records: &[Record<'_>], answers: &mut MapAnswers) -> Result<(), RecordError> {
        let mut seen = String::new();
        for (at, record) in records.iter().enumerate() {
            match record.text(0) {
                Err(error) => answers.fail(at, error),
                Ok(text) => answers
                    .of(at)
                    .field(0)
                    .replace(text.len()..text.len(), " answer"),
            }
            seen.push_str(&format!("{}\n", record.origin()));
        }
        if !self.log.is_empty() {
            let log = OpenOptions::new().append(true).create(true).open(&self.log);
            log.and_then(|mut log| log.write_all(seen.as_bytes()))
                .map_err(|error| RecordError::new(error.to_string()))?;
        }
        Ok(())
    }
}
