use std::sync::Arc;

use coldpress_job::{
    BarrierResolved, Error, JobState, JournalRecord, Mode, Participants, PartitionStatus,
    PlacedRows, Publication, RecipeInForce, SignaturesEntry,
};
use coldpress_operator::ChainHash;
use coldpress_record::OperatorLedger;
use coldpress_storage::Digest;

use crate::support::{Driver, Job, attempt, file, partitions, plan, publication, recipe};

const PARTITIONS: u32 = 3;

/// Returns a recipe of `a`, a whole-dataset operator, `b`, another one and `c`. Nothing is resolved.
fn staged() -> RecipeInForce {
    let mut staged = recipe(&["a", "dedup", "b", "select", "c"]);
    staged.chain.truncate(2);
    staged.barriers = vec![1, 3];
    staged
}

/// Returns the hashes of the stage of one operator that follows a barrier with this decision.
fn after(last: ChainHash, decision: &str, operator: &str) -> Vec<ChainHash> {
    let base = last.then(decision);
    vec![base, base.then(operator)]
}

/// Returns the result of a task. Of 100 records, 89 come out of the first operator, and all of those out of the others.
fn result(
    state: &JobState,
    stage: u32,
    partition: u32,
    epoch: u64,
    number: u32,
) -> Option<Publication> {
    let one = recipe(&["a"]);
    Some(Publication {
        stage,
        chain: state.recipe()?.end_of(stage)?,
        ..publication(partition, epoch, number, &one)
    })
}

fn publish(driver: &mut Driver, stage: u32, partition: u32, number: u32) {
    let epoch = driver.journal.epoch();
    let result = result(&driver.state, stage, partition, epoch, number).unwrap();
    driver.put(&[JournalRecord::Published(result)]);
}

fn publish_all(driver: &mut Driver, stage: u32) {
    (0..PARTITIONS).for_each(|partition| publish(driver, stage, partition, stage + 1));
}

/// Returns a decision over what is published, which drops nothing.
fn resolved(state: &JobState, stage: u32, decision: &str) -> BarrierResolved {
    let (operator, next) = [("dedup", "b"), ("select", "c")][stage as usize];
    let records = 89 * u64::from(PARTITIONS);
    let last = state.recipe().and_then(|recipe| recipe.end_of(stage));
    BarrierResolved {
        stage,
        operator: operator.to_owned(),
        participants: state.participants(stage).unwrap_or(Participants::of([])),
        files: (0..PARTITIONS)
            .map(|partition| file(&format!("signatures/{operator}.{decision}.{partition}")))
            .collect(),
        placed: Vec::new(),
        settled: Vec::new(),
        digest: Digest::of(decision.as_bytes()),
        chain: after(last.unwrap_or(ChainHash::base("")), decision, next),
        ledger: OperatorLedger {
            name: operator.into(),
            records_in: records,
            out: records,
            ..OperatorLedger::default()
        },
        removals: None,
        duplicates: None,
        trace: None,
    }
}

fn resolve(driver: &mut Driver, stage: u32, decision: &str) -> BarrierResolved {
    let resolved = resolved(&driver.state, stage, decision);
    driver.put(&[JournalRecord::BarrierResolved(resolved.clone())]);
    resolved
}

/// Returns a driver whose job is planned under a recipe of three stages.
fn planned(job: &Job) -> Driver {
    let mut driver = job.drive(Mode::New);
    driver.put(&[
        plan(1),
        JournalRecord::RecipeSet(staged()),
        partitions(0..PARTITIONS),
        JournalRecord::PlanCompleted {
            partitions: PARTITIONS,
            records: 100 * u64::from(PARTITIONS),
        },
    ]);
    driver
}

#[track_caller]
fn check_refused(driver: &Driver, record: &JournalRecord, part: &str) {
    let mut state = driver.state.clone();
    match state.apply(driver.journal.epoch(), record) {
        Err(Error::Contradiction { reason }) => assert!(reason.contains(part), "{reason}"),
        other => panic!("expected a contradiction, found {other:?}"),
    }
    assert_eq!(state, driver.state, "a refused record has left a trace");
}

#[test]
fn the_chain_goes_on_once_a_barrier_is_resolved() {
    let job = Job::new();
    let mut driver = planned(&job);
    publish(&mut driver, 0, 0, 1);
    publish(&mut driver, 0, 1, 1);
    assert_eq!(driver.state.participants(0), None);
    let early = resolved(&driver.state, 0, "first");
    check_refused(
        &driver,
        &JournalRecord::BarrierResolved(early),
        "other results",
    );
    let early = attempt_of(1, 0);
    check_refused(&driver, &early, "work of stage 1");
    publish(&mut driver, 0, 2, 1);
    let first = resolve(&mut driver, 0, "first");
    assert_eq!(driver.state.barrier(0), Some(&first));
    assert_eq!(driver.state.recipe().unwrap().chain.len(), 4);
    assert_eq!(driver.state.final_chain(), None);
    publish_all(&mut driver, 1);
    let second = resolve(&mut driver, 1, "second");
    assert_eq!(driver.state.final_chain(), second.chain.last().copied());
    assert_eq!(driver.state.totals().completed, 0);
    publish_all(&mut driver, 2);
    assert_eq!(driver.state.totals().completed, PARTITIONS);
    let status = driver.state.partition_status(0);
    assert_eq!(status, Some(PartitionStatus::Completed));
    // The replay from disk equals what was known.
    assert_eq!(job.read(), driver.state);
}

fn attempt_of(stage: u32, partition: u32) -> JournalRecord {
    match attempt(partition, 1) {
        JournalRecord::AttemptStarted {
            partition,
            attempt,
            at_millis,
            beside,
            ..
        } => JournalRecord::AttemptStarted {
            stage,
            partition,
            attempt,
            at_millis,
            beside,
        },
        other => other,
    }
}

#[test]
fn a_participant_that_is_published_anew_voids_the_decision_and_what_follows() {
    let job = Job::new();
    let mut driver = planned(&job);
    publish_all(&mut driver, 0);
    let first = resolve(&mut driver, 0, "first");
    publish_all(&mut driver, 1);
    resolve(&mut driver, 1, "second");
    publish(&mut driver, 2, 0, 3);
    let of_stage_1 = result(&driver.state, 1, 0, 1, 9).unwrap();
    publish(&mut driver, 0, 1, 4);
    assert_eq!(
        (driver.state.barrier(0), driver.state.barrier(1)),
        (None, None)
    );
    assert_eq!(driver.state.recipe(), Some(&staged()));
    check_refused(
        &driver,
        &JournalRecord::Published(of_stage_1),
        "work of stage 1",
    );
    // The old decision was over other results.
    let stale = JournalRecord::BarrierResolved(first);
    check_refused(&driver, &stale, "other results");
    // The same is decided over the new ones, so what was made after it counts again.
    let again = resolve(&mut driver, 0, "first");
    assert_eq!(driver.state.barrier(0), Some(&again));
    assert!(driver.state.participants(1).is_some());
    // Of several decisions the newest counts, here with another outcome.
    let other = resolve(&mut driver, 0, "other");
    assert_eq!(driver.state.barrier(0), Some(&other));
    assert_eq!(driver.state.participants(1), None);
    assert_eq!(driver.state.barriers().len(), 4);
    assert_eq!(job.read(), driver.state);
}

#[test]
fn only_the_barrier_behind_a_result_is_voided() {
    let job = Job::new();
    let mut driver = planned(&job);
    publish_all(&mut driver, 0);
    resolve(&mut driver, 0, "first");
    publish_all(&mut driver, 1);
    resolve(&mut driver, 1, "second");
    publish(&mut driver, 1, 0, 4);
    assert!(driver.state.barrier(0).is_some());
    assert_eq!(driver.state.barrier(1), None);
}

/// Each case has the operators whose poisoned records are lifted, the number of stages whose results stay, and the barriers whose
/// decisions stay.
#[test]
fn verdicts_that_are_lifted_void_what_was_made_without_the_records() {
    for (lifted, stages_left, barriers_left) in [
        (&[][..], 3, [true, true]),
        (&[4], 2, [true, true]),
        // The second operator at a barrier did not sign the record, so its decision lacks it.
        (&[3], 1, [true, false]),
        (&[2], 1, [true, false]),
        (&[1], 0, [false, false]),
        (&[0], 0, [false, false]),
        (&[4, 1], 0, [false, false]),
    ] {
        let job = Job::new();
        let mut driver = planned(&job);
        for stage in 0..3 {
            for partition in 0..PARTITIONS {
                let result = whole_result(&driver, stage, partition);
                driver.put(&[JournalRecord::Published(result)]);
            }
            if stage < 2 {
                resolve(&mut driver, stage, "decision");
            }
        }
        let recipe = driver.state.recipe().unwrap().clone();
        lifted
            .iter()
            .for_each(|operation| driver.put(&[poison(1, *operation)]));
        driver.put(&[JournalRecord::PoisonLifted { partition: 1 }]);
        let has_result = |stage: &u32| {
            let end = recipe.end_of(*stage).unwrap();
            driver.state.published(1, end).is_some()
        };
        let left: Vec<u32> = (0..3).filter(has_result).collect();
        assert_eq!(left, (0..stages_left).collect::<Vec<_>>(), "{lifted:?}");
        let barriers = [0, 1].map(|stage| driver.state.barrier(stage).is_some());
        assert_eq!(barriers, barriers_left, "{lifted:?}");
        // The results of other partitions stay, and count again if the same is decided.
        let end = recipe.end_of(2).unwrap();
        assert!(driver.state.result_of(0, end).is_some());
        assert_eq!(job.read(), driver.state);
    }
}

/// Returns the result of a task with a ledger of all operators so far, and signatures for the barrier after it.
fn whole_result(driver: &Driver, stage: u32, partition: u32) -> Publication {
    let epoch = driver.journal.epoch();
    let mut result = result(&driver.state, stage, partition, epoch, stage + 1).unwrap();
    let passed = result.ledger.operators[0].clone();
    let idle = OperatorLedger {
        records_in: passed.out,
        out: passed.out,
        ..OperatorLedger::default()
    };
    let operators = &mut Arc::make_mut(&mut result.ledger).operators;
    operators.resize(2 * stage as usize + 1, idle);
    result.signatures = (stage < 2).then(|| {
        Box::new(SignaturesEntry {
            identity: ChainHash::base("signer"),
            file: file(&format!("signatures/{stage}.{partition}")),
        })
    });
    result
}

fn poison(partition: u32, operation: u32) -> JournalRecord {
    JournalRecord::PoisonFound(coldpress_job::PoisonFound {
        partition,
        origin: coldpress_record::Origin::new(0, 1010),
        operation,
        operator: "a".to_owned(),
        chain: staged().chain[1],
        reason: "it kills".to_owned(),
    })
}

#[test]
fn a_recipe_goes_on_after_a_barrier_only_with_a_decision_that_fits() {
    let job = Job::new();
    let mut driver = planned(&job);
    publish_all(&mut driver, 0);
    resolve(&mut driver, 0, "first");
    let mut going_on = driver.state.recipe().unwrap().clone();
    // A resume says the same again.
    driver.put(&[JournalRecord::RecipeSet(going_on.clone())]);
    assert!(driver.state.barrier(0).is_some());
    // With another threshold, the decision does not fit until the old one is asked for again.
    driver.put(&[JournalRecord::RecipeSet(staged())]);
    assert_eq!(driver.state.barrier(0), None);
    driver.put(&[JournalRecord::RecipeSet(going_on.clone())]);
    assert!(driver.state.barrier(0).is_some());
    // A result was made anew since.
    publish(&mut driver, 0, 2, 5);
    let set = JournalRecord::RecipeSet(going_on.clone());
    check_refused(&driver, &set, "barrier after stage 0");
    going_on.chain.truncate(3);
    check_refused(
        &driver,
        &JournalRecord::RecipeSet(going_on),
        "3 chain hashes",
    );
    let mut misplaced = staged();
    misplaced.barriers = vec![3, 1];
    check_refused(
        &driver,
        &JournalRecord::RecipeSet(misplaced),
        "barriers at [3, 1]",
    );
}

#[test]
fn a_decision_accounts_for_every_record_and_every_hash() {
    let job = Job::new();
    let mut driver = planned(&job);
    publish_all(&mut driver, 0);
    let good = resolved(&driver.state, 0, "first");
    let changed = |change: &dyn Fn(&mut BarrierResolved)| {
        let mut bad = good.clone();
        change(&mut bad);
        JournalRecord::BarrierResolved(bad)
    };
    for (bad, part) in [
        (
            changed(&|bad| bad.ledger.dropped = 1),
            "268 are accounted for",
        ),
        (
            changed(&|bad| bad.ledger.records_in = 266),
            "267 records came",
        ),
        (
            // The sum wraps to the right total.
            changed(&|bad| (bad.ledger.dropped, bad.ledger.quarantined) = (u64::MAX, 1)),
            "records came",
        ),
        (changed(&|bad| bad.files.truncate(1)), "1 decisions about"),
        (changed(&|bad| bad.chain.truncate(1)), "1 chain hashes"),
        (changed(&|bad| bad.stage = 2), "there is none"),
        (
            changed(&|bad| bad.participants.partitions = 2),
            "other results",
        ),
    ] {
        check_refused(&driver, &bad, part);
    }
    let bad_later = resolved(&driver.state, 1, "second");
    let early = JournalRecord::BarrierResolved(bad_later);
    check_refused(&driver, &early, "other results");
    driver.put(&[JournalRecord::BarrierResolved(good)]);
}

/// Returns a decision that places rows: as many come out as came in, and one goes from each partition to the next.
fn placing(state: &JobState, stage: u32, decision: &str) -> BarrierResolved {
    let mut resolved = resolved(state, stage, decision);
    let name = resolved.operator.clone();
    let placed = (0..PARTITIONS).map(|partition| PlacedRows {
        rows: file(&format!("results/{decision}.{partition}.jsonl")),
        index: file(&format!("results/{decision}.{partition}.index")),
        uncompressed_bytes: 5,
        has_types: true,
        quarantine: (partition == 1).then(|| file("quarantine/placed.jsonl")),
        dropped: None,
        ledger: OperatorLedger {
            name: name.as_str().into(),
            records_in: 89,
            out: 89 - u64::from(partition == 1),
            quarantined: u64::from(partition == 1),
            moved_in: 1,
            moved_out: 1,
            ..OperatorLedger::default()
        },
    });
    resolved.placed = placed.collect();
    resolved.files.clear();
    resolved.ledger.quarantined = 1;
    resolved.ledger.out -= 1;
    (resolved.ledger.moved_in, resolved.ledger.moved_out) = (3, 3);
    resolved
}

#[test]
fn placed_rows_are_results_behind_the_operator() {
    let job = Job::new();
    let mut driver = planned(&job);
    publish_all(&mut driver, 0);
    let resolved = placing(&driver.state, 0, "first");
    driver.put(&[JournalRecord::BarrierResolved(resolved.clone())]);
    assert_eq!(driver.state.barrier(0), Some(&resolved));
    for (partition, placed) in (0..).zip(&resolved.placed) {
        let result = driver
            .state
            .published(partition, resolved.chain[0])
            .unwrap();
        assert_eq!((result.stage, result.attempt), (1, 0));
        assert_eq!((&result.rows, &result.index), (&placed.rows, &placed.index));
        assert!(result.placed && result.is_plain() && result.signatures.is_none());
        assert!(result.checkpoints.is_empty() && result.has_types);
        assert_eq!(result.ledger.operators.len(), 2);
        assert_eq!(result.ledger.exported(), placed.ledger.out);
        assert_eq!(result.quarantine.len(), 1 + usize::from(partition == 1));
        let mut cited = driver.state.cited_files();
        assert!(cited.any(|file| *file == placed.rows));
    }
    // They are placed again, as when one of their files is damaged. The newest counts.
    let again = placing(&driver.state, 0, "first");
    let again = BarrierResolved {
        placed: placing(&driver.state, 0, "again").placed,
        ..again
    };
    driver.put(&[JournalRecord::BarrierResolved(again.clone())]);
    let result = driver.state.published(2, again.chain[0]).unwrap();
    assert_eq!(result.rows, again.placed[2].rows);
    // The replay from disk equals what was known.
    assert_eq!(job.read(), driver.state);
    // Once the result before is a different one, neither counts.
    publish(&mut driver, 0, 0, 9);
    assert_eq!(driver.state.barrier(0), None);
}

/// A decision that does not fit a line is written as several, and a crash between them leaves the barrier as it was.
#[test]
fn a_decision_that_no_line_can_hold_is_several() {
    let job = Job::new();
    let mut driver = planned(&job);
    publish_all(&mut driver, 0);
    let mut long = placing(&driver.state, 0, "first");
    for placed in &mut long.placed {
        placed.ledger.name = "d".repeat(30 << 20).into();
    }
    driver.put(&[JournalRecord::BarrierResolved(long.clone())]);
    assert_eq!(job.read(), driver.state);
    assert_eq!(job.read().barrier(0), Some(&long));
    drop(driver);
    let journal = std::fs::read_to_string(job.file(1)).unwrap();
    let lines: Vec<&str> = journal.split_inclusive('\n').collect();
    let begun = lines.iter().filter(|line| line.contains("barrier_begun"));
    assert!(begun.count() > 1);
    std::fs::write(job.file(1), lines[..lines.len() - 1].concat()).unwrap();
    let mut driver = job.drive(Mode::Resume);
    assert_eq!(driver.state.barrier(0), None);
    let short = resolve(&mut driver, 0, "other");
    assert_eq!(driver.state.barrier(0), Some(&short));
    assert_eq!(job.read(), driver.state);
}

#[test]
fn placed_rows_account_for_every_record_of_every_partition() {
    let job = Job::new();
    let mut driver = planned(&job);
    publish_all(&mut driver, 0);
    let good = placing(&driver.state, 0, "first");
    let changed = |change: &dyn Fn(&mut BarrierResolved)| {
        let mut bad = good.clone();
        change(&mut bad);
        JournalRecord::BarrierResolved(bad)
    };
    for (bad, part) in [
        (
            changed(&|bad| bad.placed[2].ledger.out += 1),
            "records of partition 2",
        ),
        (
            changed(&|bad| {
                bad.placed[0].ledger.records_in -= 1;
                bad.placed[0].ledger.out -= 1;
            }),
            "records of partition 0",
        ),
        (changed(&|bad| bad.ledger.moved_in = 2), "accounted for"),
        (
            changed(&|bad| drop(bad.placed.pop())),
            "2 decisions about 3 partitions",
        ),
        (
            changed(&|bad| bad.files = vec![file("signatures/a"); 3]),
            "6 decisions about 3 partitions",
        ),
    ] {
        check_refused(&driver, &bad, part);
    }
    driver.put(&[JournalRecord::BarrierResolved(good)]);
}

#[test]
fn files_of_a_decision_are_cited() {
    let job = Job::new();
    let mut driver = planned(&job);
    publish_all(&mut driver, 0);
    let files = resolve(&mut driver, 0, "first").files;
    publish(&mut driver, 0, 0, 4);
    // Void decisions are included, because their files are known until they are forgotten.
    assert!(
        files
            .iter()
            .all(|file| driver.state.cited_files().any(|cited| cited == file))
    );
}

#[test]
fn a_stage_follows_even_a_barrier_that_ends_the_recipe() {
    let job = Job::new();
    let mut driver = job.drive(Mode::New);
    let mut ends = recipe(&["a", "dedup"]);
    ends.chain.truncate(2);
    ends.barriers = vec![1];
    driver.put(&[
        plan(1),
        JournalRecord::RecipeSet(ends),
        partitions(0..PARTITIONS),
        JournalRecord::PlanCompleted {
            partitions: PARTITIONS,
            records: 100 * u64::from(PARTITIONS),
        },
    ]);
    publish_all(&mut driver, 0);
    assert_eq!(driver.state.final_chain(), None);
    let counts = |state: &JobState| {
        let totals = state.totals();
        (totals.stage, totals.stages, totals.completed)
    };
    assert_eq!(counts(&driver.state), (0, 2, PARTITIONS));
    let mut last = resolved(&driver.state, 0, "first");
    last.chain.truncate(1);
    let applied = last.chain[0];
    driver.put(&[JournalRecord::BarrierResolved(last)]);
    // The decision still has to be applied to the rows.
    assert_eq!(driver.state.final_chain(), Some(applied));
    assert_eq!(counts(&driver.state), (1, 2, 0));
    // Attempts before the barrier are not what is worked on now.
    let status = driver.state.partition_status(0);
    assert_eq!(status, Some(PartitionStatus::Pending));
    driver.put(&[attempt_of(1, 0)]);
    let status = driver.state.partition_status(0);
    assert_eq!(status, Some(PartitionStatus::Processing));
    publish_all(&mut driver, 1);
    assert_eq!(counts(&driver.state), (1, 2, PARTITIONS));
    assert_eq!(job.read(), driver.state);
}

#[test]
fn a_journal_of_one_stage_says_nothing_of_stages() {
    let one = recipe(&["a", "b"]);
    for record in [
        JournalRecord::RecipeSet(one.clone()),
        JournalRecord::Published(publication(1, 1, 1, &one)),
        JournalRecord::GateReached(publication(1, 1, 1, &one).into()),
        attempt(1, 1),
        crate::support::failure(1),
    ] {
        let json = serde_json::to_string(&record).unwrap();
        assert!(
            !json.contains("stage") && !json.contains("barriers"),
            "{json}"
        );
        assert_eq!(
            serde_json::from_str::<JournalRecord>(&json).unwrap(),
            record
        );
    }
}

#[test]
fn a_decision_that_settles_its_partitions_makes_their_results() {
    let job = Job::new();
    let mut driver = planned(&job);
    publish_all(&mut driver, 0);
    resolve(&mut driver, 0, "first");
    publish_all(&mut driver, 1);
    let mut settling = resolved(&driver.state, 1, "second");
    let of_one = OperatorLedger {
        name: "select".into(),
        records_in: 89,
        dropped: 9,
        out: 80,
        ..OperatorLedger::default()
    };
    settling.settled = vec![of_one; PARTITIONS as usize];
    let partitions = u64::from(PARTITIONS);
    (settling.ledger.dropped, settling.ledger.out) = (9 * partitions, 80 * partitions);

    let record = |settling: &BarrierResolved| JournalRecord::BarrierResolved(settling.clone());
    let mut short = settling.clone();
    short.settled.pop();
    check_refused(&driver, &record(&short), "settles");
    let mut wrong = settling.clone();
    wrong.settled[1].records_in = 88;
    wrong.settled[1].out = 79;
    check_refused(&driver, &record(&wrong), "partition 1");

    driver.put(&[record(&settling)]);
    let chain = settling.chain[0];
    for partition in 0..PARTITIONS {
        let judged = driver.state.recipe().and_then(|recipe| recipe.end_of(1));
        let judged = driver.state.published(partition, judged.unwrap()).unwrap();
        let result = driver.state.published(partition, chain).unwrap();
        assert_eq!((&result.rows, result.stage), (&judged.rows, 2));
        assert_eq!(
            result.kept.as_deref(),
            Some(&settling.files[partition as usize])
        );
        assert_eq!((result.ledger.exported(), result.is_plain()), (80, true));
        assert!(result.ledger.check().is_ok());
    }
    assert_eq!(job.read(), driver.state);
}
