//! Detects mojibake in text: a matcher for the rules of [`badness_rules`](super::badness_rules).

use std::sync::LazyLock;

use regex::Regex;

use super::badness_rules::{CLASSES, IN_LINE, NO_LETTER, RULES, Rule, SPACE, Set, WORD};
use super::char_table::{CharTable, members};

/// Returns whether some rule holds somewhere in `text`.
pub(super) fn is_bad(text: &str) -> bool {
    let mut at = 0;
    while let Some(ascii) = text.as_bytes()[at..].iter().position(|b| !b.is_ascii()) {
        at += ascii;
        if is_bad_at(text, at) {
            return true;
        }
        at += char_at(text, at).map_or(1, char::len_utf8);
    }
    false
}

/// Returns whether some rule holds in `text` with its anchor at the byte offset `at`.
pub(super) fn is_bad_at(text: &str, at: usize) -> bool {
    let Some(anchor) = char_at(text, at) else {
        return false;
    };
    let mut rules = CELLS.get(anchor).anchors;
    if rules == 0 {
        return false;
    }
    let after = at + anchor.len_utf8();
    rules &= char_at(text, after).map_or(*ALONE, |next| CELLS.get(next).follows);
    while rules != 0 {
        if holds(
            &RULES[rules.trailing_zeros() as usize],
            &text[..at],
            &text[after..],
        ) {
            return true;
        }
        rules &= rules - 1;
    }
    false
}

/// The facts about a character that a scan needs before it checks the rules themselves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Role {
    /// True if some rule has its anchor here.
    pub(super) anchor: bool,
    /// True if some rule has this after its anchor, and names the character there.
    pub(super) follower: bool,
    /// True if some rule has its anchor here and may continue with an ASCII character.
    pub(super) before_ascii: bool,
}

/// Returns the role of each character that has one.
pub(super) fn roles() -> impl Iterator<Item = (char, Role)> {
    known().map(|c| {
        let cell = CELLS.get(c);
        let before_ascii =
            (0..128_u8).any(|b| cell.anchors & CELLS.get(char::from(b)).follows & !*ALONE != 0);
        let role = Role {
            anchor: cell.anchors != 0,
            follower: cell.follows != CELLS.get(UNKNOWN).follows,
            before_ascii,
        };
        (c, role)
    })
}

/// The facts about one character: its classes, and sets of rules as bits by their number.
#[derive(Clone, Copy, Debug)]
struct Cell {
    classes: u32,
    /// The rules whose anchor it can be.
    anchors: u64,
    /// The rules that it does not contradict after the anchor.
    follows: u64,
}

/// A character that is in no class and no rule.
const UNKNOWN: char = '漢';

static CELLS: LazyLock<CharTable<Cell>> = LazyLock::new(|| {
    let classes = classes();
    let follows = |c| {
        rules_where(|rule| {
            rule.after
                .first()
                .is_none_or(|&s| has(s, c, classes.get(c)))
        })
    };
    let mut cells = CharTable::new(Cell {
        classes: 0,
        anchors: 0,
        follows: follows(UNKNOWN),
    });
    for c in known() {
        *cells.slot(c) = Cell {
            classes: classes.get(c),
            anchors: rules_where(|rule| has(rule.anchor, c, classes.get(c))),
            follows: follows(c),
        };
    }
    cells
});

/// The rules that need nothing after their anchor.
static ALONE: LazyLock<u64> = LazyLock::new(|| rules_where(|rule| rule.after.is_empty()));

static WORD_START: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\A[\p{L}\p{N}_]").expect("a constant pattern"));

/// Returns ASCII, and every character that a class or a rule names.
fn known() -> impl Iterator<Item = char> {
    let classed = CLASSES.iter().flat_map(|(_, set)| members(set));
    let sets = |rule: &'static Rule| rule.before.iter().chain([&rule.anchor]).chain(rule.after);
    let named = RULES.iter().flat_map(sets).flat_map(|set| set.1.chars());
    ('\0'..='\x7f').chain(classed).chain(named)
}

fn classes() -> CharTable<u32> {
    let mut classes = CharTable::new(0);
    for (class, set) in CLASSES {
        for c in members(set) {
            *classes.slot(c) |= class;
        }
    }
    classes
}

fn rules_where(wanted: impl Fn(&Rule) -> bool) -> u64 {
    let bit = |(number, rule)| u64::from(wanted(rule)) << number;
    RULES.iter().enumerate().map(bit).sum()
}

/// Returns whether `rule` holds for the text before and after a matching anchor.
fn holds(rule: &Rule, before: &str, after: &str) -> bool {
    let in_set = |set: &Set, c: Option<char>| c.is_some_and(|c| has(*set, c, CELLS.get(c).classes));
    let mut left = before.chars();
    let mut right = after.chars();
    rule.before
        .iter()
        .rev()
        .all(|set| in_set(set, left.next_back()))
        && rule.after.iter().all(|set| in_set(set, right.next()))
        && (!rule.at_start || left.as_str().is_empty())
}

fn has(set: Set, c: char, classes: u32) -> bool {
    let Set(wanted, named) = set;
    wanted & classes != 0
        || named.contains(c)
        || (wanted & SPACE != 0 && is_space(c))
        || (wanted & NO_LETTER != 0 && !c.is_ascii_alphabetic())
        || (wanted & IN_LINE != 0 && c != '\n')
        || (wanted & WORD != 0 && WORD_START.is_match(c.encode_utf8(&mut [0; 4])))
}

/// Returns whether `c` is whitespace to Python, which includes the separators U+001C to U+001F.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\x1c'..='\x1f')
}

fn char_at(text: &str, at: usize) -> Option<char> {
    text[at..].chars().next()
}
