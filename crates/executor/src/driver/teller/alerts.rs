//! Alerts: when a rule of the recipe is met, an event is written and a message goes to the recipients that the rule names.

use std::time::{Duration, Instant};

use coldpress_config::AlertRule;
use coldpress_events::time::{format_utc, now_seconds};
use coldpress_events::{Event, EventKind};
use coldpress_notify::{Message, Messenger, Recipient};
use serde_json::{Value, json};

use super::Teller;
use crate::watch::alerts::{Alert, AlertWatch, Signal};

/// The time that the end of a run waits for messages that are being delivered.
const PATIENCE: Duration = Duration::from_secs(10);

/// The rules of the recipe, and what they are fed with.
pub(super) struct Alerts {
    pub(super) watch: AlertWatch,
    /// Records that were through in this run, and those of them that went to quarantine.
    records: u64,
    quarantined: u64,
}

impl Alerts {
    pub(super) fn new(rules: &[AlertRule]) -> Self {
        Self {
            watch: AlertWatch::new(rules),
            records: 0,
            quarantined: 0,
        }
    }
}

impl Teller<'_> {
    /// Takes note of something that a rule may be about.
    pub(in crate::driver) fn signal(&mut self, signal: &Signal<'_>) {
        if self.alerts.watch.is_empty() {
            return;
        }
        let alerts = self.alerts.watch.see(signal, self.started.elapsed());
        alerts.iter().for_each(|alert| self.raise(alert));
        self.tell_undelivered();
    }

    /// Records of a partition are through.
    pub(super) fn count_errors(&mut self, records: u64, quarantined: u64) {
        self.alerts.records += records;
        self.alerts.quarantined += quarantined;
        let (records, quarantined) = (self.alerts.records, self.alerts.quarantined);
        self.signal(&Signal::Errors {
            quarantined,
            records,
        });
    }

    fn raise(&mut self, alert: &Alert) {
        let Some(rule) = self.alerts.watch.rule(alert.rule).cloned() else {
            return;
        };
        let event = Event::new(
            EventKind::Alert,
            format!("{}: {}", rule.label(), alert.message),
        );
        let event = event.metadata("alert", rule.label());
        self.emit(match alert.value {
            Some(value) => event.metadata("value", value).metadata("limit", rule.limit),
            None => event,
        });
        let json = self.message(&rule, alert).to_string();
        let command = rule.run.map(Recipient::Command);
        let address = rule.post.map(Recipient::Address);
        for to in command.into_iter().chain(address) {
            self.send(Message {
                to,
                json: json.clone(),
                asked_by: "alerts",
            });
        }
    }

    fn message(&self, rule: &AlertRule, alert: &Alert) -> Value {
        let layout = &self.executor.layout;
        json!({
            "alert": rule.label(),
            "when": rule.when.as_str(),
            "message": alert.message,
            "value": alert.value,
            "limit": rule.when.bound().map(|_| rule.limit),
            "time": format!("{}Z", format_utc(now_seconds()).replace(' ', "T")),
            "job_id": layout.job_id().as_str(),
            "job_dir": layout.job_dir(),
            "host": self.host,
            "dataset_path": self.summary.dataset_path,
            "export_path": self.summary.export_path,
        })
    }

    /// Sends a message. The messenger is started for the first one.
    pub(super) fn send(&mut self, message: Message) {
        if self.messenger.is_none() {
            match Messenger::start() {
                Ok(messenger) => self.messenger = Some(messenger),
                Err(error) => return self.warn(format!("{} is not sent: {error}", message.to)),
            }
        }
        if let Some(messenger) = &self.messenger {
            messenger.send(message);
        }
    }

    /// Warns of messages that did not arrive.
    fn tell_undelivered(&mut self) {
        let problems = self.messenger.as_ref().map(Messenger::problems);
        let problems = problems.unwrap_or_default();
        problems.into_iter().for_each(|problem| self.warn(problem));
    }

    /// Waits a little for messages that are being delivered.
    pub(super) fn end_messages(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        if let Some(messenger) = &self.messenger {
            messenger.finish(PATIENCE);
        }
        self.tell_undelivered();
        self.end_spans(deadline.saturating_duration_since(Instant::now()));
    }
}
