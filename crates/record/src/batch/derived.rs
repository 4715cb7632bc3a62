//! Values that operators derive from the texts of a batch, kept for later operators that need the same.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use super::cell::TextPlace;
use super::{Batch, FieldError};

/// Everything that was derived from the texts of a batch. It is empty unless an operator asks for something.
#[derive(Default)]
pub(super) struct Derived(RefCell<Vec<Kind>>);

/// The values that were derived from one column in one way.
struct Kind {
    column: usize,
    way: (TypeId, u64),
    /// A value for each row, with the text that it was derived from.
    rows: Vec<Option<(TextPlace, Arc<dyn Any + Send + Sync>)>>,
}

impl Batch {
    /// Returns what `derive` makes of the text of a declared field. It is called once for all operators that ask for the same type
    /// and `key`, as long as none changes the text. The `key` distinguishes derivations that give the same type.
    ///
    /// # Errors
    /// Those of [`text`](Self::text).
    pub fn derived<T: Send + Sync + 'static>(
        &self,
        column: usize,
        row: usize,
        key: u64,
        derive: impl FnOnce(&str) -> T,
    ) -> Result<Arc<T>, FieldError> {
        let text = self.text(column, row)?;
        let place = self.columns[column][row].text_place();
        let way = (TypeId::of::<T>(), key);
        if let Some(known) = self.derived.get(column, row, way, place)
            && let Ok(known) = known.downcast::<T>()
        {
            return Ok(known);
        }
        // Nothing is borrowed here, because `derive` may ask for something else, or panic.
        let made = Arc::new(derive(text));
        let rows = self.rows();
        self.derived
            .set((column, row, rows), way, (place, Arc::clone(&made) as _));
        Ok(made)
    }
}

impl Derived {
    fn get(
        &self,
        column: usize,
        row: usize,
        way: (TypeId, u64),
        place: TextPlace,
    ) -> Option<Arc<dyn Any + Send + Sync>> {
        let kinds = self.0.borrow();
        let kind = kinds
            .iter()
            .find(|kind| kind.column == column && kind.way == way)?;
        let (of, value) = kind.rows.get(row)?.as_ref()?;
        (*of == place).then(|| Arc::clone(value))
    }

    fn set(
        &self,
        (column, row, rows): (usize, usize, usize),
        way: (TypeId, u64),
        value: (TextPlace, Arc<dyn Any + Send + Sync>),
    ) {
        let mut kinds = self.0.borrow_mut();
        let known = kinds
            .iter()
            .position(|kind| kind.column == column && kind.way == way);
        let at = known.unwrap_or_else(|| {
            kinds.push(Kind {
                column,
                way,
                rows: Vec::new(),
            });
            kinds.len() - 1
        });
        let kind = &mut kinds[at];
        if kind.rows.len() < rows {
            kind.rows.resize_with(rows, || None);
        }
        kind.rows[row] = Some(value);
    }

    /// Forgets everything, because rows get other numbers or texts get other places.
    pub(super) fn clear(&mut self) {
        for kind in self.0.get_mut() {
            kind.rows.clear();
        }
    }
}

impl fmt::Debug for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Derived").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::edits::Edits;
    use crate::lines::Lines;
    use crate::path::DeclaredFields;

    use super::*;

    fn filled(batch: &mut Batch, texts: &[&str]) {
        let mut lines = Lines::new(0);
        for text in texts {
            lines.push(
                0,
                serde_json::json!({ "text": text }).to_string().as_bytes(),
            );
        }
        batch.fill(&mut lines, &DeclaredFields::new(["text"]), &mut Vec::new());
    }

    #[test]
    fn a_thing_is_derived_once_while_the_text_is_the_same() {
        let calls = Cell::new(0);
        let reversed = |batch: &Batch, row, key| {
            let derive = |text: &str| {
                calls.set(calls.get() + 1);
                text.chars().rev().collect::<String>()
            };
            let derived = batch.derived(0, row, key, derive).unwrap();
            (derived.to_string(), calls.take())
        };
        let mut batch = Batch::default();
        filled(&mut batch, &["ab", "abc", "é"]);
        assert_eq!(reversed(&batch, 1, 0), ("cba".into(), 1));
        assert_eq!(reversed(&batch, 1, 0), ("cba".into(), 0));
        assert_eq!(reversed(&batch, 0, 0), ("ba".into(), 1));
        assert_eq!(reversed(&batch, 1, 1), ("cba".into(), 1));
        assert_eq!(*batch.derived(0, 1, 0, str::len).unwrap(), 3);
        // Another text of the same field with the same length.
        let mut edits = Edits::default();
        edits.replace_all("abc", "xyz");
        batch.edit_text(0, 1, &edits).unwrap();
        assert_eq!(reversed(&batch, 1, 0), ("zyx".into(), 1));
        assert_eq!(reversed(&batch, 0, 0), ("ba".into(), 0));
        // A part of the text in its old place.
        edits.clear();
        edits.replace(1..3, "");
        batch.edit_text(0, 1, &edits).unwrap();
        assert_eq!(reversed(&batch, 1, 0), ("x".into(), 1));
        // Other rows, and other records in the same memory.
        batch.replace_rows(0, &[(1, 0, "ab".into()), (0, 0, "q".into())]);
        assert_eq!(reversed(&batch, 0, 0), ("ba".into(), 1));
        filled(&mut batch, &["cd"]);
        assert_eq!(reversed(&batch, 0, 0), ("dc".into(), 1));
        assert!(batch.derived(0, 0, 7, |_| ()).is_ok());
    }

    #[test]
    fn a_text_that_is_not_there_is_an_error() {
        let mut lines = Lines::new(0);
        lines.push(0, br#"{"text": 3}"#);
        let mut batch = Batch::default();
        batch.fill(&mut lines, &DeclaredFields::new(["text"]), &mut Vec::new());
        assert!(batch.derived(0, 0, 0, str::len).is_err());
    }
}
