//! Alerts: decides which rules of the recipe are met. A pure state machine; the driver's teller delivers the alerts.

use std::time::Duration;

use coldpress_config::{AlertRule, AlertWhen, Bound};
use coldpress_job::Status;

/// Something that a rule may be about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Signal<'a> {
    /// Records of this run that went to quarantine, of those that were through.
    Errors { quarantined: u64, records: u64 },
    /// Records a second that came through since the last sample, and for how many seconds none has.
    Pace { throughput: f64, still_seconds: f64 },
    /// MB that are free on the fullest disk of the job.
    DiskFree(f64),
    /// Deduplication removed this share of a source.
    SourceLoss { source: &'a str, share: f64 },
    /// The run ended.
    Ended(Status),
}

/// A rule that is met.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alert {
    /// Its place in the recipe.
    pub(crate) rule: usize,
    /// The measured value; none if there is nothing to measure.
    pub(crate) value: Option<f64>,
    pub(crate) message: String,
}

/// Watches all rules of a recipe.
///
/// A rule raises one alert, and another only after it was not met in between; the loss of a source, one for each source.
#[derive(Debug)]
pub(crate) struct AlertWatch {
    rules: Vec<Watched>,
}

#[derive(Debug)]
struct Watched {
    rule: AlertRule,
    /// Since when it is met.
    since: Option<Duration>,
    is_told: bool,
}

impl AlertWatch {
    pub(crate) fn new(rules: &[AlertRule]) -> Self {
        let watched = |rule: &AlertRule| Watched {
            rule: rule.clone(),
            since: None,
            is_told: false,
        };
        Self {
            rules: rules.iter().map(watched).collect(),
        }
    }

    pub(crate) fn rule(&self, place: usize) -> Option<&AlertRule> {
        self.rules.get(place).map(|watched| &watched.rule)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Returns whether a rule needs samples of the job's pace or of its disks.
    pub(crate) fn needs_samples(&self) -> bool {
        self.rules.iter().any(|watched| {
            matches!(
                watched.rule.when,
                AlertWhen::Throughput | AlertWhen::Stalled | AlertWhen::DiskFree
            )
        })
    }

    /// Takes note of a signal at a time of the run; gives the alerts that are due.
    pub(crate) fn see(&mut self, signal: &Signal<'_>, now: Duration) -> Vec<Alert> {
        let watched = self.rules.iter_mut().enumerate();
        watched
            .filter_map(|(place, watched)| watched.see(place, signal, now))
            .collect()
    }
}

impl Watched {
    fn see(&mut self, place: usize, signal: &Signal<'_>, now: Duration) -> Option<Alert> {
        if let Signal::Ended(status) = signal {
            let message = ending(self.rule.when, *status)?;
            return Some(Alert {
                rule: place,
                value: None,
                message: message.to_owned(),
            });
        }
        let value = measured(self.rule.when, signal)?;
        let limit = self.rule.limit;
        let is_met = match self.rule.when.bound()? {
            Bound::Above => value > limit,
            Bound::Below => value < limit,
        };
        if !is_met {
            (self.since, self.is_told) = (None, false);
            return None;
        }
        let since = *self.since.get_or_insert(now);
        let is_each_told = matches!(signal, Signal::SourceLoss { .. });
        let has_held = now.saturating_sub(since).as_secs_f64() >= self.rule.for_seconds;
        if !has_held || (std::mem::replace(&mut self.is_told, has_held) && !is_each_told) {
            return None;
        }
        Some(Alert {
            rule: place,
            value: Some(value),
            message: sentence(self.rule.when, signal, value, limit),
        })
    }
}

/// Returns the value of a signal for the condition of a rule.
fn measured(when: AlertWhen, signal: &Signal<'_>) -> Option<f64> {
    match (when, signal) {
        (
            AlertWhen::ErrorRatio,
            Signal::Errors {
                quarantined,
                records,
            },
        ) => (*records > 0).then(|| *quarantined as f64 / *records as f64),
        (AlertWhen::Throughput, Signal::Pace { throughput, .. }) => Some(*throughput),
        (AlertWhen::Stalled, Signal::Pace { still_seconds, .. }) => Some(*still_seconds),
        (AlertWhen::DiskFree, Signal::DiskFree(megabytes)) => Some(*megabytes),
        (AlertWhen::SourceLoss, Signal::SourceLoss { share, .. }) => Some(*share),
        _ => None,
    }
}

fn ending(when: AlertWhen, status: Status) -> Option<&'static str> {
    match (when, status) {
        (AlertWhen::Failed, Status::Failed) => Some("the job failed"),
        (AlertWhen::Stopped, Status::Stopped) => Some("the job was stopped"),
        (AlertWhen::Completed, Status::Completed) => Some("the job is done"),
        (AlertWhen::Completed, Status::CompletedWithFailures) => {
            Some("the job is done, but not all of its input is in the export")
        }
        _ => None,
    }
}

fn sentence(when: AlertWhen, signal: &Signal<'_>, value: f64, limit: f64) -> String {
    let percent = |share: f64| (share * 1e4).round() / 100.0;
    match (when, signal) {
        (
            _,
            Signal::Errors {
                quarantined,
                records,
            },
        ) => format!(
            "{quarantined} of {records} records went to quarantine, {} %: more than {} %",
            percent(value),
            percent(limit)
        ),
        (_, Signal::SourceLoss { source, .. }) => format!(
            "{} % of `{source}` is gone: more than {} %",
            percent(value),
            percent(limit)
        ),
        (AlertWhen::Stalled, _) => {
            format!("no record has come through for {value:.0} s: more than {limit} s")
        }
        (AlertWhen::DiskFree, _) => {
            format!("a disk of the job has {value:.0} MB free: less than {limit} MB")
        }
        _ => format!("{value:.0} records a second come through: fewer than {limit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A watch of rules as a recipe gives them.
    fn watch(rules: &str) -> AlertWatch {
        let recipe = format!("dataset_path: a\nexport_path: b.jsonl\nprocess: []\nalerts: {rules}");
        let overrides = coldpress_config::Overrides::default();
        let recipe = coldpress_config::Recipe::parse(&recipe, "r.yaml", &overrides).unwrap();
        AlertWatch::new(&recipe.alerts.rules)
    }

    fn due(watch: &mut AlertWatch, signal: &Signal<'_>, second: u64) -> Vec<String> {
        let alerts = watch.see(signal, Duration::from_secs(second));
        alerts.into_iter().map(|alert| alert.message).collect()
    }

    fn pace(throughput: f64, still_seconds: f64) -> Signal<'static> {
        Signal::Pace {
            throughput,
            still_seconds,
        }
    }

    #[test]
    fn a_rule_is_told_once_until_it_was_not_met() {
        let mut watch = watch("[{when: throughput, below: 100}]");
        assert!(watch.needs_samples());
        assert_eq!(due(&mut watch, &pace(100.0, 0.0), 0).len(), 0);
        let told = ["99 records a second come through: fewer than 100"];
        assert_eq!(due(&mut watch, &pace(99.0, 0.0), 1), told);
        assert_eq!(due(&mut watch, &pace(0.0, 9.0), 2).len(), 0);
        assert_eq!(due(&mut watch, &pace(500.0, 0.0), 3).len(), 0);
        assert_eq!(due(&mut watch, &pace(1.0, 0.0), 4).len(), 1);
    }

    #[test]
    fn a_rule_may_have_to_hold_for_a_while() {
        let mut watch = watch("[{when: disk_free_mb, below: 10, for_seconds: 5}]");
        for (second, free, count) in [
            (0, 9.0, 0),
            (4, 9.0, 0),
            (5, 11.0, 0),
            (6, 9.0, 0),
            (10, 9.0, 0),
            (11, 9.0, 1),
            (12, 9.0, 0),
        ] {
            assert_eq!(
                due(&mut watch, &Signal::DiskFree(free), second).len(),
                count,
                "{second}"
            );
        }
    }

    #[test]
    fn each_rule_hears_its_own_signals() {
        let mut watch = watch(
            "[{when: error_ratio, above: 0.1}, {when: stalled, above: 60}, {when: source_loss, above: 0.95}, {when: failed}, \
             {when: completed}, {when: stopped}]",
        );
        let errors = |quarantined, records| Signal::Errors {
            quarantined,
            records,
        };
        assert_eq!(due(&mut watch, &errors(0, 0), 0).len(), 0);
        assert_eq!(due(&mut watch, &errors(1, 10), 0).len(), 0);
        let told = ["2 of 10 records went to quarantine, 20 %: more than 10 %"];
        assert_eq!(due(&mut watch, &errors(2, 10), 0), told);
        assert_eq!(
            due(&mut watch, &pace(0.0, 61.0), 0),
            ["no record has come through for 61 s: more than 60 s"]
        );
        for source in ["a.jsonl", "b.jsonl"] {
            let told = format!("97 % of `{source}` is gone: more than 95 %");
            assert_eq!(
                due(
                    &mut watch,
                    &Signal::SourceLoss {
                        source,
                        share: 0.97
                    },
                    0
                ),
                [told]
            );
        }
        assert_eq!(
            due(&mut watch, &Signal::Ended(Status::Failed), 0),
            ["the job failed"]
        );
        assert_eq!(
            due(&mut watch, &Signal::Ended(Status::Stopped), 0),
            ["the job was stopped"]
        );
        assert_eq!(
            due(&mut watch, &Signal::Ended(Status::CompletedWithFailures), 0).len(),
            1
        );
    }
}
