//! Operators made for these tests, one of each kind and some that misbehave.

use std::sync::Once;

use coldpress_operator::{
    Changes, Children, Determinism, Filter, KnownStats, Mapper, NoParams, OperatorCall,
    OperatorSpec, Record, RecordError, Registry, Resolved, Splitter, StatKind, StatRow, StatValue,
    params,
};

use crate::control::{self, ControlId};
use crate::services;

/// A record with this word in its text is an error to fragile operators.
pub(crate) const ERR: &str = "err";
/// A record with this word in its text makes fragile operators panic.
pub(crate) const BANG: &str = "bang";
/// A record with this word in its text fails the partition of a frail operator, as often as its control says.
pub(crate) const FRAIL: &str = "frail";

/// A record with this word in its text is held by operators that hold marked ones.
pub(crate) const WAIT: &str = "wait";

/// All operators of the tests.
pub(crate) fn registry() -> Registry {
    keep_bangs_quiet();
    let mut registry = Registry::default();
    coldpress_ops::register(&mut registry);
    services::add_to(registry)
        .with(OperatorSpec::mapper(
            "edit_mapper",
            "Edits a text.",
            |params: EditParams, _| Ok(Resolved::new(move || Edit(params.clone()))),
        ))
        .with(OperatorSpec::filter(
            "length_filter",
            "Keeps by length.",
            |params: LengthParams, _| {
                Ok(Resolved::new(move || Length(params.clone()))
                    .stat("length", StatKind::Int)
                    .stat("vowel ratio", StatKind::Float))
            },
        ))
        .with(OperatorSpec::splitter(
            "words_mapper",
            "A record per word.",
            |_: NoParams, _| Ok(Resolved::new(|| Words)),
        ))
        .with(OperatorSpec::splitter(
            "title_mapper",
            "Sets a title unseen.",
            |params: TitleParams, _| Ok(Resolved::new(move || Title).fields([params.field])),
        ))
        .with(OperatorSpec::mapper(
            "mark_mapper",
            "Sets fields to values of other types, and removes some.",
            |_: NoParams, _| {
                let fields = ["text", "marks", "meta.title"];
                Ok(Resolved::new(|| Mark).fields(fields).sets_values())
            },
        ))
        .with(OperatorSpec::mapper(
            "nest_mapper",
            "Changes a field, what lies in it, and the record that it lies in.",
            |_: NoParams, _| {
                let fields = ["text", "meta.title", "meta", "marks"];
                Ok(Resolved::new(|| Nest)
                    .fields(fields)
                    .whole_records()
                    .sets_values())
            },
        ))
        .with(
            OperatorSpec::mapper(
                "stamp_mapper",
                "Changes by chance.",
                |_: NoParams, context| {
                    let seed = context.seed;
                    Ok(Resolved::new(move || Stamp { seed }))
                },
            )
            .determinism(Determinism::Seeded),
        )
        .with(
            OperatorSpec::filter(
                "lottery_filter",
                "Drops by chance.",
                |_: NoParams, context| {
                    let seed = context.seed;
                    Ok(Resolved::new(move || Lottery { seed }).stat("draw", StatKind::Float))
                },
            )
            .determinism(Determinism::Seeded),
        )
        .with(OperatorSpec::mapper(
            "fragile_mapper",
            "Errs and panics.",
            |_: NoParams, _| Ok(Resolved::new(|| Fragile)),
        ))
        .with(OperatorSpec::filter(
            "fragile_filter",
            "Errs and panics.",
            |_: NoParams, _| Ok(Resolved::new(|| Fragile).stat("looked", StatKind::Int)),
        ))
        .with(OperatorSpec::mapper(
            "frail_mapper",
            "Fails its partition.",
            |params: Controlled, _| Ok(Resolved::new(move || Frail(params.id))),
        ))
        .with(OperatorSpec::mapper(
            "watch_mapper",
            "Counts records.",
            |params: Controlled, _| Ok(Resolved::new(move || Watch(params.id))),
        ))
        .with(OperatorSpec::mapper(
            "hold_mapper",
            "Holds records.",
            |params: Controlled, _| Ok(Resolved::new(move || Hold(params.id))),
        ))
        .with(OperatorSpec::mapper(
            "hold_marked_mapper",
            "Holds marked records.",
            |params: Controlled, _| Ok(Resolved::new(move || HoldMarked(params.id))),
        ))
}

/// A call of the frail operator, whose errors fail the attempt.
pub(crate) fn frail(id: ControlId) -> OperatorCall {
    OperatorCall::new("frail_mapper")
        .with("id", id)
        .with("skip_op_error", false)
}

/// A call of the operator that stops a run after so many records.
pub(crate) fn watch(id: ControlId) -> OperatorCall {
    OperatorCall::new("watch_mapper").with("id", id)
}

/// A call of the operator that holds the records with the word [`WAIT`] until they are released.
pub(crate) fn hold_marked(id: ControlId) -> OperatorCall {
    OperatorCall::new("hold_marked_mapper").with("id", id)
}

/// A call of the operator that holds records until they are released.
pub(crate) fn hold(id: ControlId) -> OperatorCall {
    OperatorCall::new("hold_mapper").with("id", id)
}

/// Panics that are part of a test say nothing on standard error.
fn keep_bangs_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload().downcast_ref::<&str>() != Some(&BANG) {
                usual(panic);
            }
        }));
    });
}

params! {
    /// Parameters of `edit_mapper`.
    struct EditParams {
        /// What it does.
        kind: String = "upper".to_owned();
    }
}

params! {
    /// Parameters of `length_filter`.
    struct LengthParams {
        /// The fewest characters.
        min: u64 = 0;
        /// The most characters.
        max: u64 = 1_000_000;
    }
}

params! {
    /// Parameters of `title_mapper`.
    struct TitleParams {
        /// The field that it sets.
        field: String = "title".to_owned();
    }
}

params! {
    /// Parameters of an operator that a test can pull at.
    struct Controlled {
        /// The control.
        id: u64 = 0;
    }
}

struct Edit(EditParams);

impl Mapper for Edit {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let edits = changes.field(0);
        match self.0.kind.as_str() {
            "upper" => edits.replace_all(text, &text.to_uppercase()),
            "ends" => {
                // Cuts the first and the last character: no byte is copied.
                let first = text.chars().next().map_or(0, char::len_utf8);
                let last = text.chars().next_back().map_or(0, char::len_utf8);
                if first + last <= text.len() {
                    edits.delete(0..first);
                    edits.delete(text.len() - last..text.len());
                }
            }
            "vowels" => {
                text.match_indices(['a', 'e', 'o'])
                    .for_each(|(at, vowel)| edits.replace(at..at + 1, &format!("<{vowel}\">")));
            }
            "front" => edits.replace(0..0, "é\u{1F600}\\ "),
            _ => edits.replace(text.len()..text.len(), "\n\u{1}"),
        }
        Ok(())
    }
}

struct Length(LengthParams);

impl Filter for Length {
    fn compute(&mut self, record: &Record<'_>, stats: &mut StatRow<'_>) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let length = text.chars().count();
        let vowels = text.matches(['a', 'e', 'i', 'o', 'u']).count();
        stats.set(0, StatValue::Int(length as i64));
        // Of no text it is not a number.
        stats.set(1, StatValue::Float(vowels as f64 / length as f64));
        Ok(())
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        let length = stats[0].as_f64();
        length >= self.0.min as f64 && length <= self.0.max as f64
    }
}

struct Words;

impl Splitter for Words {
    fn split(&mut self, record: &Record<'_>, children: &mut Children) -> Result<(), RecordError> {
        record
            .text(0)?
            .split_whitespace()
            .for_each(|word| children.push(word));
        Ok(())
    }
}

/// Sets a field that the record may not have, without reading it.
struct Title;

impl Splitter for Title {
    fn split(&mut self, record: &Record<'_>, children: &mut Children) -> Result<(), RecordError> {
        children.push(format!("at {}", record.origin().position));
        Ok(())
    }
}

/// Marks records by their text: some get a list, some a text, some lose a field or have no text any more.
struct Mark;

impl Mapper for Mark {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let length = record.text(0)?.len();
        match length % 5 {
            0 => changes.set(
                1,
                vec![serde_json::json!(length), serde_json::json!({"a": null})],
            ),
            1 => changes.set(1, format!("{length}\n")),
            2 => changes.remove(2),
            3 => changes.remove(1),
            _ if length > 40 => changes.set(0, length as u64),
            _ => {}
        }
        Ok(())
    }
}

/// Sets and removes a field and one that lies in it, by the record's text, or edits the record as a whole.
struct Nest;

impl Mapper for Nest {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let length = record.text(0)?.len();
        match length % 7 {
            0 => changes.set(2, serde_json::json!({"x": length, "title": "set"})),
            1 => changes.remove(1),
            2 => {
                changes.set(3, length as u64);
                changes.set(1, "set too");
            }
            3 => changes.set(2, serde_json::Value::Null),
            4 => changes.remove(2),
            5 if !record.whole().contains("\"whole\":") && record.whole().contains(':') => {
                changes.whole().replace(1..1, "\"whole\": true, ");
            }
            _ => {}
        }
        Ok(())
    }
}

struct Stamp {
    seed: u64,
}

impl Mapper for Stamp {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let draw = record.origin().mix(self.seed);
        if !draw.is_multiple_of(3) {
            changes
                .field(0)
                .replace(text.len()..text.len(), &format!(" {}", draw % 1000));
        }
        Ok(())
    }
}

struct Lottery {
    seed: u64,
}

impl Filter for Lottery {
    fn compute(&mut self, record: &Record<'_>, stats: &mut StatRow<'_>) -> Result<(), RecordError> {
        stats.set(
            0,
            StatValue::Float((record.origin().mix(self.seed) % 1000) as f64 / 7.0),
        );
        Ok(())
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        stats[0].as_f64() > 30.0
    }
}

struct Fragile;

impl Fragile {
    fn look(record: &Record<'_>) -> Result<(), RecordError> {
        let text = record.text(0)?;
        if text.contains(BANG) {
            std::panic::panic_any(BANG);
        }
        if text.contains(ERR) {
            Err(RecordError::new("an error"))
        } else {
            Ok(())
        }
    }
}

impl Mapper for Fragile {
    fn map(&mut self, record: &Record<'_>, _: &mut Changes) -> Result<(), RecordError> {
        Self::look(record)
    }
}

impl Filter for Fragile {
    fn compute(&mut self, record: &Record<'_>, stats: &mut StatRow<'_>) -> Result<(), RecordError> {
        stats.set(0, StatValue::Int(1));
        Self::look(record)
    }

    fn keep(&self, _: &KnownStats<'_>) -> bool {
        true
    }
}

struct Frail(ControlId);

impl Mapper for Frail {
    fn map(&mut self, record: &Record<'_>, _: &mut Changes) -> Result<(), RecordError> {
        // What is no text is no business of this operator: its errors fail the whole attempt.
        let is_frail = record.text(0).is_ok_and(|text| text.contains(FRAIL));
        if is_frail && control::fails(self.0, record.origin()) {
            Err(RecordError::new("too frail"))
        } else {
            Ok(())
        }
    }
}

struct Watch(ControlId);

impl Mapper for Watch {
    fn map(&mut self, _: &Record<'_>, _: &mut Changes) -> Result<(), RecordError> {
        control::see(self.0);
        Ok(())
    }
}

struct HoldMarked(ControlId);

impl Mapper for HoldMarked {
    fn map(&mut self, record: &Record<'_>, _: &mut Changes) -> Result<(), RecordError> {
        if record.text(0)?.contains(WAIT) {
            control::pass(self.0);
        }
        Ok(())
    }
}

struct Hold(ControlId);

impl Mapper for Hold {
    fn map(&mut self, _: &Record<'_>, _: &mut Changes) -> Result<(), RecordError> {
        control::pass(self.0);
        Ok(())
    }
}
