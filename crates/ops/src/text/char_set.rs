//! Sets of characters, and the runs of a text that consist of their members.

use std::ops::Range;

/// A set of characters.
///
/// It knows the bytes that begin a member, so text without members is skipped byte by byte.
#[derive(Clone, Debug)]
pub struct CharSet {
    /// The relation to the set of the characters that begin with each byte.
    by_lead: [Lead; 256],
    /// One bit per character beyond ASCII, in blocks of 64. Trailing blocks without members are left out.
    beyond_ascii: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lead {
    /// None is a member. This includes bytes that begin no character.
    None,
    /// Some are members.
    Some,
    /// All are members.
    All,
}

impl CharSet {
    /// Returns the set of these characters.
    pub fn new(members: impl IntoIterator<Item = char>) -> Self {
        let mut set = Self {
            by_lead: [Lead::None; 256],
            beyond_ascii: Vec::new(),
        };
        for ch in members {
            let mut encoded = [0; 4];
            let lead = usize::from(ch.encode_utf8(&mut encoded).as_bytes()[0]);
            if ch.is_ascii() {
                set.by_lead[lead] = Lead::All;
                continue;
            }
            set.by_lead[lead] = Lead::Some;
            let block = u32::from(ch) as usize / 64;
            if set.beyond_ascii.len() <= block {
                set.beyond_ascii.resize(block + 1, 0);
            }
            set.beyond_ascii[block] |= 1 << (u32::from(ch) % 64);
        }
        set
    }

    /// Returns the set that a pattern such as `\p{P}` or `\P{Lu}+` names; `None` for other patterns. Removing the matches of such a
    /// pattern is the same as removing the members of a general category.
    pub fn of_category(pattern: &str) -> Option<Self> {
        let property = pattern.strip_suffix('+').unwrap_or(pattern);
        let name = property
            .strip_prefix(r"\p{")
            .or_else(|| property.strip_prefix(r"\P{"))?;
        if !matches!(
            name.as_bytes(),
            [b'A'..=b'Z', b'}'] | [b'A'..=b'Z', b'a'..=b'z', b'}']
        ) {
            return None;
        }
        Some(Self::new(coldpress_pattern::members(property)?.flatten()))
    }

    /// Returns whether `ch` is a member.
    pub fn contains(&self, ch: char) -> bool {
        let code = u32::from(ch) as usize;
        match ch.is_ascii() {
            true => self.by_lead[code] == Lead::All,
            false => {
                let block = self.beyond_ascii.get(code / 64);
                block.is_some_and(|block| block >> (code % 64) & 1 != 0)
            }
        }
    }

    /// Reports the maximal runs of members in `text`, in order.
    pub fn runs_of_members(&self, text: &str, mut run: impl FnMut(Range<usize>)) {
        let mut from = 0;
        while let Some(start) = self.next_member(text, from) {
            let end = self.next_other(text, start).unwrap_or(text.len());
            run(start..end);
            from = end;
        }
    }

    /// Reports the maximal runs without a member in `text`, in order.
    pub fn runs_of_others(&self, text: &str, mut run: impl FnMut(Range<usize>)) {
        let mut from = 0;
        while let Some(start) = self.next_other(text, from) {
            let end = self.next_member(text, start).unwrap_or(text.len());
            run(start..end);
            from = end;
        }
    }

    /// Returns the position of the next member at or after `from`.
    fn next_member(&self, text: &str, mut from: usize) -> Option<usize> {
        loop {
            let bytes = text.as_bytes().get(from..)?.iter();
            let mut leads = bytes.map(|byte| self.by_lead[usize::from(*byte)]);
            from += leads.position(|lead| lead != Lead::None)?;
            let ch = text[from..].chars().next()?;
            if self.contains(ch) {
                return Some(from);
            }
            from += ch.len_utf8();
        }
    }

    /// Returns the position of the next character at or after `from` that isn't a member.
    fn next_other(&self, text: &str, from: usize) -> Option<usize> {
        let rest = text.get(from..)?;
        let other = rest.char_indices().find(|(_, ch)| !self.contains(*ch));
        other.map(|(place, _)| from + place)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_agree_with_looking_at_each_character(
            members in proptest::collection::vec(any::<char>(), 0..4),
            text in "[ab-é語\u{10ffff}😊]{0,30}|\\PC{0,20}",
        ) {
            let set = CharSet::new(members.iter().copied().chain(['a', 'é', '😊']));
            for ch in text.chars() {
                prop_assert_eq!(set.contains(ch), members.contains(&ch) || "aé😊".contains(ch));
            }
            let (mut found, mut others) = (String::new(), String::new());
            set.runs_of_members(&text, |run| found.push_str(&text[run]));
            set.runs_of_others(&text, |run| others.push_str(&text[run]));
            prop_assert_eq!(found, text.chars().filter(|ch| set.contains(*ch)).collect::<String>());
            prop_assert_eq!(others, text.chars().filter(|ch| !set.contains(*ch)).collect::<String>());
        }

        #[test]
        fn runs_are_as_long_as_can_be(text in "[ab]{0,20}") {
            let mut ends = Vec::new();
            CharSet::new(['a']).runs_of_members(&text, |run| ends.push(run));
            prop_assert!(ends.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }
}
