//! Second attempts at tasks whose first attempt takes much longer than those at other tasks.
//!
//! Where workers are on several machines, one of them may be slow: its disk fails, or others use it too. At the end of a stage
//! everybody waits for it. So its task is begun a second time elsewhere. The first attempt that ends well counts, the other one is
//! cancelled, and whatever it still writes has a name that nobody cites.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use coldpress_partition::Task;

/// How many times the expected time an attempt takes before there is a second one. Spark waits as long.
const PATIENCE: f64 = 3.0;
/// An attempt that takes less is not worth a second one.
const LEAST: Duration = Duration::from_secs(5);
/// From so many attempts on it is known how long the next one takes.
const KNOWN: usize = 3;
/// Of so many of the last attempts it is remembered how long they took.
const REMEMBERED: usize = 101;

/// What the end of an attempt means for the other one at its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Race {
    /// The other was faster, so this one counts for nothing.
    Lost,
    /// This one failed, and the other is still at work.
    OtherRuns,
    /// This one decides. The other, which has this number, is to be cancelled if there is one.
    Over(Option<u32>),
}

/// An attempt that is much slower than others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slow {
    pub(super) task: Task,
    /// The time that it has taken so far.
    pub(super) taken: Duration,
    /// The time that it should have taken.
    pub(super) expected: Duration,
}

/// Which attempts are out, and how long they take. It is given the time and reads no clock.
#[derive(Debug, Default)]
pub(super) struct Speculation {
    /// Attempts that may be at work: their numbers and when they began.
    out: BTreeMap<Task, Vec<(u32, Duration)>>,
    /// Attempts at work that were overtaken.
    lost: BTreeSet<(Task, u32)>,
    /// The stage of the last attempts that ended well, how long they took, and the bytes that they read.
    took: VecDeque<(u32, f64, u64)>,
}

impl Speculation {
    /// An attempt was given out.
    pub(super) fn begun(&mut self, task: Task, number: u32, now: Duration) {
        self.out.entry(task).or_default().push((number, now));
    }

    /// An attempt ended. One that ended well, or shows that all work at the task was in vain, decides about the task.
    pub(super) fn ended(&mut self, task: Task, number: u32, decides: bool) -> Race {
        if self.lost.remove(&(task, number)) {
            return Race::Lost;
        }
        let mut out = self.out.remove(&task).unwrap_or_default();
        out.retain(|(other, _)| *other != number);
        let other = out.first().map(|(other, _)| *other);
        match other {
            Some(_) if !decides => {
                self.out.insert(task, out);
                Race::OtherRuns
            }
            Some(other) => {
                self.lost.insert((task, other));
                Race::Over(Some(other))
            }
            None => Race::Over(None),
        }
    }

    /// An attempt at a slice of so many bytes ended well after so many seconds.
    pub(super) fn took(&mut self, task: Task, seconds: f64, bytes: u64) {
        if self.took.len() == REMEMBERED {
            self.took.pop_front();
        }
        self.took.push_back((task.stage, seconds, bytes));
    }

    /// Finds the attempt that is the furthest beyond the time that it should have taken, if one is much beyond it and has no
    /// other beside it.
    pub(super) fn slowest(&self, now: Duration, bytes_of: impl Fn(Task) -> u64) -> Option<Slow> {
        let alone = self.out.iter().filter(|(_, out)| out.len() == 1);
        let all = alone.filter_map(|(task, out)| {
            let taken = now.saturating_sub(out.first()?.1);
            if taken < LEAST {
                return None;
            }
            let expected = self.expected(task.stage, bytes_of(*task))?;
            (taken.as_secs_f64() > PATIENCE * expected.as_secs_f64()).then_some(Slow {
                task: *task,
                taken,
                expected,
            })
        });
        let beyond = |slow: &Slow| slow.taken.as_secs_f64() / slow.expected.as_secs_f64();
        all.max_by(|one, other| beyond(one).total_cmp(&beyond(other)))
    }

    /// How long an attempt takes at a slice of so many bytes: as long as most of the last ones, and longer if its slice is.
    fn expected(&self, stage: u32, bytes: u64) -> Option<Duration> {
        let of_stage = self.took.iter().filter(|(of, ..)| *of == stage);
        let of_stage: Vec<_> = of_stage
            .map(|(_, seconds, bytes)| (*seconds, *bytes))
            .collect();
        if of_stage.len() < KNOWN {
            return None;
        }
        let seconds = median(of_stage.iter().map(|(seconds, _)| *seconds));
        let usual = median(of_stage.iter().map(|(_, bytes)| *bytes as f64));
        let longer = (bytes as f64 / usual.max(1.0)).max(1.0);
        Some(Duration::from_secs_f64((seconds * longer).max(0.001)))
    }
}

/// The value in the middle; 0 if there are none.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    let middle = values.len() / 2;
    match values.is_empty() {
        true => 0.0,
        false => *values.select_nth_unstable_by(middle, f64::total_cmp).1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(partition: u32) -> Task {
        Task::new(0, partition)
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Three attempts ended after 4 s each, and these are out since the beginning.
    fn after_three(out: &[u32]) -> Speculation {
        let mut speculation = Speculation::default();
        for partition in 10..13 {
            speculation.begun(task(partition), 1, seconds(0));
            let ended = speculation.ended(task(partition), 1, true);
            assert_eq!(ended, Race::Over(None));
            speculation.took(task(partition), 4.0, 100);
        }
        for partition in out {
            speculation.begun(task(*partition), 1, seconds(0));
        }
        speculation
    }

    #[test]
    fn an_attempt_is_slow_if_it_takes_three_times_as_long_as_others() {
        let speculation = after_three(&[1]);
        let slowest = |now, bytes| speculation.slowest(seconds(now), |_| bytes);
        assert_eq!(slowest(12, 100), None);
        let slow = slowest(13, 100).unwrap();
        assert_eq!((slow.task, slow.expected), (task(1), seconds(4)));
        // A slice that is twice as long takes twice as long, and a shorter one may take as long as any.
        assert_eq!(slowest(24, 200), None);
        assert!(slowest(25, 200).is_some());
        assert_eq!(slowest(12, 10), None);
    }

    #[test]
    fn nothing_is_slow_before_others_have_ended_or_a_few_seconds_have_passed() {
        let mut speculation = Speculation::default();
        speculation.begun(task(1), 1, seconds(0));
        for partition in 2..5 {
            assert_eq!(speculation.slowest(seconds(100), |_| 1), None);
            speculation.took(task(partition), 0.01, 1);
        }
        assert!(speculation.slowest(seconds(100), |_| 1).is_some());
        assert_eq!(speculation.slowest(seconds(4), |_| 1), None);
        // Other stages say nothing about this one.
        speculation.begun(Task::new(1, 1), 1, seconds(0));
        let slow = speculation.slowest(seconds(100), |_| 1).unwrap();
        assert_eq!(slow.task, task(1));
    }

    #[test]
    fn the_first_of_two_that_ends_well_counts() {
        for (first, second) in [(1, 2), (2, 1)] {
            let mut speculation = after_three(&[1, 2]);
            speculation.begun(task(1), 2, seconds(20));
            // One that has a second attempt gets no third.
            let slow = speculation.slowest(seconds(99), |_| 100).unwrap();
            assert_eq!(slow.task, task(2));
            let won = speculation.ended(task(1), first, true);
            assert_eq!(won, Race::Over(Some(second)));
            // Also when the task is worked on again before the other has ended.
            speculation.begun(task(1), 3, seconds(30));
            assert_eq!(speculation.ended(task(1), second, true), Race::Lost);
            assert_eq!(speculation.ended(task(1), 3, false), Race::Over(None));
        }
    }

    #[test]
    fn one_that_fails_leaves_the_other_at_work() {
        let mut speculation = after_three(&[1]);
        speculation.begun(task(1), 2, seconds(20));
        assert_eq!(speculation.ended(task(1), 1, false), Race::OtherRuns);
        assert_eq!(speculation.ended(task(1), 2, false), Race::Over(None));
        // An end that decides about the task ends the other, too.
        speculation.begun(task(1), 3, seconds(20));
        speculation.begun(task(1), 4, seconds(40));
        assert_eq!(speculation.ended(task(1), 3, true), Race::Over(Some(4)));
    }
}
