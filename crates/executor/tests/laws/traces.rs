//! Traces are the same, whatever the cut, the workers, the checkpoints, the retries and the resumes.

use std::collections::BTreeMap;
use std::fs;

use coldpress_config::OperatorCall;
use proptest::prelude::*;
use serde_json::Value;

use crate::bench::{Bench, Remote, files_in};
use crate::control;
use crate::dataset::{Dataset, any_dataset, long_dataset};
use crate::plan::{How, Keep, Plan, any_how, any_process, any_selector, any_strategy, cases};
use crate::plan::{any_deduplicator, with_frail, with_watch};
use crate::shelf;

/// The files of traces by name, without the folder that the dataset is in.
fn traces(bench: &Bench) -> BTreeMap<String, String> {
    let folder = bench.path("");
    let folder = folder.display().to_string();
    let files = files_in(&bench.path("jobs/job/trace"));
    let read = files.iter().map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap();
        (name, text.replace(&folder, ""))
    });
    read.collect()
}

/// The lines of one file.
fn lines(bench: &Bench, operator: &str) -> Vec<Value> {
    let text = &traces(bench)[&format!("sample_trace-{operator}.jsonl")];
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

/// Returns the traces of an undisturbed run.
fn undisturbed(dataset: &Dataset, plan: &Plan) -> BTreeMap<String, String> {
    let bench = Bench::new(dataset);
    bench.run(plan).unwrap();
    traces(&bench)
}

fn traced(process: Vec<OperatorCall>, records: u64, most: u64) -> Plan {
    Plan::new(process, records)
        .with("open_tracer", true)
        .with("trace_num", most)
        .with("trace_keys", vec!["n".to_owned(), "meta.title".to_owned()])
}

#[track_caller]
fn same(found: &BTreeMap<String, String>, expected: &BTreeMap<String, String>) {
    let names: Vec<_> = found.keys().collect();
    assert_eq!(names, expected.keys().collect::<Vec<_>>());
    for (name, text) in found {
        assert_eq!(text, &expected[name], "{name}");
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn no_plan_shows_in_traces(
        dataset in any_dataset(), process in any_process(1..6), how in any_how(), other in any_how(), most in 1u64..6,
    ) {
        let plan = Plan { how, ..traced(process, 1, most) };
        let bench = Bench::new(&dataset);
        // A dataset without records has no export.
        if bench.run(&plan).is_ok() {
            let other = Plan { how: other, ..plan };
            same(&undisturbed(&dataset, &other), &traces(&bench));
        }
    }

    #[test]
    fn stops_and_failures_do_not_show_in_traces(
        dataset in long_dataset(),
        parts in (any_process(0..3), any_deduplicator(), any_process(0..3)),
        hows in (any_how(), any_how()),
        at in 0usize..8, after in 1u64..20, frail_at in 0usize..8, most in 1u64..6,
    ) {
        let (before, deduplicator, behind) = parts;
        let process = [before, vec![deduplicator], behind].concat();
        let (watch, frail) = (control::new_id(), control::new_id());
        let process = with_frail(with_watch(process, at, watch), frail_at, frail);
        let first = Plan { how: hows.0, ..traced(process, 1, most) }.with("retry.max_retries", 8);
        let second = Plan { how: hows.1, ..first.clone() };
        let expected = undisturbed(&dataset, &second);
        let bench = Bench::new(&dataset);
        let executor = bench.executor(&first);
        control::stop_after(watch, after, executor.stop_handle());
        control::fail_times(frail, 2);
        executor.run().unwrap();
        control::disarm(watch);
        control::disarm(frail);
        bench.run(&second).unwrap();
        same(&traces(&bench), &expected);
    }

    /// A recipe that was run before as far as to some operator, traced or not, with more or fewer records shown.
    #[test]
    fn earlier_work_does_not_show_in_traces(
        dataset in long_dataset(), process in any_process(1..6), appended in any_process(0..2),
        selector in prop::option::of(any_selector()), strategy in any_strategy(),
        earlier in prop::option::of(1u64..9), most in 1u64..6,
    ) {
        let mut process = process;
        // What an external operator gave before it was traced is not asked for again.
        process.retain(|call| call.name != "ask_mapper");
        process.extend(selector);
        let first = match earlier {
            Some(most) => traced(process.clone(), 3, most),
            None => Plan::new(process.clone(), 3),
        };
        process.extend(appended);
        process.retain(|call| call.name != "ask_mapper");
        let plan = traced(process, 3, most).strategy(strategy);
        let bench = Bench::new(&dataset);
        bench.run(&first.strategy(strategy)).unwrap();
        bench.run(&plan).unwrap();
        same(&traces(&bench), &undisturbed(&dataset, &plan));
    }
}

fn call(name: &str) -> OperatorCall {
    OperatorCall::new(name)
}

fn dataset() -> Dataset {
    Dataset::of_texts((0..60).map(|n| match n % 3 {
        0 => "the same text once more".to_owned(),
        1 => format!("text {n}"),
        _ => format!("a rather long text of number {n}, and of which there is no other"),
    }))
}

#[test]
fn what_is_shown_is_what_operators_did() {
    let process = vec![
        call("edit_mapper").with("kind", "vowels"),
        call("length_filter").with("max", 50),
        call("document_deduplicator"),
        call("words_mapper"),
        call("edit_mapper").with("kind", "upper"),
    ];
    let bench = Bench::new(&dataset());
    let report = bench.run(&traced(process.clone(), 7, 100)).unwrap();
    let folder = report.trace_dir.unwrap().display().to_string();
    assert_eq!(shelf::path(&folder), bench.path("jobs/job/trace"));

    let changed = lines(&bench, "edit_mapper");
    assert_eq!(changed.len(), 60);
    let first = changed[0].as_object().unwrap();
    let names: Vec<_> = first.keys().collect();
    for name in [
        "n",
        "meta.title",
        "original_text",
        "processed_text",
        "__coldpress__",
    ] {
        assert!(first.contains_key(name), "{names:?}");
    }
    assert_eq!(first["n"], 0.5);
    assert_eq!(first["meta.title"], Value::Null);
    assert_eq!(first["original_text"], "the same text once more");
    assert_eq!(
        first["processed_text"],
        "th<e\"> s<a\">m<e\"> t<e\">xt <o\">nc<e\"> m<o\">r<e\">"
    );
    let about = &first["__coldpress__"];
    assert_eq!(about["operator"], "edit_mapper");
    assert_eq!(
        (&about["operation"], &about["position"]),
        (&0.into(), &0.into())
    );
    assert!(about["path"].as_str().unwrap().ends_with("data-0.jsonl"));

    let dropped = lines(&bench, "length_filter");
    assert_eq!(dropped.len() as u64, report.ledger.operators[1].dropped);
    for line in &dropped {
        let length = line["text"].as_str().unwrap().chars().count();
        assert!(length > 50);
        assert_eq!(line["__coldpress__"]["stats"]["length"], length);
        assert_eq!(line["__dj__stats__"]["length"], length);
    }

    // One pair of each cluster, however large it is.
    let pairs = lines(&bench, "document_deduplicator");
    assert_eq!(pairs.len(), 1);
    assert_eq!(pairs[0]["dup1"]["n"], 0.5);
    assert_eq!(pairs[0]["dup2"]["n"], 3.5);
    assert_eq!(pairs[0]["dup1"]["text"], pairs[0]["dup2"]["text"]);
    let about = &pairs[0]["__coldpress__"];
    assert!(about["dup1"]["position"].as_u64() < about["dup2"]["position"].as_u64());

    let split = lines(&bench, "words_mapper");
    assert_eq!(split.len(), 5 + 2 * 20);
    assert_eq!(split[1]["processed_text"], "s<a\">m<e\">");
    assert_eq!(split[1]["__coldpress__"]["piece"], serde_json::json!([1]));
    let again = lines(&bench, "edit_mapper-2");
    assert!(
        again
            .iter()
            .all(|line| line["__coldpress__"]["operation"] == 4)
    );

    // A few of them, which are the same in every cut.
    let few = undisturbed(&dataset(), &traced(process.clone(), 1000, 4));
    let text = &few["sample_trace-edit_mapper.jsonl"];
    let few: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(few.len(), 4);
    let positions = |lines: &[Value]| -> Vec<u64> {
        let of = |line: &Value| line["__coldpress__"]["position"].as_u64().unwrap();
        lines.iter().map(of).collect()
    };
    assert!(positions(&few).is_sorted());
    assert!(
        positions(&few)
            .iter()
            .all(|at| positions(&changed).contains(at))
    );
    // Another seed, another choice.
    let other = traced(process, 7, 4).with("seed", 7);
    let other = &undisturbed(&dataset(), &other)["sample_trace-edit_mapper.jsonl"];
    assert_ne!(other, text);
}

#[test]
fn an_operator_that_did_nothing_has_an_empty_file() {
    let process = vec![call("length_filter").with("max", 1_000)];
    let traces = undisturbed(&dataset(), &traced(process, 7, 10));
    let expected = ("sample_trace-length_filter.jsonl".to_owned(), String::new());
    assert_eq!(traces.into_iter().collect::<Vec<_>>(), [expected]);
}

#[test]
fn pairs_have_the_file_name_of_data_juicer_under_compat() {
    let plan = || traced(vec![call("document_deduplicator")], 7, 10);
    let ours = undisturbed(&dataset(), &plan());
    let theirs = undisturbed(&dataset(), &plan().with("compat", "data_juicer"));
    let name = |traces: &BTreeMap<String, String>| traces.keys().cloned().collect::<Vec<_>>();
    assert_eq!(name(&ours), ["sample_trace-document_deduplicator.jsonl"]);
    assert_eq!(name(&theirs), ["duplicate-document_deduplicator.jsonl"]);
    assert!(ours.into_values().eq(theirs.into_values()));
}

#[test]
fn only_what_is_asked_for_is_traced_and_what_is_there_is_used() {
    let process = vec![
        call("edit_mapper"),
        call("length_filter"),
        call("document_deduplicator"),
    ];
    let names = |bench: &Bench| traces(bench).into_keys().collect::<Vec<_>>();
    let bench = Bench::new(&dataset());
    let published = |plan: &Plan| bench.state(plan).publications().count();
    let plan = |most, names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        traced(process.clone(), 7, most).with("op_list_to_trace", names)
    };
    bench.run(&plan(5, &["length_filter"])).unwrap();
    assert_eq!(names(&bench), ["sample_trace-length_filter.jsonl"]);
    let before = published(&plan(5, &[]));
    // More operators, fewer records: the merge alone is done again.
    bench.run(&plan(3, &[])).unwrap();
    let all = [
        "sample_trace-document_deduplicator.jsonl",
        "sample_trace-edit_mapper.jsonl",
        "sample_trace-length_filter.jsonl",
    ];
    assert_eq!(names(&bench), all);
    assert_eq!(published(&plan(3, &[])), before);
    assert_eq!(lines(&bench, "edit_mapper").len(), 3);
    // A job that is complete is left alone, and so are traces that nobody asks for any more.
    assert!(bench.run(&plan(3, &[])).unwrap().already_complete);
    let report = bench.run(&Plan::new(process.clone(), 7)).unwrap();
    assert!(report.already_complete && report.trace_dir.is_none());
    assert_eq!(names(&bench), all);
    // A trace that is lost or was changed is made again, of what the results have.
    fs::write(bench.path("jobs/job/trace").join(all[0]), "mine").unwrap();
    bench.run(&plan(3, &[])).unwrap();
    assert_eq!(published(&plan(3, &[])), before);
    same(&traces(&bench), &undisturbed(&dataset(), &plan(3, &[])));
    // More records than were kept take the work again.
    bench.run(&plan(9, &[])).unwrap();
    assert!(published(&plan(9, &[])) > before);
    same(&traces(&bench), &undisturbed(&dataset(), &plan(9, &[])));
}

#[test]
fn statistics_of_later_operators_are_not_shown() {
    let line =
        |n| format!(r#"{{"text": "text {n}", "__dj__stats__": {{"length": 7, "draw": {n}}}}}"#);
    let dataset = Dataset::of_lines((0..9).map(line));
    let process = vec![call("length_filter").with("min", 50)];
    let bench = Bench::new(&dataset);
    bench.run(&traced(process.clone(), 3, 5)).unwrap();
    // The operator that is appended knows a statistic that the records came with.
    let plan = traced([process, vec![call("lottery_filter")]].concat(), 3, 5);
    bench.run(&plan).unwrap();
    same(&traces(&bench), &undisturbed(&dataset, &plan));
    let shown = &lines(&bench, "length_filter")[0]["__dj__stats__"];
    assert_eq!(
        *shown,
        serde_json::json!({"length": 7, "vowel ratio": shown["vowel ratio"]})
    );
}

#[test]
fn a_job_in_a_store_is_complete_wherever_it_is_run_again() {
    let mut bench = Bench::beside(&dataset());
    bench.remote = Remote::Everything;
    let plan = traced(vec![call("edit_mapper"), call("length_filter")], 7, 5);
    let report = |scratch: &str| {
        let builder = bench.builder_of("job", &plan);
        let executor = builder.scratch_dir(bench.path(scratch)).build().unwrap();
        executor.run().unwrap()
    };
    assert!(!report("here").already_complete);
    assert!(report("there").already_complete);
    // Traces of other operators do not come back.
    let fewer = plan
        .clone()
        .with("op_list_to_trace", vec!["edit_mapper".to_owned()]);
    bench.run(&fewer).unwrap();
    assert!(bench.run(&fewer).unwrap().already_complete);
}

#[test]
fn nothing_is_traced_unless_asked_for() {
    let bench = Bench::new(&dataset());
    let process = vec![call("edit_mapper"), call("document_deduplicator")];
    for plan in [
        Plan::new(process.clone(), 7),
        traced(process.clone(), 7, 0),
        traced(vec![call("random_selector").with("select_num", 3)], 7, 9),
    ] {
        bench.run(&plan).unwrap();
        assert!(!bench.path("jobs/job/trace").exists());
        let results = files_in(&bench.path("jobs/job/results"));
        let is_trace =
            |path: &std::path::PathBuf| path.extension().is_some_and(|end| end == "trace");
        assert!(!results.iter().any(is_trace));
    }
}

/// A damaged file of samples costs the work of its partition, or of the barrier.
#[test]
fn damaged_samples_are_made_again() {
    let process = vec![
        call("edit_mapper"),
        call("document_deduplicator"),
        call("length_filter"),
    ];
    let plan = traced(process, 7, 5);
    let expected = undisturbed(&dataset(), &plan);
    for folder in ["results", "signatures"] {
        let bench = Bench::new(&dataset());
        bench.run(&plan).unwrap();
        let files = files_in(&bench.path(&format!("jobs/job/{folder}")));
        let mut traces_of = files
            .into_iter()
            .filter(|path| path.extension().is_some_and(|end| end == "trace"));
        fs::write(traces_of.next().unwrap(), "coldpress-trace 1\n0\t").unwrap();
        fs::remove_dir_all(bench.path("jobs/job/trace")).unwrap();
        bench.run(&plan).unwrap();
        same(&traces(&bench), &expected);
    }
}

/// Rows that a selector placed cite the samples of the stage before: where these are damaged, that stage is done again.
#[test]
fn damaged_samples_of_placed_rows_are_made_again() {
    let process = vec![
        call("edit_mapper").with("kind", "front"),
        call("length_filter"),
        call("random_selector").with("select_num", 30),
        call("edit_mapper").with("kind", "ends"),
    ];
    let plan = traced(process, 7, 5);
    let expected = undisturbed(&dataset(), &plan);
    let bench = Bench::new(&dataset());
    bench.run(&plan).unwrap();
    for path in files_in(&bench.path("jobs/job/results")) {
        if path.extension().is_some_and(|end| end == "trace") {
            let mut bytes = fs::read(&path).unwrap();
            bytes[20] ^= 4;
            fs::write(&path, bytes).unwrap();
        }
    }
    fs::remove_dir_all(bench.path("jobs/job/trace")).unwrap();
    bench.run(&plan).unwrap();
    same(&traces(&bench), &expected);
}

/// A folder of the job that somebody else keeps files in is not replaced.
#[test]
fn files_of_others_in_the_folder_of_traces_stay() {
    let bench = Bench::new(&dataset());
    let plan = Plan::new(vec![call("edit_mapper")], 7);
    bench.run(&plan).unwrap();
    let notes = bench.path("jobs/job/trace/notes.txt");
    fs::create_dir_all(notes.parent().unwrap()).unwrap();
    fs::write(&notes, "mine").unwrap();
    let plan = traced(vec![call("edit_mapper")], 7, 5);
    let error = bench.run(&plan).unwrap_err();
    assert!(
        error.to_string().contains("files that are no traces"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&notes).unwrap(), "mine");
    fs::remove_file(&notes).unwrap();
    bench.run(&plan).unwrap();
    assert!(!traces(&bench).is_empty());
}

/// Long texts and records are cut, and half surrogates and line ends stay what they are.
#[test]
fn hostile_records_are_shown_within_bounds() {
    let long = "ä".repeat(200_000);
    let lines = [
        format!(r#"{{"n": 1, "text": "{long}", "other": "\ud800"}}"#),
        r#"{"text": "a\nb\u0000\u2028", "list": [1,	2], "n": "\ud83d"}"#.to_owned(),
        r#"{"text": "\ud800 half"}"#.to_owned(),
        r#"{"text": null}"#.to_owned(),
        format!(r#"{{"{long}": 1, "text": "short"}}"#),
    ];
    let process = vec![
        call("edit_mapper").with("kind", "front"),
        call("length_filter").with("min", 1_000_000),
    ];
    let bench = Bench::new(&Dataset::of_lines(lines));
    let how = How {
        bytes: 1 << 24,
        ..Plan::new(Vec::new(), 3).how
    };
    let plan = Plan {
        how,
        ..traced(process, 3, 10)
    };
    bench.run(&plan).unwrap();
    let text = &traces(&bench)["sample_trace-edit_mapper.jsonl"];
    let changed: Vec<&str> = text.lines().collect();
    assert_eq!(changed.len(), 3);
    assert!(text.len() < 5 * (64 << 10), "{}", text.len());
    let first: Value = serde_json::from_str(changed[0]).unwrap();
    assert_eq!(first["original_text"].as_str().unwrap().len(), 64 << 10);
    assert_eq!(first["__coldpress__"]["cut"]["original_text"], 400_000);
    assert!(changed[1].contains(r#""n": "\ud83d""#), "{}", changed[1]);
    assert!(
        changed[1].contains(r#""original_text": "a\nb\u0000"#),
        "{}",
        changed[1]
    );
    let text = &traces(&bench)["sample_trace-length_filter.jsonl"];
    let dropped: Vec<&str> = text.lines().collect();
    assert_eq!(dropped.len(), 3);
    assert!(text.len() < 3 * (64 << 10), "{}", text.len());
    let first: Value = serde_json::from_str(&dropped[0].replace(r"\ud800", "")).unwrap();
    assert_eq!(first["n"], 1);
    assert_eq!(
        first["__coldpress__"]["cut"]["text"].as_u64(),
        Some(400_000 + 11)
    );
    assert!(dropped[1].contains("\"list\": [1,\t2]"), "{}", dropped[1]);
}

/// Rows that are packed or columnar are found as well as lines.
#[test]
fn pairs_are_found_in_every_form_of_rows() {
    let process = vec![call("document_deduplicator")];
    let expected = undisturbed(&dataset(), &traced(process.clone(), 7, 5));
    for form in [crate::plan::Form::Gzip, crate::plan::Form::Zstd] {
        let plan = Plan {
            form,
            ..traced(process.clone(), 7, 5)
        };
        same(
            &undisturbed(&dataset(), &plan.strategy(Keep::EveryOp)),
            &expected,
        );
    }
}
