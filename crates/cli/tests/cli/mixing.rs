use serde_json::Value;

use crate::bench::Bench;

const RECIPE: &str = "\
dataset:
  configs:
    - {type: local, path: web, weight: 0.5}
    - {type: local, path: books.jsonl, weight: 2.5}
    - {type: local, path: old.jsonl, weight: 0}
export_path: out/mixed.jsonl
work_dir: jobs
np: 2
partition: {size: 7}
process:
  - text_length_filter: {min_len: 7}
";

/// Two folders' worth of web records, a file of books, and one that is left out.
fn bench() -> Bench {
    let bench = Bench::new();
    let lines = |name: &str, count: u32| -> String {
        let line = |id: u32| format!("{{\"id\": \"{name}{id}\", \"text\": \"{name} {id}\"}}\n");
        (0..count).map(line).collect()
    };
    bench.write("web/a.jsonl", lines("web", 60));
    bench.write("web/b.jsonl", lines("net", 40));
    bench.write("books.jsonl", lines("book", 20));
    bench.write("old.jsonl", lines("old", 10));
    bench.write("recipe.yaml", RECIPE);
    bench
}

#[test]
fn a_mixture_is_planned_run_and_told() {
    let bench = bench();
    bench.run("plan --config recipe.yaml").expect(0).prints(&[
        "Mixture      web: 50 records, drawn of 100\n",
        "books.jsonl: 50 records: all twice, and 10 once more\n",
        "old.jsonl: nothing\n",
        "Records      160 read, 100 drawn\n",
    ]);
    // A limit counts what is read, and what is drawn of that is not known before.
    bench
        .run("plan --config recipe.yaml --limit 30")
        .expect(0)
        .prints(&[
            "Mixture      (before `limit`)\n             web: 50 records",
            "Records      30 (limit 30)\n",
        ]);
    bench.run("check --config recipe.yaml").expect(0);
    let told = bench
        .run("process --config recipe.yaml --job_id j")
        .expect(0);
    told.prints(&["Records     160 in", "60 not drawn"]);
    let export = bench.read("out/mixed.jsonl");
    let ids: Vec<String> = export
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].to_string())
        .collect();
    assert!(!export.contains("old"));
    let report = bench
        .run("report j --base-dir jobs --json")
        .expect(0)
        .json();
    let mixture = report["mixture"].as_array().unwrap();
    let sampled = mixture.iter().map(|path| path["sampled"].as_u64().unwrap());
    assert_eq!(sampled.collect::<Vec<_>>(), [50, 50, 0]);
    let exported = mixture
        .iter()
        .map(|path| path["exported"].as_u64().unwrap());
    assert_eq!(exported.sum::<u64>(), ids.len() as u64);
    assert_eq!(report["overview"]["not_sampled_samples"], 60);
    bench.run("report j --base-dir jobs").expect(0).prints(&[
        "Mixture",
        "PATH                    RECORDS  WHOLE    DRAWN  IN  OUT\n",
        "web/a.jsonl and 1 more      100      –       50  50",
        "books.jsonl                  20    2 ×  10 more  50",
        "path 3 (left out)",
    ]);
    bench.run("monitor j --base-dir jobs").expect(0).prints(&[
        "Dataset: web/a.jsonl, web/b.jsonl, books.jsonl\n",
        "0 quarantined, 60 not drawn\n",
    ]);
    // The share is that of the records that were drawn.
    let kept = format!(" {:.1} %", ids.len() as f64);
    bench
        .run("report j --base-dir jobs --compare j")
        .expect(0)
        .prints(&["\nnot drawn ", &kept]);
}

/// A repeated record is found as often as it was read, and one that was not drawn is found too.
#[test]
fn records_of_a_mixture_can_be_traced() {
    let bench = bench();
    bench
        .run("process --config recipe.yaml --job_id j")
        .expect(0);
    let export = bench.read("out/mixed.jsonl");
    for (id, readings) in [("web3", 1), ("net39", 1), ("book7", 3), ("book0", 3)] {
        let trace = format!("trace j --base-dir jobs --id id={id} --json");
        let found = bench.run(&trace).expect(0).json();
        assert_eq!(found["found"], readings, "{id}");
        let records = found["records"].as_array().unwrap();
        let fates = records
            .iter()
            .map(|one| one["fate"]["fate"].as_str().unwrap());
        let fates: Vec<&str> = fates.collect();
        assert!(
            fates
                .iter()
                .all(|fate| ["exported", "dropped", "not_sampled"].contains(fate))
        );
        let exported = fates.iter().filter(|fate| **fate == "exported").count();
        let id = format!("\"{id}\"");
        assert_eq!(
            export.lines().filter(|line| line.contains(&id)).count(),
            exported,
            "{id}"
        );
    }
    let line = bench
        .run("trace j --base-dir jobs --line books.jsonl:8 --json")
        .expect(0)
        .json();
    assert_eq!(line["found"], 3);
    let told = bench
        .run("trace j --base-dir jobs --line books.jsonl:8")
        .expect(0);
    told.prints(&["books.jsonl"]);
}

#[test]
fn a_deduplicator_that_removes_the_repeats_is_told() {
    let bench = bench();
    let recipe = format!("{RECIPE}  - document_deduplicator:\n");
    bench.write("recipe.yaml", recipe);
    let note = "the recipe repeats records of its dataset, and `document_deduplicator` removes the repeats";
    bench
        .run("plan --config recipe.yaml")
        .expect(0)
        .prints(&[note]);
    bench
        .run("process --config recipe.yaml --job_id j")
        .expect(0)
        .tells(&[note]);
    let report = bench.run("report j --base-dir jobs --json").expect(0);
    let report = report.json();
    let rows = report["deduplication"][0]["by_file"].as_array().unwrap();
    let books: Vec<_> = rows
        .iter()
        .filter(|row| row["source"] == "books.jsonl")
        .collect();
    assert_eq!(books.len(), 1, "{rows:?}");
    assert!(books[0]["records"].as_u64() > Some(20), "{rows:?}");
    // Half of the web pages of seven letters and more, and each book once.
    assert!(bench.read("out/mixed.jsonl").lines().count() <= 70);
}

#[test]
fn the_format_of_the_files_does_not_show_in_what_is_drawn() {
    let bench = bench();
    for form in ["parquet", "jsonl.gz", "arrow"] {
        let recipe = format!(
            "dataset_path: books.jsonl\nexport_path: books.{form}\nwork_dir: forms\nprocess: []\n"
        );
        bench.write("form.yaml", recipe);
        bench.run("process --config form.yaml").expect(0);
    }
    let mut exports = Vec::new();
    for (form, at) in ["jsonl", "parquet", "jsonl.gz", "arrow"]
        .into_iter()
        .zip(0..)
    {
        let recipe = format!(
            "dataset_path: [{{path: books.{form}, weight: 0.3}}]\nexport_path: out/{at}.jsonl\nwork_dir: jobs\nprocess: []\n"
        );
        bench.write("form.yaml", recipe);
        bench
            .run("process --config form.yaml --partition.size 3")
            .expect(0);
        let export = bench.read(&format!("out/{at}.jsonl"));
        let records = export
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        exports.push(records.collect::<Vec<_>>());
    }
    assert_eq!(exports[0].len(), 6);
    assert!(exports.iter().all(|export| *export == exports[0]));
}

#[test]
fn a_resume_with_another_mixture_is_refused() {
    let bench = bench();
    let process = "process --config recipe.yaml --job_id j";
    bench.crash_at("driver.publish:2", process);
    let other = format!("{process} --dataset.max_sample_num 40");
    bench
        .run(&other)
        .expect(4)
        .tells(&["`dataset.max_sample_num` changed"]);
    bench.run(process).expect(0).prints(&["60 not drawn"]);
    bench.run(&format!("{other} --fresh")).expect(0);
    let report = bench
        .run("report j --base-dir jobs --json")
        .expect(0)
        .json();
    let sampled = report["mixture"].as_array().unwrap().iter();
    let sampled: Vec<u64> = sampled
        .map(|path| path["sampled"].as_u64().unwrap())
        .collect();
    assert_eq!(sampled, [7, 33, 0]);
}

#[test]
fn an_empty_file_of_a_mixture_and_a_long_path() {
    let bench = bench();
    let long = format!("{}/books-of-1900.jsonl", "folder".repeat(12));
    bench.write(&long, bench.read("books.jsonl"));
    bench.write("empty.jsonl", "");
    let recipe = format!(
        "dataset_path: [{{path: {long}, weight: 1.5}}, empty.jsonl]\nexport_path: out/a.jsonl\nwork_dir: jobs\nprocess: []\n"
    );
    bench.write("recipe.yaml", recipe);
    bench.run("plan --config recipe.yaml").expect(0).prints(&[
        ": 30 records: all once, and 10 once more\n",
        "empty.jsonl: nothing, it has no records\n",
    ]);
    bench
        .run("process --config recipe.yaml --job_id j")
        .expect(0);
    let report = bench.run("report j --base-dir jobs").expect(0);
    let report = report.prints(&[
        "/books-of-1900.jsonl       20   once  10 more  30   30\n",
        "empty.jsonl                               0   once        –   0    0\n",
    ]);
    let table = report.stdout.lines().skip_while(|line| *line != "Mixture");
    let mut table = table.skip(1).take(3);
    assert!(table.all(|line| line.chars().count() <= 80), "{report:?}");
}

#[test]
fn files_that_are_repeated_are_counted_once() {
    let bench = bench();
    let process = "process --config recipe.yaml --job_id j";
    bench.crash_at("driver.publish:2", process);
    bench.write("web/c.jsonl", "{\"text\": \"web\"}\n");
    bench
        .run(process)
        .expect(4)
        .tells(&["the dataset had 3 files and has 4 after the job was planned"]);
}

/// `check` and `plan` refuse all that a run refuses before it reads records.
#[test]
fn check_and_plan_refuse_what_a_run_refuses() {
    let bench = bench();
    bench.write("empty.jsonl", "");
    let refused = |arguments: &str, code: i32, message: &str| {
        for command in ["check", "plan", "process"] {
            let told = bench.run(&format!("{command} --config {arguments}"));
            told.expect(code).tells(&[message]);
        }
    };
    bench.write("many.yaml", RECIPE.replace("2.5", "5000"));
    let message = "dataset.configs: each record of `books.jsonl` would come in 5000 times";
    refused("many.yaml", 2, message);
    bench.write("empty.yaml", RECIPE.replace("books.jsonl", "empty.jsonl"));
    let message = "`dataset.max_sample_num` asks for 8 records of `empty.jsonl`, which has none";
    refused("empty.yaml --dataset.max_sample_num 10", 1, message);
    bench
        .run("process --config recipe.yaml --job_id j")
        .expect(0);
    let message = "`dataset.max_sample_num` changed after the job was planned";
    refused(
        "recipe.yaml --job_id j --dataset.max_sample_num 40",
        4,
        message,
    );
    // Files are counted, however often they are read.
    bench.write("web/c.jsonl", "{\"text\": \"one more\"}\n");
    let told = bench.run("process --config recipe.yaml --job_id j");
    told.expect(4)
        .tells(&["the dataset had 3 files and has 4 after the job was planned"]);
}

#[test]
fn a_single_path_with_too_few_records_is_told() {
    let bench = bench();
    bench.write(
        "few.yaml",
        "dataset: {configs: [{path: books.jsonl}], max_sample_num: 100}\nexport_path: out/few.jsonl\nwork_dir: jobs\n\
         process: []\n",
    );
    let note = "`books.jsonl` has fewer records than `dataset.max_sample_num` asks for";
    let plan = bench.run("plan --config few.yaml").expect(0).stdout;
    let words: Vec<&str> = plan.split_whitespace().collect();
    assert!(words.join(" ").contains(note), "{plan}");
    bench
        .run("process --config few.yaml")
        .expect(0)
        .tells(&[note]);
    assert_eq!(bench.read("out/few.jsonl").lines().count(), 20);
}

/// Data-Juicer's command line has weights in the text of `dataset_path`, and takes no number of records beside them.
#[test]
fn paths_with_weights_may_be_one_text() {
    let bench = bench();
    let kept = |keys: &str| {
        let recipe = format!(
            "dataset_path: 0.5 web 2 books.jsonl\n{keys}export_path: out/text.jsonl\nwork_dir: jobs\nprocess: []\n"
        );
        bench.write("text.yaml", recipe);
        let told = bench.run("check --config text.yaml").expect(0);
        let ran = bench
            .run("process --config text.yaml --job_id text --fresh")
            .expect(0);
        let count = bench.read("out/text.jsonl").lines().count();
        // Sentences may be broken into lines.
        let told = told.stdout + &ran.stdout + &ran.stderr;
        (count, told.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let compat = "compat: data_juicer\n";
    assert_eq!(kept("").0, 50 + 2 * 20);
    let (count, told) = kept(compat);
    assert_eq!(count, 100 + 20);
    assert!(told.contains("weights have no effect"), "{told}");
    for compat in ["", compat] {
        let (count, told) = kept(&format!("{compat}dataset: {{max_sample_num: 10}}\n"));
        assert_eq!(count, 10);
        assert!(
            told.contains("`dataset.max_sample_num` where the paths are in `dataset_path`"),
            "{told}"
        );
    }
}
