//! Operators that need the whole dataset: what is used again, what is decided anew, and what fails.

use std::fs;
use std::path::{Path, PathBuf};

use coldpress_config::OperatorCall;
use coldpress_executor::ErrorKind;
use coldpress_job::Status;
use proptest::prelude::*;

use crate::bench::{Bench, files_in};
use crate::control;
use crate::dataset::{Dataset, long_dataset};
use crate::operators;
use crate::plan::{Plan, any_deduplicator, any_how, any_process, cases, with_watch};
use crate::reference::Expected;
use crate::services::mood;

fn simhash(distance: u64) -> OperatorCall {
    OperatorCall::new("document_simhash_deduplicator")
        .with("window_size", 1)
        .with("num_blocks", 20)
        .with("hamming_distance", distance)
}

fn exact() -> OperatorCall {
    OperatorCall::new("document_deduplicator")
}

/// Texts of which every third is there again, and some differ in a word.
fn texts() -> Dataset {
    Dataset::of_texts((0..24).map(|n| match n % 3 {
        0 => "the same text once more".to_owned(),
        1 => format!("a text that differs in the word {n} from others of its kind"),
        _ => format!("number {n}"),
    }))
}

/// How often a result of this stage was published.
fn published(bench: &Bench, plan: &Plan, stage: u32) -> usize {
    let state = bench.state(plan);
    let of_stage = state.publications().filter(|one| one.stage == stage);
    of_stage.count()
}

/// The packs with what was decided about the partitions.
fn decisions(bench: &Bench) -> Vec<PathBuf> {
    let mut files = files_in(&bench.path("jobs/job/signatures"));
    files.retain(|path| path.display().to_string().contains("_decisions."));
    files
}

fn barrier_files(bench: &Bench, ending: &str) -> Vec<PathBuf> {
    let mut files = files_in(&bench.path("jobs/job/signatures"));
    files.retain(|path| path.extension().is_some_and(|found| found == ending));
    files
}

/// Harms to a file: cut, altered, gone, or a folder in its place.
pub(crate) fn harm(path: &Path, harm: usize) {
    let mut bytes = fs::read(path).unwrap();
    match harm % 4 {
        0 => {
            bytes.truncate(bytes.len() / 2);
            fs::write(path, bytes).unwrap();
        }
        1 => {
            let at = harm % bytes.len();
            bytes[at] ^= 1;
            fs::write(path, bytes).unwrap();
        }
        2 => fs::remove_file(path).unwrap(),
        _ => {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(cases(16))]

    /// Up to three barriers, also side by side and at both ends, stopped anywhere: as if nothing had happened.
    #[test]
    fn barriers_do_not_show(
        dataset in long_dataset(),
        parts in (any_process(0..2), any_process(0..2), any_process(0..2)),
        barriers in prop::collection::vec(any_deduplicator(), 1..3),
        hows in (any_how(), any_how()),
        at in 0usize..8, after in 1u64..20, keep_stats in any::<bool>(),
    ) {
        let (before, between, behind) = parts;
        let mut process = [before, vec![barriers[0].clone()], between].concat();
        process.extend(barriers.get(1).cloned());
        process.extend(behind);
        let id = control::new_id();
        let process = with_watch(process, at, id);
        let first = Plan { how: hows.0, keep_stats, ..Plan::new(process, 1) };
        let second = Plan { how: hows.1, ..first.clone() };
        let expected = Expected::of(&dataset, &first);
        let bench = Bench::new(&dataset);
        let executor = bench.executor(&first);
        control::stop_after(id, after, executor.stop_handle());
        executor.run().unwrap();
        control::disarm(id);
        let report = bench.run(&second).unwrap();
        bench.check(&second, &report, &expected);
        prop_assert_eq!(bench.quarantined(&second), expected.quarantined);
    }

    /// Damage to signatures and decisions while the job is stopped, or before another recipe asks for them again.
    #[test]
    fn damaged_files_of_a_barrier_are_made_again(
        at in 0usize..4, after in 1u64..70, distances in (0u64..12, 0u64..12),
        harms in prop::collection::vec((0usize..40, 0usize..400), 1..4),
    ) {
        let id = control::new_id();
        let plan = |distance| {
            let process = vec![OperatorCall::new("edit_mapper"), simhash(distance), OperatorCall::new("stamp_mapper")];
            Plan::new(with_watch(process, at, id), 5).workers(2)
        };
        let (first, second) = (plan(distances.0), plan(distances.1));
        let expected = Expected::of(&texts(), &second);
        let bench = Bench::new(&texts());
        let executor = bench.executor(&first);
        control::stop_after(id, after, executor.stop_handle());
        executor.run().unwrap();
        control::disarm(id);
        let files = files_in(&bench.path("jobs/job/signatures"));
        for (file, how) in harms {
            if let Some(path) = files.get(file % files.len().max(1)).filter(|path| path.is_file()) {
                harm(path, how);
            }
        }
        let report = bench.run(&second).unwrap();
        bench.check(&second, &report, &expected);
    }
}

fn verified(threshold: f64) -> OperatorCall {
    OperatorCall::new("document_minhash_deduplicator")
        .with("window_size", 1)
        .with("num_permutations", 32)
        .with("num_bands", 16)
        .with("num_rows_per_band", 2)
        .with("verify", true)
        .with("jaccard_threshold", threshold)
}

proptest! {
    #![proptest_config(cases(12))]

    /// Duplicates that are verified, stopped anywhere and cut in any way: the same bytes as in one go.
    #[test]
    fn verified_barriers_do_not_show(
        hows in (any_how(), any_how()), at in 0usize..3, after in 1u64..60, threshold in 0.2f64..0.9,
        harms in prop::collection::vec((0usize..40, 0usize..400), 0..3),
    ) {
        let id = control::new_id();
        let process = vec![OperatorCall::new("edit_mapper"), verified(threshold), simhash(3).with("verify", true)];
        let whole = Plan::new(process.clone(), 100).workers(1);
        let expected = Bench::new(&texts());
        let ledger = expected.run(&whole).unwrap().ledger;
        let process = with_watch(process, at, id);
        let first = Plan { how: hows.0, ..Plan::new(process, 1) };
        let second = Plan { how: hows.1, ..first.clone() };
        let bench = Bench::new(&texts());
        let executor = bench.executor(&first);
        control::stop_after(id, after, executor.stop_handle());
        executor.run().unwrap();
        control::disarm(id);
        let files = files_in(&bench.path("jobs/job/signatures"));
        for (file, how) in harms {
            if let Some(path) = files.get(file % files.len().max(1)).filter(|path| path.is_file()) {
                harm(path, how);
            }
        }
        let report = bench.run(&second).unwrap();
        prop_assert_eq!(bench.export(second.form), expected.export(whole.form));
        prop_assert_eq!(report.ledger.exported(), ledger.exported());
    }
}

#[test]
fn another_threshold_uses_the_signatures_again() {
    let tail = OperatorCall::new("stamp_mapper");
    let plan = |distance| {
        let process = vec![OperatorCall::new("edit_mapper"), simhash(distance)];
        Plan::new([process, vec![tail.clone()]].concat(), 5)
    };
    let bench = Bench::new(&texts());
    bench.run(&plan(0)).unwrap();
    let signatures = barrier_files(&bench, "signatures");
    let report = bench.run(&plan(12)).unwrap();
    bench.check(&plan(12), &report, &Expected::of(&texts(), &plan(12)));
    assert_eq!(published(&bench, &plan(12), 0), 5);
    assert_eq!(published(&bench, &plan(12), 1), 10);
    assert_eq!(barrier_files(&bench, "signatures"), signatures);
    assert_eq!(
        (report.partitions_resumed, report.partitions_reused),
        (5, 0)
    );
    // And back: what was decided first counts again, and so do the results behind it.
    let report = bench.run(&plan(0)).unwrap();
    bench.check(&plan(0), &report, &Expected::of(&texts(), &plan(0)));
    assert_eq!(report.partitions_reused, 5);
    assert_eq!(published(&bench, &plan(0), 1), 10);
}

#[test]
fn another_tail_uses_both_stages_again() {
    let plan = |tail: &[&str]| {
        let tail = tail.iter().map(|name| OperatorCall::new(*name));
        let head = [OperatorCall::new("edit_mapper"), exact()];
        Plan::new(head.into_iter().chain(tail).collect(), 5)
    };
    let (short, long) = (
        plan(&["stamp_mapper"]),
        plan(&["stamp_mapper", "lottery_filter"]),
    );
    let bench = Bench::new(&texts());
    bench.run(&short).unwrap();
    let report = bench.run(&long).unwrap();
    bench.check(&long, &report, &Expected::of(&texts(), &long));
    assert_eq!(published(&bench, &long, 0), 5);
    assert_eq!(bench.state(&long).barriers().len(), 1);
    assert_eq!(report.partitions_resumed, 5);
}

#[test]
fn damaged_signatures_are_made_again_when_they_are_needed() {
    for how in 0..4 {
        let plan = |distance| Plan::new(vec![simhash(distance)], 5);
        let bench = Bench::new(&texts());
        bench.run(&plan(0)).unwrap();
        harm(&barrier_files(&bench, "signatures")[1], how);
        let report = bench.run(&plan(12)).unwrap();
        bench.check(&plan(12), &report, &Expected::of(&texts(), &plan(12)));
        assert_eq!(published(&bench, &plan(12), 0), 6, "harm {how}");
        assert!(
            report
                .warnings
                .iter()
                .any(|text| text
                    .contains("the signatures of partition 1 are damaged and made again")),
            "{:?}",
            report.warnings
        );
    }
}

#[test]
fn a_damaged_decision_is_made_again() {
    for how in 0..4 {
        let id = control::new_id();
        let plan = Plan::new(vec![exact(), operators::watch(id)], 5);
        let bench = Bench::new(&texts());
        let executor = bench.executor(&plan);
        control::stop_after(id, 3, executor.stop_handle());
        assert_eq!(executor.run().unwrap().status, Status::Stopped);
        control::disarm(id);
        assert_eq!(bench.state(&plan).barriers().len(), 1);
        let pack = &decisions(&bench)[0];
        match how {
            // One altered byte may be of a decision that nobody needs any more.
            1 => {
                let altered = fs::read(pack).unwrap().into_iter().map(|byte| byte ^ 1);
                fs::write(pack, altered.collect::<Vec<_>>()).unwrap();
            }
            how => harm(pack, how),
        }
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &Expected::of(&texts(), &plan));
        assert_eq!(bench.state(&plan).barriers().len(), 2, "harm {how}");
        assert_eq!(published(&bench, &plan, 0), 5);
    }
}

/// At the end of a recipe the merge leaves out the records that go: nobody works on the others again. What it needs for that
/// may be lost like everything else.
#[test]
fn a_last_deduplicator_causes_no_second_pass() {
    let plan = Plan::new(vec![OperatorCall::new("edit_mapper"), exact()], 5);
    let expected = Expected::of(&texts(), &plan);
    for how in 0..4 {
        let bench = Bench::new(&texts());
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &expected);
        let rows = files_in(&bench.path("jobs/job/results"));
        // Rows and their index.
        assert_eq!(rows.len(), 2 * 5, "{rows:?}");
        let state = bench.state(&plan);
        let last: Vec<_> = state.publications().filter(|one| one.stage == 1).collect();
        assert!(last.len() == 5 && last.iter().all(|one| one.kept.is_some()));

        for lost in [&decisions(&bench)[0], &rows[how]] {
            fs::remove_file(bench.path(plan.form.file_name())).unwrap();
            harm(lost, how);
            let report = bench.run(&plan).unwrap();
            bench.check(&plan, &report, &expected);
        }
        // With another end the same rows go on, without those that go.
        let longer = vec![
            OperatorCall::new("edit_mapper"),
            exact(),
            OperatorCall::new("stamp_mapper"),
        ];
        let longer = Plan::new(longer, 5);
        let report = bench.run(&longer).unwrap();
        bench.check(&longer, &report, &Expected::of(&texts(), &longer));
    }
}

/// A partition cannot be left out, and the job says so; when the partition is healed, what was not decided is.
#[test]
fn a_partition_that_fails_fails_the_job_until_it_heals() {
    for at in [0, 1] {
        let id = control::new_id();
        let mut process = vec![exact()];
        process.insert(at, operators::frail(id));
        let plan = Plan::new(process, 4)
            .with("retry.max_retries", 0)
            .with("on_partition_failure", "skip");
        let mut dataset = texts();
        dataset.add_plain("{\"text\": \"frail\"}\n");
        let bench = Bench::new(&dataset);
        control::fail_times(id, 1);
        let error = bench.run(&plan).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed);
        let message = error.full_message();
        assert!(
            message.contains("partition 6")
                && message.contains("`document_deduplicator` needs the whole dataset"),
            "{message}"
        );
        assert_eq!(bench.export(plan.form), None);
        let report = bench.run(&plan).unwrap();
        control::disarm(id);
        bench.check(&plan, &report, &Expected::of(&dataset, &plan));
    }
}

#[test]
fn what_is_not_kept_of_a_job_is_not_kept_of_its_barriers() {
    for policy in ["keep_failed_only", "cleanup_all"] {
        let plan = Plan::new(vec![exact(), OperatorCall::new("stamp_mapper")], 5)
            .with("intermediate_storage.retention_policy", policy);
        let bench = Bench::new(&texts());
        let expected = Expected::of(&texts(), &plan);
        let report = bench.run(&plan).unwrap();
        bench.check_export(&plan, &expected);
        assert_eq!(report.ledger, expected.ledger);
        for folder in ["signatures", "results"] {
            let left = files_in(&bench.path("jobs/job").join(folder));
            assert_eq!(left, Vec::<PathBuf>::new(), "{policy}");
        }
        assert!(bench.run(&plan).unwrap().already_complete);
        // Without the export all is to be done again.
        fs::remove_file(bench.path("out.jsonl")).unwrap();
        let report = bench.run(&plan).unwrap();
        bench.check_export(&plan, &expected);
        assert_eq!(report.ledger, expected.ledger);
    }
}

/// Everything that the first stage left of partition 3, and what followed from it, is lost.
fn lose_partition(bench: &Bench) {
    for folder in ["results", "checkpoints"] {
        for path in files_in(&bench.path("jobs/job").join(folder)) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.contains("partition_000003") {
                fs::remove_file(path).unwrap();
            }
        }
    }
}

fn exported_texts(bench: &Bench, plan: &Plan) -> Vec<String> {
    let files = bench.export(plan.form).unwrap();
    let text = |line: &str| -> String {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        record["text"].as_str().unwrap().to_owned()
    };
    let lines = String::from_utf8(files.concat()).unwrap();
    lines.lines().map(text).collect()
}

/// An external operator gives something else the second time: what was decided about the rows that are lost is not what
/// becomes of those that take their place.
#[test]
fn a_decision_is_about_the_rows_that_were_judged() {
    let dataset = Dataset::of_texts((0..12).map(|n| format!("number {n}")));
    let bench = Bench::new(&dataset);
    let file = bench.path("mood");
    let plan = |tail: &str| {
        let process = vec![mood(&file), exact(), OperatorCall::new(tail)];
        Plan::new(process, 2)
    };
    fs::write(&file, "keep").unwrap();
    let first = plan("edit_mapper");
    bench.run(&first).unwrap();
    assert_eq!(exported_texts(&bench, &first).len(), 12);
    lose_partition(&bench);
    fs::write(&file, "same").unwrap();
    let second = plan("length_filter");
    let report = bench.run(&second).unwrap();
    assert_eq!(report.status, Status::Completed, "{:?}", report.warnings);
    let texts = exported_texts(&bench, &second);
    let same = texts.iter().filter(|text| *text == "same").count();
    assert!(same <= 1, "{texts:?}");
    let dedup = &report.ledger.operators[1];
    assert_eq!((dedup.records_in, dedup.dropped), (12, 1));
}

/// Results under an earlier decision are there when the job goes on, and a part of what was judged turns out to be lost.
#[test]
fn an_export_never_mixes_two_decisions() {
    let text = |n: u64| match n % 6 {
        0 => format!("menu of the site\nnumber {n}"),
        _ => format!("number {n}"),
    };
    let bench = Bench::new(&Dataset::of_texts((0..12).map(text)));
    let file = bench.path("mood");
    let lines = OperatorCall::new("document_line_deduplicator").with("frequency_threshold", 1);
    let plan = |tail: &str| {
        let process = vec![mood(&file), lines.clone(), OperatorCall::new(tail)];
        Plan::new(process, 2)
    };
    let (first, second) = (plan("edit_mapper"), plan("length_filter"));
    fs::write(&file, "keep").unwrap();
    bench.run(&first).unwrap();
    bench.run(&second).unwrap();
    lose_partition(&bench);
    // Of the two menus, that of partition 3 is gone now.
    fs::write(&file, "strip").unwrap();
    let report = bench.run(&first).unwrap();
    assert_eq!(report.status, Status::Completed, "{:?}", report.warnings);
    let with_menu = |text: &String| text.contains('\n');
    let texts = exported_texts(&bench, &first);
    assert_eq!(
        texts.iter().filter(|text| with_menu(text)).count(),
        1,
        "{texts:?}"
    );
}
