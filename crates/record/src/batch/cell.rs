//! One declared field of one record.

use super::late::LateTexts;
use crate::edits::{EditError, Edits};
use crate::json::{JsonKind, Slot};

/// The value of a declared field: the place of its text, and the original place of its JSON in the line.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    pub(super) slot: Slot,
    place: Place,
    start: usize,
    length: usize,
    changed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the lines as they came in.
    Raw,
    /// In the batch's own texts.
    Arena,
    /// In the line as JSON, which is parsed on demand. `start` is its number there.
    Late,
    /// Nowhere: the value is a string that isn't valid text.
    LoneSurrogate,
    /// Nowhere: the value is not a string.
    NoText,
    /// In the batch's own texts, as JSON: an operator set it to a value of this type.
    Json(JsonKind),
    /// Nowhere: an operator removed the field.
    Removed,
}

/// The place of a field's text. As long as a batch has the same rows, a different text of the field has a different place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TextPlace(Place, usize, usize);

/// The current value of a field that operators changed.
pub(super) enum Now<'a> {
    Text(&'a str),
    /// Something else, as JSON.
    Json(&'a str),
    Removed,
}

/// The reason why a field has no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The record does not have the field.
    #[error("is missing")]
    Missing,
    /// The field has another JSON type.
    #[error("is {0}, not text")]
    NotText(JsonKind),
    /// The string has half of a surrogate pair.
    #[error("holds a lone surrogate escape, which no text can have")]
    LoneSurrogate,
}

impl Cell {
    /// Creates a field with this slot, whose text is in `raw` from `start` on.
    pub(super) fn in_raw(slot: Slot, start: usize, length: usize) -> Self {
        Self {
            slot,
            place: Place::Raw,
            start,
            length,
            changed: false,
        }
    }

    /// Creates a field whose text is that of a string in the line.
    pub(super) fn late(slot: Slot, number: usize) -> Self {
        Self {
            slot,
            place: Place::Late,
            start: number,
            length: 0,
            changed: false,
        }
    }

    pub(super) fn in_arena(slot: Slot, start: usize, length: usize) -> Self {
        Self {
            slot,
            place: Place::Arena,
            start,
            length,
            changed: false,
        }
    }

    pub(super) fn without_text(slot: Slot) -> Self {
        let place = if slot.kind == JsonKind::Text {
            Place::LoneSurrogate
        } else {
            Place::NoText
        };
        Self {
            slot,
            place,
            start: 0,
            length: 0,
            changed: false,
        }
    }

    pub(super) fn is_changed(&self) -> bool {
        self.changed
    }

    /// Returns whether the line has the field exactly once and keeps it, so that a new value can replace the old one.
    pub(super) fn is_in_place(&self) -> bool {
        let has_slot = self.slot.kind != JsonKind::Absent && !self.slot.repeated;
        has_slot && self.place != Place::Removed
    }

    pub(super) fn text<'a>(
        &self,
        raw: &'a str,
        arena: &'a str,
        late: &'a LateTexts,
    ) -> Result<&'a str, FieldError> {
        let range = self.start..self.start + self.length;
        match self.place {
            Place::Late => late.text(self.start, raw).ok_or(FieldError::LoneSurrogate),
            Place::Raw => Ok(&raw[range]),
            Place::Arena => Ok(&arena[range]),
            Place::LoneSurrogate => Err(FieldError::LoneSurrogate),
            Place::NoText if self.slot.kind == JsonKind::Absent => Err(FieldError::Missing),
            Place::NoText => Err(FieldError::NotText(self.slot.kind)),
            Place::Json(kind) => Err(FieldError::NotText(kind)),
            Place::Removed => Err(FieldError::Missing),
        }
    }

    pub(super) fn text_place(&self) -> TextPlace {
        TextPlace(self.place, self.start, self.length)
    }

    pub(super) fn json<'a>(&self, line: &'a str) -> Option<&'a str> {
        let present = self.slot.kind != JsonKind::Absent;
        present.then(|| &line[self.slot.start as usize..self.slot.end as usize])
    }

    pub(super) fn edit(
        &mut self,
        raw: &str,
        arena: &mut String,
        late: &LateTexts,
        edits: &Edits,
    ) -> Result<(), EditError> {
        if self.place == Place::Late {
            let text = late.text(self.start, raw).ok_or(EditError)?;
            let start = arena.len();
            let applied = match edits.narrows(text) {
                Some(kept) => {
                    arena.push_str(&text[kept]);
                    Ok(())
                }
                None => edits.apply(text, arena),
            };
            applied.inspect_err(|_| arena.truncate(start))?;
            (self.place, self.start, self.length) = (Place::Arena, start, arena.len() - start);
            self.changed = true;
            return Ok(());
        }
        let range = self.start..self.start + self.length;
        let text = match self.place {
            Place::Raw => &raw[range.clone()],
            Place::Arena => &arena[range.clone()],
            _ => {
                return Err(EditError);
            }
        };
        if let Some(kept) = edits.narrows(text) {
            self.start += kept.start;
            self.length = kept.len();
        } else {
            let start = arena.len();
            let applied = match self.place {
                Place::Raw => edits.apply(&raw[range], arena),
                _ => edits.apply_within(arena, range),
            };
            applied.inspect_err(|_| arena.truncate(start))?;
            (self.place, self.start, self.length) = (Place::Arena, start, arena.len() - start);
        }
        self.changed = true;
        Ok(())
    }

    /// Returns the current value of the field, once operators changed it.
    pub(super) fn now<'a>(&self, raw: &'a str, arena: &'a str) -> Now<'a> {
        let range = self.start..self.start + self.length;
        match self.place {
            Place::Raw => Now::Text(&raw[range]),
            Place::Arena => Now::Text(&arena[range]),
            Place::Json(_) => Now::Json(&arena[range]),
            // The others are places of unchanged values.
            Place::Removed | Place::LoneSurrogate | Place::NoText | Place::Late => Now::Removed,
        }
    }

    pub(super) fn set_json(&mut self, arena: &mut String, kind: JsonKind, json: &str) {
        self.set_text(arena, json);
        self.place = Place::Json(kind);
    }

    pub(super) fn remove(&mut self) {
        (self.place, self.length) = (Place::Removed, 0);
        // Removing a field that the record never had is not a change.
        self.changed = self.slot.kind != JsonKind::Absent;
    }

    pub(super) fn set_text(&mut self, arena: &mut String, text: &str) {
        (self.place, self.start, self.length) = (Place::Arena, arena.len(), text.len());
        arena.push_str(text);
        self.changed = true;
    }
}
