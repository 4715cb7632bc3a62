//! What is said to have happened to a record did happen: the ways of all records agree with the ledger and with the export.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::LazyLock;

use coldpress_config::OperatorCall;
use coldpress_dataset::{FileCompression, decode_rows};
use coldpress_executor::{
    DiffOptions, Effect, ErrorKind, Fate, FollowOptions, RecordBranch, RecordHistories,
    RecordQuery, Report, diff_jobs, follow_records,
};
use coldpress_operator::Registry;
use coldpress_record::{Ledger, Origin};
use coldpress_storage::StoreSchemes;
use proptest::prelude::*;

use crate::bench::{Bench, in_all};
use crate::control;
use crate::dataset::{Dataset, any_dataset, long_dataset};
use crate::operators;
use crate::plan::{
    Plan, any_deduplicator, any_form, any_how, any_plan, any_process, any_selector, cases,
    with_watch,
};
use crate::services::ask;

fn follow(
    bench: &Bench,
    plan: &Plan,
    query: &RecordQuery,
) -> coldpress_executor::Result<RecordHistories> {
    let registry = operators::registry();
    follow_records(bench.executor(plan).layout(), query, &options(&registry))
}

fn options(registry: &Registry) -> FollowOptions<'_> {
    static SCHEMES: LazyLock<StoreSchemes> = LazyLock::new(crate::shelf::schemes);
    FollowOptions {
        registry,
        schemes: &SCHEMES,
        asset_folders: coldpress_assets::AssetFolders::default(),
        most: usize::MAX,
    }
}

fn of_all(bench: &Bench, plan: &Plan) -> RecordHistories {
    follow(bench, plan, &RecordQuery::All).unwrap()
}

/// The ledger that the ways of all records add up to.
fn ledger_of(histories: &RecordHistories, names: &[String]) -> Ledger {
    let mut ledger = Ledger::new(names.iter().map(String::as_str));
    for history in &histories.records {
        ledger.records += 1;
        if matches!(
            history.branch.fate,
            Fate::Quarantined { operator: None, .. }
        ) {
            ledger.rejected += 1;
        }
        ledger.not_sampled += u64::from(history.branch.fate == Fate::NotSampled);
        count(&history.branch, &mut ledger);
    }
    ledger
}

fn count(branch: &RecordBranch, ledger: &mut Ledger) {
    for step in &branch.steps {
        let operator = &mut ledger.operators[step.operation as usize];
        assert_eq!(operator.name, step.operator);
        operator.records_in += 1;
        match &step.effect {
            Effect::Unchanged | Effect::Changed { .. } | Effect::Kept | Effect::Judged { .. } => {
                operator.out += 1
            }
            Effect::Dropped | Effect::Duplicate { .. } | Effect::NotSelected => {
                operator.dropped += 1;
            }
            Effect::Failed { .. } => operator.quarantined += 1,
            Effect::Split { pieces } => {
                operator.out += pieces;
                operator.made += pieces - 1;
            }
            Effect::Selected { positions } => {
                operator.out += positions.len() as u64;
                operator.made += positions.len() as u64 - 1;
            }
            Effect::Grouped { .. } => match branch.fate {
                Fate::Absorbed { operation, .. } if operation == step.operation => {
                    operator.absorbed += 1;
                }
                _ => operator.out += 1,
            },
        }
    }
    branch.pieces.iter().for_each(|piece| count(piece, ledger));
}

fn lines(path: &Path) -> Vec<String> {
    // A file behind a URL is on the shelf.
    let path = crate::shelf::path(&path.display().to_string());
    let name = path.display().to_string();
    let packing = match name.rsplit('.').next() {
        Some("gz") => FileCompression::Gzip,
        Some("zst") => FileCompression::Zstd,
        _ => FileCompression::None,
    };
    let mut text = String::new();
    let mut rows = decode_rows(fs::File::open(path).unwrap(), packing).unwrap();
    rows.read_to_string(&mut text).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// All ends that are in the export are all of its rows, and each record is the one that is there.
fn check_export(histories: &RecordHistories, plan: &Plan, report: &Report) {
    let ends = histories.records.iter().flat_map(|one| one.branch.ends());
    let mut rows = BTreeSet::new();
    for end in ends {
        let Fate::Exported { file, row } = &end.fate else {
            continue;
        };
        let file = file.clone().unwrap();
        let line = &lines(Path::new(&file))[*row as usize - 1];
        if !plan.keep_stats {
            let record = end.record_after.as_ref().unwrap();
            let shown = record.strip_suffix('…').unwrap_or(record);
            assert!(line.starts_with(shown), "{line}\n{record}");
        }
        assert!(rows.insert((file, *row)), "two records in one row");
    }
    assert_eq!(rows.len() as u64, report.ledger.exported());
}

#[track_caller]
fn check(bench: &Bench, plan: &Plan, report: &Report) {
    let histories = of_all(bench, plan);
    assert_eq!(histories.found, report.ledger.records);
    assert_eq!(histories.remarks, Vec::<String>::new());
    let names: Vec<String> = plan.process.iter().map(|call| call.name.clone()).collect();
    let found = ledger_of(&histories, &names);
    let mut expected = in_all(&report.ledger);
    (expected.rejected_bytes, expected.too_long) = (0, 0);
    assert_eq!(found, expected);
    check_export(&histories, plan, report);
    for history in &histories.records {
        for end in history.branch.ends() {
            let last = end.steps.last().map(|step| &step.effect);
            if let Some(Effect::Duplicate { kept }) = last {
                let kept = kept.as_ref().unwrap();
                assert_ne!(kept.origin, end.origin);
            }
        }
    }
}

/// The records that come out, by where they came from.
fn kept_records(layout: &coldpress_job::Layout) -> BTreeMap<Origin, String> {
    let registry = operators::registry();
    let options = options(&registry);
    let histories = follow_records(layout, &RecordQuery::All, &options).unwrap();
    let records = histories.records.iter().flat_map(|one| one.branch.ends());
    let kept = records.filter_map(|end| Some((end.origin.clone(), end.record_after.clone()?)));
    kept.collect()
}

fn any_global() -> impl Strategy<Value = OperatorCall> {
    prop_oneof![2 => any_deduplicator(), 1 => any_selector()]
}

proptest! {
    #![proptest_config(cases(16))]

    /// Operators that work on records alone: mappers, filters, splitters, and those that fail.
    #[test]
    fn the_ways_of_all_records_add_up(dataset in any_dataset(), plan in any_plan()) {
        let bench = Bench::new(&dataset);
        let Ok(report) = bench.run(&plan) else {
            return Ok(());
        };
        prop_assume!(report.unreadable.is_empty());
        check(&bench, &plan, &report);
    }

    /// Records that come in several times, and records that are not drawn.
    #[test]
    fn the_ways_of_a_mixture_add_up(
        dataset in any_dataset(), plan in any_plan(), weights in prop::collection::vec(0.1..2.9, 8),
    ) {
        let mut bench = Bench::new(&dataset);
        bench.weights = weights;
        let Ok(report) = bench.run(&plan) else {
            return Ok(());
        };
        prop_assume!(report.unreadable.is_empty());
        check(&bench, &plan, &report);
    }

    /// Deduplicators, selectors and groupers, one after the other.
    #[test]
    fn the_ways_lead_through_barriers(
        dataset in long_dataset(), (head, middle, tail) in (any_process(0..3), any_process(0..2), any_process(0..3)),
        globals in prop::collection::vec(any_global(), 1..3), form in any_form(), how in any_how(),
    ) {
        let (first, rest) = globals.split_at(1);
        let process = [head, first.to_vec(), middle, rest.to_vec(), tail].concat();
        let plan = Plan { form, how, ..Plan::new(process, 3) };
        let bench = Bench::new(&dataset);
        let Ok(report) = bench.run(&plan) else {
            return Ok(());
        };
        prop_assume!(report.unreadable.is_empty());
        check(&bench, &plan, &report);
    }

    /// The output of an external operator is read, and it is not called again.
    #[test]
    fn external_operators_are_not_asked(
        dataset in long_dataset(), (head, tail) in (any_process(0..3), any_process(0..3)), how in any_how(),
    ) {
        let bench = Bench::new(&dataset);
        let log = bench.path("ask.log");
        let process = [head, vec![ask(&log)], tail].concat();
        let plan = Plan { how, ..Plan::new(process, 3) };
        let Ok(report) = bench.run(&plan) else {
            return Ok(());
        };
        prop_assume!(report.unreadable.is_empty());
        let asked = fs::read(&log).unwrap_or_default();
        check(&bench, &plan, &report);
        prop_assert_eq!(fs::read(&log).unwrap_or_default(), asked);
    }

    /// Two recipes over the same input: what one kept and the other did not, by the ways of the records.
    #[test]
    fn two_jobs_differ_in_what_became_of_their_records(
        dataset in any_dataset(), (first, second) in (any_plan(), any_process(0..5)), key in any::<bool>(),
    ) {
        let bench = Bench::new(&dataset);
        let first = Plan { keep_stats: false, ..first };
        let second = Plan { process: second, ..first.clone() };
        let plans = [("job", &first), ("other", &second)];
        let mut kept = Vec::new();
        for (job, plan) in plans {
            let executor = bench.executor_of(job, plan);
            let Ok(report) = executor.run() else {
                return Ok(());
            };
            prop_assume!(report.unreadable.is_empty());
            kept.push(kept_records(executor.layout()));
        }
        let layouts = plans.map(|(job, plan)| bench.executor_of(job, plan).layout().clone());
        let options = DiffOptions {
            schemes: &crate::shelf::schemes(),
            key: key.then_some("n"),
            samples: 1000,
            output: None,
            memory_bytes: 1 << 20,
        };
        let diff = diff_jobs(&layouts[0], &layouts[1], &options);
        let mut records = kept.iter().flat_map(BTreeMap::values).peekable();
        if key && records.peek().is_some() && !records.any(|record| record.contains(r#""n":"#)) {
            // Nothing can be matched by a field that no record has.
            prop_assert!(diff.is_err());
            return Ok(());
        }
        let diff = diff.unwrap();
        let paired = diff.same + diff.changed;
        let counts = [0, 1].map(|at| kept[at].len() as u64);
        prop_assert_eq!(diff.records, counts);
        prop_assert_eq!([paired + diff.lost, paired + diff.gained], counts);
        prop_assert_eq!(diff.lost_samples.len() as u64, diff.lost);
        if !key {
            prop_assert_eq!(diff.matched_by, "origin");
            let both = kept[0].iter().filter(|(origin, _)| kept[1].contains_key(*origin));
            prop_assert_eq!(paired, both.clone().count() as u64);
            let same = both.filter(|(origin, record)| kept[1].get(*origin) == Some(*record));
            // A record may be spelled otherwise and be the same.
            prop_assert!(same.count() as u64 <= diff.same);
        }
    }

    /// For a job that was stopped, the histories say what the recipe does with the records, and that it is not finished.
    #[test]
    fn a_stopped_job_can_be_looked_into(
        dataset in long_dataset(), plan in any_plan(), at in 0usize..6, after in 1u64..12,
    ) {
        let id = control::new_id();
        let process = with_watch(plan.process.clone(), at, id);
        let plan = Plan { process, ..plan };
        let bench = Bench::new(&dataset);
        let executor = bench.executor(&plan);
        control::stop_after(id, after, executor.stop_handle());
        let Ok(report) = executor.run() else {
            return Ok(());
        };
        control::disarm(id);
        let before = of_all(&bench, &plan);
        let Ok(whole) = bench.run(&plan) else {
            return Ok(());
        };
        let after = of_all(&bench, &plan);
        prop_assert!(before.records.len() <= after.records.len());
        let is_whole = report.status == coldpress_job::Status::Completed;
        prop_assert!(!is_whole || before.remarks.is_empty(), "{:?}", before.remarks);
        let mut ends = before.records.iter().flat_map(|one| one.branch.ends());
        let is_exported = ends.any(|end| matches!(end.fate, Fate::Exported { .. }));
        prop_assert!(is_whole || !is_exported);
        for (one, other) in before.records.iter().zip(&after.records) {
            // It ends before the first operator that has not decided yet.
            prop_assert!(other.branch.steps.starts_with(&one.branch.steps), "{:?}", one.branch);
        }
        prop_assert!(whole.ledger.records >= before.found);
    }
}

#[test]
fn records_are_found_by_their_fields() {
    let record = |n: u32| {
        format!(
            r#"{{"n": {n}, "meta": {{"id": "r{}"}}, "text": "t"}}"#,
            n % 5
        )
    };
    let dataset = Dataset::of_lines((0..20).map(record));
    let plan = Plan::new(vec![OperatorCall::new("length_filter")], 3);
    let bench = Bench::new(&dataset);
    bench.run(&plan).unwrap();
    let found = |path: &str, value: &str| {
        let (path, value) = (path.to_owned(), value.to_owned());
        follow(&bench, &plan, &RecordQuery::Field { path, value }).unwrap()
    };
    let one = found("n", "17");
    assert_eq!(
        (one.found, one.looked_at, one.with_field),
        (1, 20, Some(20))
    );
    assert_eq!(one.records[0].number, 18);
    let numbers = |histories: &RecordHistories| {
        let records = histories.records.iter();
        records.map(|one| one.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&found("meta.id", "r2")), [3, 8, 13, 18]);
    assert_eq!(found("meta.id", "r9").found, 0);
    assert_eq!(found("nothing.here", "1").with_field, Some(0));
    let number = |file: &str, number| {
        let file = file.to_owned();
        follow(&bench, &plan, &RecordQuery::Number { file, number })
    };
    assert_eq!(numbers(&number("data-0.jsonl", 20).unwrap()), [20]);
    for (file, at, part, kind) in [
        ("data-0.jsonl", 21, "has 20 records", ErrorKind::Failed),
        ("data-0.jsonl", 0, "counted from 1", ErrorKind::Recipe),
        (
            "ata-0.jsonl",
            1,
            "is not a file of the dataset",
            ErrorKind::Recipe,
        ),
    ] {
        let error = number(file, at).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn records_beyond_the_limit_are_found() {
    let record = |n: u32| format!(r#"{{"n": {n}, "text": "t"}}"#);
    let mut dataset = Dataset::of_lines((0..10).map(record));
    dataset.add_plain(&(10..20).map(|n| record(n) + "\n").collect::<String>());
    let plan = Plan::new(vec![OperatorCall::new("length_filter")], 3).with("limit", 7);
    let bench = Bench::new(&dataset);
    bench.run(&plan).unwrap();
    for n in 0..20_u64 {
        let (path, value) = ("n".to_owned(), n.to_string());
        let found = follow(&bench, &plan, &RecordQuery::Field { path, value }).unwrap();
        assert_eq!((found.found, found.looked_at), (1, 20));
        let record = &found.records[0];
        assert_eq!(record.number, n + 1);
        let is_beyond = record.branch.fate == Fate::BeyondLimit { limit: 7 };
        assert_eq!(is_beyond, n >= 7);
        assert_eq!(record.partition.is_none(), n >= 7);
    }
}

#[test]
fn a_changed_input_is_refused() {
    let bench = Bench::new(&Dataset::of_texts(["a", "b", "c"]));
    let plan = Plan::new(vec![OperatorCall::new("length_filter")], 1);
    bench.run(&plan).unwrap();
    let text = fs::read_to_string(&bench.sources[0]).unwrap();
    fs::write(&bench.sources[0], text.replace('b', "x")).unwrap();
    let error = follow(&bench, &plan, &RecordQuery::All).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
}
