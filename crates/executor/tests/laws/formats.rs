//! The laws over every form of input and of export.

use std::fs;

use coldpress_config::OperatorCall;
use coldpress_executor::{ErrorKind, Report, Result};
use coldpress_job::Status;
use proptest::prelude::*;

use crate::bench::Bench;
use crate::plan::{How, Keep, Plan, any_deduplicator, any_how};

// Random datasets in all formats.
mod any;
mod cells;
mod columns;
mod files;

// What must come out, and what did.
mod expected;
mod output;

// Stops, changed recipes, other exports, damaged results.
mod resume;

// Encrypted datasets and exports.
mod encrypted;

// Same records, whatever the formats and the plan.
mod same;

// What a table keeps through a job.
mod tables;

// Inputs that cannot be read, or not all of them, and some that change.
mod changed;
mod unreadable;

use expected::Expected;
use files::Files;
use output::{Exported, Output};

/// What is to be done, and what is wanted of it.
#[derive(Clone, Debug)]
struct Work {
    plan: Plan,
    output: Output,
    stats: bool,
    dropped: bool,
}

/// A folder with a dataset, in which one job is run again and again.
struct Job(Bench);

impl Job {
    fn new(files: &Files) -> Self {
        Self(Bench::over(|folder| files.write(folder)))
    }

    /// The plan with the settings that ask for its output.
    fn plan(&self, work: &Work) -> Plan {
        let folder = self.0.path("");
        let mut plan = work.plan.clone();
        plan.settings.extend(work.output.settings(&folder));
        if work.stats {
            plan = plan.with("export_stats", true);
        }
        if work.dropped {
            let folder = self.0.path("dropped").display().to_string();
            plan = plan.with("export_dropped", folder);
        }
        plan
    }

    fn run(&self, work: &Work) -> Result<Report> {
        self.0.run(&self.plan(work))
    }

    fn read(&self, work: &Work) -> Exported {
        work.output.read(&self.0.path(""))
    }

    /// Checks that a run that went through left exactly what the reference says.
    #[track_caller]
    fn check(&self, work: &Work, report: &Report, expected: &Expected) -> Exported {
        let exported = self.read(work);
        work.output.check(&exported, expected);
        assert_eq!(report.status, Status::Completed);
        assert_eq!(report.ledger, expected.ledger);
        report.ledger.check().unwrap();
        assert_eq!(report.ledger.exported(), expected.rows.len() as u64);
        assert_eq!(self.0.quarantined(&self.plan(work)), expected.quarantined);
        if work.stats {
            let stats = work.output.stats_file(&self.0.path(""));
            assert_eq!(fs::read_to_string(stats).unwrap(), expected.stats.concat());
        }
        for (at, dropped) in expected.dropped.iter().filter(|_| work.dropped) {
            let name = &work.plan.process[*at].name;
            let file = self
                .0
                .path("dropped")
                .join(format!("op_{at:03}_{name}.jsonl"));
            assert_eq!(&fs::read_to_string(file).unwrap(), dropped);
        }
        exported
    }

    /// Runs and checks; none where the job [is refused](Self::run_unless_refused).
    #[track_caller]
    fn run_and_check(&self, files: &Files, work: &Work, expected: &Expected) -> Option<Exported> {
        let report = self.run_unless_refused(files, work, expected)?;
        Some(self.check(work, &report, expected))
    }

    /// Runs the job; none where it is refused, as the recipe works on a field that the dataset is known not to have.
    #[track_caller]
    fn run_unless_refused(
        &self,
        files: &Files,
        work: &Work,
        expected: &Expected,
    ) -> Option<Report> {
        match self.run(work) {
            Ok(report) => Some(report),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Recipe, "{}", error.full_message());
                assert!(
                    files.all_tables() && expected.textless,
                    "{}",
                    error.full_message()
                );
                None
            }
        }
    }

    /// Removes the export.
    fn remove_export(&self, work: &Work) {
        let path = self.0.path(&work.output.name());
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
        } else if path.exists() {
            fs::remove_file(&path).unwrap();
        }
    }
}

/// A run that went through, and its export.
#[track_caller]
fn completed(files: &Files, work: &Work, expected: &Expected) -> Option<(Job, Exported)> {
    let job = Job::new(files);
    let exported = job.run_and_check(files, work, expected)?;
    Some((job, exported))
}

fn any_work() -> impl Strategy<Value = Work> {
    (
        any_plan(),
        output::any_output(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(plan, output, stats, dropped)| Work {
            plan,
            output,
            stats,
            dropped,
        })
}

fn any_plan() -> impl Strategy<Value = Plan> {
    (any_process(0..5), prop::bool::weighted(0.3), any_how()).prop_map(
        |(process, keep_stats, how)| Plan {
            how,
            keep_stats,
            ..Plan::new(process, 1)
        },
    )
}

fn any_process(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<OperatorCall>> {
    prop::collection::vec(any_call(), length)
}

/// An operator of any kind.
fn any_call() -> impl Strategy<Value = OperatorCall> {
    let edit = prop::sample::select(&["upper", "ends", "vowels", "front", "tail"][..]);
    let edit = edit.prop_map(|kind| OperatorCall::new("edit_mapper").with("kind", kind));
    let plain = |name: &'static str| Just(OperatorCall::new(name));
    prop_oneof![
        5 => edit.clone(),
        1 => edit.prop_map(|call| call.with("text_key", "meta.text")),
        3 => (0u64..4, 8u64..60).prop_map(|(min, max)| OperatorCall::new("length_filter").with("min", min).with("max", max)),
        1 => plain("words_mapper"),
        1 => plain("stamp_mapper"),
        2 => plain("lottery_filter"),
        1 => plain("fragile_mapper"),
        1 => plain("fragile_filter"),
        1 => plain("serve_filter"),
        4 => any_deduplicator(),
    ]
}

/// The same cut with other workers, and other checkpoints.
fn any_workers() -> impl Strategy<Value = (u32, Keep)> {
    (1u32..5, crate::plan::any_strategy())
}

fn with_workers(how: &How, (workers, strategy): (u32, Keep)) -> How {
    How {
        workers,
        strategy,
        ..how.clone()
    }
}
