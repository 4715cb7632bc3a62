//! Damaged and deleted files of a job cost work, never data.

use std::fs;
use std::path::PathBuf;

use coldpress_config::OperatorCall;
use coldpress_job::Status;
use proptest::prelude::*;

use crate::bench::{Bench, files_in};
use crate::control;
use crate::dataset::long_dataset;
use crate::plan::{Form, Keep, Plan, any_form, any_how, any_plan, any_process, cases, with_watch};
use crate::reference::Expected;

/// What happens to a file.
#[derive(Clone, Debug)]
pub(crate) enum Harm {
    Flip(prop::sample::Index),
    Cut(prop::sample::Index),
    Empty,
    Delete,
}

fn any_harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        3 => any::<prop::sample::Index>().prop_map(Harm::Flip),
        1 => any::<prop::sample::Index>().prop_map(Harm::Cut),
        1 => Just(Harm::Empty),
        2 => Just(Harm::Delete),
    ]
}

/// Harms a choice of files: each with the harm at its place, if there is one.
pub(crate) fn harm(files: &[PathBuf], harms: &[Option<Harm>]) {
    for (path, harm) in files.iter().zip(harms.iter().cycle()) {
        let Some(harm) = harm else { continue };
        let mut bytes = fs::read(path).unwrap();
        match harm {
            Harm::Flip(_) if bytes.is_empty() => {}
            Harm::Flip(at) => {
                let at = at.index(bytes.len());
                bytes[at] ^= 4;
            }
            Harm::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
            Harm::Empty => bytes.clear(),
            Harm::Delete => {
                fs::remove_file(path).unwrap();
                continue;
            }
        }
        fs::write(path, bytes).unwrap();
    }
}

pub(crate) fn any_harms() -> impl Strategy<Value = Vec<Option<Harm>>> {
    prop::collection::vec(prop::option::weighted(0.5, any_harm()), 1..7)
}

proptest! {
    #![proptest_config(cases(20))]

    /// Results, rows and indices, between a stop and a resume, or before a lost export is merged again.
    #[test]
    fn damaged_results_are_made_again(
        dataset in long_dataset(), plan in any_plan(), at in 0usize..6, stop in 1u64..14, harms in any_harms(),
    ) {
        let id = control::new_id();
        let plan = Plan { process: with_watch(plan.process.clone(), at, id), ..plan };
        let expected = Expected::of(&dataset, &plan);
        let bench = Bench::new(&dataset);
        let executor = bench.executor(&plan);
        control::stop_after(id, stop, executor.stop_handle());
        executor.run().unwrap();
        control::disarm(id);
        let export = bench.path(plan.form.file_name());
        if export.is_dir() {
            fs::remove_dir_all(&export).unwrap();
        } else if export.exists() {
            fs::remove_file(&export).unwrap();
        }
        harm(&files_in(&bench.layout().results_dir()), &harms);
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &expected);
    }

    /// Checkpoints and results that a changed recipe would go on from.
    #[test]
    fn damaged_checkpoints_are_left(
        dataset in long_dataset(),
        prefix in any_process(1..5),
        tail in any_process(0..3),
        form in any_form(),
        hows in (any_how(), any_how()),
        harms in (any_harms(), any_harms()),
    ) {
        let mut first = Plan { form, how: hows.0, ..Plan::new(prefix.clone(), 1) };
        first.how.strategy = Keep::EveryOp;
        let process = [prefix, tail, vec![OperatorCall::new("stamp_mapper")]].concat();
        let second = Plan { process, how: hows.1, ..first.clone() };
        let expected = Expected::of(&dataset, &second);
        let bench = Bench::new(&dataset);
        prop_assert_ne!(bench.run(&first).unwrap().status, Status::Stopped);
        harm(&files_in(bench.layout().checkpoint_dir()), &harms.0);
        harm(&files_in(&bench.layout().results_dir()), &harms.1);
        let report = bench.run(&second).unwrap();
        bench.check(&second, &report, &expected);
    }
}

/// Every way to harm the one result, in every form.
#[test]
fn no_harm_to_a_result_comes_out() {
    let dataset = crate::dataset::Dataset::of_texts(["a b", "c", "err", "d e f", "g"]);
    let call = OperatorCall::new;
    for form in [Form::Plain, Form::Gzip, Form::Zstd, Form::Shards(30)] {
        let process = vec![
            call("stamp_mapper"),
            call("fragile_mapper"),
            call("words_mapper"),
        ];
        let plan = Plan {
            form,
            ..Plan::new(process, 2)
        };
        let expected = Expected::of(&dataset, &plan);
        let bench = Bench::new(&dataset);
        bench.run(&plan).unwrap();
        let results = bench.layout().results_dir();
        for round in 0..3 {
            let export = bench.path(form.file_name());
            if export.is_dir() {
                fs::remove_dir_all(&export).unwrap()
            } else {
                fs::remove_file(&export).unwrap()
            }
            let rows: Vec<PathBuf> = files_in(&results)
                .into_iter()
                .filter(|path| path.extension().is_some_and(|suffix| suffix != "parquet"))
                .collect();
            for path in &rows {
                let mut bytes = fs::read(path).unwrap();
                if round == 0 {
                    fs::remove_file(path).unwrap();
                } else {
                    let at = bytes.len() / (round + 1);
                    bytes[at] ^= 1;
                    fs::write(path, bytes).unwrap();
                }
            }
            let report = bench.run(&plan).unwrap();
            bench.check(&plan, &report, &expected);
        }
    }
}
