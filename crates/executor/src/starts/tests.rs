use coldpress_job::JournalRecord;
use coldpress_operator::Stage;
use serde_json::{Value, json};

use super::*;

const DIGEST: &str = "2d8b793ff1700de4cdc56a19acb6423e";

/// A job with two partitions of 1,000 bytes, and a recipe whose operators have one letter each.
struct World {
    state: JobState,
    operators: &'static str,
    begin: u32,
    use_earlier_work: bool,
    external: Vec<u32>,
    restart_from_beginning: bool,
    keep_stats: bool,
    keep_dropped: bool,
    trace: Option<TraceSpec>,
    checkpoints: Vec<u32>,
    gate_seconds: f64,
    costs: Vec<f64>,
    signers: Vec<(u32, ChainHash)>,
    gateless: BTreeSet<Task>,
}

impl World {
    /// The job after these records of its journal.
    #[track_caller]
    fn after(records: &[Value]) -> Self {
        let driver = json!({
            "host": "alpha", "boot_id": "5f3c2a10", "pid": 4711, "start_time_ticks": 1, "started_at_millis": 1,
        });
        let source =
            json!({"path": "/data.jsonl", "length": 2000, "modified_nanos": 1, "sample": DIGEST});
        let partition = |index: u64| {
            json!({"index": index, "first_record": index * 10, "slice": {
                "source": 0, "start": index * 1000, "end": index * 1000 + 1000, "records": 10, "digest": DIGEST,
                "copy": file(&format!("partitions/{index}.jsonl")),
            }})
        };
        let prelude = [
            json!({"type": "epoch_started", "schema_version": 1, "driver": driver, "version": "0", "sealed": [],
                "takeover": false}),
            json!({"type": "job_planned", "sources": [source], "identity": "", "plan_settings": {}, "limit": null}),
            json!({"type": "partitions_planned", "partitions": [partition(0), partition(1)]}),
        ];
        let mut state = JobState::default();
        for record in prelude.iter().chain(records) {
            let record: JournalRecord = serde_json::from_value(record.clone()).unwrap();
            state.apply(1, &record).unwrap();
        }
        Self {
            state,
            operators: "abcd",
            begin: 0,
            use_earlier_work: true,
            external: Vec::new(),
            restart_from_beginning: true,
            keep_stats: false,
            keep_dropped: false,
            trace: None,
            checkpoints: vec![1, 2, 3, 4],
            gate_seconds: 0.0,
            costs: Vec::new(),
            signers: Vec::new(),
            gateless: BTreeSet::new(),
        }
    }

    fn with<T>(&self, ask: impl FnOnce(&Starts<'_>) -> T) -> T {
        let chain: Vec<ChainHash> = (0..=self.operators.len())
            .map(|count| chain_of(&self.operators[..count]))
            .collect();
        let stages = Stage::cut(self.operators.len() as u32, &[]);
        let chain = StageChain::of(&stages[0], &chain).unwrap();
        ask(&Starts {
            state: &self.state,
            chain: &chain,
            begin: self.begin,
            settings: StartSettings {
                use_earlier_work: self.use_earlier_work,
                external: &self.external,
                restart_from_beginning: self.restart_from_beginning,
                keep_stats: self.keep_stats,
                keep_dropped: self.keep_dropped,
                trace: self.trace.as_ref(),
                checkpoints: &self.checkpoints,
                gate_seconds: self.gate_seconds,
            },
            costs: &self.costs,
            signers: &self.signers,
            gateless: &self.gateless,
        })
    }

    /// Where the next attempt at the first partition begins and ends.
    fn extent(&self) -> Extent {
        self.with(|starts| starts.extent(Task::new(0, 0), &starts.slice(0).unwrap()))
    }

    /// Its starts in short: the kind, the operators applied, and the files.
    fn starts(&self) -> Vec<String> {
        let starts = self.extent().starts.into_iter();
        starts
            .map(|start| match start {
                Start::Delta { operation, files } => {
                    let files: Vec<&str> = files.iter().map(|file| file.name().as_str()).collect();
                    format!("delta {operation} {}", files.join("+"))
                }
                Start::Checkpoint { operation, file } => {
                    format!("checkpoint {operation} {}", file.name())
                }
                Start::Result {
                    operation, rows, ..
                } => format!("result {operation} {}", rows.name()),
            })
            .collect()
    }

    /// The operators in which records of the first partition are known to kill.
    fn poison(&self) -> Vec<u32> {
        self.with(|starts| starts.poison(0).map(|poison| poison.operation).collect())
    }
}

/// The hash after these operators; equal prefixes have equal hashes.
fn chain_of(operators: &str) -> ChainHash {
    ChainHash::base(operators)
}

fn file(path: &str) -> Value {
    json!({"path": path, "length": 1, "digest": DIGEST})
}

/// A checkpoint of whole records after these operators.
fn checkpoint(operators: &str, path: &str) -> Value {
    json!({"operation": operators.len(), "operator": "", "chain": chain_of(operators), "file": file(path), "rows": 1})
}

/// A checkpoint of what changed since `base`.
fn delta(operators: &str, path: &str, base: &[&str]) -> Value {
    let mut entry = checkpoint(operators, path);
    entry["delta"] = json!(true);
    entry["base"] = base.iter().map(|path| file(path)).collect();
    entry
}

fn gate(attempt: u32, checkpoints: &[Value]) -> Value {
    json!({"type": "gate_reached", "partition": 0, "attempt": attempt, "epoch": 1, "checkpoints": checkpoints,
        "slice": DIGEST})
}

fn published(attempt: u32, operators: &str, rows: &str, checkpoints: &[Value]) -> Value {
    json!({"type": "published", "partition": 0, "attempt": attempt, "epoch": 1, "chain": chain_of(operators),
        "rows": file(rows), "index": file(&format!("{rows}.index")), "uncompressed_bytes": 1,
        "checkpoints": checkpoints, "ledger": {"records": 10, "rejected": 0, "operators": []}, "slice": DIGEST})
}

fn forgotten(path: &str) -> Value {
    json!({"type": "forgotten", "files": [path]})
}

fn poison(operators: &str) -> Value {
    json!({"type": "poison_found", "partition": 0, "origin": {"source": 0, "position": 7},
        "operation": operators.len() - 1, "operator": "", "chain": chain_of(operators), "reason": ""})
}

#[test]
fn a_new_partition_begins_with_its_slice() {
    let extent = World::after(&[]).extent();
    assert_eq!((extent.starts, extent.from_input), (vec![], true));
}

#[test]
fn the_farthest_work_of_the_same_prefix_comes_first() {
    let mut world = World::after(&[
        gate(1, &[checkpoint("a", "a1"), checkpoint("ab", "ab1")]),
        gate(2, &[delta("a", "a2", &[]), delta("abc", "abc2", &["a2"])]),
        gate(3, &[checkpoint("ax", "ax3"), checkpoint("abcdx", "long3")]),
    ]);
    let all = [
        "delta 3 a2+abc2",
        "checkpoint 2 ab1",
        "delta 1 a2",
        "checkpoint 1 a1",
    ];
    assert_eq!(world.starts(), all);
    // Under another recipe: what the two have in common.
    world.operators = "abx";
    assert_eq!(world.starts(), all[1..]);
    world.operators = "ax";
    assert_eq!(
        world.starts(),
        ["checkpoint 2 ax3", "delta 1 a2", "checkpoint 1 a1"]
    );
    world.operators = "x";
    assert_eq!(world.starts(), [""; 0]);
    world.operators = "abcd";
    world.use_earlier_work = false;
    assert_eq!(world.starts(), [""; 0]);
}

/// The rows that were judged are those after two operators.
#[test]
fn a_later_stage_never_begins_before_the_rows_that_were_judged() {
    let mut world = World::after(&[
        published(1, "ab", "r1", &[checkpoint("a", "a1")]),
        gate(2, &[checkpoint("abc", "abc2")]),
    ]);
    let later = |world: &World| {
        let slice = |starts: &Starts<'_>| starts.slice(0).unwrap();
        let extent = world.with(|starts| starts.extent(Task::new(1, 0), &slice(starts)));
        let operations = extent.starts.iter().map(Start::operation);
        (operations.collect::<Vec<_>>(), extent.from_input)
    };
    world.begin = 2;
    assert_eq!(later(&world), (vec![3, 2], false));
    // They are no checkpoint that a recipe could refuse.
    world.use_earlier_work = false;
    assert_eq!(later(&world), (vec![2], false));
    world.operators = "x";
    assert_eq!(later(&world), (vec![], false));
}

#[test]
fn the_result_of_a_prefix_is_a_start_unless_it_has_statistics() {
    let mut world = World::after(&[
        published(1, "ab", "r1", &[checkpoint("a", "a1")]),
        published(2, "ab", "r2", &[]),
        published(3, "abx", "other", &[]),
        gate(4, &[checkpoint("ab", "ab4")]),
    ]);
    // Among equals a checkpoint comes first; of two results the newest counts.
    assert_eq!(
        world.starts(),
        ["checkpoint 2 ab4", "result 2 r2", "checkpoint 1 a1"]
    );
    world.keep_stats = true;
    assert_eq!(world.starts(), ["checkpoint 2 ab4", "checkpoint 1 a1"]);
}

#[test]
fn nothing_begins_with_a_file_that_is_forgotten() {
    let checkpoints = [
        checkpoint("a", "a1"),
        delta("ab", "ab1", &["base1"]),
        delta("abc", "abc1", &["base1"]),
    ];
    let records = [
        gate(1, &checkpoints),
        published(2, "abc", "r2", &[]),
        published(3, "abcd", "r3", &[]),
    ];
    let after = |path: &str| World::after(&[&records[..], &[forgotten(path)]].concat());
    let all = [
        "result 4 r3",
        "delta 3 base1+abc1",
        "result 3 r2",
        "delta 2 base1+ab1",
        "checkpoint 1 a1",
    ];
    assert_eq!(after("something_else").starts(), all);
    assert_eq!(after("a1").starts(), all[..4]);
    assert_eq!(after("base1").starts(), [all[0], all[2], all[4]]);
    assert_eq!(after("r2.index").starts(), [all[0], all[1], all[3], all[4]]);
}

#[test]
fn a_copy_that_is_forgotten_is_left() {
    let copy = |world: &World| world.with(|starts| starts.slice(0).map(|slice| slice.copy));
    let world = World::after(&[]);
    let kept = copy(&world).unwrap().unwrap();
    assert_eq!(kept.to_string(), "partitions/0.jsonl");
    assert_eq!(world.with(|starts| starts.slice(2)), None);
    let world = World::after(&[forgotten("partitions/0.jsonl")]);
    assert_eq!(copy(&world), Some(None));
}

#[test]
fn the_slice_is_read_when_nothing_else_is_there_or_the_recipe_lets_it() {
    let mut world = World::after(&[gate(1, &[checkpoint("a", "a1")])]);
    assert!(world.extent().from_input);
    world.restart_from_beginning = false;
    assert!(!world.extent().from_input);
    // A recipe that shares nothing has no other way.
    world.operators = "x";
    assert!(world.extent().from_input);
    world.operators = "abcd";
    world.use_earlier_work = false;
    assert!(world.extent().from_input);
}

#[test]
fn without_a_limit_every_checkpoint_but_the_last_is_a_gate() {
    let gate_after = |operators: &str| {
        let world = World::after(&[gate(1, &[checkpoint(operators, "c")])]);
        world.extent().gate
    };
    let gates = ["", "a", "ab", "abc", "abcd"].map(gate_after);
    assert_eq!(gates, [Some(1), Some(2), Some(3), None, None]);
    let mut world = World::after(&[]);
    world.checkpoints = vec![3];
    assert_eq!(world.extent().gate, Some(3));
    world.checkpoints = Vec::new();
    assert_eq!(world.extent().gate, None);
}

#[test]
fn a_gate_has_more_work_before_it_than_may_be_redone() {
    let gate_beyond = |world: &mut World, seconds: f64| {
        world.gate_seconds = seconds;
        world.extent().gate
    };
    // Seconds of each operator over the 1,000 bytes of a partition.
    let costs = [1.0, 2.0, 4.0, 8.0].map(|seconds| seconds * 1e6).to_vec();
    let mut world = World::after(&[]);
    world.costs.clone_from(&costs);
    assert_eq!(gate_beyond(&mut world, 0.5), Some(1));
    assert_eq!(gate_beyond(&mut world, 1.0), Some(2));
    assert_eq!(gate_beyond(&mut world, 3.5), Some(3));
    assert_eq!(gate_beyond(&mut world, 7.0), None);
    // What was not measured costs nothing.
    world.costs.truncate(1);
    assert_eq!(gate_beyond(&mut world, 0.5), Some(1));
    assert_eq!(gate_beyond(&mut world, 1.5), None);
    // Work that is done already does not count.
    let mut world = World::after(&[gate(1, &[checkpoint("ab", "ab1")])]);
    world.costs = costs;
    assert_eq!(gate_beyond(&mut world, 3.5), Some(3));
    assert_eq!(gate_beyond(&mut world, 5.0), None);
}

#[test]
fn there_is_no_gate_where_no_attempt_could_go_on_from_it() {
    let mut world = World::after(&[]);
    world.gateless.insert(Task::new(0, 1));
    assert_eq!(world.extent().gate, Some(1));
    world.gateless.insert(Task::new(0, 0));
    assert_eq!(world.extent().gate, None);
    world.gateless.clear();
    world.use_earlier_work = false;
    assert_eq!(world.extent().gate, None);
}

#[test]
fn what_an_external_operator_gave_is_used_whatever_the_recipe_says() {
    let gates = ["a", "ab", "abc"].map(|operators| gate(1, &[checkpoint(operators, operators)]));
    let mut world = World::after(&gates);
    world.use_earlier_work = false;
    let operations = |world: &World| -> Vec<u32> {
        let starts = world.extent().starts.into_iter();
        starts.map(|start| start.operation()).collect()
    };
    assert_eq!(operations(&world), [0; 0]);
    world.external = vec![2, 4];
    assert_eq!(operations(&world), [3, 2]);
    world.operators = "abx";
    assert_eq!(operations(&world), [2]);
    world.operators = "axc";
    assert_eq!(operations(&world), [0; 0]);
}

#[test]
fn poison_counts_in_operators_that_the_recipe_still_has() {
    let mut world = World::after(&[poison("a"), poison("abc"), poison("x")]);
    assert_eq!(world.poison(), [0, 2]);
    world.operators = "abx";
    assert_eq!(world.poison(), [0]);
    world.operators = "x";
    assert_eq!(world.poison(), [0]);
    world.operators = "";
    assert_eq!(world.poison(), [0; 0]);
    // Behind a barrier no hash is known before all is signed.
    world.signers = vec![(2, chain_of("abc"))];
    assert_eq!(world.poison(), [2]);
}

/// What was not traced, or kept no dropped records, is no start for what has to; a worker would refuse it, one by one.
#[test]
fn earlier_work_without_what_is_kept_besides_rows_is_not_offered() {
    let settings = coldpress_operator::TraceSettings {
        most: 10,
        keys: Vec::new(),
        seed: 1,
    };
    let wanted = TraceSpec {
        settings,
        external: None,
    };
    let mut traced = gate(2, &[checkpoint("ab", "traced")]);
    traced["trace"] = json!({"by": wanted.by(), "most": 10});
    let mut kept = gate(1, &[checkpoint("a", "kept")]);
    kept["dropped"] = json!([]);
    let plain = published(3, "abc", "rows", &[checkpoint("abc", "plain")]);
    let mut world = World::after(&[kept, traced, plain]);
    assert_eq!(world.starts().len(), 4);
    world.restart_from_beginning = false;
    world.trace = Some(wanted);
    assert_eq!(world.starts(), ["checkpoint 2 traced"]);
    world.keep_dropped = true;
    assert_eq!(world.starts(), [""; 0]);
    // With nothing to go on from, the slice may be read.
    assert!(world.extent().from_input);
    world.trace = None;
    assert_eq!(world.starts(), ["checkpoint 1 kept"]);
    // Where a later stage begins, it is the input, and was judged before.
    (world.begin, world.keep_dropped) = (3, true);
    let extent = world.with(|starts| starts.extent(Task::new(1, 0), &starts.slice(0).unwrap()));
    assert_eq!(extent.starts.len(), 2);
}
