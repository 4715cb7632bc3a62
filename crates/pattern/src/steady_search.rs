//! All matches of a pattern in time that is linear in the text, whatever the pattern.
//!
//! An ordinary search is linear, but a search for *all* matches is not: `a.*b|a` looks for a `b` up to the end of the text
//! from each `a` anew. Here the text is read twice instead. A pass from its end notes, for every place, from which states
//! of the automaton a match can still be reached. A second pass from its start then takes, in each state, the first
//! alternative that the notes allow. It never has to take a step back, so each match costs its own length.
//!
//! The matches and groups are those of [`regex::Regex`], which compiles the same automaton. Its engines are several times
//! faster on ordinary texts, so this search is for those that they do not get through.

use std::collections::HashMap;

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::look::{Look, LookSet};
use regex_automata::util::primitives::StateID;

/// More sets of states than this are forgotten and found again.
const KNOWN_SETS: usize = 10_000;

/// A pattern to search with.
#[derive(Debug)]
pub(crate) struct SteadySearch {
    nfa: NFA,
    /// The states from which each state is reached by one byte out of a range.
    by_byte: Vec<Vec<(StateID, u8, u8)>>,
    /// The states from which each state is reached without a byte, where the assertion holds.
    by_nothing: Vec<Vec<(StateID, Option<Look>)>>,
    matches: Vec<StateID>,
}

impl SteadySearch {
    /// Compiles a pattern that [`regex::Regex::new`] takes; none where the automaton cannot be built.
    pub(crate) fn new(pattern: &str) -> Option<Self> {
        let nfa = NFA::compiler().build(pattern).ok()?;
        let states = nfa.states().len();
        let (mut by_byte, mut by_nothing) = (vec![Vec::new(); states], vec![Vec::new(); states]);
        let mut matches = Vec::new();
        for (index, state) in nfa.states().iter().enumerate() {
            let from = StateID::new(index).ok()?;
            let mut free = |to: StateID, look| by_nothing[to.as_usize()].push((from, look));
            match state {
                State::ByteRange { trans } => {
                    by_byte[trans.next.as_usize()].push((from, trans.start, trans.end));
                }
                State::Sparse(sparse) => {
                    for trans in &sparse.transitions {
                        by_byte[trans.next.as_usize()].push((from, trans.start, trans.end));
                    }
                }
                State::Dense(dense) => {
                    for byte in 0..=u8::MAX {
                        let next = dense.matches_byte(byte);
                        next.iter()
                            .for_each(|next| by_byte[next.as_usize()].push((from, byte, byte)));
                    }
                }
                State::Look { look, next } => free(*next, Some(*look)),
                State::Union { alternates } => alternates.iter().for_each(|to| free(*to, None)),
                State::BinaryUnion { alt1, alt2 } => {
                    free(*alt1, None);
                    free(*alt2, None);
                }
                State::Capture { next, .. } => free(*next, None),
                State::Fail => {}
                State::Match { .. } => matches.push(from),
            }
        }
        Some(Self {
            nfa,
            by_byte,
            by_nothing,
            matches,
        })
    }

    /// Prepares to search `text` from `start` on.
    pub(crate) fn scan<'a>(&'a self, text: &'a str, start: usize) -> Scan<'a> {
        let side = (text.len() - start).isqrt().next_power_of_two();
        let mut scan = Scan {
            search: self,
            text,
            start,
            block_length: side.clamp(256, 1 << 16),
            sets: Sets::default(),
            tops: HashMap::new(),
            block: Vec::new(),
            block_start: usize::MAX,
            slots: vec![None; self.nfa.group_info().slot_len()],
            #[cfg(test)]
            steps: 0,
        };
        scan.read_backwards();
        scan
    }
}

/// The search of one text.
pub(crate) struct Scan<'a> {
    search: &'a SteadySearch,
    text: &'a str,
    start: usize,
    /// The sets are noted at the start of every block only, and found again for one block at a time: notes for every byte
    /// would take several times the memory of the text.
    block_length: usize,
    sets: Sets,
    /// The set at the start of each block but the first.
    tops: HashMap<usize, Set>,
    /// The sets at the places of the block in hand, by their number.
    block: Vec<u32>,
    block_start: usize,
    slots: Vec<Option<usize>>,
    /// Bytes that were looked at so far.
    #[cfg(test)]
    steps: u64,
}

/// States from which a match can be reached, a bit each.
type Set = Box<[u64]>;

/// The sets that were met, and where a byte leads from one to the other.
#[derive(Default)]
struct Sets {
    all: Vec<Set>,
    numbers: HashMap<Set, u32>,
    steps: HashMap<(u32, Place), u32>,
}

/// What a step back over a byte depends on, besides the set.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    class: u8,
    /// The assertions that hold before the byte.
    looks: u32,
    /// Whether a character begins with it.
    is_boundary: bool,
}

impl Scan<'_> {
    /// The next match that begins at `from` or later: the ends of its groups by twos, the match itself first. `from` must
    /// not be smaller than the end of the match before.
    pub(crate) fn find_at(&mut self, from: usize) -> Option<&[Option<usize>]> {
        let first = self.search.nfa.start_anchored();
        let mut places = (from..=self.text.len()).filter(|at| self.text.is_char_boundary(*at));
        let at = places.find(|at| contains(self.set_at(*at), first))?;
        self.follow(at)?;
        Some(&self.slots)
    }

    /// Walks along the match that begins at `at`, and fills the slots.
    fn follow(&mut self, mut at: usize) -> Option<()> {
        self.slots.fill(None);
        let mut state = self.search.nfa.start_anchored();
        while let Next::Byte(next) = self.leave(state, at)? {
            state = next;
            at += 1;
        }
        Some(())
    }

    /// Goes on from a state to the first byte or the match that it leads to without a detour. The first alternative counts
    /// that can still become a match.
    fn leave(&mut self, state: StateID, at: usize) -> Option<Next> {
        self.count();
        let byte = self.text.as_bytes().get(at).copied();
        let number = self.number_at(at);
        let (search, slots) = (self.search, &mut self.slots);
        let mut open = Set::clone(&self.sets.all[number as usize]);
        let mut tasks = vec![Task::Enter(state)];
        while let Some(task) = tasks.pop() {
            let state = match task {
                Task::Restore(slot, before) => {
                    slots[slot] = before;
                    continue;
                }
                Task::Enter(state) => state,
            };
            // A state that was entered before at this place was a loop around nothing.
            if !contains(&open, state) {
                continue;
            }
            open[state.as_usize() / 64] &= !(1 << (state.as_usize() % 64));
            match search.nfa.state(state) {
                State::ByteRange { trans } => return Some(Next::Byte(trans.next)),
                State::Sparse(sparse) => return sparse.matches_byte(byte?).map(Next::Byte),
                State::Dense(dense) => return dense.matches_byte(byte?).map(Next::Byte),
                State::Match { .. } => return Some(Next::Match),
                State::Union { alternates } => {
                    tasks.extend(alternates.iter().rev().copied().map(Task::Enter));
                }
                State::BinaryUnion { alt1, alt2 } => {
                    tasks.extend([Task::Enter(*alt2), Task::Enter(*alt1)]);
                }
                State::Capture { next, slot, .. } => {
                    let slot = slot.as_usize();
                    tasks.push(Task::Restore(slot, slots[slot]));
                    slots[slot] = Some(at);
                    tasks.push(Task::Enter(*next));
                }
                State::Look { next, .. } => tasks.push(Task::Enter(*next)),
                State::Fail => {}
            }
        }
        None
    }

    fn set_at(&mut self, at: usize) -> &Set {
        self.count();
        let number = self.number_at(at);
        &self.sets.all[number as usize]
    }

    /// The number of the set at a place. Places are asked for in rising order, so each block is found once.
    fn number_at(&mut self, at: usize) -> u32 {
        let block_start = at - at % self.block_length;
        if block_start != self.block_start {
            self.read_block(block_start);
        }
        self.block[at - block_start]
    }

    /// Finds the sets of a block from the one that was noted behind it.
    fn read_block(&mut self, block_start: usize) {
        self.sets.forget();
        let end = block_start + self.block_length;
        self.block_start = block_start;
        self.block.clear();
        self.block.resize(self.block_length, 0);
        let (mut number, last) = match self.tops.get(&end).cloned() {
            Some(top) => (self.sets.number(top), end),
            None => {
                let number = self.last_set();
                self.block[self.text.len() - block_start] = number;
                (number, self.text.len())
            }
        };
        for at in (block_start.max(self.start)..last).rev() {
            number = self.step(number, at);
            self.block[at - block_start] = number;
        }
    }

    /// The pass from the end: notes the set at the start of each block.
    fn read_backwards(&mut self) {
        let mut number = self.last_set();
        for at in (self.start..=self.text.len()).rev() {
            if at < self.text.len() {
                number = self.step(number, at);
            }
            if at.is_multiple_of(self.block_length) {
                let set = self.sets.all[number as usize].clone();
                self.tops.insert(at, set.clone());
                self.sets.forget();
                number = self.sets.number(set);
            }
        }
    }

    /// The set at the end of the text.
    fn last_set(&mut self) -> u32 {
        let mut set = self.empty_set();
        let looks = self.looks_at(self.text.len());
        self.close(&mut set, self.search.matches.clone(), looks);
        self.sets.number(set)
    }

    /// The set at a place, where the one behind its byte is known.
    fn step(&mut self, behind: u32, at: usize) -> u32 {
        self.count();
        let (search, byte) = (self.search, self.text.as_bytes()[at]);
        let looks = self.looks_at(at);
        let place = Place {
            class: search.nfa.byte_classes().get(byte),
            looks: looks.bits,
            is_boundary: self.text.is_char_boundary(at),
        };
        if let Some(known) = self.sets.steps.get(&(behind, place)) {
            return *known;
        }
        let mut found = Vec::new();
        for state in members(&self.sets.all[behind as usize]) {
            let edges = search.by_byte[state].iter();
            let fitting = edges.filter(|(_, start, end)| (*start..=*end).contains(&byte));
            found.extend(fitting.map(|(from, ..)| *from));
        }
        // A match never ends inside a character.
        if place.is_boundary {
            found.extend_from_slice(&search.matches);
        }
        let mut set = self.empty_set();
        self.close(&mut set, found, looks);
        let number = self.sets.number(set);
        self.sets.steps.insert((behind, place), number);
        number
    }

    /// Adds states, and all that lead to them without a byte.
    fn close(&self, set: &mut Set, mut found: Vec<StateID>, looks: LookSet) {
        while let Some(state) = found.pop() {
            let (word, bit) = (state.as_usize() / 64, 1 << (state.as_usize() % 64));
            if set[word] & bit != 0 {
                continue;
            }
            set[word] |= bit;
            let edges = self.search.by_nothing[state.as_usize()].iter();
            let holding = edges.filter(|(_, look)| look.is_none_or(|look| looks.contains(look)));
            found.extend(holding.map(|(from, _)| *from));
        }
    }

    /// The assertions of the pattern that hold at a place.
    fn looks_at(&self, at: usize) -> LookSet {
        let nfa = &self.search.nfa;
        let holds = |look: &Look| nfa.look_matcher().matches(*look, self.text.as_bytes(), at);
        let looks = nfa.look_set_any().iter().filter(holds);
        looks.fold(LookSet::empty(), LookSet::insert)
    }

    /// Counts a step for the tests.
    fn count(&mut self) {
        #[cfg(test)]
        {
            self.steps += 1;
        }
    }

    fn empty_set(&self) -> Set {
        vec![0; self.search.nfa.states().len().div_ceil(64)].into()
    }
}

/// Where a state leads to.
enum Next {
    Byte(StateID),
    Match,
}

enum Task {
    Enter(StateID),
    /// The alternative that set this slot leads nowhere.
    Restore(usize, Option<usize>),
}

impl Sets {
    fn number(&mut self, set: Set) -> u32 {
        if let Some(number) = self.numbers.get(&set) {
            return *number;
        }
        // There are far fewer, since they are forgotten from time to time.
        let number = self.all.len() as u32;
        self.all.push(set.clone());
        self.numbers.insert(set, number);
        number
    }

    /// Bounds the memory; the numbers given so far mean nothing any more where it did something.
    fn forget(&mut self) {
        if self.all.len() > KNOWN_SETS {
            *self = Self::default();
        }
    }
}

fn contains(set: &Set, state: StateID) -> bool {
    set[state.as_usize() / 64] & (1 << (state.as_usize() % 64)) != 0
}

fn members(set: &Set) -> impl Iterator<Item = usize> {
    set.iter().enumerate().flat_map(|(word, bits)| {
        (0..64).filter_map(move |bit| (bits & (1 << bit) != 0).then_some(word * 64 + bit))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    /// All matches with their groups, an empty one never right after the end of another search.
    fn matches(pattern: &str, text: &str, from: usize) -> Vec<Vec<Option<usize>>> {
        let search = SteadySearch::new(pattern).unwrap();
        let mut scan = search.scan(text, from);
        let (mut all, mut start) = (Vec::new(), from);
        while let Some(slots) = scan.find_at(start) {
            all.push(slots.to_vec());
            start = after(text, slots[0].unwrap(), slots[1].unwrap());
            if start > text.len() {
                break;
            }
        }
        all
    }

    fn expected(pattern: &str, text: &str, from: usize) -> Vec<Vec<Option<usize>>> {
        let regex = Regex::new(pattern).unwrap();
        let mut groups = regex.capture_locations();
        let (mut all, mut start) = (Vec::new(), from);
        while let Some(found) = regex.captures_read_at(&mut groups, text, start) {
            let slots = (0..groups.len()).map(|group| groups.get(group));
            let ends =
                slots.flat_map(|slot| [slot.map(|(start, _)| start), slot.map(|(_, end)| end)]);
            all.push(ends.collect());
            start = after(text, found.start(), found.end());
            if start > text.len() {
                break;
            }
        }
        all
    }

    fn after(text: &str, start: usize, end: usize) -> usize {
        match start == end {
            true => end + text[end..].chars().next().map_or(1, char::len_utf8),
            false => end,
        }
    }

    #[track_caller]
    fn check(pattern: &str, text: &str) {
        for from in [0, text.len() / 2] {
            if text.is_char_boundary(from) {
                let found = matches(pattern, text, from);
                assert_eq!(
                    found,
                    expected(pattern, text, from),
                    "`{pattern}` in {text:?}"
                );
            }
        }
    }

    #[test]
    fn matches_are_those_of_the_usual_engine() {
        let patterns = [
            "a.*b|a",
            "(?s)a.*b|a",
            "a*",
            "(a*)*",
            "(a|b)*?b",
            "(a*?|b)+",
            r"\b\w+\b",
            r"^a|b\z",
            r"(?m)^.*$",
            "(?i)ab+?",
            "(é|..)+",
            "()",
            "(a)|(b)|(é)",
            r"\B",
            "(a{2,3}){2}",
            "[^a]+?a",
            "((a)|b)+?(c|é)?",
            "",
        ];
        let texts = [
            "",
            "a",
            "aaaaaab",
            "abababa",
            "aé\nbé a_b ",
            "xéééx\n\nab",
            "日本語 a日b",
            "bbbaaacccé",
        ];
        for pattern in patterns {
            texts.iter().for_each(|text| check(pattern, text));
        }
        // Longer than a block.
        let long = "ab é\n日aab ".repeat(200);
        patterns.iter().for_each(|pattern| check(pattern, &long));
    }

    /// Patterns that an ordinary search for all matches needs a quadratic time for.
    const SLOW: [&str; 6] = [
        "(?s)a.*b|a",
        "a*b|a",
        "(a+a+)+b|a",
        r"(?s)(\w+@)?a",
        "(?s:.)*z|.",
        r"\b.*z|a",
    ];

    #[test]
    fn the_steps_grow_as_the_text_does() {
        for pattern in SLOW {
            let search = SteadySearch::new(pattern).unwrap();
            let steps = |length: usize| {
                let text = "a".repeat(length);
                let mut scan = search.scan(&text, 0);
                let mut start = 0;
                while let Some(slots) = scan.find_at(start) {
                    start = after(&text, slots[0].unwrap(), slots[1].unwrap());
                }
                scan.steps
            };
            let [one, two, four] = [5_000, 10_000, 20_000].map(steps);
            assert!(
                two <= 2 * one + 100 && four <= 2 * two + 100,
                "{pattern}: {one} {two} {four}"
            );
            assert!(four <= 6 * 20_000, "{pattern}: {four}");
        }
    }

    fn any_pattern() -> impl Strategy<Value = String> {
        let leaves = vec![
            "a", "b", "é", ".", "[^a]", r"\w", r"\b", r"\B", "^", r"\z", "", "ab", "(?m:^)",
            "(?s:.)",
        ];
        let leaf = prop::sample::select(leaves).prop_map(str::to_owned);
        leaf.prop_recursive(5, 24, 3, |inner| {
            let repeats = vec!["*", "+", "?", "*?", "+?", "??", "{1,2}", "{2}?"];
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| parts.concat()),
                (inner.clone(), inner.clone())
                    .prop_map(|(one, other)| format!("(?:{one}|{other})")),
                inner.clone().prop_map(|inner| format!("({inner})")),
                (inner, prop::sample::select(repeats))
                    .prop_map(|(inner, repeat)| format!("(?:{inner}){repeat}")),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_pattern_matches_as_in_the_usual_engine(pattern in any_pattern(), text in "[abcé \n]{0,24}") {
            check(&pattern, &text);
        }
    }
}
