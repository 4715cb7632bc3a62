//! The plain reference: each record alone through the operators, in dataset order, and all of them compared at a barrier.

use coldpress_operator::{Chain, ChainSettings, Pipeline, Shared, Tally};
use coldpress_partition::{Draw, Mixing, PlannedPartition, Slice};
use coldpress_record::{Batch, Ledger, Lines, Origin, Reject, trim_record};
use coldpress_storage::Digest;
use coldpress_worker::QuarantineEntry;

use crate::barriers;
use crate::dataset::Dataset;
use crate::operators;
use crate::plan::{Form, Plan};

/// What must come out.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) rows: Vec<u8>,
    pub(crate) ledger: Ledger,
    /// Sorted.
    pub(crate) quarantined: Vec<Quarantined>,
    /// Torn last lines, which are no records.
    pub(crate) torn: u64,
}

/// A record in quarantine: where it came from, who failed on it and why, and what it was.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Quarantined {
    origin: Origin,
    operation: Option<u32>,
    operator: Option<String>,
    error: String,
    record: Vec<u8>,
}

impl From<QuarantineEntry> for Quarantined {
    fn from(entry: QuarantineEntry) -> Self {
        let hex = |hex: &String| {
            (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect()
        };
        let record = entry
            .record
            .clone()
            .map(String::into_bytes)
            .or_else(|| entry.record_hex.as_ref().map(hex));
        let QuarantineEntry {
            origin,
            operation,
            operator,
            error,
            ..
        } = entry;
        Self {
            origin,
            operation,
            operator,
            error,
            record: record.unwrap_or_default(),
        }
    }
}

impl Quarantined {
    /// Everything but the record itself.
    pub(crate) fn place(&self) -> String {
        let Self {
            origin,
            operation,
            operator,
            error,
            ..
        } = self;
        format!("{origin}, {operation:?} {operator:?}: {error}")
    }
}

impl std::fmt::Debug for Quarantined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {:?}",
            self.place(),
            String::from_utf8_lossy(&self.record)
        )
    }
}

impl Expected {
    /// What a plan must make of a dataset, whatever its cut.
    pub(crate) fn of(dataset: &Dataset, plan: &Plan) -> Self {
        let records: Vec<u64> = dataset.files.iter().map(|file| file.records()).collect();
        Self::of_mixed(dataset, plan, &Mixing::whole(&records))
    }

    /// What a plan must make of a dataset whose files are mixed: each is read as often as its part says, and in the last
    /// reading some of its records are drawn.
    pub(crate) fn of_mixed(dataset: &Dataset, plan: &Plan, mixing: &Mixing) -> Self {
        let settings = ChainSettings {
            text_key: "text".to_owned(),
            seed: seed_of(plan),
            skip_op_error: true,
            compat: false,
            keep_all: false,
            labels: Vec::new(),
            needs: Vec::new(),
            python: Default::default(),
        };
        let chain = Pipeline::resolve(&operators::registry(), &plan.process, &settings)
            .and_then(|pipeline| pipeline.instantiate(&Shared::default()))
            .unwrap();
        let tally = chain.tally();
        let mut reading = Reading {
            chain,
            tally,
            batches: Vec::new(),
            rejected: Vec::new(),
            torn: 0,
            draw: None,
        };
        let (mut source, mut first_record) = (0, 0);
        for (file, part) in dataset.files.iter().zip(&mixing.parts) {
            for _ in 0..part.all_readings() {
                let planned = planned(source, first_record);
                reading.draw = mixing.draw(&planned, seed_of(plan));
                reading.read_file(source, &file.text);
                source += 1;
                first_record += part.records;
            }
        }
        let rows = reading.run(plan.keep_stats);
        reading.finish(rows)
    }

    /// The files of an export of this form.
    pub(crate) fn parts(&self, form: Form) -> Vec<Vec<u8>> {
        let Form::Shards(limit) = form else {
            return vec![self.rows.clone()];
        };
        let mut parts = vec![Vec::new()];
        for line in self.rows.split_inclusive(|byte| *byte == b'\n') {
            if parts[parts.len() - 1].len() as u64 >= limit {
                parts.push(Vec::new());
            }
            let last = parts.len() - 1;
            parts[last].extend_from_slice(line);
        }
        parts
    }
}

struct Reading {
    chain: Chain,
    tally: Tally,
    /// One for each record.
    batches: Vec<Batch>,
    rejected: Vec<Quarantined>,
    torn: u64,
    /// Which records of the file are drawn; none = all.
    draw: Option<Draw>,
}

/// A partition of which no more is known than where it begins.
fn planned(source: u32, first_record: u64) -> PlannedPartition {
    PlannedPartition {
        index: 0,
        first_record,
        slice: Slice {
            source,
            start: 0,
            end: 0,
            records: 0,
            digest: Digest::of(b""),
            metadata: None,
            seek: None,
            decoded_bytes: None,
            marks: Vec::new(),
            copy: None,
        },
    }
}

fn seed_of(plan: &Plan) -> u64 {
    plan.recipe(&["in".to_owned()], "out.jsonl", "jobs", "job")
        .seed
}

impl Reading {
    fn read_file(&mut self, source: u32, text: &[u8]) {
        let (mut position, mut number) = (0, 0);
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let record = &line[trim_record(line)];
            if !record.is_empty() {
                let ended = line.ends_with(b"\n");
                if self.draw.is_none_or(|draw| draw.takes(number)) {
                    self.read_record(source, position, record, ended);
                } else if !ended && self.is_torn(record) {
                    // A line that breaks off is reported whatever is drawn.
                    self.torn += 1;
                } else {
                    self.tally.ledger.records += 1;
                    self.tally.ledger.not_sampled += 1;
                }
                number += 1;
            }
            position += line.len() as u64;
        }
    }

    /// Whether the JSON of a line breaks off.
    fn is_torn(&self, record: &[u8]) -> bool {
        let mut lines = Lines::new(0);
        lines.push(0, record);
        let mut rejects = Vec::new();
        Batch::default().fill(&mut lines, self.chain.fields(), &mut rejects);
        rejects.pop().is_some_and(|reject| reject.incomplete)
    }

    fn read_record(&mut self, source: u32, position: u64, record: &[u8], ended: bool) {
        let mut lines = Lines::new(source);
        lines.push(position, record);
        let (mut batch, mut rejects) = (Batch::default(), Vec::new());
        batch.fill(&mut lines, self.chain.fields(), &mut rejects);
        if let Some(reject) = rejects.pop() {
            if !ended && reject.incomplete {
                self.torn += 1;
            } else {
                self.reject(reject);
            }
            return;
        }
        self.tally.ledger.records += 1;
        self.chain.begin(&mut batch);
        self.batches.push(batch);
    }

    /// Runs the operators over all records; gives what is left.
    fn run(&mut self, keep_stats: bool) -> Vec<u8> {
        barriers::run(&mut self.chain, &mut self.batches, &mut self.tally);
        let fields = self.chain.fields();
        let mut rows = Vec::new();
        for batch in &self.batches {
            for row in batch.selection() {
                match keep_stats {
                    true => batch.write_record_with_stats(*row as usize, fields, &mut rows),
                    false => batch.write_record(*row as usize, fields, &mut rows),
                }
            }
        }
        rows
    }

    fn reject(&mut self, reject: Reject) {
        self.tally.ledger.records += 1;
        self.tally.ledger.rejected += 1;
        self.tally.ledger.rejected_bytes += reject.bytes.len() as u64;
        let Reject {
            origin,
            bytes,
            reason,
            ..
        } = reject;
        self.rejected.push(Quarantined {
            origin,
            operation: None,
            operator: None,
            error: reason,
            record: bytes,
        });
    }

    fn finish(self, rows: Vec<u8>) -> Expected {
        let mut quarantined = self.rejected;
        quarantined.extend(
            self.tally
                .quarantined
                .into_iter()
                .map(|failed| Quarantined {
                    origin: failed.origin,
                    operation: Some(failed.operation),
                    operator: Some(failed.operator),
                    error: failed.error,
                    record: failed.record.into_bytes(),
                }),
        );
        quarantined.sort();
        Expected {
            rows,
            ledger: self.tally.ledger,
            quarantined,
            torn: self.torn,
        }
    }
}
