//! Spans for an OpenTelemetry collector: the run, its stages, their attempts, barriers and the merge.
//!
//! A span is sent once it has ended, so an attempt is sent before its stage, and a stage before the run; collectors expect that.
//! They have a messenger of their own: one that is slow must not hold up alerts.

use std::collections::BTreeMap;

use coldpress_events::time::now_seconds;
use coldpress_notify::{Message, Messenger, Recipient};
use coldpress_record::OperatorLedger;
use coldpress_storage::Digest;
use serde_json::{Value, json};

use super::Teller;
use super::named::Try;
use crate::otlp::{self, Origin, Span, SpanId};

/// The most spans in a request.
const BATCH: usize = 256;

/// The seconds after which spans are sent even if they are few.
const EVERY_SECONDS: f64 = 5.0;

/// The spans of a run, where the recipe wants them.
pub(super) struct Spans {
    origin: Origin,
    /// The recipient.
    address: String,
    /// Ended, and not yet sent.
    waiting: Vec<Span>,
    sent_at: f64,
    /// The span of the run.
    run: SpanId,
    begun_at: f64,
    /// Stages of which an attempt has ended, and that have not ended.
    stages: BTreeMap<u32, OpenStage>,
    /// How many ids have been given out.
    ids: u64,
    /// None before the first request.
    messenger: Option<Messenger>,
    /// True once a request failed, which is reported once.
    has_failed: bool,
}

struct OpenStage {
    id: SpanId,
    begun_at: f64,
}

impl Spans {
    pub(super) fn new(endpoint: &str, origin: Origin) -> Self {
        let now = now_seconds();
        let mut spans = Self {
            origin,
            address: otlp::address(endpoint),
            waiting: Vec::new(),
            sent_at: now,
            run: SpanId(0),
            begun_at: now,
            stages: BTreeMap::new(),
            ids: 0,
            messenger: None,
            has_failed: false,
        };
        spans.run = spans.next_id();
        spans
    }

    fn next_id(&mut self) -> SpanId {
        self.ids += 1;
        let seed = format!("{} {}", self.origin.trace_id, self.ids);
        // OTLP does not allow zero as an id.
        SpanId((Digest::of(seed.as_bytes()).as_u128() as u64).max(1))
    }

    fn attempt(&mut self, of: Try, seconds: f64, outcome: AttemptOutcome<'_>) {
        let now = now_seconds();
        let start = now - seconds;
        let parent = self.stage(of.task.stage, start);
        let mut attributes = vec![
            ("coldpress.stage", json!(of.task.stage)),
            ("coldpress.partition", json!(of.task.partition)),
            ("coldpress.attempt", json!(of.number)),
        ];
        if let Some(worker) = of.worker {
            attributes.push(("coldpress.worker", json!(worker.number)));
        }
        let mut error = None;
        match outcome {
            AttemptOutcome::Published { records, out } => attributes.extend([
                ("coldpress.records.in", json!(records)),
                ("coldpress.records.out", json!(out)),
            ]),
            AttemptOutcome::Gate => attributes.push(("coldpress.gate", json!(true))),
            AttemptOutcome::Failed { class, message } => {
                attributes.push(("error.type", json!(class)));
                error = Some(message.to_owned());
            }
        }
        let id = self.next_id();
        self.waiting.push(Span {
            id,
            parent: Some(parent),
            name: "attempt",
            start,
            end: now,
            attributes,
            error,
        });
    }

    /// The span of a stage, which begins with its first attempt.
    fn stage(&mut self, stage: u32, start: f64) -> SpanId {
        if let Some(open) = self.stages.get_mut(&stage) {
            open.begun_at = open.begun_at.min(start);
            return open.id;
        }
        let id = self.next_id();
        let open = OpenStage {
            id,
            begun_at: start,
        };
        self.stages.insert(stage, open);
        id
    }

    /// A stage ends at its barrier, and the last one with the run.
    fn end_stage(&mut self, stage: u32) {
        if let Some(open) = self.stages.remove(&stage) {
            self.waiting.push(Span {
                id: open.id,
                parent: Some(self.run),
                name: "stage",
                start: open.begun_at,
                end: now_seconds(),
                attributes: vec![("coldpress.stage", json!(stage))],
                error: None,
            });
        }
    }

    /// Something of the run that took so long, and ends now.
    fn part(&mut self, name: &'static str, seconds: f64, attributes: Vec<(&'static str, Value)>) {
        let now = now_seconds();
        let id = self.next_id();
        self.waiting.push(Span {
            id,
            parent: Some(self.run),
            name,
            start: now - seconds,
            end: now,
            attributes,
            error: None,
        });
    }

    fn end_run(&mut self, status: &str, error: Option<&str>) {
        let stages: Vec<u32> = self.stages.keys().copied().collect();
        for stage in stages {
            self.end_stage(stage);
        }
        let attributes = vec![
            ("coldpress.job.id", json!(self.origin.job_id)),
            ("coldpress.job.status", json!(status)),
        ];
        self.waiting.push(Span {
            id: self.run,
            parent: None,
            name: "job",
            start: self.begun_at,
            end: now_seconds(),
            attributes,
            error: error.map(str::to_owned),
        });
    }

    /// Hands the waiting spans to the messenger, without waiting for it; returns why that cannot be done.
    fn send(&mut self) -> Result<(), String> {
        self.sent_at = now_seconds();
        let spans = std::mem::take(&mut self.waiting);
        if self.messenger.is_none() {
            self.messenger = Some(Messenger::start().map_err(|error| error.to_string())?);
        }
        for batch in spans.chunks(BATCH) {
            let json = otlp::request(&self.origin, batch).to_string();
            let to = Recipient::Address(self.address.clone());
            if let Some(messenger) = &self.messenger {
                messenger.send(Message {
                    to,
                    json,
                    asked_by: "otlp.endpoint",
                });
            }
        }
        Ok(())
    }
}

/// The outcome of an attempt.
#[derive(Clone, Copy, Debug)]
pub(super) enum AttemptOutcome<'a> {
    Published {
        records: u64,
        out: u64,
    },
    /// Its checkpoints count, and another attempt continues from them.
    Gate,
    Failed {
        class: &'a str,
        message: &'a str,
    },
}

impl Teller<'_> {
    pub(super) fn span_of_attempt(&mut self, of: Try, seconds: f64, outcome: AttemptOutcome<'_>) {
        if let Some(spans) = &mut self.spans {
            spans.attempt(of, seconds, outcome);
        }
        self.send_spans_when_due();
    }

    pub(super) fn span_of_stage(&mut self, stage: u32) {
        if let Some(spans) = &mut self.spans {
            spans.end_stage(stage);
        }
    }

    pub(super) fn span_of_barrier(&mut self, stage: u32, seconds: f64, ledger: &OperatorLedger) {
        if let Some(spans) = &mut self.spans {
            let attributes = vec![
                ("coldpress.stage", json!(stage)),
                ("coldpress.operator", json!(ledger.name)),
                ("coldpress.records.in", json!(ledger.records_in)),
                ("coldpress.records.out", json!(ledger.out)),
            ];
            spans.part("barrier", seconds, attributes);
        }
    }

    pub(super) fn span_of_merge(&mut self, seconds: f64, records: u64) {
        if let Some(spans) = &mut self.spans {
            let attributes = vec![("coldpress.records.out", json!(records))];
            spans.part("merge", seconds, attributes);
        }
    }

    /// The run ended; `error` says why it failed.
    pub(super) fn span_of_run(&mut self, status: &str, error: Option<&str>) {
        if let Some(spans) = &mut self.spans {
            spans.end_run(status, error);
        }
        self.send_spans();
    }

    /// Sends spans that have waited for long, or are many.
    pub(super) fn send_spans_when_due(&mut self) {
        let is_due = self.spans.as_ref().is_some_and(|spans| {
            spans.waiting.len() >= BATCH
                || (!spans.waiting.is_empty() && now_seconds() - spans.sent_at >= EVERY_SECONDS)
        });
        if is_due {
            self.send_spans();
        }
    }

    fn send_spans(&mut self) {
        if let Some(spans) = &mut self.spans {
            let sent = spans.send();
            self.tell_unsent(sent.err());
        }
    }

    /// Warns once of spans that did not arrive. A collector that is away for hours causes one warning, not thousands.
    fn tell_unsent(&mut self, reason: Option<String>) {
        let Some(spans) = &mut self.spans else { return };
        let problems = spans.messenger.as_ref().map(Messenger::problems);
        let first = reason.or_else(|| problems.unwrap_or_default().into_iter().next());
        let Some(first) = first.filter(|_| !spans.has_failed) else {
            return;
        };
        spans.has_failed = true;
        // Those of single messages name the key; others are of the messenger as a whole.
        const KEY: &str = "`otlp.endpoint`: ";
        let first = first.strip_prefix(KEY).unwrap_or(&first);
        self.warn(format!(
            "{KEY}{first}; spans that do not arrive are dropped; this warning is not repeated"
        ));
    }

    /// Waits a little for spans that are being delivered.
    pub(super) fn end_spans(&mut self, patience: std::time::Duration) {
        let messenger = self
            .spans
            .as_ref()
            .and_then(|spans| spans.messenger.as_ref());
        if let Some(messenger) = messenger {
            messenger.finish(patience);
            self.tell_unsent(None);
        }
    }
}
