//! A changed input is refused, and a completed job stays as it is.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use coldpress_config::OperatorCall;
use coldpress_executor::ErrorKind;
use coldpress_job::Status;
use proptest::prelude::*;

use crate::bench::{Bench, files_in};
use crate::control;
use crate::dataset::{Dataset, long_dataset};
use crate::operators;
use crate::plan::{Form, Plan, any_plan, cases};
use crate::reference::Expected;

#[derive(Clone, Copy, Debug)]
enum Change {
    /// One byte is another.
    Byte(usize),
    Appended,
    Cut,
    Missing,
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => any::<prop::sample::Index>().prop_map(|at| Change::Byte(at.index(1 << 20))),
        1 => Just(Change::Appended),
        1 => Just(Change::Cut),
        1 => Just(Change::Missing),
    ]
}

fn change(path: &Path, change: Change) {
    let mut bytes = fs::read(path).unwrap();
    match change {
        Change::Byte(at) => {
            let at = at % bytes.len();
            bytes[at] ^= 1;
        }
        Change::Appended => bytes.extend_from_slice(b"{\"text\": \"new\"}\n"),
        Change::Cut => bytes.truncate(bytes.len() - 1),
        Change::Missing => return fs::remove_file(path).unwrap(),
    }
    fs::write(path, bytes).unwrap();
}

/// Name, file number, time of change and bytes of everything at the export path.
fn standing(path: &Path) -> Vec<(String, u64, SystemTime, Vec<u8>)> {
    let files = if path.is_dir() {
        files_in(path)
    } else {
        vec![path.to_owned()]
    };
    let stand = |path: &std::path::PathBuf| {
        let found = fs::metadata(path).unwrap();
        (
            path.display().to_string(),
            found.ino(),
            found.modified().unwrap(),
            fs::read(path).unwrap(),
        )
    };
    files.iter().map(stand).collect()
}

proptest! {
    #![proptest_config(cases(14))]

    /// Between a stop, or the end, and a resume: refused, and what was exported stands.
    #[test]
    fn a_changed_input_is_refused(
        dataset in long_dataset(), plan in any_plan(), stop in prop::option::of(1u64..8), how_changed in any_change(),
    ) {
        let id = control::new_id();
        let plan = Plan { process: crate::plan::with_watch(plan.process.clone(), 0, id), ..plan };
        let bench = Bench::new(&dataset);
        let executor = bench.executor(&plan);
        if let Some(after) = stop {
            control::stop_after(id, after, executor.stop_handle());
        }
        let exported = executor.run().unwrap().status != Status::Stopped;
        control::disarm(id);
        let export = bench.path(plan.form.file_name());
        let before = exported.then(|| standing(&export));
        change(&bench.sources[0], how_changed);
        let error = bench.run(&plan).unwrap_err();
        let kind = if matches!(how_changed, Change::Missing) { ErrorKind::Input } else { ErrorKind::Refused };
        prop_assert_eq!(error.kind(), kind, "{}", error.full_message());
        match before {
            Some(before) => prop_assert_eq!(standing(&export), before),
            // The folder of a store may be there, with nothing in it.
            None => prop_assert_eq!(bench.export(plan.form).unwrap_or_default(), Vec::<Vec<u8>>::new()),
        }
    }

    /// Running a completed job again changes nothing; without its export it is merged again, and nothing is worked on.
    #[test]
    fn a_completed_job_stays_as_it_is(dataset in long_dataset(), plan in any_plan()) {
        let expected = Expected::of(&dataset, &plan);
        let bench = Bench::new(&dataset);
        let first = bench.run(&plan).unwrap();
        let export = bench.path(plan.form.file_name());
        let before = standing(&export);
        let again = bench.run(&plan).unwrap();
        prop_assert!(again.already_complete && !first.already_complete);
        prop_assert_eq!(again.partitions_reused, again.partitions);
        prop_assert_eq!(standing(&export), before);
        bench.check(&plan, &again, &expected);

        let attempts = |bench: &Bench| {
            let state = bench.state(&plan);
            (0..state.partition_count()).map(|index| state.attempts(index)).collect::<Vec<_>>()
        };
        let attempted = attempts(&bench);
        if export.is_dir() { fs::remove_dir_all(&export).unwrap() } else { fs::remove_file(&export).unwrap() }
        let merged = bench.run(&plan).unwrap();
        bench.check(&plan, &merged, &expected);
        prop_assert!(!merged.already_complete);
        prop_assert_eq!(attempts(&bench), attempted);
    }
}

/// A recipe that asks for another form of the export gets it, and from the results.
#[test]
fn other_shards_are_exported_anew() {
    let dataset = Dataset::of_texts(["a", "b", "c", "d"]);
    let bench = Bench::new(&dataset);
    for size in [1, 39, 1000] {
        let plan = Plan {
            form: Form::Shards(size),
            ..Plan::new(vec![OperatorCall::new("stamp_mapper")], 2)
        };
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &Expected::of(&dataset, &plan));
        assert_eq!(report.partitions_reused, if size == 1 { 0 } else { 2 });
    }
}

/// A file that was only touched is the same input.
#[test]
fn a_touched_input_is_the_same() {
    let dataset = Dataset::of_texts(["a", "b", "c"]);
    let id = control::new_id();
    let plan = Plan::new(vec![operators::watch(id)], 1);
    let bench = Bench::new(&dataset);
    let executor = bench.executor(&plan);
    control::stop_after(id, 1, executor.stop_handle());
    assert_eq!(executor.run().unwrap().status, Status::Stopped);
    control::disarm(id);
    let file = fs::File::options()
        .append(true)
        .open(&bench.sources[0])
        .unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(1000))
        .unwrap();
    let report = bench.run(&plan).unwrap();
    bench.check(&plan, &report, &Expected::of(&dataset, &plan));
}

/// Bytes that no sample shows are found by the hash of the slice, be the time of change as it was.
#[test]
fn a_change_in_the_middle_of_a_large_file_is_refused() {
    let dataset = Dataset::of_texts((0..60).map(|n| format!("{n} ").repeat(1500)));
    for (stop, keep_time) in [
        (Some(30), false),
        (Some(2), false),
        (Some(2), true),
        (None, false),
    ] {
        let id = control::new_id();
        let plan = Plan::new(
            vec![operators::watch(id), OperatorCall::new("edit_mapper")],
            6,
        );
        let bench = Bench::new(&dataset);
        let executor = bench.executor(&plan);
        if let Some(after) = stop {
            control::stop_after(id, after, executor.stop_handle());
        }
        executor.run().unwrap();
        control::disarm(id);
        let export = bench.path(plan.form.file_name());
        let before = export.exists().then(|| standing(&export));
        let time = fs::metadata(&bench.sources[0]).unwrap().modified().unwrap();
        let middle = fs::metadata(&bench.sources[0]).unwrap().len() / 2;
        change(&bench.sources[0], Change::Byte(middle as usize));
        if keep_time {
            let file = fs::File::options()
                .append(true)
                .open(&bench.sources[0])
                .unwrap();
            file.set_modified(time).unwrap();
        }
        let error = bench.run(&plan).unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Refused,
            "{stop:?} {keep_time}: {}",
            error.full_message()
        );
        assert_eq!(export.exists().then(|| standing(&export)), before);
    }
}
