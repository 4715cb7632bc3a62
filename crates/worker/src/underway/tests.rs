//! Attempts over records that come from memory, with all of their files in memory.

use std::fs;
use std::io::Read;
use std::sync::Arc;
use std::vec::IntoIter;

use arrow::datatypes::SchemaRef;
use coldpress_checkpoint::{Compression, Format};
use coldpress_config::OperatorCall;
use coldpress_dataset::{RowsForm, Source};
use coldpress_operator::{
    ChainHash, ChainSettings, Changes, Filter, KnownStats, Mapper, NoParams, OperatorSpec,
    Pipeline, Poison, Record, RecordError, Registry, Resolved, Shared, Stage, StageChain, StatKind,
    StatRow, StatValue,
};
use coldpress_partition::{Slice, Task};
use coldpress_record::{LineSpan, Lines, Origin};
use coldpress_storage::{
    Digest, MemoryStore, ObjectRef, Place, StoreSchemes, StoreSpec, StoreSpecs, Stores,
};

use super::*;
use crate::attempt::{Attempt, Start};
use crate::error::FailureKind;
use crate::input;
use crate::last_table::LastTable;
use crate::spec::{CheckpointForm, JobSpec};
use crate::tee::Base;

/// Makes texts upper case; fails on the text `bad`.
struct Upper;

impl Mapper for Upper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        if text == "bad" {
            return Err(RecordError::new("bad text"));
        }
        changes.field(0).replace_all(text, &text.to_uppercase());
        Ok(())
    }
}

/// Drops texts of one byte; fails on the text `WORSE`.
struct Long;

impl Filter for Long {
    fn compute(&mut self, record: &Record<'_>, stats: &mut StatRow<'_>) -> Result<(), RecordError> {
        let text = record.text(0)?;
        if text == "WORSE" {
            return Err(RecordError::new("worse text"));
        }
        stats.set(0, StatValue::Int(text.len() as i64));
        Ok(())
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        stats[0].as_f64() > 1.0
    }
}

/// Lines that come from memory, batch by batch, as if they were read from the slice.
struct FromMemory<'a> {
    work: Assignment<'a>,
    batches: IntoIter<Vec<&'static str>>,
    position: u64,
    /// Whether they turn out not to be what was planned.
    is_changed: bool,
}

impl Records for FromMemory<'_> {
    fn manifest(&self) -> Option<&Manifest> {
        None
    }

    fn base(&self) -> Base {
        Base::slice(self.work)
    }

    fn schema(&self) -> Option<SchemaRef> {
        None
    }

    fn next(
        &mut self,
        batch: &mut Batch,
        chain: &Chain,
        found: &mut Found,
    ) -> Result<bool, AttemptError> {
        let Some(texts) = self.batches.next() else {
            return Ok(false);
        };
        let mut lines = Lines::new(0);
        for text in texts {
            let start = lines.bytes.len() as u32;
            lines.bytes.extend_from_slice(text.as_bytes());
            lines.records.push(LineSpan {
                start,
                length: text.len() as u32,
                position: self.position,
            });
            lines.bytes.push(b'\n');
            self.position += 1;
        }
        found.records = lines.records.len() as u64;
        batch.fill(&mut lines, chain.fields(), &mut found.rejects);
        chain.begin(batch);
        Ok(true)
    }

    fn finish(self: Box<Self>) -> Result<(), AttemptError> {
        match self.is_changed {
            true => Err(AttemptError::input_changed("it changed".to_owned())),
            false => Ok(()),
        }
    }
}

const RECORDS: [&str; 6] = [
    r#"{"text": "one"}"#,
    r#"{"text": "bad"}"#,
    r#"{"text": "x"}"#,
    r#"{"text": "worse"}"#,
    "no record",
    r#"{"text": "two"}"#,
];

/// A job of two operators, and a worker's tools.
struct Bench {
    _folder: tempfile::TempDir,
    spec: JobSpec,
    chain: Chain,
    batch: Batch,
    stores: Stores,
    progress: Progress,
    stop: AtomicBool,
    is_changed: bool,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.jsonl");
        fs::write(&file, RECORDS.join("\n")).unwrap();
        let schemes = StoreSchemes::default().with("memory", |_| Ok(Arc::new(MemoryStore::new())));
        let in_memory =
            |specs: StoreSpecs, place| specs.with(place, StoreSpec::Url("memory:".to_owned()));
        let stores = Place::ALL
            .into_iter()
            .fold(StoreSpecs::in_folder("/"), in_memory);
        let stores = Stores::open(stores, &schemes).unwrap();
        let spec = JobSpec {
            stores: stores.specs().clone(),
            fetched: None,
            store_options: coldpress_storage::StorageOptions::default(),
            sources: vec![Source::open(&file).unwrap().0],
            operators: ["upper_mapper", "long_filter"]
                .map(OperatorCall::new)
                .into(),
            assets: Vec::new(),
            settings: ChainSettings {
                text_key: "text".to_owned(),
                seed: 0,
                skip_op_error: true,
                compat: false,
                keep_all: false,
                labels: Vec::new(),
                needs: Vec::new(),
                python: Default::default(),
            },
            checkpoints: CheckpointForm {
                full: true,
                format: Format::Jsonl,
                compression: Compression::None,
                group_rows: Some(100),
            },
            intermediate: None,
            rows_form: RowsForm::Lines(coldpress_dataset::FileCompression::None),
            max_record_bytes: 1 << 20,
            table_memory_bytes: 1 << 20,
            lenient: true,
            keep_stats: false,
            statistics_alone: false,
            note_types: false,
            types_of_rows: false,
            keep_dropped: false,
            trace: None,
        };
        let registry = Registry::default()
            .with(OperatorSpec::mapper(
                "upper_mapper",
                "",
                |_: NoParams, _| Ok(Resolved::new(|| Upper)),
            ))
            .with(OperatorSpec::filter("long_filter", "", |_: NoParams, _| {
                Ok(Resolved::new(|| Long).stat("length", StatKind::Int))
            }));
        let pipeline = Pipeline::resolve(&registry, &spec.operators, &spec.settings).unwrap();
        Self {
            _folder: folder,
            chain: pipeline.instantiate(&Shared::default()).unwrap(),
            spec,
            batch: Batch::default(),
            stores,
            progress: Progress::default(),
            stop: AtomicBool::new(false),
            is_changed: false,
        }
    }

    /// Runs an attempt over [`RECORDS`], or from its first start, if it has one.
    fn run(&mut self, attempt: &Attempt) -> Result<Outcome, AttemptError> {
        let last_table = LastTable::default();
        let work = Assignment::new(&self.spec, &self.stores, &last_table, attempt)?;
        let input: Box<dyn Records> = match attempt.starts.is_empty() {
            true => Box::new(FromMemory {
                work,
                batches: RECORDS
                    .chunks(2)
                    .map(<[_]>::to_vec)
                    .collect::<Vec<_>>()
                    .into_iter(),
                position: 0,
                is_changed: self.is_changed,
            }),
            false => input::open(work, 0, &mut Vec::new())?.0,
        };
        let watch = Watch {
            stop: &self.stop,
            progress: &self.progress,
            in_hand: None,
        };
        let tools = Tools {
            chain: &mut self.chain,
            batch: &mut self.batch,
        };
        let mut underway = Underway::begin(work, watch, tools, input)?;
        while underway.step()? {}
        underway.finish()
    }

    #[track_caller]
    fn failure(&mut self, attempt: &Attempt) -> AttemptError {
        self.run(attempt).unwrap_err()
    }

    /// The content of a file of the job.
    fn read(&self, file: &ObjectRef) -> String {
        let mut text = String::new();
        let mut object = self.stores.object(file).read().unwrap();
        object.read_to_string(&mut text).unwrap();
        text
    }

    /// The results and the quarantine of the job.
    fn files(&self) -> Vec<String> {
        let of = |place: Place| {
            let objects = self.stores.list(place, "").unwrap().into_iter();
            objects.map(move |object| format!("{place}/{}", object.name))
        };
        let mut files: Vec<String> = [Place::Results, Place::Quarantine]
            .into_iter()
            .flat_map(of)
            .collect();
        files.sort();
        files
    }
}

/// The attempt of this number at the only partition.
fn attempt(number: u32) -> Attempt {
    let hashes: Vec<ChainHash> = (0..3)
        .map(|n: u32| ChainHash::base(&n.to_string()))
        .collect();
    Attempt {
        epoch: 1,
        number,
        task: Task::new(0, 0),
        slice: Slice {
            source: 0,
            start: 0,
            end: 6,
            records: RECORDS.len() as u64,
            digest: Digest(7),
            metadata: None,
            seek: None,
            decoded_bytes: None,
            marks: vec![2, 5],
            copy: None,
        },
        draw: None,
        chain: StageChain::of(&Stage::cut(2, &[])[0], &hashes).unwrap(),
        starts: Vec::new(),
        from_input: true,
        gate: None,
        checkpoints: Vec::new(),
        decisions: Vec::new(),
        poison: Vec::new(),
        isolated: false,
        packed: false,
    }
}

/// The attempt that ends with a checkpoint after the first operator.
fn to_the_gate() -> Attempt {
    Attempt {
        gate: Some(1),
        checkpoints: vec![1],
        ..attempt(1)
    }
}

#[test]
fn every_record_comes_to_exactly_one_place() {
    let mut bench = Bench::new();
    let outcome = bench.run(&attempt(1)).unwrap();
    let ledger = &outcome.ledger;
    assert_eq!((ledger.records, ledger.rejected), (6, 1));
    let operators = ledger.operators.iter();
    let counts: Vec<_> = operators
        .map(|one| (one.records_in, one.out, one.dropped, one.quarantined))
        .collect();
    assert_eq!(counts, [(5, 4, 0, 1), (4, 2, 1, 1)]);
    // Records in quarantine before the marks at 2 and 5.
    assert_eq!(outcome.error_marks, [1, 3]);
    let result = outcome.result.unwrap();
    let rows = "{\"text\": \"ONE\"}\n{\"text\": \"TWO\"}\n";
    assert_eq!(bench.read(&result.rows), rows);
    let [quarantine] = &outcome.quarantine[..] else {
        panic!("{:?}", outcome.quarantine);
    };
    assert_eq!(bench.read(quarantine).lines().count(), 3);
    let at_work = bench.progress.at_work();
    assert_eq!((at_work[0].records, at_work[0].read), (6, 6));
}

#[test]
fn an_attempt_to_a_gate_leaves_its_checkpoint_and_no_result() {
    let mut bench = Bench::new();
    let outcome = bench.run(&to_the_gate()).unwrap();
    assert_eq!(outcome.result, None);
    assert_eq!(outcome.ledger.operators.len(), 1);
    let [checkpoint] = &outcome.checkpoints[..] else {
        panic!("{:?}", outcome.checkpoints);
    };
    assert_eq!((checkpoint.operation, checkpoint.rows), (1, 4));
    assert_eq!(
        bench.files(),
        ["quarantine/partition_000000.e1.a1.op000.jsonl"]
    );
}

#[test]
fn going_on_from_a_checkpoint_leads_to_the_same_result() {
    let mut bench = Bench::new();
    let whole = bench.run(&attempt(1)).unwrap();
    let gate = bench
        .run(&Attempt {
            number: 2,
            ..to_the_gate()
        })
        .unwrap();
    let checkpoint = &gate.checkpoints[0];
    let rest = bench.run(&Attempt {
        starts: vec![Start::Checkpoint {
            operation: 1,
            file: checkpoint.file.clone(),
        }],
        ..attempt(3)
    });
    let rest = rest.unwrap();
    assert_eq!(rest.resumed_at, 1);
    assert_eq!(rest.ledger, whole.ledger);
    assert_eq!(rest.error_marks, whole.error_marks);
    let rows = |outcome: &Outcome| bench.read(&outcome.result.as_ref().unwrap().rows);
    assert_eq!(rows(&rest), rows(&whole));
    // What failed before the checkpoint is taken over, what fails after it lies in a file of its own.
    let names = rest.quarantine.iter().map(ToString::to_string);
    let names: Vec<String> = names.collect();
    let expected = [
        "quarantine/partition_000000.e1.a2.op000.jsonl",
        "quarantine/partition_000000.e1.a3.op001.jsonl",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_checkpoint_of_other_work_is_no_start() {
    let mut bench = Bench::new();
    let gate = bench.run(&to_the_gate()).unwrap();
    let mut other = Attempt {
        starts: vec![Start::Checkpoint {
            operation: 1,
            file: gate.checkpoints[0].file.clone(),
        }],
        from_input: false,
        ..attempt(2)
    };
    other.slice.digest = Digest(8);
    let error = bench.failure(&other);
    assert!(
        error.message.starts_with("no checkpoint can be used"),
        "{error}"
    );
}

#[test]
fn an_attempt_that_is_told_to_stop_leaves_at_the_next_batch() {
    let mut bench = Bench::new();
    bench.stop = AtomicBool::new(true);
    assert_eq!(bench.failure(&attempt(1)).kind, FailureKind::Stopped);
    assert_eq!(bench.progress.at_work()[0].read, 0);
}

#[test]
fn what_changed_or_is_not_all_there_has_no_outcome() {
    let mut bench = Bench::new();
    bench.is_changed = true;
    assert_eq!(bench.failure(&attempt(1)).kind, FailureKind::InputChanged);
    bench.is_changed = false;
    let mut more = attempt(2);
    more.slice.records += 1;
    let error = bench.failure(&more);
    assert_eq!(error.message, "7 records were planned and 6 were read");
    // The batch of a failed attempt leaves nothing to the next one.
    let outcome = bench.run(&attempt(3)).unwrap();
    assert_eq!(outcome.ledger.records, 6);
}

#[test]
fn a_strict_recipe_refuses_the_first_line_that_is_not_a_record() {
    let mut bench = Bench::new();
    bench.spec.lenient = false;
    let error = bench.failure(&attempt(1));
    assert_eq!(error.kind, FailureKind::Strict);
    assert!(error.message.contains("data.jsonl` at byte 4: "), "{error}");
}

#[test]
fn an_operator_that_may_not_fail_fails_the_attempt() {
    let mut bench = Bench::new();
    bench.spec.settings.skip_op_error = false;
    let registry = Registry::default().with(OperatorSpec::mapper(
        "upper_mapper",
        "",
        |_: NoParams, _| Ok(Resolved::new(|| Upper)),
    ));
    bench.spec.operators.truncate(1);
    let pipeline = Pipeline::resolve(&registry, &bench.spec.operators, &bench.spec.settings);
    bench.chain = pipeline.unwrap().instantiate(&Shared::default()).unwrap();
    let hashes = [ChainHash::base("0"), ChainHash::base("1")];
    let error = bench.failure(&Attempt {
        chain: StageChain::of(&Stage::cut(1, &[])[0], &hashes).unwrap(),
        ..attempt(1)
    });
    assert!(error.message.contains("bad text"), "{error}");
}

#[test]
fn poison_goes_to_quarantine_with_its_reason() {
    let mut bench = Bench::new();
    let poison = Poison {
        origin: Origin::new(0, 0),
        operation: 1,
        reason: "it kills".to_owned(),
    };
    let outcome = bench.run(&Attempt {
        poison: vec![poison],
        ..attempt(1)
    });
    let outcome = outcome.unwrap();
    assert_eq!(outcome.ledger.operators[1].quarantined, 2);
    assert!(bench.read(&outcome.quarantine[0]).contains("it kills"));
    let result = outcome.result.unwrap();
    assert_eq!(bench.read(&result.rows), "{\"text\": \"TWO\"}\n");
}

#[test]
fn an_attempt_that_does_not_fit_the_job_is_refused() {
    let mut bench = Bench::new();
    let mut other = attempt(1);
    other.slice.source = 1;
    let error = bench.failure(&other);
    assert_eq!(
        error.message,
        "partition 0 refers to source 1, but the job has 1"
    );
    bench.spec.operators.truncate(1);
    let error = bench.failure(&attempt(1));
    assert_eq!(
        error.message,
        "partition 0 has 2 operators, but the job has 1"
    );
}
