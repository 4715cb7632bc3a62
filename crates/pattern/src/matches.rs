//! All matches of a pattern in a text.

use std::sync::Arc;
use std::time::{Duration, Instant};

use regex::CaptureLocations;

use crate::backtrack::{Memory, Search};
use crate::error::TooManySteps;
use crate::pattern::{LinearEngine, Pattern, Way};
use crate::program::Program;
use crate::steady_search::SteadySearch;

/// Places in a text: the start and the end of each group by twos, the match itself first.
pub type Slots = [Option<usize>];

/// Searches for all matches of a pattern, with memory that is used again from text to text.
///
/// As in Python, an empty match may directly follow another match, and after an empty match one that is not empty may begin at
/// the same position.
#[derive(Clone, Debug)]
pub struct Matches {
    pattern: Pattern,
    memory: Memory,
    /// For the engine that does not backtrack.
    linear: LinearMemory,
    timeout: Timeout,
}

#[derive(Clone, Debug, Default)]
struct LinearMemory {
    locations: Option<CaptureLocations>,
    slots: Vec<Option<usize>>,
    /// Built for the first text that needs it; none inside where it cannot be built.
    steady: Option<Option<Arc<SteadySearch>>>,
}

/// How long the usual engine may take for a text.
///
/// It is the fastest for nearly all texts, but a pattern such as `a.*b|a` can make it look through the rest of the text again
/// after each match. Such patterns cannot be recognised beforehand, so the time is watched: what is left of a text that
/// takes far too long is searched by [`SteadySearch`], which finds the same matches in linear time. So the clock decides how a
/// match is found, and never which.
#[derive(Clone, Copy, Debug)]
struct Timeout {
    least: Duration,
    nanos_per_byte: u64,
}

impl Default for Timeout {
    fn default() -> Self {
        // Ten times what slow patterns take, and still little where it is in vain.
        Self {
            least: Duration::from_millis(20),
            nanos_per_byte: 100,
        }
    }
}

impl Timeout {
    fn of(self, text: &str) -> Duration {
        self.least + Duration::from_nanos(self.nanos_per_byte.saturating_mul(text.len() as u64))
    }
}

/// Matches between two looks at the clock.
const LOOK_EVERY: u32 = 16;

impl Matches {
    /// Prepares to search for a pattern.
    #[must_use]
    pub fn new(pattern: Pattern) -> Self {
        Self {
            pattern,
            memory: Memory::default(),
            linear: LinearMemory::default(),
            timeout: Timeout::default(),
        }
    }

    /// Calls `found` with every match and its groups, in order.
    ///
    /// # Errors
    /// [`TooManySteps`], never for a pattern that is searched for in linear time. The matches before it were reported.
    pub fn each(&mut self, text: &str, found: impl FnMut(&Slots)) -> Result<(), TooManySteps> {
        self.all(text, true, found)
    }

    /// As [`each`](Self::each), but faster: `found` gets only the position of the match, without groups.
    ///
    /// # Errors
    /// [`TooManySteps`]
    pub fn each_whole(
        &mut self,
        text: &str,
        mut found: impl FnMut(usize, usize),
    ) -> Result<(), TooManySteps> {
        self.all(text, false, |slots| {
            if let (Some(start), Some(end)) = (slots[0], slots[1]) {
                found(start, end);
            }
        })
    }

    /// Returns whether the pattern matches somewhere.
    ///
    /// # Errors
    /// [`TooManySteps`]
    pub fn is_in(&mut self, text: &str) -> Result<bool, TooManySteps> {
        Ok(match self.pattern.inner.engine.way(text) {
            Way::Runs(runs) => runs.is_in(text),
            Way::Linear(engine) => engine.regex.is_match(text),
            Way::Backtracking(program) => {
                let slots = 2 * self.pattern.groups();
                Search::new(program, text, slots, &mut self.memory).find(0, false)?
            }
        })
    }

    fn all(
        &mut self,
        text: &str,
        with_groups: bool,
        mut found: impl FnMut(&Slots),
    ) -> Result<(), TooManySteps> {
        let inner = Arc::clone(&self.pattern.inner);
        match inner.engine.way(text) {
            Way::Runs(runs) => runs.each(text, |start, end| found(&[Some(start), Some(end)])),
            Way::Linear(engine) => {
                let with_groups = with_groups || !engine.end_marks.is_empty();
                let mut searched = Searched {
                    engine,
                    memory: &mut self.linear,
                    timeout: self.timeout,
                };
                searched.each(text, with_groups, found);
            }
            Way::Backtracking(program) => self.each_by_steps(program, text, found)?,
        }
        Ok(())
    }

    fn each_by_steps(
        &mut self,
        program: &Program,
        text: &str,
        mut found: impl FnMut(&Slots),
    ) -> Result<(), TooManySteps> {
        let slots = 2 * self.pattern.groups();
        let mut search = Search::new(program, text, slots, &mut self.memory);
        let (mut from, mut was_empty) = (0, false);
        while search.find(from, was_empty)? {
            let slots = search.slots();
            found(slots);
            let end = slots[1].unwrap_or(text.len());
            // A `\K` within a lookahead may make a match begin after its end.
            was_empty = slots[0].is_none_or(|start| start >= end);
            from = end;
        }
        Ok(())
    }
}

/// A text that is searched without backtracking.
struct Searched<'a> {
    engine: &'a LinearEngine,
    memory: &'a mut LinearMemory,
    timeout: Timeout,
}

impl Searched<'_> {
    fn each(&mut self, text: &str, with_groups: bool, mut found: impl FnMut(&Slots)) {
        let (mut start, mut count, mut watch) = (Some(0), 0_u32, None);
        while let Some(from) = start {
            count += 1;
            if count.is_multiple_of(LOOK_EVERY) {
                let begun = *watch.get_or_insert_with(Instant::now);
                if begun.elapsed() > self.timeout.of(text) && self.prepare() {
                    return self.each_steadily(text, from, found);
                }
            }
            let Some(slots) = self.next(text, from, with_groups) else {
                return;
            };
            found(slots);
            start = after(text, slots);
        }
    }

    /// Returns the next match that begins at `from` or later, by the usual engine.
    fn next(&mut self, text: &str, from: usize, with_groups: bool) -> Option<&Slots> {
        let memory = &mut *self.memory;
        if !with_groups {
            let found = self.engine.regex.find_at(text, from)?;
            memory.slots.clear();
            memory
                .slots
                .extend([Some(found.start()), Some(found.end())]);
            return Some(&memory.slots);
        }
        let locations = memory
            .locations
            .get_or_insert_with(|| self.engine.regex.capture_locations());
        self.engine.regex.captures_read_at(locations, text, from)?;
        let place = |group: usize| locations.get(group);
        fill(
            &mut memory.slots,
            &self.engine.groups,
            &self.engine.end_marks,
            place,
        );
        Some(&memory.slots)
    }

    /// Builds the other engine. Returns whether it can be used.
    fn prepare(&mut self) -> bool {
        let steady = &mut self.memory.steady;
        steady
            .get_or_insert_with(|| SteadySearch::new(self.engine.regex.as_str()).map(Arc::new))
            .is_some()
    }

    fn each_steadily(&mut self, text: &str, from: usize, mut found: impl FnMut(&Slots)) {
        let Some(Some(steady)) = self.memory.steady.clone() else {
            return;
        };
        let mut scan = steady.scan(text, from);
        let mut start = Some(from);
        while let Some(places) = start.and_then(|start| scan.find_at(start)) {
            let place = |group: usize| Some((places[2 * group]?, places[2 * group + 1]?));
            fill(
                &mut self.memory.slots,
                &self.engine.groups,
                &self.engine.end_marks,
                place,
            );
            found(&self.memory.slots);
            start = after(text, &self.memory.slots);
        }
    }
}

/// Records the positions of the groups. None reaches past a mark of the end.
fn fill(
    slots: &mut Vec<Option<usize>>,
    groups: &[usize],
    end_marks: &[usize],
    place: impl Fn(usize) -> Option<(usize, usize)>,
) {
    let mut marks = end_marks.iter().filter_map(|mark| place(*mark));
    let last = marks.next().map_or(usize::MAX, |(mark, _)| mark);
    slots.clear();
    for group in groups {
        let (start, end) = place(*group).unzip();
        slots.extend([start, end.map(|end| end.min(last))]);
    }
}

/// Returns where the next search begins, as in Python: an empty match may follow right after another match, but not
/// after an empty one.
fn after(text: &str, slots: &Slots) -> Option<usize> {
    let (start, end) = (slots[0]?, slots[1]?);
    if start < end {
        return Some(end);
    }
    let next = text[end..].chars().next()?;
    Some(end + next.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    fn all(pattern: &str, text: &str, timeout: Option<Timeout>) -> Vec<Vec<Option<usize>>> {
        let pattern = Pattern::new(pattern, Options::default()).unwrap();
        let mut matches = Matches::new(pattern);
        matches.timeout = timeout.unwrap_or_default();
        let mut all = Vec::new();
        matches
            .each(text, |slots| all.push(slots.to_vec()))
            .unwrap();
        all
    }

    #[test]
    fn the_clock_does_not_decide_what_is_found() {
        const NONE: Timeout = Timeout {
            least: Duration::ZERO,
            nanos_per_byte: 0,
        };
        const ENDLESS: Timeout = Timeout {
            least: Duration::MAX,
            nanos_per_byte: 0,
        };
        let text = "ab é\n日aab a_b  ".repeat(100);
        for pattern in [
            "a*",
            r"(\w)(\s)?",
            r"\b",
            "(?s)(a).*(é)|(b)",
            "()|b",
            r"(a+)|(?m:$)",
        ] {
            assert_eq!(
                all(pattern, &text, Some(NONE)),
                all(pattern, &text, Some(ENDLESS)),
                "{pattern}"
            );
        }
    }

    /// Each of these took minutes: the time is the square of the length otherwise.
    #[test]
    fn no_pattern_takes_the_square_of_the_length() {
        let text = "a".repeat(400_000);
        for pattern in ["(?s)a.*b|a", "(a+a+)+b|a"] {
            let started = Instant::now();
            assert_eq!(all(pattern, &text, None).len(), text.len(), "{pattern}");
            let elapsed = started.elapsed();
            assert!(elapsed < Duration::from_secs(60), "{pattern}: {elapsed:?}");
        }
    }
}
