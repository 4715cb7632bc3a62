//! Patterns that are one set of characters, such as `\d+` and `[^a-z]`.
//!
//! What they match can be seen from each character alone, so there is no state to keep and nothing to begin anew after a match.
//! That makes this several times as fast as an engine for all patterns where there are many short matches.

use crate::ast::{Greed, Node};
use crate::sets::CharSet;

/// The matches of a set.
#[derive(Debug)]
pub(crate) struct Runs {
    /// By the first byte of a character, whether it is a member.
    by_lead: Box<[Membership; 256]>,
    /// A bit per code point, in blocks of 64.
    members: Vec<u64>,
    /// Whether all members in a row are one match, or each is one.
    is_repeated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Membership {
    /// No character that begins with this byte is a member; also for bytes that begin none.
    None,
    /// Some are.
    Some,
    /// All are.
    All,
}

impl Runs {
    /// Returns what finds the matches of a pattern; none if it is more than a set.
    pub(crate) fn of(node: &Node) -> Option<Self> {
        match node {
            Node::Set(set) => Some(Self::new(set, false)),
            Node::Repeat(repeat)
                if repeat.least == 1 && repeat.most.is_none() && repeat.greed != Greed::Lazy =>
            {
                match &repeat.node {
                    Node::Set(set) => Some(Self::new(set, true)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Returns what finds each character of a set.
    pub(crate) fn each_of(set: &CharSet) -> Self {
        Self::new(set, false)
    }

    fn new(set: &CharSet, is_repeated: bool) -> Self {
        let mut members = Vec::new();
        for (first, last) in set.ranges() {
            members.resize(last as usize / 64 + 1, 0);
            for code in first as usize..=last as usize {
                members[code / 64] |= 1 << (code % 64);
            }
        }
        let mut runs = Self {
            by_lead: Box::new([Membership::None; 256]),
            members,
            is_repeated,
        };
        for lead in 0..=u8::MAX {
            runs.by_lead[usize::from(lead)] = runs.membership(lead);
        }
        runs
    }

    /// Whether the characters that begin with a byte are members.
    fn membership(&self, lead: u8) -> Membership {
        // Fewer bytes are enough for smaller numbers, and surrogates are no characters.
        let (first, last) = match usize::from(lead) {
            lead @ 0..0x80 => {
                return match self.has(lead) {
                    true => Membership::All,
                    false => Membership::None,
                };
            }
            lead @ 0xC2..0xE0 => ((lead & 0x1F) << 6, (lead & 0x1F) << 6 | 0x3F),
            0xE0 => (0x800, 0xFFF),
            0xED => (0xD000, 0xD7FF),
            lead @ 0xE1..0xF0 => ((lead & 0xF) << 12, (lead & 0xF) << 12 | 0xFFF),
            0xF0 => (0x1_0000, 0x3_FFFF),
            lead @ 0xF1..0xF4 => ((lead & 7) << 18, (lead & 7) << 18 | 0x3_FFFF),
            0xF4 => (0x10_0000, 0x10_FFFF),
            _ => return Membership::None,
        };
        let mut blocks =
            (first / 64..=last / 64).map(|block| self.members.get(block).copied().unwrap_or(0));
        match blocks.next() {
            Some(0) if blocks.all(|block| block == 0) => Membership::None,
            Some(u64::MAX) if blocks.all(|block| block == u64::MAX) => Membership::All,
            _ => Membership::Some,
        }
    }

    fn has(&self, code: usize) -> bool {
        let block = self.members.get(code / 64);
        block.is_some_and(|block| block >> (code % 64) & 1 != 0)
    }

    /// Calls `found` with the start and the end of each match.
    pub(crate) fn each(&self, text: &str, mut found: impl FnMut(usize, usize)) {
        let bytes = text.as_bytes();
        let mut end = 0;
        while let Some(start) = self.next(bytes, end) {
            end = start + length(bytes[start]);
            while self.is_repeated && end < bytes.len() && self.has_at(bytes, end) {
                end += length(bytes[end]);
            }
            found(start, end);
        }
    }

    /// Returns whether there is a match.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.next(text.as_bytes(), 0).is_some()
    }

    /// Returns where the next member is, from a character on.
    fn next(&self, bytes: &[u8], mut from: usize) -> Option<usize> {
        loop {
            let rest = bytes.get(from..)?;
            from += rest
                .iter()
                .position(|lead| self.by_lead[usize::from(*lead)] != Membership::None)?;
            if self.has_at(bytes, from) {
                return Some(from);
            }
            from += length(bytes[from]);
        }
    }

    /// Returns whether the character at a place is a member.
    fn has_at(&self, bytes: &[u8], place: usize) -> bool {
        let lead = bytes[place];
        match self.by_lead[usize::from(lead)] {
            Membership::None => false,
            Membership::All => true,
            Membership::Some => {
                let low = |k: usize| usize::from(bytes.get(place + k).copied().unwrap_or(0) & 0x3F);
                let high = usize::from(lead);
                self.has(match length(lead) {
                    2 => (high & 0x1F) << 6 | low(1),
                    3 => (high & 0xF) << 12 | low(1) << 6 | low(2),
                    _ => (high & 7) << 18 | low(1) << 12 | low(2) << 6 | low(3),
                })
            }
        }
    }
}

/// The number of bytes of a character, by its first one.
fn length(lead: u8) -> usize {
    match lead {
        0..0x80 => 1,
        0x80..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0.. => 4,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use regex::Regex;

    use super::*;
    use crate::options::Options;
    use crate::parse::parse;

    fn runs(pattern: &str) -> Option<Runs> {
        Runs::of(&parse(pattern, Options::default()).unwrap().node)
    }

    /// The patterns, and as an engine for all patterns reads them, which is no other way.
    static BOTH: LazyLock<Vec<(Runs, Regex)>> = LazyLock::new(|| {
        let both = PATTERNS.iter().map(|pattern| {
            let runs = runs(pattern).expect("the pattern is a set");
            (runs, Regex::new(pattern).unwrap())
        });
        both.collect()
    });

    #[track_caller]
    fn check(text: &str) {
        for (runs, regex) in BOTH.iter() {
            let mut found = Vec::new();
            runs.each(text, |start, end| found.push(start..end));
            let expected: Vec<_> = regex.find_iter(text).map(|found| found.range()).collect();
            assert_eq!(found, expected, "{regex} in {text:?}");
            assert_eq!(runs.is_in(text), !expected.is_empty());
        }
    }

    /// No properties: those may be of another version of Unicode than the engine's.
    const PATTERNS: [&str; 6] = [
        "a",
        "[^a]+",
        "[ab]+",
        "[a-zé一-二😀]+",
        "[^a-zé一-二😀]",
        "[\u{80}-\u{10ffff}]+",
    ];

    #[test]
    fn every_character_is_looked_up_as_it_is() {
        let all: Vec<char> = (0..=0x10_FFFF).filter_map(char::from_u32).collect();
        let text: String = all.iter().step_by(7).collect();
        check(&text);
    }

    #[test]
    fn patterns_of_more_than_a_set_are_left_to_others() {
        for pattern in [
            "ab", "a*", "a?", "a{2,}", "a+?", "(a)", "(a+)", "a|bc", r"\ba", "",
        ] {
            assert!(runs(pattern).is_none(), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn finds_what_an_engine_for_all_patterns_finds(text in "[ab é一二三😀Z1]{0,30}|\\PC{0,30}") {
            check(&text);
        }
    }
}
