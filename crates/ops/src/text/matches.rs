//! All matches of a user's pattern in a text.

use std::sync::Arc;
use std::time::{Duration, Instant};

use regex::{CaptureLocations, Regex};

use super::steady_search::SteadySearch;

/// Searches for all matches of a pattern, with memory that is used again from text to text.
///
/// The usual engine is the fastest for nearly all texts, but a pattern such as `a.*b|a` can make it look through the rest
/// of the text again after each match. Nothing tells such patterns from others beforehand, so the time is watched: what is
/// left of a text that takes far too long is searched by [`SteadySearch`], which finds the same matches in linear time. So
/// the clock decides how a match is found, and never which.
#[derive(Clone)]
pub(super) struct Matches {
    regex: Regex,
    groups: CaptureLocations,
    slots: Vec<Option<usize>>,
    /// Built for the first text that needs it; none inside where it cannot be built.
    steady: Option<Option<Arc<SteadySearch>>>,
    patience: Patience,
}

/// How long a text may take the usual engine.
#[derive(Clone, Copy, Debug)]
struct Patience {
    least: Duration,
    nanos_per_byte: u64,
}

impl Default for Patience {
    fn default() -> Self {
        // Ten times what slow patterns take, and still little where it is in vain.
        Self {
            least: Duration::from_millis(20),
            nanos_per_byte: 100,
        }
    }
}

/// Matches between two looks at the clock.
const LOOK_EVERY: u32 = 16;

/// Places in a text: the start and the end of each group by twos, the match itself first.
pub(super) type Slots = [Option<usize>];

impl Matches {
    pub(super) fn new(regex: Regex) -> Self {
        let groups = regex.capture_locations();
        Self {
            slots: vec![None; 2 * groups.len()],
            groups,
            regex,
            steady: None,
            patience: Patience::default(),
        }
    }

    /// Calls `found` with every match in order; without `with_groups` with the match itself alone.
    pub(super) fn each(&mut self, text: &str, with_groups: bool, mut found: impl FnMut(&Slots)) {
        let (mut start, mut count, mut watch) = (Some(0), 0_u32, None);
        while let Some(from) = start {
            count += 1;
            if count.is_multiple_of(LOOK_EVERY) {
                let begun = *watch.get_or_insert_with(Instant::now);
                if begun.elapsed() > self.patience.of(text) && self.prepare() {
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

    /// The next match at `from` or behind it, by the usual engine.
    fn next(&mut self, text: &str, from: usize, with_groups: bool) -> Option<&Slots> {
        if !with_groups {
            let found = self.regex.find_at(text, from)?;
            self.slots[..2].copy_from_slice(&[Some(found.start()), Some(found.end())]);
            return Some(&self.slots[..2]);
        }
        self.regex.captures_read_at(&mut self.groups, text, from)?;
        for (group, slots) in self.slots.chunks_mut(2).enumerate() {
            let place = self.groups.get(group);
            slots.copy_from_slice(&[place.map(|(start, _)| start), place.map(|(_, end)| end)]);
        }
        Some(&self.slots)
    }

    /// Builds the other engine; whether it can be used.
    fn prepare(&mut self) -> bool {
        let regex = &self.regex;
        let steady = &mut self.steady;
        steady
            .get_or_insert_with(|| SteadySearch::new(regex.as_str()).map(Arc::new))
            .is_some()
    }

    fn each_steadily(&self, text: &str, from: usize, mut found: impl FnMut(&Slots)) {
        let Some(Some(steady)) = &self.steady else {
            return;
        };
        let mut scan = steady.scan(text, from);
        let mut start = Some(from);
        while let Some(slots) = start.and_then(|start| scan.find_at(start)) {
            found(slots);
            start = after(text, slots);
        }
    }
}

impl Patience {
    fn of(self, text: &str) -> Duration {
        self.least + Duration::from_nanos(self.nanos_per_byte.saturating_mul(text.len() as u64))
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

    fn all(pattern: &str, text: &str, patience: Option<Patience>) -> Vec<Vec<Option<usize>>> {
        let mut matches = Matches::new(Regex::new(pattern).unwrap());
        matches.patience = patience.unwrap_or_default();
        let mut all = Vec::new();
        matches.each(text, true, |slots| all.push(slots.to_vec()));
        all
    }

    #[test]
    fn the_clock_does_not_decide_what_is_found() {
        const NONE: Patience = Patience {
            least: Duration::ZERO,
            nanos_per_byte: 0,
        };
        const ENDLESS: Patience = Patience {
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
