//! Input that changes while it is read, or between a run and its resumption.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::time::{Duration, SystemTime};

use crate::bench::{Bench, EXPORT, Ran};

const RECORDS: u64 = 2_500;

/// Writes `in.jsonl` and a recipe that takes its time over it: with partitions of 20 records, which are too large to be
/// packed, the planner cannot be far ahead of the one worker; with 200 it is done long before.
pub(crate) fn slow_input(bench: &Bench) {
    let words =
        "Some more words that an operator looks at, one after another, and keeps. ".repeat(60);
    let lines: String = (0..RECORDS)
        .map(|id| format!("{{\"id\": {id}, \"text\": \"Record {id:06}. {words}\"}}\n"))
        .collect();
    bench.write("in.jsonl", lines);
    let slow = "np: 1\npartition:\n  size: 20\nprocess:\n  - character_repetition_filter:\n      max_ratio: 1.0\n  \
                - word_repetition_filter:\n      max_ratio: 1.0\n";
    let recipe = crate::bench::RECIPE
        .replace("np: 2\n", "")
        .replace("process:\n", slow);
    bench.write("recipe.yaml", recipe);
}

/// Changes a digit of the record that lies at this share of the file; its length stays.
fn change(bench: &Bench, share: f64) {
    let bytes = bench.bytes("in.jsonl");
    let from = (bytes.len() as f64 * share) as usize;
    let found = bytes[from..]
        .windows(7)
        .position(|seven| seven == b"Record ");
    let at = from + found.unwrap() + 7;
    let file = OpenOptions::new()
        .write(true)
        .open(bench.path("in.jsonl"))
        .unwrap();
    assert_eq!(bytes[at], b'0');
    file.write_all_at(b"X", at as u64).unwrap();
}

fn planned(journal: &str) -> bool {
    journal.contains("\"type\":\"plan_completed\"")
}

fn published(journal: &str) -> bool {
    journal.contains("\"type\":\"published\"")
}

/// The run is refused because of the input, and nothing is exported.
#[track_caller]
fn check_refused(bench: &Bench, ran: Ran) {
    assert!(!bench.has_exported(), "exported: {}", ran.stdout);
    ran.expect(4).tells(&[
        "error: `in.jsonl` changed after the job was planned (",
        "run with `--fresh` to process the new content",
    ]);
}

/// After a refusal the job goes on from its beginning with `--fresh`, and with the new content.
fn check_fresh(bench: &Bench) {
    bench.process("--fresh").expect(0);
    assert!(
        bench.bytes(EXPORT) == bench.bytes("in.jsonl"),
        "the export differs"
    );
}

#[test]
fn a_change_behind_the_planner_is_seen_by_the_worker() {
    let bench = Bench::new();
    slow_input(&bench);
    let reached = |journal: &str| planned(journal) && published(journal);
    let frozen = bench.freeze("--partition.size 200", reached);
    change(&bench, 0.95);
    check_refused(&bench, frozen.thaw());
    check_fresh(&bench);
}

/// Refused, or the whole of what the file holds now: never a mix of what it held at different times.
#[track_caller]
fn check_no_mix(bench: &Bench, ran: Ran) {
    if ran.code == 4 {
        return check_refused(bench, ran);
    }
    ran.expect(0);
    assert!(
        bench.bytes(EXPORT) == bench.bytes("in.jsonl"),
        "the export is a mix"
    );
}

#[test]
fn a_change_before_the_planner_makes_no_mix() {
    let bench = Bench::new();
    slow_input(&bench);
    let frozen = bench.freeze("", published);
    assert!(
        !planned(&bench.journal()),
        "the planner was too fast for this test"
    );
    change(&bench, 0.9);
    check_no_mix(&bench, frozen.thaw());
}

#[test]
fn a_change_before_and_behind_the_planner_makes_no_mix() {
    let bench = Bench::new();
    slow_input(&bench);
    let frozen = bench.freeze("", published);
    assert!(
        !planned(&bench.journal()),
        "the planner was too fast for this test"
    );
    // The first record is published as it was; without a second look nobody would see that it changed.
    change(&bench, 0.0);
    change(&bench, 0.9);
    check_no_mix(&bench, frozen.thaw());
}

#[test]
fn a_file_that_grows_is_a_file_that_changes() {
    let bench = Bench::new();
    slow_input(&bench);
    let frozen = bench.freeze("", published);
    assert!(
        !planned(&bench.journal()),
        "the planner was too fast for this test"
    );
    let more = OpenOptions::new()
        .append(true)
        .open(bench.path("in.jsonl"))
        .unwrap();
    std::io::Write::write_all(&mut &more, b"{\"text\": \"one more\"}\n").unwrap();
    check_refused(&bench, frozen.thaw());
}

/// Cuts `in.jsonl` to three quarters.
fn shrink(bench: &Bench) {
    let file = OpenOptions::new()
        .write(true)
        .open(bench.path("in.jsonl"))
        .unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length * 3 / 4).unwrap();
}

#[test]
fn a_file_that_shrinks_behind_the_planner() {
    let bench = Bench::new();
    slow_input(&bench);
    let reached = |journal: &str| planned(journal) && published(journal);
    let frozen = bench.freeze("--partition.size 200", reached);
    shrink(&bench);
    check_refused(&bench, frozen.thaw());
}

#[test]
fn a_file_that_shrinks_before_the_planner() {
    let bench = Bench::new();
    slow_input(&bench);
    let frozen = bench.freeze("", published);
    assert!(
        !planned(&bench.journal()),
        "the planner was too fast for this test"
    );
    shrink(&bench);
    check_refused(&bench, frozen.thaw());
}

#[test]
fn a_change_between_run_and_resume_is_refused() {
    // At the ends and in the middle of a file that was planned whole.
    for share in [0.0, 0.5, 0.999] {
        let bench = Bench::new();
        slow_input(&bench);
        let reached = |journal: &str| planned(journal) && published(journal);
        let frozen = bench.freeze("--partition.size 200", reached);
        frozen.terminate().expect(143);
        change(&bench, share);
        check_refused(&bench, bench.process(""));
        // Saying it twice changes nothing.
        check_refused(&bench, bench.process(""));
    }
}

#[test]
fn a_change_of_what_was_not_planned_yet_makes_no_mix() {
    for share in [0.5, 0.999] {
        let bench = Bench::new();
        slow_input(&bench);
        bench.freeze("", published).terminate().expect(143);
        assert!(
            !planned(&bench.journal()),
            "the planner was too fast for this test"
        );
        change(&bench, share);
        check_no_mix(&bench, bench.process(""));
    }
}

#[test]
fn a_change_that_hides_its_time_is_seen_when_it_is_read() {
    let bench = Bench::new();
    slow_input(&bench);
    let time = bench
        .path("in.jsonl")
        .metadata()
        .unwrap()
        .modified()
        .unwrap();
    bench
        .freeze("--partition.size 200", published)
        .terminate()
        .expect(143);
    change(&bench, 0.9);
    let file = OpenOptions::new()
        .write(true)
        .open(bench.path("in.jsonl"))
        .unwrap();
    file.set_modified(time).unwrap();
    check_refused(&bench, bench.process(""));
}

#[test]
fn a_file_that_is_only_touched_goes_on() {
    let bench = Bench::new();
    slow_input(&bench);
    bench.freeze("", published).terminate().expect(143);
    let file = File::options()
        .write(true)
        .open(bench.path("in.jsonl"))
        .unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(3))
        .unwrap();
    let report = bench.process("").expect(0).json();
    assert!(
        report["partitions_reused"].as_u64().unwrap() > 0,
        "{report}"
    );
    assert!(
        bench.bytes(EXPORT) == bench.bytes("in.jsonl"),
        "the export differs"
    );
}

#[test]
fn a_file_that_is_gone_or_joined_by_another() {
    let bench = Bench::new();
    slow_input(&bench);
    std::fs::create_dir(bench.path("data")).unwrap();
    std::fs::rename(bench.path("in.jsonl"), bench.path("data/a.jsonl")).unwrap();
    let more = "--dataset_path data";
    bench.freeze(more, published).terminate().expect(143);
    bench.write("data/b.jsonl", "{\"text\": \"new\"}\n");
    let message = "the dataset had 1 file and has 2 after the job was planned; run with `--fresh` to process the new \
                   content";
    bench.process(more).expect(4).begins_with_error(message);
    std::fs::rename(bench.path("data/a.jsonl"), bench.path("kept.jsonl")).unwrap();
    bench
        .process(more)
        .expect(4)
        .tells(&["data/a.jsonl", "data/b.jsonl", "--fresh"]);
    std::fs::remove_file(bench.path("data/b.jsonl")).unwrap();
    bench
        .process(more)
        .expect(1)
        .tells(&["dataset path `data` holds no file"]);
    std::fs::rename(bench.path("kept.jsonl"), bench.path("data/a.jsonl")).unwrap();
    bench.process(more).expect(0);
    assert!(
        bench.bytes(EXPORT) == bench.bytes("data/a.jsonl"),
        "the export differs"
    );
}

/// Waiting does not bring a file back, so nothing is tried again; what is finished stays until somebody brings it back.
#[test]
fn a_file_that_vanishes_costs_no_retries() {
    let bench = Bench::new();
    slow_input(&bench);
    let reached = |journal: &str| planned(journal) && published(journal);
    let frozen = bench.freeze("--partition.size 200", reached);
    std::fs::rename(bench.path("in.jsonl"), bench.path("away.jsonl")).unwrap();
    frozen
        .thaw()
        .expect(1)
        .tells(&["failed after 1 attempt: cannot open `in.jsonl`: No such file or directory"]);
    let events = bench.run("events j --base-dir jobs --type RETRY --json");
    assert_eq!(events.expect(0).json(), serde_json::json!([]));
    std::fs::rename(bench.path("away.jsonl"), bench.path("in.jsonl")).unwrap();
    bench.process("").expect(0);
    assert!(
        bench.bytes(EXPORT) == bench.bytes("in.jsonl"),
        "the export differs"
    );
}

/// Makes a columnar file of [`slow_input`], whose texts lie in it as they are, the dataset.
fn columnar_input(bench: &Bench, name: &str) {
    slow_input(bench);
    // Arrow files are not compressed anyway.
    let plain = match name.ends_with("parquet") {
        true => "--export_compression none",
        false => "",
    };
    bench
        .run(&format!(
            "process --config recipe.yaml --job_id make --process [] --export_path {name} {plain}"
        ))
        .expect(0);
    let recipe = String::from_utf8(bench.bytes("recipe.yaml")).unwrap();
    bench.write("recipe.yaml", recipe.replace("in.jsonl", name));
}

/// Changes a digit of one record, and hides that in the time of the change.
fn change_unseen(bench: &Bench, name: &str, record: u32) {
    let path = bench.path(name);
    let time = path.metadata().unwrap().modified().unwrap();
    let (bytes, wanted) = (bench.bytes(name), format!("Record {record:06}"));
    let found = bytes
        .windows(wanted.len())
        .position(|part| part == wanted.as_bytes());
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(b"X", found.unwrap() as u64 + 7).unwrap();
    file.set_modified(time).unwrap();
}

#[test]
fn a_columnar_file_that_hides_its_change_is_seen_when_it_is_read() {
    for name in ["in.parquet", "in.arrow"] {
        let bench = Bench::new();
        columnar_input(&bench, name);
        bench
            .freeze("--partition.size 200", published)
            .terminate()
            .expect(143);
        change_unseen(&bench, name, 2_000);
        for _ in 0..2 {
            assert!(!bench.has_exported());
            bench.process("").expect(4).tells(&[
                &format!("error: `{name}` changed after the job was planned (rows "),
                "run with `--fresh` to process the new content",
            ]);
        }
        bench.process("--fresh").expect(0);
        let export = String::from_utf8(bench.bytes(EXPORT)).unwrap();
        assert!(export.contains("Record X02000") && !export.contains("Record 002000"));
    }
}
