//! What the engine that backtracks reads of the text.

use unicode_segmentation::GraphemeCursor;

use super::{Frame, Search};
use crate::ast::Greed;
use crate::error::TooManySteps;
use crate::program::Condition;
use crate::sets::CharSet;

impl Search<'_> {
    /// Returns the character after a position, or before it, and the position on its other side.
    pub(super) fn read(&self, at: usize, back: bool) -> Option<(char, usize)> {
        if back {
            let ch = self.text[..at].chars().next_back()?;
            return Some((ch, at - ch.len_utf8()));
        }
        let ch = self.text[at..].chars().next()?;
        Some((ch, at + ch.len_utf8()))
    }

    pub(super) fn run_of(
        &mut self,
        set: usize,
        (least, limit, most): (u32, u32, u32),
        greed: Greed,
        back: bool,
        (number, begin): (usize, usize),
    ) -> Result<Option<(usize, usize)>, TooManySteps> {
        let (mut at, mut count, mut end) = (begin, 0, begin);
        while count < limit {
            let read = self.read(at, back);
            let Some((_, to)) = read.filter(|(ch, _)| self.program.sets[set].has(*ch)) else {
                break;
            };
            at = to;
            count += 1;
            if count <= least {
                end = at;
            }
        }
        self.spend(u64::from(count))?;
        if count < least {
            return Ok(None);
        }
        match greed {
            Greed::Greedy if at != end => self.push(Frame::Less {
                step: number + 1,
                at,
                end,
                back,
            })?,
            Greed::Lazy if most > least => self.push(Frame::More {
                step: number,
                at,
                left: most - least,
            })?,
            _ => {}
        }
        Ok(Some((number + 1, at)))
    }

    pub(super) fn group(&self, group: usize) -> Option<(usize, usize)> {
        Some((
            self.memory.slots[2 * group]?,
            self.memory.slots[2 * group + 1]?,
        ))
    }

    /// Matches a backreference. Returns where it ends; a group that took no part matches nothing.
    pub(super) fn cited(
        &mut self,
        group: usize,
        ignore_case: bool,
        back: bool,
        at: usize,
    ) -> Result<Option<usize>, TooManySteps> {
        let Some((start, end)) = self.group(group) else {
            return Ok(None);
        };
        let cited = &self.text[start..end];
        self.spend(cited.len() as u64)?;
        let is_the_same = |one: char, other: char| {
            one == other || (ignore_case && CharSet::of(&[one]).ignoring_case().contains(other))
        };
        let (mut place, mut wanted) = (at, cited.chars());
        while let Some(ch) = if back {
            wanted.next_back()
        } else {
            wanted.next()
        } {
            match self.read(place, back) {
                Some((found, to)) if is_the_same(ch, found) => place = to,
                _ => return Ok(None),
            }
        }
        Ok(Some(place))
    }

    pub(super) fn holds(&self, condition: Condition, at: usize) -> bool {
        let (before, behind) = (&self.text[..at], &self.text[at..]);
        let sides = |set: usize| {
            let set = &self.program.sets[set];
            let is_in = |ch: Option<char>| ch.is_some_and(|ch| set.has(ch));
            (
                is_in(before.chars().next_back()),
                is_in(behind.chars().next()),
            )
        };
        match condition {
            Condition::Start => before.is_empty(),
            Condition::End => behind.is_empty(),
            Condition::Dollar => behind.is_empty() || behind == "\n",
            Condition::LineStart => before.is_empty() || before.ends_with('\n'),
            Condition::LineEnd => behind.is_empty() || behind.starts_with('\n'),
            Condition::SearchStart => at == self.begin,
            Condition::Boundary(set) => matches!(sides(set), (true, false) | (false, true)),
            Condition::NoBoundary(set) => matches!(sides(set), (true, true) | (false, false)),
            Condition::WordStart(set) => sides(set) == (false, true),
            Condition::WordEnd(set) => sides(set) == (true, false),
        }
    }

    pub(super) fn grapheme(&self, at: usize, back: bool) -> Option<usize> {
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        let found = match back {
            true => cursor.prev_boundary(self.text, 0),
            false => cursor.next_boundary(self.text, 0),
        };
        found.ok().flatten()
    }
}
