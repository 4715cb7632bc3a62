//! Exports that are gone, doubled or out of order.

use std::fs;

use crate::bench::{Bench, EXPORT};

/// Data-Juicer believed its log that a job was complete, and left an export that was gone away; it is made
/// again, without doing the work again.
#[test]
fn d3_an_export_that_is_gone_is_made_again() {
    let bench = Bench::new();
    let undisturbed = bench.undisturbed();
    bench.process("").expect(0);
    fs::remove_file(bench.path(EXPORT)).unwrap();
    let report = bench.process("").expect(0).json();
    assert_eq!(
        (&report["already_complete"], &report["partitions_reused"]),
        (&false.into(), &6.into())
    );
    assert_eq!(bench.read(EXPORT), undisturbed);
}

/// Data-Juicer exported partitions in the order in which blocks became ready, although it promised to keep the
/// order; records come out in the order of the input, whatever is finished first.
#[test]
fn d4_records_keep_their_order() {
    let bench = Bench::new();
    // The first partition is by far the slowest.
    let words = "many words that an operator looks at ".repeat(2_000);
    let slow = format!("{{\"id\": -1.0, \"text\": \"{words}\"}}\n").repeat(50);
    bench.write("in.jsonl", slow + &bench.read("in.jsonl"));
    let recipe = bench.read("recipe.yaml") + "  - character_repetition_filter: {max_ratio: 1.0}\n";
    bench.write("recipe.yaml", recipe);
    bench.process("--np 4").expect(0);
    let first_published = published(&bench).remove(0);
    assert_ne!(
        first_published, 0,
        "the first partition was not the slowest"
    );
    let export = bench.read(EXPORT);
    let ids: Vec<f64> = export
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["id"]
                .as_f64()
                .unwrap()
        })
        .collect();
    assert!(ids.is_sorted() && ids.len() > 250, "{} records", ids.len());
    assert!(export == bench.undisturbed(), "the export differs");
}

/// The partitions in the order in which their results were published.
fn published(bench: &Bench) -> Vec<u64> {
    let journal = bench.read("jobs/a/journal/000001.jsonl");
    let records = journal.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["record"].clone()
    });
    let published = records.filter(|record| record["type"] == "published");
    published
        .map(|record| record["partition"].as_u64().unwrap())
        .collect()
}

/// Data-Juicer, started again after a crash between the export and the last event, exported everything a
/// second time behind the first; an export is made once, and the event log decides nothing.
#[test]
fn d11_a_crash_behind_the_export_doubles_nothing() {
    for path in [EXPORT, "out/clean/"] {
        let more = format!("--export_path {path}");
        for crash in ["", "export.renamed", "export.owned"] {
            let bench = Bench::new();
            let undisturbed = bench.undisturbed();
            match crash {
                "" => drop(bench.process(&more).expect(0)),
                point => bench.crash(point, &more),
            }
            let had_told = lose_the_end_of_the_events(&bench);
            assert!(had_told || !crash.is_empty(), "the log does not tell");
            let report = bench.process(&more).expect(0).json();
            assert_eq!(report["already_complete"], true, "{path}, {crash}");
            assert_eq!(whole_export(&bench, path), undisturbed, "{path}, {crash}");
        }
    }
}

/// As if the log had never come to tell of the export; whether it had.
fn lose_the_end_of_the_events(bench: &Bench) -> bool {
    let path = "jobs/a/event_logs/events.jsonl";
    let events = bench.read(path);
    let is_before = |line: &&str| !line.contains("\"event_type\":\"merge_start\"");
    let kept: String = events.split_inclusive('\n').take_while(is_before).collect();
    bench.write(path, &kept);
    kept.len() < events.len()
}

/// The export as one text, of one file or of shards.
fn whole_export(bench: &Bench, path: &str) -> String {
    if !path.ends_with('/') {
        return bench.read(path);
    }
    let shards = bench.files(path).into_iter();
    let shards = shards.filter(|(name, _)| !name.starts_with('.'));
    shards
        .map(|(_, bytes)| String::from_utf8(bytes).unwrap())
        .collect()
}
