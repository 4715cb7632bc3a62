//! A number of partitions that is asked for is what the dataset becomes.

use std::fs;
use std::path::Path;

use coldpress_config::{OperatorCall, Recipe};
use coldpress_executor::ExecutorBuilder;

use crate::operators;

/// Files of so many records, whose lengths vary.
fn write(folder: &Path, files: &[(&str, u64)]) {
    fs::create_dir_all(folder.join("data")).unwrap();
    for (name, records) in files {
        let text = |n: u64| "word ".repeat(1 + (n * 7 % 13) as usize);
        let rows = (0..*records).map(|n| match name.ends_with(".csv") {
            true => format!("{n},{}\n", text(n)),
            false => format!("{{\"n\": {n}, \"text\": \"{}\"}}\n", text(n)),
        });
        let head = if name.ends_with(".csv") {
            "n,text\n"
        } else {
            ""
        };
        let content = head.to_owned() + &rows.collect::<String>();
        fs::write(folder.join("data").join(name), content).unwrap();
    }
}

#[track_caller]
fn check(files: &[(&str, u64)], asked: u64, expected: u32) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let recipe = Recipe::builder(path("data"), path("out.jsonl"))
        .set("work_dir", path("jobs"))
        .set("job_id", "job")
        .set("partition.num_of_partitions", asked)
        .call(OperatorCall::new("length_filter"))
        .build()
        .unwrap();
    let executor = ExecutorBuilder::new(recipe, operators::registry())
        .build()
        .unwrap();
    let report = executor.run().unwrap();
    let records: u64 = files.iter().map(|(_, records)| records).sum();
    assert_eq!(report.ledger.exported(), records);
    assert_eq!(report.partitions, expected, "{files:?} in {asked}");
}

#[test]
fn a_dataset_becomes_as_many_partitions_as_asked_for() {
    for asked in [1, 2, 3, 4, 5, 7, 10, 16, 50] {
        check(&[("a.jsonl", 500)], asked, asked as u32);
        check(&[("a.csv", 500)], asked, asked as u32);
    }
    check(&[("a.jsonl", 300), ("b.jsonl", 10), ("c.jsonl", 90)], 8, 8);
    // Each file has one of its own, and no partition is empty.
    check(&[("a.jsonl", 30), ("b.jsonl", 10), ("c.jsonl", 9)], 2, 3);
    check(&[("a.jsonl", 3)], 10, 3);
}
