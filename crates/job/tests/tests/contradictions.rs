use coldpress_job::{
    DamagedSource, DriverIdentity, EpochStarted, Error, JOURNAL_SCHEMA, JobState, JournalRecord,
    Status,
};
use coldpress_storage::Digest;

use crate::support::{
    attempt, committed, failure, intent, partition, partitions, plan, publication, recipe,
};

fn epoch_started() -> JournalRecord {
    JournalRecord::EpochStarted(EpochStarted {
        schema_version: JOURNAL_SCHEMA,
        driver: DriverIdentity::current(),
        version: "0.1.0".to_owned(),
        sealed: Vec::new(),
        takeover: false,
    })
}

/// Returns a job with three partitions of three in epoch 2.
fn state() -> JobState {
    let mut state = JobState::default();
    for record in [
        epoch_started(),
        plan(1),
        JournalRecord::RecipeSet(recipe(&["a"])),
        partitions(0..3),
    ] {
        state.apply(2, &record).unwrap();
    }
    state
}

#[track_caller]
fn check(record: JournalRecord, part: &str) {
    check_after(&[], record, part);
}

#[track_caller]
fn check_after(before: &[JournalRecord], record: JournalRecord, part: &str) {
    let mut state = state();
    for record in before {
        state.apply(2, record).unwrap();
    }
    let known = state.clone();
    match state.apply(2, &record) {
        Err(Error::Contradiction { reason }) => assert!(reason.contains(part), "{reason}"),
        other => panic!("expected a contradiction, found {other:?}"),
    }
    assert_eq!(state, known, "a refused record has left a trace");
}

fn planned(change: impl Fn(&mut coldpress_partition::PlannedPartition)) -> JournalRecord {
    // A good partition comes first, to show whether a refusal takes it back.
    let mut bad = partition(4);
    change(&mut bad);
    JournalRecord::PartitionsPlanned {
        partitions: vec![partition(3), bad],
    }
}

fn published(change: impl Fn(&mut coldpress_job::Publication)) -> JournalRecord {
    let mut publication = publication(1, 2, 1, &recipe(&["a"]));
    change(&mut publication);
    JournalRecord::Published(publication)
}

#[test]
fn plans() {
    check(
        planned(|bad| bad.index = 5),
        "partition 5 is planned where 4",
    );
    check(planned(|bad| bad.index = 1), "partition 1 is planned twice");
    check(
        planned(|bad| bad.first_record = 401),
        "begins with record 401",
    );
    check(planned(|bad| bad.slice.source = 1), "source 1 of 1");
    check(planned(|bad| bad.slice.start = 3999), "begins inside");
    check(planned(|bad| bad.slice.end = 3), "ends before it begins");
    check(
        planned(|bad| bad.slice.records = u64::MAX),
        "can be counted",
    );
    check(plan(2), "planned twice, and differently");
    let complete = |partitions, records| JournalRecord::PlanCompleted {
        partitions,
        records,
    };
    check(complete(2, 300), "said to have 2 partitions");
    check(complete(3, 299), "299 records");
    check_after(&[complete(3, 300)], partitions(3..4), "was complete");
    let damaged = DamagedSource {
        source: 9,
        position: 0,
        reason: String::new(),
    };
    check(JournalRecord::SourceDamaged(damaged), "source 9");
}

#[test]
fn what_is_said_twice_is_no_contradiction() {
    let mut state = state();
    let once = state.clone();
    for record in [plan(1), partitions(0..3), partitions(1..2)] {
        state.apply(2, &record).unwrap();
    }
    assert_eq!(state, once);
    let intent = intent(&recipe(&["a"]), &[]);
    for record in [
        JournalRecord::ExportIntent(intent.clone()),
        committed(&intent),
        committed(&intent),
    ] {
        state.apply(2, &record).unwrap();
    }
}

#[test]
fn recipes() {
    let mut short = recipe(&["a", "b"]);
    short.chain.pop();
    check(
        JournalRecord::RecipeSet(short),
        "2 chain hashes for 2 operators",
    );
    let mut empty = JobState::default();
    empty.apply(1, &epoch_started()).unwrap();
    let record = JournalRecord::RecipeSet(recipe(&["a"]));
    assert!(empty.apply(1, &record).is_err());
    assert!(empty.apply(1, &partitions(0..1)).is_err());
}

#[test]
fn results() {
    check(
        published(|bad| bad.partition = 3),
        "partition 3 is not planned",
    );
    check(published(|bad| bad.partition = u32::MAX), "is not planned");
    check(published(|bad| bad.epoch = 1), "a result of epoch 1");
    check(published(|bad| bad.epoch = 3), "a result of epoch 3");
    check(published(|bad| bad.slice = Digest::of(b"x")), "other bytes");
    check(attempt(3, 1), "partition 3 is not planned");
    check(failure(3), "partition 3 is not planned");
}

#[test]
fn exports() {
    let recipe = recipe(&["a"]);
    let good = intent(&recipe, &[1]);
    check(committed(&good), "never intended");
    let mut other = good.clone();
    other.length += 1;
    let begun = [JournalRecord::ExportIntent(good)];
    check_after(&begun, committed(&other), "never intended");
    let foreign = JournalRecord::ExportIntent(intent(&recipe, &[9]));
    check(foreign, "partition 9 is not planned");
}

#[test]
fn epochs_and_generations() {
    check(epoch_started(), "epoch 2 begins after epoch 2");
    for generation in [0, 1] {
        let record = JournalRecord::GenerationStarted { generation };
        check(record, "after generation 1");
    }
    let finished = JournalRecord::Finished {
        status: Status::Failed,
        error: None,
    };
    for epoch in [1, 3] {
        assert!(state().apply(epoch, &finished).is_err());
    }
    assert!(JobState::default().apply(1, &finished).is_err());
}

#[test]
fn what_cannot_be_true_never_gets_into_the_journal() {
    let job = crate::support::Job::new();
    let mut driver = job.drive(coldpress_job::Mode::New);
    driver.put(&[plan(1)]);
    let result = driver.journal.record(&mut driver.state, &attempt(0, 1));
    assert!(matches!(result, Err(Error::Contradiction { .. })));
    assert_eq!(driver.journal.queued(), 0);
    driver.journal.sync().unwrap();
    assert_eq!(job.read(), driver.state);
}
