//! The backtracking engine: for patterns with look-around, backreferences or atomic groups.
//!
//! It tries one alternative after the other, as Python does, so a hostile pattern or text can take it exponential time. Each
//! instruction and each character that is read counts as a step, and a text has so many and no more: what becomes of a record
//! depends on the record, never on the clock.

mod reading;

use crate::ast::Greed;
use crate::error::TooManySteps;
use crate::program::{Program, Step};

/// Steps that every text has.
const STEPS: u64 = 100_000_000;

/// Steps for each byte of a text besides.
const STEPS_PER_BYTE: u64 = 100;

/// The most alternatives that are remembered: 160 MB.
const MOST_FRAMES: usize = 1 << 22;

/// Memory for searches that is used again from text to text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    slots: Vec<Option<usize>>,
    counters: Vec<Counter>,
    frames: Vec<Frame>,
}

/// How often a loop was gone through, and where the last time began: the place, and how often groups had changed.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    count: u32,
    last: Option<(usize, u64)>,
}

/// What to undo or try when what follows does not match.
#[derive(Clone, Copy, Debug)]
enum Frame {
    /// Goes on there.
    Branch { step: usize, at: usize },
    /// Gives back one character of a run, as long as it is longer than it has to be.
    Less {
        step: usize,
        at: usize,
        end: usize,
        back: bool,
    },
    /// Takes one more character into a run.
    More { step: usize, at: usize, left: u32 },
    /// Does the body of a loop once more.
    Body {
        step: usize,
        at: usize,
        counter: usize,
    },
    /// Restores a place.
    Slot {
        slot: usize,
        old: Option<usize>,
        changes: u64,
    },
    /// Restores a counter.
    Counter { counter: usize, old: Counter },
}

/// The search of one text.
pub(crate) struct Search<'a> {
    program: &'a Program,
    text: &'a str,
    memory: &'a mut Memory,
    steps: u64,
    /// Where the search at hand began, and whether a match that ends there does not count.
    begin: usize,
    must_advance: bool,
    /// How often groups have changed.
    changes: u64,
    /// The first place, not before the one that was asked about last, of what every match needs.
    required_at: Option<usize>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(
        program: &'a Program,
        text: &'a str,
        slots: usize,
        memory: &'a mut Memory,
    ) -> Self {
        memory.slots.clear();
        memory.slots.resize(slots, None);
        memory.counters.clear();
        memory.counters.resize(program.counters, Counter::default());
        Self {
            program,
            text,
            memory,
            steps: STEPS + STEPS_PER_BYTE * text.len() as u64,
            begin: 0,
            must_advance: false,
            changes: 0,
            required_at: None,
        }
    }

    /// Finds the next match that begins at `from` or later; with `must_advance`, not one that ends at `from`. The positions of
    /// its groups are then in the memory.
    pub(crate) fn find(&mut self, from: usize, must_advance: bool) -> Result<bool, TooManySteps> {
        (self.begin, self.must_advance) = (from, must_advance);
        let mut start = from;
        loop {
            if self.lacks_required(start) {
                return Ok(false);
            }
            let rest = &self.text[start..];
            if let Some(first) = &self.program.first {
                let Some((skipped, _)) = rest.char_indices().find(|(_, ch)| first.has(*ch)) else {
                    return Ok(false);
                };
                start += skipped;
            }
            self.memory.slots.fill(None);
            self.memory.frames.clear();
            self.memory.slots[0] = Some(start);
            if let Some(end) = self.run(0, start)? {
                self.memory.slots[1] = Some(end);
                return Ok(true);
            }
            match self.text[start..].chars().next() {
                Some(ch) => start += ch.len_utf8(),
                None => return Ok(false),
            }
        }
    }

    /// Returns whether what every match needs is nowhere from here on.
    fn lacks_required(&mut self, start: usize) -> bool {
        let Some(required) = &self.program.required else {
            return false;
        };
        if self.required_at.is_some_and(|at| at >= start) {
            return false;
        }
        let mut rest = self.text[start..].char_indices();
        let found = rest.find(|(_, ch)| required.has(*ch));
        self.required_at = found.map(|(at, _)| start + at);
        found.is_none()
    }

    /// Returns the positions of the last match and of its groups.
    pub(crate) fn slots(&self) -> &[Option<usize>] {
        &self.memory.slots
    }

    fn spend(&mut self, steps: u64) -> Result<(), TooManySteps> {
        self.steps = self.steps.checked_sub(steps).ok_or(TooManySteps)?;
        Ok(())
    }

    fn push(&mut self, frame: Frame) -> Result<(), TooManySteps> {
        if self.memory.frames.len() == MOST_FRAMES {
            return Err(TooManySteps);
        }
        self.memory.frames.push(frame);
        Ok(())
    }

    /// Runs from a step on, up to the end of the pattern or of a part that is run on its own. Returns where that is.
    fn run(&mut self, mut step: usize, mut at: usize) -> Result<Option<usize>, TooManySteps> {
        let base = self.memory.frames.len();
        loop {
            self.spend(1)?;
            let next = match &self.program.steps[step] {
                Step::Match if self.must_advance && at == self.begin => None,
                Step::Match | Step::Done => return Ok(Some(at)),
                other => self.step(other, step, at)?,
            };
            match next.map_or_else(|| self.backtrack(base), |next| Ok(Some(next)))? {
                Some(next) => (step, at) = next,
                None => return Ok(None),
            }
        }
    }

    /// Runs one step. Returns where to go on, if it matched.
    fn step(
        &mut self,
        step: &Step,
        number: usize,
        at: usize,
    ) -> Result<Option<(usize, usize)>, TooManySteps> {
        let next = number + 1;
        Ok(match *step {
            Step::Char { set, back } => self.read(at, back).and_then(|(ch, to)| {
                let is_in = self.program.sets[set].has(ch);
                is_in.then_some((next, to))
            }),
            Step::Run {
                set,
                least,
                most,
                greed,
                back,
            } => {
                let limit = if greed == Greed::Lazy { least } else { most };
                return self.run_of(set, (least, limit, most), greed, back, (number, at));
            }
            Step::Either(first, second) => {
                self.push(Frame::Branch { step: second, at })?;
                Some((first, at))
            }
            Step::Jump(to) => Some((to, at)),
            Step::Save(slot) => {
                self.save(slot, at)?;
                Some((next, at))
            }
            Step::Keep => {
                self.save(0, at)?;
                Some((next, at))
            }
            Step::Assert(condition) => self.holds(condition, at).then_some((next, at)),
            Step::Backreference {
                group,
                ignore_case,
                back,
            } => self
                .cited(group, ignore_case, back, at)?
                .map(|to| (next, to)),
            Step::IfGroup { group, otherwise } => {
                let took_part = self.group(group).is_some();
                Some((if took_part { next } else { otherwise }, at))
            }
            Step::Look { is_negative, next } => {
                let holds = self.apart(number + 1, at, !is_negative)?.is_some();
                (holds != is_negative).then_some((next, at))
            }
            Step::Atomic { next } => self.apart(number + 1, at, true)?.map(|to| (next, to)),
            Step::LoopBegin { counter } => {
                self.count(counter, Counter::default())?;
                Some((next, at))
            }
            Step::Loop {
                counter,
                least,
                most,
                is_lazy,
                next,
            } => Some(self.looped(counter, (least, most), is_lazy, (number + 1, next), at)?),
            Step::Grapheme { back } => self.grapheme(at, back).map(|to| (next, to)),
            Step::Match | Step::Done => None,
        })
    }

    /// Goes back to the last alternative.
    fn backtrack(&mut self, base: usize) -> Result<Option<(usize, usize)>, TooManySteps> {
        while self.memory.frames.len() > base {
            let Some(frame) = self.memory.frames.pop() else {
                break;
            };
            match frame {
                Frame::Branch { step, at } => return Ok(Some((step, at))),
                Frame::Less {
                    step,
                    at,
                    end,
                    back,
                } => {
                    let Some((_, at)) = self.read(at, !back) else {
                        continue;
                    };
                    if at != end {
                        self.push(Frame::Less {
                            step,
                            at,
                            end,
                            back,
                        })?;
                    }
                    return Ok(Some((step, at)));
                }
                Frame::More { step, at, left } => {
                    let Step::Run { set, back, .. } = self.program.steps[step] else {
                        continue;
                    };
                    let read = self.read(at, back);
                    let Some((_, at)) = read.filter(|(ch, _)| self.program.sets[set].has(*ch))
                    else {
                        continue;
                    };
                    if left > 1 {
                        let left = left - 1;
                        self.push(Frame::More { step, at, left })?;
                    }
                    return Ok(Some((step + 1, at)));
                }
                Frame::Body { step, at, counter } => {
                    self.once_more(counter, at)?;
                    return Ok(Some((step, at)));
                }
                Frame::Slot { .. } | Frame::Counter { .. } => self.undo(frame),
            }
        }
        Ok(None)
    }

    fn undo(&mut self, frame: Frame) {
        match frame {
            Frame::Slot { slot, old, changes } => {
                self.memory.slots[slot] = old;
                self.changes = changes;
            }
            Frame::Counter { counter, old } => self.memory.counters[counter] = old,
            _ => {}
        }
    }

    /// Runs a part on its own. Returns where it ends, if it matches. Its alternatives are forgotten, and so is what it noted unless
    /// it `counts`.
    fn apart(
        &mut self,
        step: usize,
        at: usize,
        counts: bool,
    ) -> Result<Option<usize>, TooManySteps> {
        let base = self.memory.frames.len();
        let end = self.run(step, at)?;
        if end.is_none() {
            return Ok(None);
        }
        if counts {
            let mut kept = base;
            for place in base..self.memory.frames.len() {
                let frame = self.memory.frames[place];
                if matches!(frame, Frame::Slot { .. } | Frame::Counter { .. }) {
                    self.memory.frames[kept] = frame;
                    kept += 1;
                }
            }
            self.memory.frames.truncate(kept);
        } else {
            while self.memory.frames.len() > base {
                if let Some(frame) = self.memory.frames.pop() {
                    self.undo(frame);
                }
            }
        }
        Ok(end)
    }

    fn save(&mut self, slot: usize, at: usize) -> Result<(), TooManySteps> {
        let old = self.memory.slots[slot].replace(at);
        let changes = self.changes;
        self.changes += u64::from(old != Some(at));
        self.push(Frame::Slot { slot, old, changes })
    }

    fn count(&mut self, counter: usize, to: Counter) -> Result<(), TooManySteps> {
        let old = std::mem::replace(&mut self.memory.counters[counter], to);
        self.push(Frame::Counter { counter, old })
    }

    fn looped(
        &mut self,
        counter: usize,
        (least, most): (u32, u32),
        is_lazy: bool,
        (body, next): (usize, usize),
        at: usize,
    ) -> Result<(usize, usize), TooManySteps> {
        let Counter { count, last } = self.memory.counters[counter];
        if count < least {
            self.once_more(counter, at)?;
            return Ok((body, at));
        }
        // Matching nothing once more would never end. `regex` tries it as long as groups change.
        let is_stuck = last == Some((at, self.changes))
            || (!self.program.minds_groups && last.is_some_and(|last| last.0 == at));
        if count >= most || is_stuck {
            return Ok((next, at));
        }
        if is_lazy {
            self.push(Frame::Body {
                step: body,
                at,
                counter,
            })?;
            return Ok((next, at));
        }
        self.push(Frame::Branch { step: next, at })?;
        self.once_more(counter, at)?;
        Ok((body, at))
    }

    fn once_more(&mut self, counter: usize, at: usize) -> Result<(), TooManySteps> {
        let count = self.memory.counters[counter].count.saturating_add(1);
        let last = Some((at, self.changes));
        self.count(counter, Counter { count, last })
    }
}
