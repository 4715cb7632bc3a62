//! Runs the vectors that lie beside the operators, and sees to it that every operator has some.

use std::path::{Path, PathBuf};

use coldpress_assets::AssetFolders;
use coldpress_operator::{OperatorKind, OperatorSpec, Registry, vectors};

/// Cases in which this implementation differs from Data-Juicer on purpose, or not yet agrees.
const LEFT_OUT: [&str; 3] = [
    // Nested text keys fail in Data-Juicer and work here.
    "whitespace_normalization_mapper/005",
    "text_length_filter/007",
    "remove_long_words_mapper/008",
];

/// Other names of operators, which have the vectors of these.
const OTHER_NAMES: [&str; 4] = [
    "ray_document_deduplicator",
    "ray_bts_minhash_deduplicator",
    "ray_bts_minhash_deduplicator_with_uid",
    "ray_bts_minhash_cpp_deduplicator",
];

#[test]
fn operators_do_what_the_reference_does() {
    // Paths in the vectors are relative to the folder of their assets.
    std::env::set_current_dir(testdata()).unwrap();
    let registry = registry();
    let mut failures = Vec::new();
    let mut skipped = 0;
    let mut files = vector_files();
    // Those that need the whole dataset are run by `deduplicators.rs` and `selectors.rs`.
    files.retain(|file| {
        let mut kinds = ["deduplicator", "selector", "grouper"].into_iter();
        let is_of = |kind| file.parent().is_some_and(|parent| parent.ends_with(kind));
        !kinds.any(is_of) || file.ends_with("naive_reverse.vectors.jsonl")
    });
    for file in &files {
        let content = std::fs::read_to_string(file).unwrap();
        let outcome = vectors::run(&registry, &content, &LEFT_OUT);
        skipped += outcome.skipped as usize;
        failures.extend(outcome.failures);
        if outcome.passed == 0 {
            failures.push(format!("{}: no case passed", file.display()));
        }
    }
    assert!(
        failures.is_empty(),
        "{} cases differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert_eq!(
        skipped,
        LEFT_OUT.len(),
        "a case that is left out is in no file"
    );
    let is_of_records = |spec: &&OperatorSpec| {
        matches!(spec.kind(), OperatorKind::Mapper | OperatorKind::Filter)
            || spec.name() == "naive_reverse_grouper"
    };
    let of_records = registry.iter().filter(is_of_records);
    assert_eq!(files.len(), of_records.count());
}

#[test]
fn every_operator_has_vectors() {
    let files = vector_files();
    let registry = coldpress_ops::builtin();
    let mut names = registry.names();
    names.retain(|name| !OTHER_NAMES.contains(name));
    for name in names {
        let (name, variant) = match name.strip_suffix("_with_uid") {
            Some(name) => (name, "_with_uid"),
            None => (name, ""),
        };
        let (stem, kind) = name.rsplit_once('_').unwrap();
        let file = format!("{stem}{variant}.vectors.jsonl");
        let wanted = source().join(kind).join(file);
        assert!(files.contains(&wanted), "{} is missing", wanted.display());
    }
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
    files.sort();
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let listed = listed.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    listed.into_iter().map(|entry| entry.path()).collect()
}
