//! The times when attempts failed, by class.

use std::collections::BTreeMap;

use serde::Serialize;

/// The failed attempts over time, by class. Only the event log has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ErrorsOverTime {
    /// The beginning of the first step, in seconds since 1970.
    pub start: f64,
    /// The length of a step, in seconds.
    pub step_seconds: f64,
    /// The classes, all with the same number of steps.
    pub classes: Vec<ErrorsOfClass>,
}

/// The attempts that failed for one class of reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ErrorsOfClass {
    /// The class: `network`, `memory`, `processing`, `system`, `input`, `config`.
    pub class: String,
    /// The number of failures in each step.
    pub attempts: Vec<u64>,
}

/// The number of steps that fits on a line of text.
const STEPS: usize = 40;

/// The most classes. Logs of other programs may have many.
const MOST_CLASSES: usize = 16;

/// The failures so far. Steps become longer as time passes, so that their number is bounded.
#[derive(Clone, Debug, Default)]
pub(super) struct FailureTimes {
    start: Option<f64>,
    step_seconds: f64,
    classes: BTreeMap<String, Vec<u64>>,
}

impl FailureTimes {
    pub(super) fn take(&mut self, class: &str, time: f64) {
        if !time.is_finite() {
            return;
        }
        let start = *self.start.get_or_insert(time);
        self.step_seconds = self.step_seconds.max(1.0);
        while (time - start) / self.step_seconds >= STEPS as f64 {
            self.step_seconds *= 2.0;
            for steps in self.classes.values_mut() {
                *steps = steps.chunks(2).map(|pair| pair.iter().sum()).collect();
            }
        }
        // Clocks may go back.
        let step = ((time - start) / self.step_seconds).max(0.0) as usize;
        if !self.classes.contains_key(class) && self.classes.len() >= MOST_CLASSES {
            return;
        }
        let steps = self.classes.entry(class.to_owned()).or_default();
        steps.resize(steps.len().max(step + 1), 0);
        steps[step] += 1;
    }

    pub(super) fn finish(&self) -> Option<ErrorsOverTime> {
        let steps = self.classes.values().map(Vec::len).max().unwrap_or(0);
        let classes = self.classes.iter().map(|(class, attempts)| {
            let mut attempts = attempts.clone();
            attempts.resize(steps, 0);
            let class = class.clone();
            ErrorsOfClass { class, attempts }
        });
        Some(ErrorsOverTime {
            start: self.start?,
            step_seconds: self.step_seconds,
            classes: classes.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_long_a_job_takes_every_failure_is_in_one_of_few_steps() {
        assert_eq!(FailureTimes::default().finish(), None);
        let mut times = FailureTimes::default();
        times.take("network", 1000.0);
        times.take("network", 1000.5);
        times.take("memory", 1002.0);
        let short = times.finish().unwrap();
        assert_eq!((short.start, short.step_seconds), (1000.0, 1.0));
        let steps: Vec<_> = short.classes.iter().map(|one| &one.attempts[..]).collect();
        assert_eq!(steps, [[0, 0, 1], [2, 0, 0]]);
        for at in 0..100_000 {
            times.take("network", 1000.0 + f64::from(at));
        }
        times.take("network", 17.0);
        times.take("network", f64::NAN);
        let long = times.finish().unwrap();
        let network = &long.classes[1].attempts;
        assert!(network.len() <= STEPS, "{}", network.len());
        assert_eq!(network.iter().sum::<u64>(), 100_003);
        assert_eq!(long.classes[0].attempts.len(), network.len());
        times.take("network", 1e300);
        assert!(times.finish().unwrap().classes[1].attempts.len() <= STEPS);
    }
}
