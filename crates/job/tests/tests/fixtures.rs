use std::path::{Path, PathBuf};

use coldpress_job::{
    Error, JobLock, JobState, Journal, LockOptions, Mode, PartitionStatus, Status, Totals,
};

use serde_json::json;

use crate::support::{Job, copy_dir};

/// Returns a copy of a fixture. `tests/data/journal_v1/` was written once by the first release with this format, and must never be
/// rewritten, because it must be understood forever. `intact` is a job with two drivers and every kind of record; the other folders
/// are the same job, damaged.
fn fixture(name: &str) -> Job {
    fixture_of("journal_v1", name)
}

/// Returns a copy of a fixture of another version. `tests/data/journal_v2/` is the same job, continued by a release that leaves the
/// names of operators out of ledgers. It must never be rewritten either.
fn fixture_of(version: &str, name: &str) -> Job {
    let job = Job::new();
    let from: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/data", version, name]
        .iter()
        .collect();
    assert!(Path::new(&from).is_dir(), "{}", from.display());
    copy_dir(&from, &job.layout.journal_dir());
    job
}

/// The sums of the intact job.
const TOTALS: Totals = Totals {
    stage: 0,
    stages: 1,
    partitions: 3,
    completed: 2,
    failed: 1,
    records: 300,
    processed: 200,
    not_sampled: 0,
    exported: 178,
    dropped: 20,
    quarantined: 2,
    absorbed: 0,
    made: 0,
    records_in_failed: 100,
};

fn check_intact(state: &JobState) {
    assert_eq!(state.generation(), 2);
    assert_eq!(state.totals(), TOTALS);
    assert!(state.plan_complete());
    // These are spelled out, so that a change to the hashes does not change what was written.
    let recipe = state.recipe().unwrap();
    assert_eq!(
        serde_json::to_value(recipe).unwrap(),
        json!({
            "recipe": "c8ee991050cd52ca312b8447483db5ca",
            "operators": ["clean", "filter"],
            "chain": [
                "f1db686ad1f78087b45849bc04864e45",
                "ae0b36d44d5c65176efd6eddf8804513",
                "46946d2ae2916810a0a07208a6fad80e",
            ],
            "export_path": "/data/out.jsonl",
        })
    );
    assert_eq!(state.export().intent, None);
    assert_eq!(
        serde_json::to_value(&state.export().committed).unwrap(),
        json!({
            "temporary": "/data/.out.jsonl.tmp",
            "path": "/data/out.jsonl",
            "directory": false,
            "length": 890,
            "digest": "ee731dcdea468de9c2178752af8e3b82",
            "records": 89,
            "chain": "46946d2ae2916810a0a07208a6fad80e",
            "partitions_left_out": [1],
        })
    );
    let statuses: Vec<_> = (0..3)
        .filter_map(|index| state.partition_status(index))
        .collect();
    assert_eq!(
        statuses,
        [
            PartitionStatus::Completed,
            PartitionStatus::Failed,
            PartitionStatus::Completed,
        ]
    );
    assert_eq!(state.damaged_sources()[0].position, 3000);
    let result = state.published(0, recipe.final_chain().unwrap()).unwrap();
    assert_eq!(result.checkpoints.len(), 2);
    assert_eq!(state.checkpoints(2).count(), 2);
    assert_eq!(state.failure(1).unwrap().class, "memory");
    let epochs: Vec<_> = state
        .epochs()
        .iter()
        .map(|epoch| (epoch.epoch, epoch.driver.host.as_str(), epoch.takeover))
        .collect();
    assert_eq!(epochs, [(1, "alpha", false), (2, "beta", true)]);
}

#[test]
fn the_first_form_is_understood() {
    let job = fixture("intact");
    let state = job.read();
    check_intact(&state);
    let finish = state.finished().unwrap();
    assert_eq!(
        (finish.epoch, finish.status),
        (2, Status::CompletedWithFailures)
    );
    assert_eq!(finish.error.as_deref(), Some("one partition failed"));
}

#[test]
fn the_second_form_means_the_same() {
    let (first, second) = (
        fixture("intact").read(),
        fixture_of("journal_v2", "intact").read(),
    );
    check_intact(&second);
    assert_eq!(second, first);
}

#[test]
fn the_first_form_is_resumed() {
    let job = fixture("intact");
    let driver = job.drive(Mode::Resume);
    assert_eq!(driver.journal.epoch(), 3);
    assert_eq!(driver.state.totals(), TOTALS);
    assert_eq!(job.read(), driver.state);
}

#[test]
fn a_torn_tail_is_a_prefix() {
    let state = fixture("torn_tail").read();
    assert_eq!(state.finished(), None);
    check_intact(&state);
}

#[test]
fn a_late_writer_is_ignored() {
    check_intact(&fixture("late_writer").read());
}

#[test]
fn an_empty_newest_file_changes_nothing() {
    check_intact(&fixture("empty_newest").read());
}

#[track_caller]
fn check_refused(name: &str, file: &str, part: &str) {
    let job = fixture(name);
    let message = match Journal::read(&job.layout) {
        Err(error @ Error::Damaged { .. }) => error.to_string(),
        other => panic!("{name}: {other:?}"),
    };
    assert!(
        message.contains(file) && message.contains(part),
        "{message}"
    );
    assert!(message.contains("--fresh"), "{message}");
    let lock = JobLock::acquire(&job.layout, &LockOptions::default()).unwrap();
    let resumed = Journal::open(&job.layout, &lock, Mode::Resume);
    assert!(matches!(resumed, Err(Error::Damaged { .. })), "{name}");
    let (_, state) = Journal::open(&job.layout, &lock, Mode::Fresh).unwrap();
    assert_eq!(state.partition_count(), 0, "{name}");
    assert_eq!(job.read(), state, "{name}");
}

#[test]
fn damage_is_refused_with_its_place_and_a_way_out() {
    check_refused("flipped_bit", "000001.jsonl`, line 3", "checksum");
    check_refused("cut_sealed", "000001.jsonl", "sealed bytes");
    check_refused(
        "missing_file",
        "000002.jsonl",
        "`000001.jsonl`, which is not there",
    );
    check_refused("missing_line", "000002.jsonl`, line 4", "sequence 5");
    check_refused(
        "contradiction",
        "000002.jsonl`, line 2",
        "partition 9 is not planned",
    );
    check_refused(
        "unknown_record",
        "000002.jsonl`, line 2",
        "unknown variant `poisoned`",
    );
}

#[test]
fn a_newer_form_is_refused_by_both_versions_and_stays() {
    let job = fixture_of("journal_v2", "newer_schema");
    let lock = JobLock::acquire(&job.layout, &LockOptions::default()).unwrap();
    for mode in [Mode::New, Mode::Resume, Mode::Fresh] {
        let error = Journal::open(&job.layout, &lock, mode).unwrap_err();
        assert!(matches!(
            error,
            Error::NewerSchema {
                found: 3,
                supported: 2,
                ..
            }
        ));
        let message = error.to_string();
        assert!(message.contains("version 3") && message.contains("version 2"));
    }
    assert!(!job.file(3).exists());
}
