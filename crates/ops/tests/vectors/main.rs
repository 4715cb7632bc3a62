//! Runs the vectors beside the operators, counts them, and checks that every operator has some. Further tests of operators that
//! need the whole dataset are here too.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod deduplicators;
mod selectors;

use std::collections::BTreeMap;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use coldpress_assets::AssetFolders;
use coldpress_operator::{OperatorKind, Registry, vectors};
use serde_json::{Map, Value};

/// Cases in which Data-Juicer fails because it cannot read nested text keys, and their results here.
const WORKS_HERE: [(&str, &str); 3] = [
    (
        "whitespace_normalization_mapper/005",
        r#"[{"meta": {"body": "x y", "n": 1}}]"#,
    ),
    (
        "text_length_filter/007",
        r#"[{"meta": {"t": "long enough text"}}]"#,
    ),
    (
        "remove_long_words_mapper/008",
        r#"[{"a": {"b": "x longword"}}]"#,
    ),
];

/// Other names of operators, which share the vectors of these.
const OTHER_NAMES: [(&str, &str); 4] = [
    ("ray_document_deduplicator", "document_deduplicator"),
    (
        "ray_bts_minhash_deduplicator",
        "document_minhash_deduplicator",
    ),
    (
        "ray_bts_minhash_deduplicator_with_uid",
        "document_minhash_deduplicator_with_uid",
    ),
    (
        "ray_bts_minhash_cpp_deduplicator",
        "document_minhash_deduplicator",
    ),
];

/// Operators that Data-Juicer does not have.
const OWN: [&str; 4] = [
    "command_filter",
    "command_mapper",
    "python_filter",
    "python_mapper",
];

/// The results for the vectors of an operator.
#[derive(Default)]
struct Counted {
    vectors: usize,
    passed: usize,
    failures: Vec<String>,
}

#[test]
fn every_operator_passes_all_of_its_vectors() {
    // Paths in the vectors are relative to the folder of their assets.
    std::env::set_current_dir(testdata()).unwrap();
    let registry = registry();
    let files = vector_files();
    let mut table: BTreeMap<&str, Counted> = BTreeMap::new();
    let mut known = 0;
    for spec in registry.iter() {
        let name = spec.name();
        if OWN.contains(&name) || OTHER_NAMES.iter().any(|(other, _)| *other == name) {
            continue;
        }
        let file = source().join(vectors_of(name));
        known += usize::from(files.contains(&file));
        let counted = match std::fs::read_to_string(&file) {
            Ok(content) => run(&registry, spec.kind(), name, &content),
            Err(_) => Counted::default(),
        };
        table.insert(name, counted);
    }
    print_table(&table);
    let bad: Vec<String> = table
        .iter()
        .filter(|(_, counted)| counted.vectors == 0 || counted.passed < counted.vectors)
        .map(|(name, counted)| {
            let (passed, vectors) = (counted.passed, counted.vectors);
            format!(
                "{name}: {passed} of {vectors}\n{}",
                counted.failures.join("\n")
            )
        })
        .collect();
    assert!(
        bad.is_empty(),
        "vectors that do not pass:\n{}",
        bad.join("\n")
    );
    assert_eq!(known, files.len(), "a file of vectors is of no operator");
    for (id, _) in WORKS_HERE {
        let is_there = |file: &PathBuf| std::fs::read_to_string(file).unwrap().contains(id);
        assert!(files.iter().any(is_there), "{id} is in no file");
    }
}

/// Runs the vectors of one operator.
fn run(registry: &Registry, kind: OperatorKind, name: &str, content: &str) -> Counted {
    let lines = content.lines().filter(|line| !line.trim().is_empty());
    let mut counted = Counted {
        vectors: lines.clone().count(),
        ..Counted::default()
    };
    let check: fn(&Map<String, Value>) = match kind {
        OperatorKind::Deduplicator => deduplicators::check,
        OperatorKind::Selector => selectors::check,
        OperatorKind::Grouper if name != "naive_reverse_grouper" => selectors::check,
        // The other operators work on one record at a time.
        _ => {
            let outcome = vectors::run(registry, content, &WORKS_HERE);
            counted.passed = outcome.passed as usize;
            counted.failures = outcome.failures;
            return counted;
        }
    };
    for line in lines {
        let case: Map<String, Value> = serde_json::from_str(line).unwrap();
        assert_eq!(case["op"], name);
        match catch_unwind(|| check(&case)) {
            Ok(()) => counted.passed += 1,
            Err(_) => counted.failures.push(case["id"].to_string()),
        }
    }
    counted
}

#[expect(
    clippy::print_stdout,
    reason = "`cargo xtask vectors` shows what the test prints"
)]
fn print_table(table: &BTreeMap<&str, Counted>) {
    println!("\n| operator | vectors | passed |\n| --- | ---: | ---: |");
    for (name, counted) in table {
        println!("| `{name}` | {} | {} |", counted.vectors, counted.passed);
    }
    for (name, same) in OTHER_NAMES {
        println!("| `{name}` | those of `{same}` | |");
    }
    let sum = |count: fn(&Counted) -> usize| table.values().map(count).sum::<usize>();
    let (vectors, passed) = (
        sum(|counted| counted.vectors),
        sum(|counted| counted.passed),
    );
    println!("| {} operators | {vectors} | {passed} |", table.len());
}

/// Returns the path of an operator's vectors, below the source folder.
fn vectors_of(name: &str) -> PathBuf {
    let (name, variant) = match name.strip_suffix("_with_uid") {
        Some(name) => (name, "_with_uid"),
        None => (name, ""),
    };
    let (stem, kind) = name.rsplit_once('_').unwrap();
    Path::new(kind).join(format!("{stem}{variant}.vectors.jsonl"))
}

fn registry() -> Registry {
    let assets = testdata().join("assets");
    coldpress_ops::builtin().with_assets(AssetFolders::new([assets.join("models"), assets]))
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn vector_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for kind in entries(&source()).iter().filter(|path| path.is_dir()) {
        let is_vectors = |path: &PathBuf| path.to_string_lossy().ends_with(".vectors.jsonl");
        files.extend(entries(kind).into_iter().filter(is_vectors));
    }
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let listed = listed.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    listed.into_iter().map(|entry| entry.path()).collect()
}
