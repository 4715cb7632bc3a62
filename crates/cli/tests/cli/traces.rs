//! Traces, as a user meets them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bench::Bench;

/// The second deduplicator is the last operator: the merge leaves out what it removes.
const RECIPE: &str = "\
dataset_path: in.jsonl
export_path: out/clean.jsonl
work_dir: jobs
np: 2
open_tracer: true
trace_num: 4
trace_keys: [id]
partition:
  size: 4
process:
  - whitespace_normalization_mapper:
  - document_deduplicator:
  - clean_links_mapper:
  - text_length_filter:
      min_len: 12
  - document_simhash_deduplicator:
      window_size: 1
";

/// 40 records: each text is there twice, some with links, some short.
fn bench() -> Bench {
    let bench = Bench::new();
    let text = |id: u32| match id % 4 {
        0 => format!("\\u00a0text number {id} at https://example.com/{id} and more"),
        1 => format!("t {id}"),
        2 => "one and the same text, once more\\n".to_owned(),
        _ => format!("words {id} of \\u2003 text number {}", id * id * 77),
    };
    let line = |id: u32| format!("{{\"id\": {id}, \"text\": \"{}\"}}\n", text(id % 20));
    let lines: String = (0..40).map(line).collect();
    bench.write("in.jsonl", lines);
    bench.write("recipe.yaml", RECIPE);
    bench
}

fn traces(bench: &Bench, job: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(bench.path(&format!("jobs/{job}/trace"))).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let read = |name: String| {
        let text = bench.read(&format!("jobs/{job}/trace/{name}"));
        (name, text)
    };
    names.map(read).collect()
}

fn lines(traces: &BTreeMap<String, String>, name: &str) -> Vec<Value> {
    let lines = traces[name].lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn traces_are_in_the_folder_of_the_job() {
    let bench = bench();
    bench
        .run("plan --config recipe.yaml")
        .expect(0)
        .prints(&["Traces       of 5 operators, in the folder `trace` of the job\n"]);
    let ran = bench.process("j");
    ran.prints(&["\nTraces      ", "jobs/j/trace\n"]);
    let traces = traces(&bench, "j");
    let names: Vec<&str> = traces.keys().map(String::as_str).collect();
    let expected = [
        "sample_trace-clean_links_mapper.jsonl",
        "sample_trace-document_deduplicator.jsonl",
        "sample_trace-document_simhash_deduplicator.jsonl",
        "sample_trace-text_length_filter.jsonl",
        "sample_trace-whitespace_normalization_mapper.jsonl",
    ];
    assert_eq!(names, expected);
    for line in lines(&traces, expected[0]) {
        let (id, keys) = (line["id"].as_u64().unwrap(), line.as_object().unwrap());
        assert_eq!(keys.len(), 4, "{line}");
        let [original, processed] =
            ["original_text", "processed_text"].map(|name| line[name].as_str().unwrap());
        assert!(
            original.contains(&format!("https://example.com/{id}")),
            "{line}"
        );
        assert!(!processed.contains("https"), "{line}");
        assert_eq!(line["__coldpress__"]["path"], "in.jsonl");
    }
    let pairs = lines(&traces, expected[1]);
    assert_eq!(pairs.len(), 4);
    for pair in &pairs {
        assert_eq!(pair["dup1"]["text"], pair["dup2"]["text"]);
        let ids = [&pair["dup1"], &pair["dup2"]].map(|one| one["id"].as_u64().unwrap());
        assert!(ids[0] < 20 && ids[0] < ids[1], "{pair}");
    }
    for line in lines(&traces, expected[3]) {
        let length = &line["__coldpress__"]["stats"]["text_len"];
        assert!(length.as_u64().unwrap() < 12, "{line}");
        assert_eq!(length, &line["__dj__stats__"]["text_len"]);
    }
    // The job and its traces go together.
    bench.run("jobs remove j --base-dir jobs").expect(0);
    assert!(!bench.exists("jobs/j"));
}

#[test]
fn nothing_of_how_it_was_run_shows_in_traces() {
    let bench = bench();
    bench.process("j");
    let expected = traces(&bench, "j");
    for (job, words) in [
        ("processes", "--executor_type process"),
        ("whole", "--partition.size 1000 --np 1"),
        ("ones", "--partition.size 1 --checkpoint.strategy every_op"),
        ("packed", "--export_path out/packed.jsonl.zst"),
        ("columns", "--export_path out/columns.parquet"),
        ("dropped", "--export_dropped out/dropped"),
        (
            "full",
            "--checkpoint.strategy every_op --checkpoint.mode full --checkpoint.gate_seconds 0",
        ),
    ] {
        let export = match words.contains("export_path") {
            true => String::new(),
            false => format!(" --export_path out/{job}.jsonl"),
        };
        bench
            .run(&format!(
                "process --config recipe.yaml --job_id {job} {words}{export}"
            ))
            .expect(0);
        assert_eq!(traces(&bench, job), expected, "{job}");
    }
    // Columns of the input.
    let words = "--dataset_path out/rows.parquet";
    bench.write(
        "rows.yaml",
        "dataset_path: in.jsonl\nexport_path: out/rows.parquet\nwork_dir: jobs\nprocess: []\n",
    );
    bench.run("process --config rows.yaml").expect(0);
    for (job, form) in [("table", "parquet"), ("lines", "jsonl")] {
        bench
            .run(&format!(
                "process --config recipe.yaml --job_id {job} {words} --export_path out/{job}.{form}"
            ))
            .expect(0);
    }
    let [table, of_lines] = ["table", "lines"].map(|job| traces(&bench, job));
    assert_eq!(table, of_lines);
    let texts = |traces: &BTreeMap<String, String>| -> Vec<usize> {
        traces.values().map(|text| text.lines().count()).collect()
    };
    assert_eq!(texts(&table), texts(&expected));
}

#[test]
fn a_killed_job_leaves_no_part_of_a_trace() {
    let bench = bench();
    bench.process("j");
    let expected = traces(&bench, "j");
    let points = [
        "merge.finish",
        "export.intent",
        "export.companion",
        "export.renamed",
        "barrier.publish",
        "driver.publish:4",
    ];
    for point in points {
        for power in [false, true] {
            let job = format!("{}-{power}", point.replace([':', '.'], "_"));
            let line = format!(
                "process --config recipe.yaml --job_id {job} --export_path out/{job}.jsonl --checkpoint.strategy every_op"
            );
            let mut command = bench.command(&line);
            command.env(coldpress::storage::crash_point::VARIABLE, point);
            if power {
                command.env(coldpress::storage::crash_point::LOSES_VARIABLE, "unsynced");
            }
            assert_eq!(
                command.output().unwrap().status.code(),
                None,
                "{point} was not hit"
            );
            let folder = format!("jobs/{job}/trace");
            assert!(
                !bench.exists(&folder) || traces(&bench, &job) == expected,
                "{point}"
            );
            bench.run(&line).expect(0);
            assert_eq!(traces(&bench, &job), expected, "{point}");
            let left = std::fs::read_dir(bench.path(&format!("jobs/{job}"))).unwrap();
            let left = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let left: Vec<String> = left.filter(|name| name.contains(".trace.")).collect();
            assert_eq!(left, [""; 0], "{point}");
        }
    }
}

#[test]
fn what_cannot_be_traced_is_said() {
    let bench = bench();
    let line = "process --config recipe.yaml --job_id";
    bench
        .run(&format!("{line} a --op_list_to_trace clean_link_mapper"))
        .expect(0)
        .says("`op_list_to_trace` names `clean_link_mapper`, which is not in `process`");
    bench
        .run(&format!("{line} b --trace_num 5001"))
        .expect(2)
        .says("trace_num: must be at most 5000");
    let selector = RECIPE.replace(
        "document_simhash_deduplicator:\n      window_size: 1",
        "random_selector:\n      select_num: 3",
    );
    bench.write("recipe.yaml", selector);
    bench
        .run(&format!(
            "{line} c --export_path out/c.jsonl --op_list_to_trace random_selector"
        ))
        .expect(0)
        .says(
            "`op_list_to_trace` names `random_selector`, but selectors and groupers are not traced",
        );
    assert!(!bench.exists("jobs/c/trace"));
}

#[test]
fn another_job_begins_with_what_was_traced() {
    let bench = bench();
    bench.process("j");
    let line =
        "process --config recipe.yaml --job_id next --resume_from j --export_path out/next.jsonl";
    let report = bench.run(&format!("{line} --json")).expect(0).json();
    assert_eq!(report["partitions_reused"], report["partitions"]);
    assert_eq!(traces(&bench, "next"), traces(&bench, "j"));
}
