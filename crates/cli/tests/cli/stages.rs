//! Recipes with operators that decide about the whole dataset, as a user meets them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::bench::{Bench, Ran, repository};

/// Three stages: the third begins after the last operator.
const RECIPE: &str = "\
dataset_path: in.jsonl
export_path: out/clean.jsonl
export_dropped: out/dropped
work_dir: jobs
np: 2
partition:
  size: 10
process:
  - whitespace_normalization_mapper:
  - document_deduplicator:
  - text_length_filter:
      min_len: 12
  - document_minhash_deduplicator:
      window_size: 1
";

/// 30 records: the last ten are the same as the first ten, and records 10 and 11 have the same words.
fn bench() -> Bench {
    let bench = Bench::new();
    let text = |id: u32| match id {
        10 => "one two three ten".to_owned(),
        11 => "three two ten one".to_owned(),
        id => format!("{} text {}", "x".repeat(id as usize % 20), id % 20),
    };
    let line = |id| format!("{{\"id\": {id}, \"text\": \"{}\"}}\n", text(id));
    let lines: String = (0..30).map(line).collect();
    bench.write("in.jsonl", lines);
    bench.write("recipe.yaml", RECIPE);
    bench
}

fn ids(bench: &Bench, name: &str) -> Vec<u64> {
    let text = bench.read(name);
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_u64();
    text.lines().map(|line| id(line).unwrap()).collect()
}

#[test]
fn the_plan_shows_stages_and_barriers() {
    let bench = bench();
    bench.run("plan --config recipe.yaml").expect(0).prints(&[
        "Stage 1      1 operator\n          1  whitespace_normalization_mapper\n",
        "Barrier   2  document_deduplicator\n",
        "Stage 2      1 operator\n          3  text_length_filter\n",
        "Barrier   4  document_minhash_deduplicator\n",
        "Stage 3      the decision is applied\n",
        "signatures",
    ]);
    bench.run("check --config recipe.yaml").expect(0).prints(&[
        "Operators  4 in 3 stages",
        "2  document_deduplicator  [barrier]\n",
        "window_size=1  [barrier]",
        "op_001_document_deduplicator.jsonl is free",
    ]);
    bench
        .run("plan --config recipe.yaml --checkpoint.strategy every_op")
        .expect(0)
        .prints(&[
            "Barrier   2  document_deduplicator  [checkpoint]\n",
            "every_op: 12 files",
        ]);
    let plan = bench
        .run("plan --config recipe.yaml --json")
        .expect(0)
        .json();
    assert_eq!(
        plan["stages"][1]["barrier"],
        "document_minhash_deduplicator"
    );
    let bytes = plan["input_bytes"].as_u64().unwrap();
    assert_eq!(plan["disk"]["results"], 3 * bytes);
    // A digest of each record, and a key for each band and one more.
    let keys = plan["disk"]["signatures"].as_u64().unwrap() - 30 * 16;
    assert!(keys > 30 * 8 && keys.is_multiple_of(30 * 8), "{keys}");
}

#[test]
fn what_deduplicators_drop_is_listed_for_each_of_them() {
    let bench = bench();
    bench
        .run("process --config recipe.yaml --job_id a")
        .expect(0)
        .prints(&["Partitions  3\n", "document_minhash_deduplicator"]);
    let exact = ids(&bench, "out/dropped/op_001_document_deduplicator.jsonl");
    assert_eq!(exact, [20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
    let near = "out/dropped/op_003_document_minhash_deduplicator.jsonl";
    let near = ids(&bench, near);
    assert!(near.contains(&11) && !near.contains(&10), "{near:?}");
    let filtered = ids(&bench, "out/dropped/op_002_text_length_filter.jsonl");
    let kept = ids(&bench, "out/clean.jsonl");
    let all = [exact, near, filtered, kept].concat();
    assert_eq!(all.len(), 30);
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), 30);
    bench.run("events a --base-dir jobs").expect(0).prints(&[
        "barrier_start  document_deduplicator  all partitions are through stage 1; their 30 records are compared",
        "20 of 30 records are kept and 10 dropped; stage 2 begins",
        "partition_complete  partition 2 in stage 2  10 records in, 0 out",
        "partition_start  partition 0 in stage 3",
    ]);
    // Signing is the work of the deduplicator, though it is done before the barrier.
    let journal = bench.journal_of("a");
    let mut lines = journal.lines();
    let first = lines.find(|line| line.contains("\"published\"")).unwrap();
    let first: Value = serde_json::from_str(first).unwrap();
    let nanos = &first["record"]["nanos"];
    assert!(nanos[1].as_u64() > Some(0), "{nanos}");
    let events = bench.run("events a --base-dir jobs").stdout;
    assert!(!events.contains("checkpoint_load"), "{events}");
}

#[test]
fn a_job_that_was_killed_shows_the_stage_that_it_was_in() {
    let process = "process --config recipe.yaml --job_id a";
    // All partitions are through the first stage, nothing is decided.
    let bench = bench();
    bench.crash_at("barrier.publish:1", process);
    bench
        .run("monitor a --base-dir jobs")
        .expect(0)
        .prints(&["33.3% (3/3 partitions in stage 1 of 3)", "Samples: 30/30"]);
    bench
        .run(process)
        .expect(0)
        .prints(&["Partitions  3, 3 continued from earlier work\n"]);

    // The first partition is through the second stage, and the driver does not know yet.
    let bench = self::bench();
    bench.crash_at("driver.publish:4", process);
    bench.run("monitor a --base-dir jobs").expect(0).prints(&[
        "33.3% (0/3 partitions in stage 2 of 3)",
        "Samples: 0/30",
        // What the first stage did is still there.
        "whitespace_normalization_mapper  30   30",
    ]);
    bench
        .run("jobs --base-dir jobs")
        .expect(0)
        .prints(&["0/3 in stage 2 of 3"]);
    bench
        .run(process)
        .expect(0)
        .prints(&["Partitions  3, 3 continued from earlier work\n"]);
    bench
        .run("jobs --base-dir jobs")
        .expect(0)
        .prints(&["  3/3    30/30"]);
    bench
        .run("monitor a --base-dir jobs")
        .expect(0)
        .prints(&["100.0% (3/3 partitions)"]);
}

#[test]
fn wrong_parameters_of_deduplicators_are_shown_with_a_caret() {
    for (operator, params, told) in [
        (
            "document_minhash_deduplicator",
            "tokenization: sentencepiece",
            "`tokenizer_model` must name a `.model` file, because `tokenization` is `sentencepiece`",
        ),
        (
            "document_minhash_deduplicator",
            "num_bands: 100, num_rows_per_band: 10",
            "`num_bands` times `num_rows_per_band` is 1000, more than `num_permutations`, which is 256",
        ),
        (
            "document_simhash_deduplicator",
            "num_blocks: 3",
            "`num_blocks` is 3 and must be greater than `hamming_distance`, which is 4",
        ),
        (
            "document_simhash_deduplicator",
            "hamming_distance: 9",
            "`num_blocks` is 6 and must be greater than `hamming_distance`, which is 9",
        ),
        (
            "document_simhash_deduplicator",
            "tokenization: words",
            "must be `space`, `punctuation` or `character`, found `words`",
        ),
        (
            "document_simhash_deduplicator",
            "ignore_pattern: \"([\"",
            "`ignore_pattern` is not a pattern that can be used: ",
        ),
        (
            "document_deduplicator",
            "compat: true",
            "`compat` must be `data_juicer`",
        ),
        (
            "document_line_deduplicator",
            "frequency_threshold: -1",
            "`frequency_threshold` must be an integer from 0 on",
        ),
    ] {
        let bench = bench();
        let recipe = format!(
            "dataset_path: in.jsonl\nexport_path: o.jsonl\nprocess:\n  - {operator}: {{{params}}}\n"
        );
        bench.write("recipe.yaml", recipe);
        let told = [operator, told, "recipe.yaml:4:", "^"];
        bench
            .run("check --config recipe.yaml")
            .expect(2)
            .tells(&told);
    }
}

/// Runs a recipe of the repository, with what it writes in the bench's folder: its report.
fn run_of_configs(bench: &Bench, recipe: &str, job: &str, dataset: &str) -> serde_json::Value {
    let path = |name: &str| bench.path(name).display().to_string();
    let line = format!(
        "process --config configs/{recipe} --json --job_id {job} --work_dir {} --export_path {} \
         --export_dropped {} {dataset}",
        path("jobs"),
        path(&format!("{job}_out.jsonl")),
        path(&format!("{job}_dropped"))
    );
    let output = bench.command(&line).current_dir(repository()).output();
    Ran::of(output.unwrap()).expect(0).json()
}

#[test]
fn the_recipe_of_the_published_kind_runs_on_the_example_data() {
    let bench = Bench::new();
    let examples = std::fs::read_to_string(repository().join("examples/data/webtext-mini.jsonl"));
    let examples = examples.unwrap();
    bench.write("twice.jsonl", format!("{examples}{examples}"));
    let once = "--dataset_path examples/data/webtext-mini.jsonl";
    let once = run_of_configs(&bench, "published.yaml", "once", once);
    let operators = once["ledger"]["operators"].as_array().unwrap();
    let last = operators.last().unwrap();
    assert_eq!(last["name"], "document_simhash_deduplicator");
    let once = bench.read("once_out.jsonl");
    let kept = once.lines().count();
    assert!(kept > 200, "{kept}");
    // Each document comes again, so nothing more is left.
    let twice = bench.path("twice.jsonl").display().to_string();
    let twice = run_of_configs(
        &bench,
        "published.yaml",
        "twice",
        &format!("--dataset_path {twice}"),
    );
    assert_eq!(twice["ledger"]["records"], 2 * examples.lines().count());
    assert_eq!(bench.read("twice_out.jsonl"), once);
}

#[test]
fn the_recipe_with_deduplicators_finds_the_second_crawl() {
    let bench = Bench::new();
    let report = run_of_configs(&bench, "deduplicate.yaml", "job", "");
    let dropped: Vec<(&str, u64)> = report["ledger"]["operators"].as_array().unwrap()[10..]
        .iter()
        .map(|operator| {
            (
                operator["name"].as_str().unwrap(),
                operator["dropped"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        dropped,
        [
            ("document_deduplicator", 12),
            ("document_minhash_deduplicator", 37)
        ]
    );
    assert!(!bench.read("job_out.jsonl").contains("first_crawl"));
}

/// Operators that place records are told apart from those that decide about them, before a run and after it.
#[test]
fn the_plan_and_the_events_show_what_places_records() {
    let bench = bench();
    bench.write(
        "recipe.yaml",
        "dataset_path: in.jsonl\nexport_path: out/clean.jsonl\nwork_dir: jobs\npartition: {size: 10}\nprocess:\n  \
         - text_length_filter: {min_len: 1}\n  \
         - topk_specified_field_selector: {field_key: id, topk: 12}\n  \
         - tags_specified_field_selector: {field_key: id, target_tags: [29, 28, 3]}\n  \
         - key_value_grouper: {group_by_keys: [id]}\n",
    );
    bench.run("plan --config recipe.yaml").expect(0).prints(&[
        "Barrier   2  topk_specified_field_selector  [places records]\n",
        "Stage 2      no operators\n",
        "Barrier   3  tags_specified_field_selector\n",
        "Barrier   4  key_value_grouper  [places records]\n",
        "Stage 4      the records are there already\n",
        "each partition of the next stage has an equal part",
    ]);
    bench
        .run("process --config recipe.yaml --job_id a")
        .expect(0);
    assert_eq!(bench.read("out/clean.jsonl").lines().count(), 2);
    bench.run("events a --base-dir jobs").expect(0).prints(&[
        "12 of 30 records are kept and 18 dropped; stage 2 begins",
        "2 of 12 records are kept and 10 dropped; stage 3 begins",
        "all 2 records are kept; stage 4 begins",
    ]);
    bench
        .run("ops key_value_grouper")
        .expect(0)
        .prints(&["key_value_grouper (grouper)", "group_by_keys"]);
}

/// As Data-Juicer does: the file has every record that came to the filter, with the statistics so far.
#[test]
fn a_filter_writes_all_its_records_with_their_statistics() {
    let bench = Bench::new();
    let record = |id: u32| match id {
        7 => "{\"n\": 7}\n".to_owned(),
        _ => format!("{{\"text\": \"{}\"}}\n", "ab ".repeat(id as usize)),
    };
    bench.write("in.jsonl", (0..12).map(record).collect::<String>());
    bench.write(
        "recipe.yaml",
        "dataset_path: in.jsonl\nexport_path: out/clean.jsonl\nwork_dir: jobs\nnp: 2\npartition: {size: 5}\nprocess:\n  \
         - text_length_filter: {min_len: 9}\n  \
         - words_num_filter: {min_num: 0, max_num: 5, stats_export_path: side/words.jsonl, memory: 1, work_dir: x, prompt_key: p}\n",
    );
    let process = "process --config recipe.yaml --job_id j --max_error_ratio 1";
    bench
        .run(&format!("{process} --export_dropped out/dropped"))
        .expect(2)
        .tells(&[
            "words_num_filter: `stats_export_path` cannot be used together with `export_dropped`",
        ]);
    bench.run(process).expect(0);
    let line = |id: usize| {
        let (text, length) = ("ab ".repeat(id), 3 * id);
        let stats = format!("{{\"text_len\": {length}, \"num_words\": {id}}}");
        format!("{{\"text\": \"{text}\", \"__dj__stats__\": {stats}}}\n")
    };
    let expected: String = (3..12).filter(|id| *id != 7).map(line).collect();
    assert_eq!(bench.read("side/words.jsonl"), expected);
    assert_eq!(bench.read("out/clean.jsonl").lines().count(), 3);
}

/// Data-Juicer drops them when it loads a dataset. Without its quirks they go to quarantine, and are too many here.
#[test]
fn under_compat_records_without_text_are_dropped() {
    let bench = Bench::new();
    let record = |id: u32| match id % 4 {
        0 => "{\"text\": null}\n".to_owned(),
        1 => format!("{{\"id\": {id}}}\n"),
        _ => format!("{{\"text\": \"{}\"}}\n", "ab ".repeat(id as usize)),
    };
    bench.write("in.jsonl", (0..40).map(record).collect::<String>());
    bench.write(
        "recipe.yaml",
        "dataset_path: in.jsonl\nexport_path: out/clean.jsonl\nwork_dir: jobs\nnp: 2\npartition: {size: 7}\nprocess:\n  \
         - whitespace_normalization_mapper:\n  - text_length_filter: {min_len: 20}\n  - document_deduplicator:\n",
    );
    let compat = "process --config recipe.yaml --compat data_juicer --job_id";
    bench
        .run("process --config recipe.yaml --job_id a")
        .expect(1)
        .tells(&["20 of 40 records are in quarantine", "field `text` is null"]);
    let one = bench.run(&format!("{compat} b")).expect(0);
    one.prints(&[
        "Records     40 in, 17 kept, 23 dropped, 0 quarantined",
        "No text     20 (dropped)",
    ]);
    let expected = bench.read("out/clean.jsonl");
    assert_eq!(expected.lines().count(), 17);
    // Its statistics are written beside it by themselves.
    assert_eq!(bench.read("out/clean_stats.jsonl").lines().count(), 17);
    // The same with checkpoints, from which an attempt goes on after a crash.
    let every = format!("{compat} c --export_overwrite always --checkpoint.strategy every_op");
    bench.crash_at("driver.publish:2", &every);
    bench
        .run(&every)
        .expect(0)
        .prints(&["40 in, 17 kept, 23 dropped"]);
    assert_eq!(bench.read("out/clean.jsonl"), expected);
    bench
        .run("report c --base-dir jobs")
        .expect(0)
        .prints(&["(reading)"]);
}

const UNGROUPING: &str = "\
dataset_path: in.jsonl
export_path: out/clean.jsonl
work_dir: jobs
np: 2
partition:
  size: 3
process:
  - naive_reverse_grouper:
      batch_meta_export_path: side/meta.jsonl
  - text_length_filter:
      min_len: 3
";

#[test]
fn what_groups_knew_is_written_once_in_the_order_of_the_records() {
    let group = |id: u32| match id % 4 {
        // Goes to quarantine, and one without anything to write.
        2 => format!(
            "{{\"text\": [\"a\", \"b\"], \"n\": [1], \"__dj__batch_meta__\": {{\"bad\": {id}}}}}\n"
        ),
        3 => "{\"text\": [\"abc\"], \"n\": [1]}\n".to_owned(),
        _ => format!(
            "{{\"text\": [\"abc\", \"d\"], \"n\": [1, 2], \"__dj__batch_meta__\": {{\"id\": {id}, \"s\": \"é\\n\"}}}}\n"
        ),
    };
    let expected: String = (0..20)
        .filter(|id| id % 4 < 2)
        .map(|id| format!("{{\"id\": {id}, \"s\": \"é\\n\"}}\n"))
        .collect();
    let new = || {
        let bench = Bench::new();
        bench.write("in.jsonl", (0..20).map(group).collect::<String>());
        bench.write("recipe.yaml", UNGROUPING);
        bench
    };
    let process = "process --config recipe.yaml --job_id j --max_error_ratio 1";
    for more in [
        "",
        " --partition.size 100",
        " --np 1 --checkpoint.strategy every_op",
        " --export_dropped out/dropped",
    ] {
        let bench = new();
        bench.run(&format!("{process}{more}")).expect(0);
        assert_eq!(bench.read("side/meta.jsonl"), expected, "{more}");
        assert_eq!(bench.read("out/clean.jsonl").lines().count(), 15);
    }
    let bench = new();
    bench.crash_at("driver.publish:3", process);
    assert!(!bench.exists("side/meta.jsonl"));
    bench.run(process).expect(0);
    assert_eq!(bench.read("side/meta.jsonl"), expected);
    // Files that others put there stay.
    let bench = new();
    bench.write("side/meta.jsonl", "mine");
    bench
        .run(process)
        .expect(4)
        .says_all(&["side/meta.jsonl", "export_overwrite: always"]);
    assert_eq!(bench.read("side/meta.jsonl"), "mine");
    for path in ["in.jsonl", "out/clean.jsonl"] {
        bench.write("recipe.yaml", UNGROUPING.replace("side/meta.jsonl", path));
        bench.run(process).expect(4).says_all(&[path]);
    }
}
