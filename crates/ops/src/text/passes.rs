//! Combines several consecutive edits of a text, and reports them as edits of the original text.

use std::ops::Range;

/// A text that is edited in passes, each of which sees the result of the ones before.
///
/// It tracks which ranges of the original text became which ranges of the current one, so only actual changes are reported, however
/// many passes there were.
#[derive(Clone, Debug, Default)]
pub struct Passes {
    /// The text after the passes so far; meaningless before the first pass that changed something.
    current: String,
    next: String,
    /// The changes so far, in order and not touching each other.
    changes: Vec<Change>,
    merged: Vec<Change>,
    /// The changes of the current pass: ranges of the current text, and of the next.
    in_pass: Vec<Change>,
}

/// Takes an edit of the current text: the range to replace, and its replacement.
pub type Edit<'e> = &'e mut dyn FnMut(Range<usize>, &str);

/// A range of an earlier text, and the range of a later one that replaced it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    old: Range<usize>,
    new: Range<usize>,
}

impl Passes {
    /// Begins with another text.
    pub fn begin(&mut self) {
        self.changes.clear();
    }

    /// Runs one pass over the current form of `text`. `pass` gets the current text, and reports its edits in order and without
    /// overlap.
    pub fn run(&mut self, text: &str, pass: impl FnOnce(&str, Edit<'_>)) {
        let Self {
            current,
            next,
            changes,
            merged,
            in_pass,
        } = self;
        let before: &str = match changes.is_empty() {
            true => text,
            false => current,
        };
        next.clear();
        in_pass.clear();
        let mut kept_from = 0;
        pass(before, &mut |range, with| {
            next.push_str(&before[kept_from..range.start]);
            let start = next.len();
            next.push_str(with);
            kept_from = range.end;
            in_pass.push(Change {
                old: range,
                new: start..next.len(),
            });
        });
        if in_pass.is_empty() {
            return;
        }
        next.push_str(&before[kept_from..]);
        merge(changes, in_pass, merged);
        std::mem::swap(changes, merged);
        std::mem::swap(current, next);
    }

    /// Returns the current form of `text`.
    pub fn current<'t>(&'t self, text: &'t str) -> &'t str {
        match self.changes.is_empty() {
            true => text,
            false => &self.current,
        }
    }

    /// Reports all changes as edits of the original text, in order.
    pub fn report(&self, mut edit: impl FnMut(Range<usize>, &str)) {
        for change in &self.changes {
            edit(change.old.clone(), &self.current[change.new.clone()]);
        }
    }
}

/// Joins changes from a first text to a second with changes from there to a third.
///
/// Changes that touch in the second text become one.
fn merge(first: &[Change], second: &[Change], merged: &mut Vec<Change>) {
    merged.clear();
    let (mut first, mut second) = (first.iter().peekable(), second.iter().peekable());
    // The distances of a position in the second text from the same position in the first and the third, after all changes so far.
    let (mut to_first, mut to_third) = (0_isize, 0_isize);
    loop {
        let start = match (first.peek(), second.peek()) {
            (None, None) => return,
            (Some(one), None) => one.new.start,
            (None, Some(other)) => other.old.start,
            (Some(one), Some(other)) => one.new.start.min(other.old.start),
        };
        let (old_start, new_start) = (shifted(start, to_first), shifted(start, to_third));
        let mut end = start;
        loop {
            if let Some(one) = first.next_if(|one| one.new.start <= end) {
                end = end.max(one.new.end);
                to_first = one.old.end as isize - one.new.end as isize;
            } else if let Some(other) = second.next_if(|other| other.old.start <= end) {
                end = end.max(other.old.end);
                to_third = other.new.end as isize - other.old.end as isize;
            } else {
                break;
            }
        }
        merged.push(Change {
            old: old_start..shifted(end, to_first),
            new: new_start..shifted(end, to_third),
        });
    }
}

fn shifted(place: usize, by: isize) -> usize {
    place.saturating_add_signed(by)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Replaces every `from` with `to`.
    fn replace(from: &str, to: &str) -> impl Fn(&str, Edit<'_>) {
        move |text, edit| {
            for (place, found) in text.match_indices(from) {
                edit(place..place + found.len(), to);
            }
        }
    }

    fn reported(passes: &Passes, text: &str) -> (String, usize) {
        let (mut out, mut done, mut count) = (String::new(), 0, 0);
        passes.report(|range, with| {
            out.push_str(&text[done..range.start]);
            out.push_str(with);
            done = range.end;
            count += 1;
        });
        (out + &text[done..], count)
    }

    #[test]
    fn only_what_changed_is_reported() {
        let mut passes = Passes::default();
        let text = "one a two b three";
        passes.begin();
        passes.run(text, replace("a", "b"));
        passes.run(text, replace("x", "y"));
        passes.run(text, replace("b", "cc"));
        assert_eq!(passes.current(text), "one cc two cc three");
        let mut edits = Vec::new();
        passes.report(|range, with| edits.push((range, with.to_owned())));
        assert_eq!(edits, [(4..5, "cc".to_owned()), (10..11, "cc".to_owned())]);
        passes.begin();
        assert_eq!(passes.current(text), text);
    }

    proptest! {
        #[test]
        fn reported_edits_lead_to_the_current_text(
            text in "[abc]{0,20}",
            steps in proptest::collection::vec(("[abc]{0,2}", "[abc]{0,3}"), 0..5),
        ) {
            let mut passes = Passes::default();
            passes.begin();
            let mut expected = text.clone();
            for (from, to) in &steps {
                passes.run(&text, replace(from, to));
                expected = expected.replace(from, to);
            }
            prop_assert_eq!(passes.current(&text), &expected);
            prop_assert_eq!(reported(&passes, &text).0, expected);
        }
    }
}
