//! Edit scripts, with which an operator describes its changes to a text.

use std::ops::Range;

/// Changes to one text, as a script of replacements in ascending order.
///
/// Offsets are bytes of the text before the change. An empty script leaves the text unchanged. The script is reused from record to
/// record, so that no record allocates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    replacements: Vec<Replacement>,
    inserted: String,
    out_of_order: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Replacement {
    start: usize,
    end: usize,
    inserted_end: usize,
}

/// A script that does not fit its text, which is an error of the operator that wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operator's edits overlap, run backwards or do not lie on character boundaries")]
pub struct EditError;

impl Edits {
    /// Replaces the bytes `range` with `text`.
    ///
    /// Ranges must be in ascending order and not overlap; [`Edits::apply`] refuses a script that violates this.
    pub fn replace(&mut self, range: Range<usize>, text: &str) {
        let previous_end = self.replacements.last().map_or(0, |last| last.end);
        self.out_of_order |= range.start < previous_end || range.end < range.start;
        self.inserted.push_str(text);
        self.replacements.push(Replacement {
            start: range.start,
            end: range.end,
            inserted_end: self.inserted.len(),
        });
    }

    /// Deletes the bytes `range`.
    pub fn delete(&mut self, range: Range<usize>) {
        self.replace(range, "");
    }

    /// Replaces the whole of `old` by `new`.
    pub fn replace_all(&mut self, old: &str, new: &str) {
        self.clear();
        self.replace(0..old.len(), new);
    }

    /// Returns whether the script changes nothing.
    pub fn is_empty(&self) -> bool {
        self.replacements.is_empty()
    }

    /// Returns the number of replacements.
    pub fn len(&self) -> usize {
        self.replacements.len()
    }

    /// Empties the script and keeps its memory.
    pub fn clear(&mut self) {
        self.replacements.clear();
        self.inserted.clear();
        self.out_of_order = false;
    }

    /// Returns the replacements in order: the bytes replaced, and the new text.
    pub fn iter(&self) -> impl Iterator<Item = (Range<usize>, &str)> {
        let starts = std::iter::once(0).chain(self.replacements.iter().map(|r| r.inserted_end));
        self.replacements
            .iter()
            .zip(starts)
            .map(|(r, inserted_start)| {
                (
                    r.start..r.end,
                    &self.inserted[inserted_start..r.inserted_end],
                )
            })
    }

    /// Returns the part of `text` that stays when the script only cuts at its ends; `None` for any other script.
    ///
    /// Such a change does not require a copy of the text.
    pub fn narrows(&self, text: &str) -> Option<Range<usize>> {
        if !self.inserted.is_empty() || self.out_of_order {
            return None;
        }
        let kept = match self.replacements.as_slice() {
            [only] if only.start == 0 => only.end..text.len(),
            [only] if only.end == text.len() => 0..only.start,
            [first, last] if first.start == 0 && last.end == text.len() => first.end..last.start,
            _ => return None,
        };
        text.get(kept.clone()).map(|_| kept)
    }

    /// Applies the script to `text` and appends the result to `out`.
    ///
    /// # Errors
    /// [`EditError`] when the script overlaps, runs backwards or cuts a character. `out` may then hold a part.
    pub fn apply(&self, text: &str, out: &mut String) -> Result<(), EditError> {
        if self.out_of_order {
            return Err(EditError);
        }
        let mut kept_from = 0;
        for (range, inserted) in self.iter() {
            out.push_str(text.get(kept_from..range.start).ok_or(EditError)?);
            out.push_str(inserted);
            kept_from = range.end;
        }
        out.push_str(text.get(kept_from..).ok_or(EditError)?);
        Ok(())
    }

    /// Applies the script to the bytes `text` of `arena` and appends the result to `arena` itself.
    ///
    /// # Errors
    /// Those of [`Edits::apply`].
    pub fn apply_within(&self, arena: &mut String, text: Range<usize>) -> Result<(), EditError> {
        if self.out_of_order {
            return Err(EditError);
        }
        let mut kept_from = text.start;
        for (range, inserted) in self.iter() {
            copy_within(arena, kept_from..text.start + range.start, text.end)?;
            arena.push_str(inserted);
            kept_from = text.start + range.end;
        }
        copy_within(arena, kept_from..text.end, text.end)
    }
}

fn copy_within(arena: &mut String, range: Range<usize>, text_end: usize) -> Result<(), EditError> {
    let whole = range.end <= text_end && arena.get(range.clone()).is_some();
    if whole {
        arena.extend_from_within(range)
    } else {
        return Err(EditError);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn applied(edits: &Edits, text: &str) -> Result<String, EditError> {
        let mut out = String::new();
        edits.apply(text, &mut out).map(|()| out)
    }

    #[test]
    fn replacements_apply_in_order() {
        let mut edits = Edits::default();
        edits.replace(0..1, "J");
        edits.delete(4..5);
        edits.replace(5..5, "!");
        assert_eq!(applied(&edits, "Hello").as_deref(), Ok("Jell!"));
    }

    #[test]
    fn a_script_that_does_not_fit_is_refused() {
        let mut backwards = Edits::default();
        backwards.delete(3..4);
        backwards.delete(0..1);
        assert_eq!(applied(&backwards, "Hello"), Err(EditError));
        let mut cuts_a_character = Edits::default();
        cuts_a_character.delete(0..1);
        assert_eq!(applied(&cuts_a_character, "é"), Err(EditError));
        assert_eq!(cuts_a_character.narrows("é"), None);
        let mut beyond = Edits::default();
        beyond.delete(2..9);
        assert_eq!(applied(&beyond, "Hello"), Err(EditError));
        assert_eq!(beyond.narrows("Hello"), None);
    }

    proptest! {
        #[test]
        fn applying_within_an_arena_is_applying(
            before in "[a-cé]{0,5}",
            text in "[a-c é]{0,12}",
            cuts in prop::collection::vec((0usize..14, 0usize..14, "[x-zü]{0,3}"), 0..4),
        ) {
            let mut edits = Edits::default();
            for (start, end, inserted) in &cuts { edits.replace(*start..*end, inserted); }
            let mut arena = format!("{before}{text}");
            let within = edits.apply_within(&mut arena, before.len()..before.len() + text.len());
            match applied(&edits, &text) {
                Ok(changed) => prop_assert_eq!(arena, format!("{before}{text}{changed}")),
                Err(error) => prop_assert_eq!(within, Err(error)),
            }
        }

        #[test]
        fn narrowing_equals_applying(text in "[a-c é]{0,12}", head in 0usize..4, tail in 0usize..4) {
            let mut edits = Edits::default();
            if head > 0 { edits.delete(0..head); }
            if tail > 0 && text.len() >= tail { edits.delete(text.len() - tail..text.len()); }
            if let Some(kept) = edits.narrows(&text) {
                prop_assert_eq!(applied(&edits, &text).unwrap(), &text[kept]);
            }
        }
    }
}
