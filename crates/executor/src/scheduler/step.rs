//! What an attempt short of a result came to.

/// What an attempt short of a result came to, so that the next one has less to do, or another way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The first so many operators are done.
    Gate(u32),
    /// The copy of the slice is given up, so that the slice is read from its source.
    WithoutCopy,
    /// So many records were set apart so far, because they kill whoever works on them.
    WithoutRecords(u32),
    /// From now on a worker has it alone, because one died that had others too.
    Alone,
}

/// All steps of a task together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    gate: u32,
    is_without_copy: bool,
    without_records: u32,
    pub(super) is_alone: bool,
}

impl Reached {
    /// Takes the step, if it leads further.
    pub(super) fn take(&mut self, step: Step) -> bool {
        let before = *self;
        match step {
            Step::Gate(gate) => self.gate = gate.max(self.gate),
            Step::WithoutCopy => self.is_without_copy = true,
            Step::WithoutRecords(count) => self.without_records = count.max(self.without_records),
            Step::Alone => self.is_alone = true,
        }
        *self != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_step_that_leads_further_is_one() {
        let mut reached = Reached::default();
        for (step, leads_further) in [
            (Step::Gate(2), true),
            (Step::Gate(2), false),
            (Step::WithoutCopy, true),
            (Step::Gate(1), false),
            (Step::WithoutRecords(1), true),
            (Step::WithoutCopy, false),
            (Step::WithoutRecords(1), false),
            (Step::WithoutRecords(2), true),
            (Step::Gate(3), true),
            (Step::Alone, true),
            (Step::Alone, false),
        ] {
            assert_eq!(reached.take(step), leads_further, "{step:?}");
        }
    }
}
