//! The recipes: each can be checked, planned and run, and its records add up.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::thread;

use serde_json::Value;

use crate::bench::Bench;
use crate::shared::repository;

const RECIPES: &str = include_str!("recipes.yaml");

/// Settings that a test adds to each recipe.
const COMMON: &str = "compat: data_juicer\nassets_dir: assets\nwork_dir: jobs\n";

/// The recipes by name.
fn recipes() -> Vec<(&'static str, &'static str)> {
    let documents = RECIPES.split("\n---\n").skip(1);
    let named = documents.map(|recipe| {
        let name = recipe.lines().next().unwrap();
        (name.strip_prefix("project_name: ").unwrap(), recipe)
    });
    named.collect()
}

/// Runs the recipes whose names begin like this, two at a time. Returns the operators that dropped something in any of them.
#[track_caller]
fn check(prefix: &str, count: usize) -> BTreeSet<String> {
    let recipes: Vec<_> = recipes()
        .into_iter()
        .filter(|(name, _)| name.starts_with(prefix))
        .collect();
    assert_eq!(recipes.len(), count, "recipes that begin with {prefix}");
    let bench = Bench::new();
    thread::scope(|scope| {
        let halves = recipes.chunks(count.div_ceil(2)).map(|half| {
            let bench = &bench;
            scope.spawn(move || -> Vec<String> {
                let runs = half.iter();
                runs.flat_map(|(name, text)| run(bench, name, text))
                    .collect()
            })
        });
        // All are started before the first is waited for.
        let halves: Vec<_> = halves.collect();
        halves
            .into_iter()
            .flat_map(|half| half.join().unwrap())
            .collect()
    })
}

/// Returns the operators that dropped something.
fn run(bench: &Bench, name: &str, text: &str) -> Vec<String> {
    bench.write(&format!("{name}.yaml"), format!("{COMMON}{text}"));
    let checked = bench.run(&format!("check --config {name}.yaml")).expect(0);
    let operators = text.matches("\n  - ").count();
    let checked = checked.prints(&[&format!("Operators  {operators}")]);
    // Nothing is said against the tracer; what it does otherwise than Data-Juicer comes after all else.
    let before = checked.stdout.split("differences from Data-Juicer").next();
    let said = [before.unwrap(), checked.stderr.as_str()];
    assert!(!said.iter().any(|text| text.contains("tracer")), "{said:?}");
    bench.run(&format!("plan --config {name}.yaml")).expect(0);
    let line = format!("process --config {name}.yaml --partition.size 20 --json --job_id {name}");
    let report = bench.run(&line).expect(0).json();
    let ledger = &report["ledger"];
    adds_up(bench, name, operators, ledger);
    if text.contains("open_tracer: true") {
        check_traces(bench, name, ledger);
    }
    let operators = ledger["operators"].as_array().unwrap().iter();
    let droppers = operators.filter(|operator| operator["dropped"].as_u64() > Some(0));
    let names = droppers.map(|operator| operator["name"].as_str().unwrap().to_owned());
    names.collect()
}

/// Each operator has a file with as many records as it dropped, or at most ten; under the names that Data-Juicer has.
fn check_traces(bench: &Bench, name: &str, ledger: &Value) {
    let mut times = BTreeMap::new();
    for operator in ledger["operators"].as_array().unwrap() {
        let of = operator["name"].as_str().unwrap();
        let time = times.entry(of).or_insert(0);
        *time += 1;
        let number = match time {
            1 => String::new(),
            time => format!("-{time}"),
        };
        let kind = match of.ends_with("_deduplicator") {
            true => "duplicate",
            false => "sample_trace",
        };
        let text = bench.read(&format!("jobs/{name}/trace/{kind}-{of}{number}.jsonl"));
        let lines = text.lines().map(serde_json::from_str::<Value>);
        let lines: Vec<Value> = lines.collect::<Result<_, _>>().unwrap();
        let has = |name: &str| lines.iter().all(|line| line.get(name).is_some());
        let dropped = operator["dropped"].as_u64().unwrap();
        match of.rsplit('_').next() {
            Some("mapper") => assert!(has("original_text") && has("processed_text"), "{of}"),
            Some("filter") => {
                assert_eq!(lines.len() as u64, dropped.min(10), "{name}: {of}");
                // This one decides by a field.
                assert!(has("__dj__stats__") || of == "suffix_filter", "{of}");
            }
            _ => {
                assert_eq!(lines.is_empty(), dropped == 0, "{name}: {of}");
                assert!(has("dup1") && has("dup2"), "{of}");
            }
        }
    }
}

/// Every record was kept, dropped or put in quarantine, and some were kept.
fn adds_up(bench: &Bench, name: &str, operators: usize, ledger: &Value) {
    let ledgers = ledger["operators"].as_array().unwrap();
    assert_eq!(ledgers.len(), operators, "{name}");
    let sum = |key: &str| -> u64 {
        let counts = ledgers.iter().map(|ledger| ledger[key].as_u64().unwrap());
        counts.sum()
    };
    let exported = bench.read(&format!("out/{name}.jsonl")).lines().count() as u64;
    let (dropped, quarantined) = (sum("dropped"), sum("quarantined"));
    assert_eq!(
        ledger["records"].as_u64().unwrap(),
        exported + dropped + quarantined,
        "{name}: {ledger}"
    );
    assert_eq!(quarantined, 0, "{name}: {ledger}");
    assert!(exported > 0 && dropped > 0, "{name}: {ledger}");
}

#[test]
fn there_are_as_many_as_were_published() {
    assert_eq!(recipes().len(), 28);
}

#[test]
fn pretraining_recipes_run() {
    let droppers = check("pretrain-", 18);
    for operator in [
        "alphanumeric_filter",
        "average_line_length_filter",
        "character_repetition_filter",
        "language_id_score_filter",
        "maximum_line_length_filter",
        "perplexity_filter",
        "special_characters_filter",
        "text_length_filter",
        "words_num_filter",
        "word_repetition_filter",
        "document_simhash_deduplicator",
    ] {
        assert!(droppers.contains(operator), "{operator} dropped nothing");
    }
}

#[test]
fn recipes_for_instructions_run() {
    let droppers = check("instructions-", 2);
    assert!(droppers.contains("document_deduplicator"));
    assert!(droppers.contains("document_simhash_deduplicator"));
}

#[test]
fn recipes_for_code_run() {
    check("code-", 3);
}

#[test]
fn a_recipe_with_many_mappers_of_words_runs() {
    check("many-languages", 1);
}

#[test]
fn recipes_by_source_run() {
    check("red-", 4);
}

#[test]
fn another_partition_size_gives_the_same_bytes() {
    let bench = Bench::new();
    let again = ["pretrain-forum", "instructions-chinese", "code-stack"];
    for (name, text) in recipes() {
        if !again.contains(&name) {
            continue;
        }
        bench.write("recipe.yaml", format!("{COMMON}{text}"));
        let outputs = [7, 1000].map(|size| {
            let line = "process --config recipe.yaml --export_path";
            let words = format!("out/{name}-{size}.jsonl --partition.size {size} --np 2");
            bench.run(&format!("{line} {words}")).expect(0);
            bench.read(&format!("out/{name}-{size}.jsonl"))
        });
        assert_eq!(outputs[0], outputs[1], "{name}");
        assert!(!outputs[0].is_empty(), "{name}");
    }
}

/// The recipes that come with the program, one for each kind of text, on the data that comes with it.
#[test]
fn the_recipes_of_the_repository_run() {
    let bench = Bench::new();
    symlink(repository().join("examples"), bench.path("examples")).unwrap();
    let mut count = 0;
    for entry in fs::read_dir(repository().join("configs/recipes")).unwrap() {
        let path = entry.unwrap().path();
        let (file, name) = (path.display(), path.file_stem().unwrap().to_str().unwrap());
        bench.run(&format!("check --config {file}")).expect(0);
        let line = format!("process --config {file} --work_dir jobs --assets_dir none --json");
        let words = format!("--export_path out/{name}.jsonl --export_dropped null");
        let report = bench.run(&format!("{line} {words}")).expect(0).json();
        let ledger = &report["ledger"];
        let operators = ledger["operators"].as_array().unwrap().len();
        adds_up(&bench, name, operators, ledger);
        count += 1;
    }
    assert!(count >= 6, "{count} recipes");
}
