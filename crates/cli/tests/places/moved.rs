//! Inputs that are spelled otherwise, or were moved: where the input lies is no part of what it is.

use std::fs;
use std::process::Command;

use crate::bench::Bench;

/// Stops a job in the midst of its work and has it go on with this dataset path.
#[track_caller]
fn check_goes_on(from: &str, change: impl Fn(&Bench), to: &str) {
    let bench = Bench::new();
    bench.slow();
    let expected = bench.read("ins/a.jsonl");
    bench
        .freeze("j", &format!("--dataset_path {from}"))
        .terminate();
    change(&bench);
    let to = to.replace("HERE", &bench.path("").display().to_string());
    let ran = bench.process(&format!("--dataset_path {to}")).expect(0);
    let reused = ran.json()["partitions_reused"].as_u64().unwrap();
    assert!(reused > 0, "{to}: nothing was reused");
    assert!(
        bench.read("out/o.jsonl") == expected,
        "{to}: the export differs"
    );
    // It stays so.
    let ran = bench.process(&format!("--dataset_path {from}"));
    if bench.exists(from) {
        assert_eq!(ran.expect(0).json()["already_complete"], true);
    }
}

#[test]
fn a_dataset_that_is_spelled_otherwise_goes_on() {
    let same = |_: &Bench| {};
    check_goes_on("ins", same, "./ins");
    check_goes_on("ins/a.jsonl", same, "ins/../ins/a.jsonl");
    check_goes_on("ins", same, "HERE/ins");
    check_goes_on("ins", same, "file://HERE/ins");
    check_goes_on("ins/a.jsonl", same, "ins");
    check_goes_on("ins", |bench| bench.link("ins", "link"), "link/*.jsonl");
}

#[test]
fn a_dataset_that_was_moved_goes_on() {
    let moved = |bench: &Bench| fs::rename(bench.path("ins"), bench.path("moved")).unwrap();
    check_goes_on("ins", moved, "moved");
    let copied = |bench: &Bench| {
        fs::create_dir(bench.path("copy")).unwrap();
        fs::copy(bench.path("ins/a.jsonl"), bench.path("copy/b.jsonl")).unwrap();
    };
    check_goes_on("ins", copied, "copy/b.jsonl");
}

/// Neither length nor time nor the ends of the file show that it is another one; that it lies elsewhere does.
#[test]
fn another_file_that_looks_the_same_is_seen() {
    let bench = Bench::new();
    bench.slow();
    bench.freeze("j", "").terminate();
    let text = bench
        .read("ins/a.jsonl")
        .replacen("Record 000007", "Record X00007", 1);
    assert!(text.find("Record X00007").unwrap() > 64 << 10);
    bench.write("other/a.jsonl", text);
    let copied = Command::new("touch")
        .arg("-r")
        .args([bench.path("ins/a.jsonl"), bench.path("other/a.jsonl")])
        .status();
    assert!(copied.unwrap().success());
    bench
        .process("--dataset_path other")
        .expect(4)
        .says_all(&["`other/a.jsonl` changed after the job was planned"]);
    bench.process("--dataset_path recipe.yaml").expect(4);
    assert!(!bench.exists("out/o.jsonl"));
}

#[test]
fn work_is_adopted_wherever_the_input_lies() {
    let bench = Bench::new();
    bench.process("").expect(0);
    fs::create_dir(bench.path("copy")).unwrap();
    fs::copy(bench.path("ins/a.jsonl"), bench.path("copy/a.jsonl")).unwrap();
    for (id, dataset) in [("k", "./ins"), ("l", "copy")] {
        let more = format!("--resume_from j --dataset_path {dataset} --export_path out/{id}.jsonl");
        let report = bench.job(id, &more).expect(0).json();
        assert_eq!(report["partitions_reused"], 1, "{dataset}");
        assert_eq!(
            bench.read(&format!("out/{id}.jsonl")),
            bench.read("out/o.jsonl")
        );
    }
    bench.write("copy/a.jsonl", "{\"text\": \"something else\"}\n");
    bench
        .job(
            "m",
            "--resume_from j --dataset_path copy --export_path out/m.jsonl",
        )
        .expect(4)
        .says_all(&["is over another dataset"]);
}

/// A crash behind the rename leaves an export that only the journal knows: by its place, however it is spelled.
#[test]
fn an_unsigned_export_is_known_by_its_place() {
    for (first, second) in [
        ("out/o.jsonl", "./out/../out/o.jsonl"),
        ("out/s/", "./out/s/"),
    ] {
        let bench = Bench::new();
        bench.crash("export.renamed", &format!("--export_path {first}"));
        let ran = bench.process(&format!("--export_path {second}")).expect(0);
        assert_eq!(ran.json()["already_complete"], true, "{second}");
    }
}
