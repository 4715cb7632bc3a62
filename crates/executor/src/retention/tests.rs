//! What goes and what stays, decided over states that no disk has seen.

use coldpress_config::{Overrides, Recipe, RetentionPolicy, StorageSettings};
use coldpress_dataset::SourceIdentity;
use coldpress_job::{
    CheckpointEntry, DriverIdentity, DroppedEntry, EpochStarted, JobPlan, JobState, JournalRecord,
    PartitionFailure, Publication, RecipeInForce,
};
use coldpress_operator::ChainHash;
use coldpress_partition::{CutSettings, PlannedPartition, Slice};
use coldpress_record::Ledger;
use coldpress_storage::{Digest, FileStamp, ObjectRef};

use super::*;

fn file(path: &str) -> ObjectRef {
    ObjectRef {
        key: path.parse().unwrap(),
        stamp: FileStamp::of(path.as_bytes()),
    }
}

fn found(path: &str) -> JobFile {
    JobFile::cited(&file(path))
}

fn paths(files: &[JobFile]) -> Vec<String> {
    files.iter().map(|file| file.key.to_string()).collect()
}

/// A state over two partitions with a copy each, under a recipe of two operators.
struct World {
    state: JobState,
    epoch: u64,
    recipe: RecipeInForce,
}

impl World {
    fn new() -> Self {
        let base = ChainHash::base("input");
        let recipe = RecipeInForce {
            recipe: Digest::of(b"recipe"),
            operators: vec!["a".to_owned(), "b".to_owned()],
            chain: vec![base, base.then("a"), base.then("a").then("b")],
            export_path: "/out.jsonl".to_owned(),
            settings: Default::default(),
            barriers: Vec::new(),
            external: Vec::new(),
        };
        let mut world = Self {
            state: JobState::default(),
            epoch: 0,
            recipe: recipe.clone(),
        };
        world.begin_epoch();
        world.put(JournalRecord::JobPlanned(JobPlan {
            sources: vec![SourceIdentity {
                path: "/in.jsonl".to_owned(),
                length: 2000,
                modified_nanos: 1,
                sample: Digest::of(b""),
                place: None,
            }],
            identity: "input".to_owned(),
            plan_settings: CutSettings::default().into(),
            limit: None,
            decisions: Vec::new(),
            reading: None,
            mixing: None,
        }));
        world.put(JournalRecord::RecipeSet(recipe));
        world.put(JournalRecord::PartitionsPlanned {
            partitions: (0..2).map(partition).collect(),
        });
        world
    }

    fn put(&mut self, record: JournalRecord) {
        self.state.apply(self.epoch, &record).unwrap();
    }

    fn begin_epoch(&mut self) {
        self.epoch += 1;
        self.put(JournalRecord::EpochStarted(EpochStarted {
            schema_version: 1,
            driver: DriverIdentity::current(),
            version: "0.1.0".to_owned(),
            sealed: Vec::new(),
            takeover: false,
        }));
    }

    fn attempt(&mut self, partition: u32, attempt: u32) {
        self.put(JournalRecord::AttemptStarted {
            stage: 0,
            partition,
            attempt,
            at_millis: 0,
            beside: false,
        });
    }

    /// Publishes the result of an attempt, with a checkpoint after its first operator that builds on `base`.
    fn publish(&mut self, partition: u32, attempt: u32, base: &[&str]) {
        self.attempt(partition, attempt);
        let stem = format!("partition_{partition:06}");
        let made_by = format!("e{}.a{attempt}", self.epoch);
        let rows = format!("results/{stem}.{made_by}");
        let publication = Publication {
            stage: 0,
            partition,
            attempt,
            epoch: self.epoch,
            chain: self.recipe.chain[2],
            rows: file(&format!("{rows}.jsonl")),
            index: file(&format!("{rows}.index.parquet")),
            signatures: None,
            uncompressed_bytes: 1,
            checkpoints: vec![CheckpointEntry {
                operation: 1,
                operator: "a".to_owned(),
                chain: self.recipe.chain[1],
                file: file(&format!("checkpoints/{stem}_deltas.{made_by}.parquet")),
                rows: 1,
                delta: true,
                base: base.iter().map(|path| file(path)).collect(),
            }],
            quarantine: vec![file(&format!("quarantine/{stem}.{made_by}.op000.jsonl"))],
            ledger: Ledger::new(["a", "b"]).into(),
            unreadable: Vec::new(),
            error_marks: Vec::new(),
            slice: partition_digest(partition),
            trace: None,
            dropped: Some(vec![DroppedEntry {
                operation: 0,
                file: file(&format!("{rows}.dropped.op000.jsonl")),
            }]),
            has_types: false,
            nanos: Vec::new(),
            at_millis: 0,
            placed: false,
            kept: None,
        };
        self.put(JournalRecord::Published(publication));
    }

    fn beyond(&self, most: u32, damaged: &[&str]) -> Vec<String> {
        let is_good = |file: &ObjectRef| !damaged.contains(&file.to_string().as_str());
        let chain = &self.recipe.chain;
        paths(&beyond(&self.state, chain, 0, most, is_good))
    }
}

fn partition_digest(index: u32) -> Digest {
    Digest::of(&index.to_le_bytes())
}

fn partition(index: u32) -> PlannedPartition {
    let start = u64::from(index) * 1000;
    PlannedPartition {
        index,
        first_record: u64::from(index) * 10,
        slice: Slice {
            source: 0,
            start,
            end: start + 1000,
            records: 10,
            digest: partition_digest(index),
            metadata: None,
            seek: None,
            decoded_bytes: None,
            marks: Vec::new(),
            copy: Some(Box::new(file(&format!(
                "partitions/partition_{index:06}.e1.jsonl"
            )))),
        },
    }
}

fn storage(policy: RetentionPolicy, on_success: bool) -> StorageSettings {
    let text = "dataset_path: in.jsonl\nexport_path: out.jsonl\nprocess: []\n";
    let recipe = Recipe::parse(text, "recipe.yaml", &Overrides::default()).unwrap();
    StorageSettings {
        retention_policy: policy,
        cleanup_on_success: on_success,
        ..recipe.storage
    }
}

const FIRST: &str = "checkpoints/partition_000000_deltas.e1.a1.parquet";
const SECOND: &str = "checkpoints/partition_000000_deltas.e1.a2.parquet";
const THIRD: &str = "checkpoints/partition_000000_deltas.e1.a3.parquet";

#[test]
fn checkpoints_beyond_the_number_go_the_oldest_first() {
    let mut world = World::new();
    (1..=3).for_each(|attempt| world.publish(0, attempt, &[]));
    assert_eq!(world.beyond(3, &[]), [""; 0]);
    assert_eq!(world.beyond(2, &[]), [FIRST]);
    assert_eq!(world.beyond(1, &[]), [SECOND, FIRST]);
    // A newest one that is damaged is not the one to keep.
    assert_eq!(world.beyond(1, &[THIRD]), [FIRST]);
}

#[test]
fn what_a_kept_checkpoint_builds_on_stays() {
    let mut world = World::new();
    world.publish(0, 1, &[]);
    world.publish(0, 2, &[]);
    world.publish(0, 3, &[FIRST]);
    assert_eq!(world.beyond(1, &[]), [SECOND]);
}

#[test]
fn what_the_journal_gave_up_is_not_given_up_again() {
    let mut world = World::new();
    (1..=3).for_each(|attempt| world.publish(0, attempt, &[]));
    world.put(JournalRecord::Forgotten {
        files: vec![FIRST.parse().unwrap()],
    });
    assert_eq!(world.beyond(2, &[]), [""; 0]);
    assert_eq!(paths(&forgotten(&world.state)), [FIRST]);
}

const SHOWN: [&str; 4] = [
    "intermediate/partition_000000_op_000_a.e1.a1.parquet",
    "intermediate/partition_000001/op_000_a.parquet",
    "intermediate/partition_000000/theirs.txt",
    "intermediate/notes.txt",
];

/// How many files of each partition go, of a job whose partition 1 failed.
#[track_caller]
fn check_exported(policy: RetentionPolicy, on_success: bool, is_old: bool, expected: [usize; 2]) {
    let mut world = World::new();
    world.publish(0, 1, &[]);
    world.attempt(1, 1);
    world.put(JournalRecord::PartitionFailed(PartitionFailure {
        stage: 0,
        partition: 1,
        attempts: 1,
        class: "memory".to_owned(),
        error: "no".to_owned(),
        at_millis: 0,
    }));
    let shown: Vec<JobFile> = SHOWN.iter().map(|path| found(path)).collect();
    let storage = storage(policy, on_success);
    let goes = paths(&of_exported(&world.state, &storage, is_old, &shown));
    let of = |partition: &str| goes.iter().filter(|path| path.contains(partition)).count();
    let found = [of("partition_000000"), of("partition_000001")];
    assert_eq!(found, expected, "{policy} {on_success} {is_old}: {goes:?}");
    assert!(!goes.iter().any(|path| path.ends_with(".txt")), "{goes:?}");
    let quarantined = goes.iter().any(|path| path.starts_with("quarantine/"));
    assert!(!quarantined, "people may still want to see the quarantine");
}

#[test]
fn what_goes_of_an_exported_job_is_what_its_recipe_says() {
    // Of partition 0 a copy, a checkpoint and intermediate data lead to rows, index and dropped records.
    let (keep_all, failed_only, all) = (
        RetentionPolicy::KeepAll,
        RetentionPolicy::KeepFailedOnly,
        RetentionPolicy::CleanupAll,
    );
    for is_old in [false, true] {
        check_exported(keep_all, false, is_old, [0, 0]);
        check_exported(keep_all, true, is_old, [3, 0]);
        check_exported(all, false, is_old, [6, 2]);
    }
    check_exported(failed_only, false, false, [6, 0]);
    check_exported(failed_only, false, true, [6, 2]);
}

#[test]
fn files_of_the_dead_are_known_by_their_names() {
    let mut world = World::new();
    world.publish(0, 1, &[]);
    world.attempt(0, 2);
    world.begin_epoch();
    let there = [
        // Cited, or beside what is cited.
        ("results/partition_000000.e1.a1.jsonl", false),
        ("checkpoints/partition_000000_deltas.e1.a1.arrow", false),
        // Of an attempt that never published.
        ("results/partition_000000.e1.a2.jsonl", true),
        ("results/partition_000000.e1.a2.index.parquet", true),
        ("quarantine/partition_000000.e1.a2.op001.jsonl", true),
        ("checkpoints/partition_000000_op_001_a.e1.a2.parquet", true),
        ("intermediate/partition_000000_op_000_a.e1.a2.parquet", true),
        // Of an attempt of which the journal knows nothing, since its driver was fenced off.
        ("results/partition_000000.e1.a3.jsonl", true),
        // Of a driver that the journal does not know, or that is at work.
        ("results/partition_000000.e2.a1.jsonl", false),
        ("results/partition_000000.e7.a1.jsonl", false),
        // Copies of slices: planned, never planned, of an unknown driver.
        ("partitions/partition_000001.e1.jsonl", false),
        ("partitions/partition_000002.e1.jsonl", true),
        ("partitions/partition_000002.e9.jsonl", false),
        // Decided or placed, and never recorded; of an unknown driver.
        ("signatures/partition_000000.e1.a1.decision", true),
        ("results/partition_000000_placed.e1.a1.jsonl", true),
        ("results/partition_000000_placed.e1.a1.index.parquet", true),
        (
            "results/partition_000001_placed.e1.a1.dropped.op001.jsonl",
            true,
        ),
        (
            "quarantine/stage_1_partition_000000_placed.e1.a2.op001.jsonl",
            true,
        ),
        ("results/partition_000000_placed.e2.a1.jsonl", false),
        ("results/partition_000000_placed.e7.a1.jsonl", false),
        // Of somebody else.
        ("results/partition_000002.e1.jsonl", false),
        ("results/mine.jsonl", false),
        ("checkpoints/checkpoint_1795250906.json", false),
    ];
    let files = there.iter().map(|(path, _)| found(path)).collect();
    let dead: Vec<&str> = there
        .iter()
        .filter_map(|(path, is_dead)| is_dead.then_some(*path))
        .collect();
    assert_eq!(paths(&uncited(&world.state, world.epoch, files)), dead);
}

#[test]
fn what_goes_is_written_down_in_lines_that_a_log_can_hold() {
    let files: Vec<JobFile> = (0..10_000)
        .map(|number| found(&format!("results/{number}")))
        .collect();
    let records: Vec<JournalRecord> = forgetting(&files).collect();
    let count = |record: &JournalRecord| match record {
        JournalRecord::Forgotten { files } => files.len(),
        _ => 0,
    };
    assert_eq!(records.iter().map(count).sum::<usize>(), 10_000);
    assert!(records.iter().all(|record| count(record) <= 4096));
}
