//! Patterns as instructions for the engine that backtracks.

mod first;
mod required;

use first::First;
use required::required;

use crate::ast::{Assert, Greed, Look, Node, Repeat};
use crate::options::Dialect;
use crate::sets::CharSet;

/// An instruction. Those that read text have `back` if they read it backwards, as in a lookbehind.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// One character of a set.
    Char { set: usize, back: bool },
    /// Characters of a set.
    Run {
        set: usize,
        least: u32,
        most: u32,
        greed: Greed,
        back: bool,
    },
    /// Tries to continue with one, then with the other.
    Either(usize, usize),
    /// Continues elsewhere.
    Jump(usize),
    /// Notes the place.
    Save(usize),
    /// Continues if the condition holds.
    Assert(Condition),
    /// A backreference: what a group matched, once more.
    Backreference {
        group: usize,
        ignore_case: bool,
        back: bool,
    },
    /// Continues here if the group took part, else elsewhere.
    IfGroup { group: usize, otherwise: usize },
    /// What follows up to `Done` matches here, or does not; then continues at `next`.
    Look { is_negative: bool, next: usize },
    /// What follows up to `Done` is matched in one way only; then continues at `next`.
    Atomic { next: usize },
    /// The end of a look-around or an atomic part.
    Done,
    /// Begins a loop.
    LoopBegin { counter: usize },
    /// Runs the body of a loop, which follows, once more, or continues at `next`.
    Loop {
        counter: usize,
        least: u32,
        most: u32,
        is_lazy: bool,
        next: usize,
    },
    /// Lets the match begin here.
    Keep,
    /// A grapheme cluster.
    Grapheme { back: bool },
    /// The end of the pattern.
    Match,
}

/// A condition on a place, with the place of the set that it asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Condition {
    Start,
    End,
    Dollar,
    LineStart,
    LineEnd,
    SearchStart,
    Boundary(usize),
    NoBoundary(usize),
    WordStart(usize),
    WordEnd(usize),
}

/// A set of characters with a fast membership test.
#[derive(Clone, Debug)]
pub(crate) struct Chars {
    ascii: u128,
    ranges: Vec<(char, char)>,
}

impl Chars {
    fn new(set: &CharSet) -> Self {
        let is_in = |code: u8| set.contains(char::from(code));
        let ascii = (0..128).filter(|code| is_in(*code));
        Self {
            ascii: ascii.fold(0, |bits, code| bits | 1 << code),
            ranges: set.ranges().collect(),
        }
    }

    pub(crate) fn has(&self, ch: char) -> bool {
        if ch.is_ascii() {
            return self.ascii >> (ch as u32) & 1 == 1;
        }
        let place = self.ranges.partition_point(|(_, last)| *last < ch);
        self.ranges
            .get(place)
            .is_some_and(|(first, _)| *first <= ch)
    }
}

/// A pattern as instructions.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) steps: Vec<Step>,
    pub(crate) sets: Vec<Chars>,
    pub(crate) counters: usize,
    /// Whether a part that matched nothing is repeated as long as that changes groups.
    pub(crate) minds_groups: bool,
    /// The characters that a match begins with, where it cannot be empty.
    pub(crate) first: Option<Chars>,
    /// Characters of which every match needs one, in it or right beside it.
    pub(crate) required: Option<Chars>,
}

/// Compiles a pattern.
pub(crate) fn compile(node: &Node, dialect: Dialect) -> Program {
    let mut compiler = Compiler {
        steps: Vec::new(),
        sets: Vec::new(),
        known: Vec::new(),
        counters: 0,
    };
    compiler.add(node, false);
    compiler.steps.push(Step::Match);
    let begins = First::of(node);
    Program {
        steps: compiler.steps,
        sets: compiler.sets,
        counters: compiler.counters,
        minds_groups: dialect == Dialect::Regex,
        first: (!begins.may_be_empty).then(|| Chars::new(&begins.set)),
        required: required(node).map(|set| Chars::new(&set)),
    }
}

struct Compiler {
    steps: Vec<Step>,
    sets: Vec<Chars>,
    known: Vec<CharSet>,
    counters: usize,
}

impl Compiler {
    fn set(&mut self, set: &CharSet) -> usize {
        let known = self.known.iter().position(|known| known == set);
        known.unwrap_or_else(|| {
            self.known.push(set.clone());
            self.sets.push(Chars::new(set));
            self.sets.len() - 1
        })
    }

    /// Appends an instruction whose target is not known yet.
    fn hole(&mut self) -> usize {
        self.steps.push(Step::Done);
        self.steps.len() - 1
    }

    fn add(&mut self, node: &Node, back: bool) {
        match node {
            Node::Empty => {}
            Node::Set(set) => {
                let set = self.set(set);
                self.steps.push(Step::Char { set, back });
            }
            Node::Concat(nodes) if back => nodes.iter().rev().for_each(|node| self.add(node, back)),
            Node::Concat(nodes) => nodes.iter().for_each(|node| self.add(node, back)),
            Node::Alternation(nodes) => self.alternation(nodes, back),
            Node::Repeat(repeat) => self.repeat(repeat, back),
            Node::Group(number, node) => {
                let places = [2 * number, 2 * number + 1];
                let [begin, end] = if back { [places[1], places[0]] } else { places };
                self.steps.push(Step::Save(begin));
                self.add(node, back);
                self.steps.push(Step::Save(end));
            }
            Node::Assert(assert) => {
                let condition = self.condition(assert);
                self.steps.push(Step::Assert(condition));
            }
            Node::Look(look) => self.look(look),
            Node::Atomic(node) => self.atomic(|compiler| compiler.add(node, back)),
            Node::Backreference { group, ignore_case } => {
                let (group, ignore_case) = (*group, *ignore_case);
                self.steps.push(Step::Backreference {
                    group,
                    ignore_case,
                    back,
                });
            }
            Node::Conditional { group, yes, no } => self.conditional(*group, yes, no, back),
            Node::Keep => self.steps.push(Step::Keep),
            Node::Grapheme => self.steps.push(Step::Grapheme { back }),
        }
    }

    fn alternation(&mut self, nodes: &[Node], back: bool) {
        let mut ends = Vec::new();
        for (place, node) in nodes.iter().enumerate() {
            if place + 1 == nodes.len() {
                self.add(node, back);
                break;
            }
            let either = self.hole();
            self.add(node, back);
            ends.push(self.hole());
            self.steps[either] = Step::Either(either + 1, self.steps.len());
        }
        for end in ends {
            self.steps[end] = Step::Jump(self.steps.len());
        }
    }

    fn repeat(&mut self, repeat: &Repeat, back: bool) {
        let &Repeat {
            ref node,
            least,
            most,
            greed,
        } = repeat;
        let most = most.unwrap_or(u32::MAX);
        if let Node::Set(set) = node {
            let set = self.set(set);
            self.steps.push(Step::Run {
                set,
                least,
                most,
                greed,
                back,
            });
            return;
        }
        match greed {
            Greed::Possessive => {
                self.atomic(|compiler| compiler.looped(node, (least, most), false, back));
            }
            _ => self.looped(node, (least, most), greed == Greed::Lazy, back),
        }
    }

    fn looped(&mut self, node: &Node, (least, most): (u32, u32), is_lazy: bool, back: bool) {
        let counter = self.counters;
        self.counters += 1;
        self.steps.push(Step::LoopBegin { counter });
        let head = self.hole();
        self.add(node, back);
        self.steps.push(Step::Jump(head));
        self.steps[head] = Step::Loop {
            counter,
            least,
            most,
            is_lazy,
            next: self.steps.len(),
        };
    }

    fn look(&mut self, look: &Look) {
        let begin = self.hole();
        self.add(&look.node, look.is_behind);
        self.steps.push(Step::Done);
        self.steps[begin] = Step::Look {
            is_negative: look.is_negative,
            next: self.steps.len(),
        };
    }

    fn atomic(&mut self, add: impl FnOnce(&mut Self)) {
        let begin = self.hole();
        add(self);
        self.steps.push(Step::Done);
        self.steps[begin] = Step::Atomic {
            next: self.steps.len(),
        };
    }

    fn conditional(&mut self, group: usize, yes: &Node, no: &Node, back: bool) {
        let begin = self.hole();
        self.add(yes, back);
        let end = self.hole();
        self.steps[begin] = Step::IfGroup {
            group,
            otherwise: self.steps.len(),
        };
        self.add(no, back);
        self.steps[end] = Step::Jump(self.steps.len());
    }

    fn condition(&mut self, assert: &Assert) -> Condition {
        match assert {
            Assert::Start => Condition::Start,
            Assert::End => Condition::End,
            Assert::Dollar => Condition::Dollar,
            Assert::LineStart => Condition::LineStart,
            Assert::LineEnd => Condition::LineEnd,
            Assert::SearchStart => Condition::SearchStart,
            Assert::Boundary(words) => Condition::Boundary(self.set(words)),
            Assert::NoBoundary(words) => Condition::NoBoundary(self.set(words)),
            Assert::WordStart(words) => Condition::WordStart(self.set(words)),
            Assert::WordEnd(words) => Condition::WordEnd(self.set(words)),
        }
    }
}
