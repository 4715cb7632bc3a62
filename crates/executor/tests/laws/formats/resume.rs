//! Stops, changed recipes, other exports and damaged results, over every format.

use std::fs;
use std::path::PathBuf;

use coldpress_config::OperatorCall;
use coldpress_job::Status;
use proptest::prelude::*;

use super::any::any_files;
use super::expected::Expected;
use super::output::{Output, any_output, any_table_output};
use super::{Job, Work, any_call, any_plan, any_process, any_work, completed};
use crate::bench::files_in;
use crate::control;
use crate::plan::{Keep, Plan, any_how, cases, with_watch};

/// What happens to a file.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Flip(u16),
    Cut(u16),
    Delete,
}

fn any_harms() -> impl Strategy<Value = Vec<Option<Harm>>> {
    let harm = prop_oneof![
        3 => any::<u16>().prop_map(Harm::Flip), 1 => any::<u16>().prop_map(Harm::Cut), 2 => Just(Harm::Delete),
    ];
    prop::collection::vec(prop::option::weighted(0.5, harm), 1..7)
}

fn harm(files: &[PathBuf], harms: &[Option<Harm>]) {
    for (path, harm) in files.iter().zip(harms.iter().cycle()) {
        let mut bytes = fs::read(path).unwrap();
        let at = |at: u16| usize::from(at) * bytes.len() / (usize::from(u16::MAX) + 1);
        match harm {
            Some(Harm::Flip(place)) if !bytes.is_empty() => {
                let at = at(*place);
                bytes[at] ^= 4;
            }
            Some(Harm::Cut(place)) => bytes.truncate(at(*place)),
            Some(Harm::Delete) => {
                fs::remove_file(path).unwrap();
                continue;
            }
            _ => continue,
        }
        fs::write(path, bytes).unwrap();
    }
}

/// Runs until the watch operator has seen `after` records; whether it got so far as to plan.
fn run_until(job: &Job, work: &Work, id: control::ControlId, after: u64) -> bool {
    let executor = job.0.executor(&job.plan(work));
    control::stop_after(id, after, executor.stop_handle());
    let has_run = executor.run().is_ok();
    control::disarm(id);
    has_run
}

proptest! {
    #![proptest_config(cases(16))]

    /// Stopped at any place, and going on under another plan and with another form of the export.
    #[test]
    fn a_stopped_job_ends_as_an_undisturbed_one(
        files in any_files(), work in any_work(), at in 0usize..5, after in 1u64..20, how in any_how(),
        output in prop::option::of(any_output()),
    ) {
        let id = control::new_id();
        let process = with_watch(work.plan.process.clone(), at, id);
        let first = Work { plan: Plan { process, ..work.plan.clone() }, ..work };
        let output = output.unwrap_or(first.output);
        let second = Work { plan: Plan { how, ..first.plan.clone() }, output, ..first.clone() };
        let expected = Expected::of(&files, &first.plan);
        let job = Job::new(&files);
        if run_until(&job, &first, id, after) {
            let report = job.run(&second).unwrap();
            job.check(&second, &report, &expected);
        } else {
            prop_assert!(files.all_tables() && expected.textless);
        }
    }

    /// Another tail, and back: the results of both recipes, from what the other left.
    #[test]
    fn a_changed_tail_reuses_the_prefix(
        files in any_files(), first in any_work(), prefix in any_process(1..4), call in any_call(),
        output in any_output(), how in any_how(),
    ) {
        let mut plan = Plan { process: prefix.clone(), ..first.plan };
        plan.how.strategy = Keep::EveryOp;
        let first = Work { plan, ..first };
        let process = [prefix, vec![call]].concat();
        let second = Work { plan: Plan { process, how, ..first.plan.clone() }, output, ..first.clone() };
        let expected = [Expected::of(&files, &first.plan), Expected::of(&files, &second.plan)];
        let Some((job, _)) = completed(&files, &first, &expected[0]) else { return Ok(()) };
        let Some(report) = job.run_unless_refused(&files, &second, &expected[1]) else { return Ok(()) };
        job.check(&second, &report, &expected[1]);
        prop_assert_eq!((report.partitions_resumed, report.partitions_reused), (report.partitions, 0));
        let report = job.run(&first).unwrap();
        job.check(&first, &report, &expected[0]);
    }

    /// A completed job whose recipe asks for one form of the export after the other.
    #[test]
    fn every_form_of_the_export_can_be_had_afterwards(
        files in any_files(), plan in any_plan(), first in any_output(), others in prop::collection::vec(any_output(), 2..4),
        beside in (any::<bool>(), any::<bool>()),
    ) {
        let expected = Expected::of(&files, &plan);
        let work = Work { plan, output: first, stats: false, dropped: false };
        let Some((job, before)) = completed(&files, &work, &expected) else { return Ok(()) };
        for output in others.into_iter().chain([first]) {
            let work = Work { output, stats: beside.0, dropped: beside.1, ..work.clone() };
            let report = job.run(&work).unwrap();
            let after = job.check(&work, &report, &expected);
            let again = job.run(&work).unwrap();
            prop_assert!(again.already_complete);
            job.check(&work, &again, &expected);
            if output == first && !output.is_table() {
                prop_assert!(before.parts == after.parts, "the bytes differ");
            }
            prop_assert!(output != first || before.schema == after.schema);
        }
    }

    /// Rows, indices and dropped records, between a stop and a resume, or before a lost export is merged again.
    #[test]
    fn damaged_results_are_made_again(
        files in any_files(), work in any_work(), table in prop::option::of(any_table_output()),
        at in 0usize..5, after in prop_oneof![1u64..20, Just(1000)], harms in any_harms(),
    ) {
        let id = control::new_id();
        let process = with_watch(work.plan.process.clone(), at, id);
        let output = table.unwrap_or(work.output);
        let work = Work { plan: Plan { process, ..work.plan.clone() }, output, ..work };
        let expected = Expected::of(&files, &work.plan);
        let job = Job::new(&files);
        if run_until(&job, &work, id, after) {
            job.remove_export(&work);
            harm(&files_in(&job.0.layout().results_dir()), &harms);
            let report = job.run(&work).unwrap();
            job.check(&work, &report, &expected);
        } else {
            prop_assert!(files.all_tables() && expected.textless);
        }
    }
}

/// Results of lines serve every form that is made of lines: nothing is worked on again.
#[test]
fn forms_of_lines_share_results() {
    use super::files::{DataFile, Files, Shape};
    use super::output::Form;
    let columns = vec![
        ("id".to_owned(), super::columns::Kind::Int),
        ("text".to_owned(), super::columns::Kind::Text),
    ];
    let rows = (0..9).map(|row| vec![row, row * 7]).collect();
    let shape = Shape::Lines(coldpress_dataset::FileCompression::None);
    let files = Files(vec![DataFile {
        shape,
        columns,
        rows,
    }]);
    let plan = Plan::new(vec![OperatorCall::new("stamp_mapper")], 2);
    let expected = Expected::of(&files, &plan);
    let work = |form| Work {
        plan: plan.clone(),
        output: Output::file(form),
        stats: true,
        dropped: true,
    };
    let job = Job::new(&files);
    for form in [
        Form::Csv,
        Form::Jsonl,
        Form::Parquet,
        Form::Json,
        Form::Arrow,
        Form::Tsv,
    ] {
        let report = job.run(&work(form)).unwrap();
        job.check(&work(form), &report, &expected);
        assert_eq!(report.status, Status::Completed);
        let reused = if form == Form::Csv {
            0
        } else {
            report.partitions
        };
        assert_eq!(report.partitions_reused, reused, "{form:?}");
    }
}
