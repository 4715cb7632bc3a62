//! Partitions that took far longer than others, and why.

use coldpress_job::{JobState, Publication};
use serde::Serialize;

/// A partition that took far longer than others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Straggler {
    /// The partition.
    pub partition: u32,
    /// Seconds of work on it.
    pub seconds: f64,
    /// The duration as a multiple of the median.
    pub times_median: f64,
    /// The operator that took most of the additional time.
    pub operator: Option<String>,
    /// Differences from other partitions, a phrase each; empty if nothing is known.
    pub reasons: Vec<String>,
}

/// The least number of partitions. With fewer, a median says little.
const LEAST_PARTITIONS: usize = 5;
/// The threshold for a straggler: this many times the median, and this many seconds more.
const TIMES: f64 = 2.0;
const SECONDS_MORE: f64 = 1.0;
const LISTED: usize = 10;

struct Worked<'a> {
    partition: u32,
    result: &'a Publication,
    nanos: u64,
    records: u64,
    bytes: u64,
}

impl Worked<'_> {
    fn bytes_per_record(&self) -> f64 {
        self.bytes as f64 / self.records.max(1) as f64
    }
}

/// Lists the partitions that took far longer than others, the slowest first.
pub(super) fn stragglers(state: &JobState) -> Vec<Straggler> {
    let worked = state.partitions().filter_map(|planned| {
        let (_, result) = state.farthest_result(planned.index)?;
        Some(Worked {
            partition: planned.index,
            result,
            nanos: result.nanos.iter().sum(),
            records: planned.slice.records,
            bytes: planned.slice.bytes(),
        })
    });
    // A partition whose time was not measured would make the others look slow.
    let worked: Vec<Worked<'_>> = worked.filter(|one| one.nanos > 0).collect();
    if worked.len() < LEAST_PARTITIONS {
        return Vec::new();
    }
    let middle = median(worked.iter().map(|one| one.nanos as f64));
    let slow = worked
        .iter()
        .filter(|one| is_slow(one.nanos as f64, middle));
    let mut slow: Vec<&Worked<'_>> = slow.collect();
    slow.sort_by_key(|one| std::cmp::Reverse(one.nanos));
    let usual = Usual::of(&worked);
    let listed = slow.into_iter().take(LISTED);
    listed
        .map(|one| {
            let slowest = usual.slowest_operator(one);
            let operators = &one.result.ledger.operators;
            Straggler {
                partition: one.partition,
                seconds: one.nanos as f64 / 1e9,
                times_median: one.nanos as f64 / middle.max(1.0),
                operator: slowest.map(|place| operators[place].name.to_string()),
                reasons: usual.reasons(state, one, slowest),
            }
        })
        .collect()
}

/// Returns whether a partition took far longer than the median one, and long enough for somebody to wait for it.
fn is_slow(nanos: f64, middle: f64) -> bool {
    nanos > TIMES * middle && nanos - middle > SECONDS_MORE * 1e9
}

/// The typical values in a job.
struct Usual {
    records: f64,
    bytes: f64,
    bytes_per_record: f64,
    nanos: Vec<f64>,
    /// Records that come to each operator.
    arrived: Vec<f64>,
}

impl Usual {
    fn of(worked: &[Worked<'_>]) -> Self {
        let operators = worked.iter().map(|one| one.result.nanos.len()).max();
        let of_operator = |at: usize| {
            let nanos = worked.iter().filter_map(|one| one.result.nanos.get(at));
            median(nanos.map(|nanos| *nanos as f64))
        };
        let arrived_at = |at: usize| {
            let ledgers = worked.iter().map(|one| &one.result.ledger.operators);
            let arrived = ledgers.filter_map(|operators| Some(operators.get(at)?.records_in));
            median(arrived.map(|records| records as f64))
        };
        let operators = 0..operators.unwrap_or(0);
        Self {
            arrived: operators.clone().map(arrived_at).collect(),
            records: median(worked.iter().map(|one| one.records as f64)),
            bytes: median(worked.iter().map(|one| one.bytes as f64)),
            bytes_per_record: median(worked.iter().map(Worked::bytes_per_record)),
            nanos: operators.map(of_operator).collect(),
        }
    }

    /// Returns the place of the operator that took most of the additional time.
    fn slowest_operator(&self, one: &Worked<'_>) -> Option<usize> {
        let surplus = one.result.nanos.iter().zip(&self.nanos);
        let surplus = surplus.map(|(nanos, usual)| *nanos as f64 - usual);
        let operators = surplus.enumerate().take(one.result.ledger.operators.len());
        let slowest = operators.max_by(|(_, a), (_, b)| a.total_cmp(b));
        slowest.map(|(place, _)| place)
    }

    /// Returns a reason if more records than usual came to the slow operator.
    fn more_arrived(&self, one: &Worked<'_>, slowest: Option<usize>) -> Option<String> {
        let place = slowest?;
        let arrived = one.result.ledger.operators.get(place)?.records_in;
        match self.arrived.get(place).copied()? {
            0.0 if arrived > 0 => {
                Some("in most other partitions no records are left at that operator".to_owned())
            }
            usual => times(arrived as f64, usual).map(|times| {
                format!("{times:.1} × as many of its records as usual come to that operator")
            }),
        }
    }

    fn reasons(&self, state: &JobState, one: &Worked<'_>, slowest: Option<usize>) -> Vec<String> {
        let mut reasons = Vec::new();
        if let Some(times) = times(one.bytes_per_record(), self.bytes_per_record) {
            reasons.push(format!("its records are {times:.1} × as long as usual"));
        } else if let Some(times) = times(one.bytes as f64, self.bytes) {
            reasons.push(format!("it has {times:.1} × as many bytes as usual"));
        }
        if let Some(times) = times(one.records as f64, self.records) {
            reasons.push(format!("it has {times:.1} × as many records as usual"));
        } else {
            reasons.extend(self.more_arrived(one, slowest));
        }
        match state.retries(one.partition) {
            0 => {}
            1 => reasons.push("an attempt at it failed before".to_owned()),
            retries => reasons.push(format!("{retries} attempts at it failed before")),
        }
        reasons
    }
}

/// Returns the ratio of a value to the usual one; none if it differs too little to explain anything.
fn times(of: f64, usual: f64) -> Option<f64> {
    const TELLING: f64 = 1.5;
    let times = of / usual;
    (times.is_finite() && times >= TELLING).then_some(times)
}

/// Returns the median of the values, or 0 if there are none.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stragglers_take_many_times_as_long_and_seconds_more() {
        for (seconds, middle, expected) in [
            // In a job that takes a second, 1,421 times the median is noise.
            (0.45, 0.0003, false),
            (1.5, 0.3, true),
            (1.2, 0.3, false),
            (90.0, 60.0, false),
            (130.0, 60.0, true),
        ] {
            let nanos = |seconds: f64| seconds * 1e9;
            assert_eq!(
                is_slow(nanos(seconds), nanos(middle)),
                expected,
                "{seconds} of {middle}"
            );
        }
    }
}
