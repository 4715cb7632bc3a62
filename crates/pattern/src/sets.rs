//! Sets of characters.

mod cases;
mod properties;

use std::sync::OnceLock;

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

pub(crate) use properties::{of_unicode_14, property, standard_name};

/// A set of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CharSet(ClassUnicode);

impl CharSet {
    pub(crate) fn empty() -> Self {
        Self(ClassUnicode::empty())
    }

    pub(crate) fn of(chars: &[char]) -> Self {
        Self::of_ranges(chars.iter().map(|ch| (*ch, *ch)))
    }

    pub(crate) fn range(first: char, last: char) -> Self {
        Self::of_ranges([(first, last)])
    }

    pub(crate) fn of_ranges(ranges: impl IntoIterator<Item = (char, char)>) -> Self {
        let ranges = ranges.into_iter();
        Self(ClassUnicode::new(
            ranges.map(|(first, last)| ClassUnicodeRange::new(first, last)),
        ))
    }

    pub(crate) fn all() -> Self {
        Self::range('\0', char::MAX)
    }

    pub(crate) fn not(self) -> Self {
        // Where two ranges meet at the surrogates, `regex-syntax` would leave both of their ends in the complement.
        const MEETING: (char, char) = ('\u{d7ff}', '\u{e000}');
        let mut set = match self.contains(MEETING.0) && self.contains(MEETING.1) {
            true => self.or(&Self::of_ranges([MEETING])),
            false => self,
        };
        set.0.negate();
        set
    }

    pub(crate) fn or(mut self, other: &Self) -> Self {
        self.0.union(&other.0);
        self
    }

    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.0.intersect(&other.0);
        self
    }

    pub(crate) fn without(mut self, other: &Self) -> Self {
        self.0.difference(&other.0);
        self
    }

    pub(crate) fn xor(mut self, other: &Self) -> Self {
        self.0.symmetric_difference(&other.0);
        self
    }

    /// Adds the characters that differ from these in case alone.
    pub(crate) fn ignoring_case(self) -> Self {
        let added = self
            .ranges()
            .flat_map(|(first, last)| cases::variants_within(first, last));
        let added: Vec<char> = added.collect();
        self.or(&Self::of(&added))
    }

    /// The same for `re`, which treats all kinds of i as variants of each other.
    pub(crate) fn ignoring_case_of_re(self) -> Self {
        const ALL: [char; 4] = ['i', 'I', 'İ', 'ı'];
        let has_any = ALL.iter().any(|ch| self.contains(*ch));
        let added = if has_any { &ALL[..] } else { &[] };
        self.ignoring_case().or(&Self::of(added))
    }

    /// Adds the variants of ASCII letters alone.
    pub(crate) fn ignoring_ascii_case(self) -> Self {
        let ascii = self.clone().and(&ascii());
        let mut folded = ascii.0;
        folded.case_fold_simple();
        let folded = Self(folded).and(&self::ascii());
        self.or(&folded)
    }

    pub(crate) fn contains(&self, ch: char) -> bool {
        let ranges = self.0.ranges();
        let place = ranges.partition_point(|range| range.end() < ch);
        ranges.get(place).is_some_and(|range| range.start() <= ch)
    }

    pub(crate) fn ranges(&self) -> impl Iterator<Item = (char, char)> {
        self.0
            .ranges()
            .iter()
            .map(|range| (range.start(), range.end()))
    }

    /// Returns the only character of the set.
    pub(crate) fn single(&self) -> Option<char> {
        let mut ranges = self.ranges();
        let (first, last) = ranges.next()?;
        (first == last && ranges.next().is_none()).then_some(first)
    }
}

/// A property that exists.
fn known(cell: &'static OnceLock<CharSet>, names: &[&str], more: &[(char, char)]) -> CharSet {
    let found = cell.get_or_init(|| {
        let more = CharSet::of_ranges(more.iter().copied());
        let sets = names.iter().filter_map(|name| property(name));
        sets.fold(more, |set, other| set.or(&other))
    });
    found.clone()
}

pub(crate) fn ascii() -> CharSet {
    CharSet::range('\0', '\x7f')
}

/// `\d`
pub(crate) fn digits() -> CharSet {
    static SET: OnceLock<CharSet> = OnceLock::new();
    known(&SET, &["Decimal_Number"], &[])
}

/// `\s` of `regex`.
pub(crate) fn spaces() -> CharSet {
    static SET: OnceLock<CharSet> = OnceLock::new();
    known(&SET, &["White_Space"], &[])
}

/// `\w` of `regex`.
pub(crate) fn words() -> CharSet {
    static SET: OnceLock<CharSet> = OnceLock::new();
    known(
        &SET,
        &["Alphabetic", "M", "Decimal_Number", "Pc", "Join_Control"],
        &[],
    )
}

/// `\w` to the engine without backtracking, which has tables of its own.
pub(crate) fn words_of_engine() -> CharSet {
    static SET: OnceLock<CharSet> = OnceLock::new();
    let found = SET.get_or_init(|| {
        let hir = regex_syntax::parse(r"\w").map(Hir::into_kind);
        match hir {
            Ok(HirKind::Class(Class::Unicode(class))) => CharSet(class),
            _ => CharSet::empty(),
        }
    });
    found.clone()
}

/// `\w` of `re`: letters and numbers, without marks.
pub(crate) fn alphanumerics() -> CharSet {
    static SET: OnceLock<CharSet> = OnceLock::new();
    known(&SET, &["L", "N"], &[('_', '_')])
}

/// `\s` of `re`: separators of information besides.
pub(crate) fn spaces_of_re() -> CharSet {
    static SET: OnceLock<CharSet> = OnceLock::new();
    known(&SET, &["White_Space"], &[('\x1c', '\x1f')])
}

/// `\h`
pub(crate) fn blanks() -> CharSet {
    static SET: OnceLock<CharSet> = OnceLock::new();
    known(&SET, &["Zs"], &[('\t', '\t')])
}

/// Letters that have a case.
pub(crate) fn cased_letters() -> CharSet {
    static SET: OnceLock<CharSet> = OnceLock::new();
    known(&SET, &["Lu", "Ll", "Lt"], &[])
}

/// Characters that have a case.
pub(crate) fn cased() -> CharSet {
    static SET: OnceLock<CharSet> = OnceLock::new();
    known(&SET, &["Uppercase", "Lowercase"], &[])
}
