use coldpress_job::{
    Error, JobLock, Journal, JournalRecord, LockOptions, Mode, PartitionStatus, Status, Totals,
};
use coldpress_storage::ObjectKey;
use rustix::time::{ClockId, clock_gettime};

use crate::support::{
    Job, attempt, committed, failure, file, intent, partitions, plan, publication, recipe,
};

#[test]
fn a_job_is_known_again_after_each_driver() {
    let job = Job::new();
    assert!(!Journal::exists(&job.layout).unwrap());
    let recipe = recipe(&["clean", "filter"]);

    let mut driver = job.drive(Mode::New);
    driver.put(&[
        plan(1),
        JournalRecord::RecipeSet(recipe.clone()),
        partitions(0..2),
    ]);
    driver.put(&[attempt(0, 1), attempt(1, 1)]);
    driver.put(&[JournalRecord::Published(publication(0, 1, 1, &recipe))]);
    assert_eq!(job.read(), driver.state);
    let status =
        |state: &coldpress_job::JobState| [0, 1, 2].map(|index| state.partition_status(index));
    assert_eq!(
        status(&driver.state),
        [
            Some(PartitionStatus::Completed),
            Some(PartitionStatus::Processing),
            None
        ]
    );
    drop(driver);

    let mut driver = job.drive(Mode::Resume);
    assert_eq!(driver.journal.epoch(), 2);
    assert_eq!(
        driver.state.partition_status(1),
        Some(PartitionStatus::Pending)
    );
    assert_eq!(driver.state.next_first_record(), 200);
    assert!(!driver.state.plan_complete());
    driver.put(&[
        partitions(2..3),
        JournalRecord::PlanCompleted {
            partitions: 3,
            records: 300,
        },
        attempt(1, 1),
        failure(1),
        attempt(2, 1),
        JournalRecord::Published(publication(2, 2, 1, &recipe)),
    ]);
    assert_eq!(driver.state.last_attempt(1, 2), 1);
    assert_eq!(driver.state.last_attempt(0, 2), 0);
    assert_eq!(driver.state.attempts(1), 2);
    assert_eq!(
        driver.state.partition_status(1),
        Some(PartitionStatus::Failed)
    );
    assert_eq!(
        driver.state.totals(),
        Totals {
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
        }
    );
    let intent = intent(&recipe, &[1]);
    driver.put(&[JournalRecord::ExportIntent(intent.clone())]);
    assert_eq!(driver.state.export().intent.as_ref(), Some(&intent));
    driver.put(&[
        committed(&intent),
        JournalRecord::Finished {
            status: Status::CompletedWithFailures,
            error: None,
        },
    ]);
    assert_eq!(driver.state.export().intent, None);
    assert_eq!(driver.state.export().committed.as_ref(), Some(&intent));
    assert_eq!(job.read(), driver.state);
    drop(driver);

    let driver = job.drive(Mode::Resume);
    assert_eq!(driver.state.finished(), None);
    assert_eq!(driver.state.epochs().len(), 3);
    assert_eq!(driver.state.failed().count(), 1);
}

/// An attempt that begins beside another does not imply that the other failed.
#[test]
fn an_attempt_after_another_is_a_retry_unless_it_begins_beside_it() {
    let job = Job::new();
    let mut driver = job.drive(Mode::New);
    driver.put(&[
        plan(1),
        JournalRecord::RecipeSet(recipe(&["clean"])),
        partitions(0..2),
    ]);
    let mut beside = attempt(1, 2);
    if let JournalRecord::AttemptStarted { beside, .. } = &mut beside {
        *beside = true;
    }
    driver.put(&[attempt(0, 1), attempt(0, 2), attempt(1, 1), beside]);
    let state = job.read();
    assert_eq!((state.retries(0), state.attempts(0)), (1, 2));
    assert_eq!((state.retries(1), state.attempts(1)), (0, 2));
}

#[test]
fn a_changed_recipe_finds_what_its_unchanged_prefix_made() {
    let job = Job::new();
    let (old, new) = (recipe(&["a", "b", "c"]), recipe(&["a", "b", "d"]));
    let mut driver = job.drive(Mode::New);
    driver.put(&[
        plan(1),
        JournalRecord::RecipeSet(old.clone()),
        partitions(0..2),
    ]);
    driver.put(&[
        JournalRecord::Published(publication(0, 1, 1, &old)),
        failure(1),
    ]);
    driver.put(&[JournalRecord::RecipeSet(new.clone())]);
    let state = job.read();
    assert_eq!(state.partition_status(0), Some(PartitionStatus::Pending));
    assert_eq!(state.partition_status(1), Some(PartitionStatus::Pending));
    assert!(state.published(0, old.final_chain().unwrap()).is_some());
    assert_eq!(state.published(0, new.final_chain().unwrap()), None);
    assert_eq!(state.checkpoints(0).count(), 3);
    assert_eq!(state.checkpoints(7).count(), 0);
}

#[test]
fn a_forgotten_file_is_not_given_out_but_its_counts_stay() {
    let job = Job::new();
    let recipe = recipe(&["a"]);
    let chain = recipe.final_chain().unwrap();
    let mut driver = job.drive(Mode::New);
    driver.put(&[
        plan(1),
        JournalRecord::RecipeSet(recipe.clone()),
        partitions(0..1),
    ]);
    let (first, second) = (publication(0, 1, 1, &recipe), publication(0, 1, 2, &recipe));
    driver.put(&[
        JournalRecord::Published(first.clone()),
        JournalRecord::Published(second.clone()),
    ]);
    assert_eq!(driver.state.published(0, chain), Some(&second));
    let forget = |key: &ObjectKey| JournalRecord::Forgotten {
        files: vec![key.clone()],
    };
    driver.put(&[
        forget(&second.rows.key),
        forget(&second.checkpoints[0].file.key),
    ]);
    let state = job.read();
    assert_eq!(state.published(0, chain), Some(&first));
    assert_eq!(state.result_of(0, chain), Some(&second));
    assert_eq!(state.checkpoints(0).count(), 1);
    assert_eq!(state.totals().completed, 1);
    assert!(state.is_forgotten(&second.rows.key) && !state.is_forgotten(&file("other").key));
    assert_eq!(file("x").length(), 1);
}

#[test]
fn modes_refuse_what_they_must() {
    let job = Job::new();
    let lock = JobLock::acquire(&job.layout, &LockOptions::default()).unwrap();
    let open = |mode| Journal::open(&job.layout, &lock, mode).map(|(journal, _)| journal.epoch());
    assert!(matches!(
        open(Mode::Resume),
        Err(Error::NothingToResume { .. })
    ));
    assert!(matches!(
        Journal::read(&job.layout),
        Err(Error::NothingToResume { .. })
    ));
    // A refusal leaves no file behind.
    assert!(!job.file(1).exists());
    // A driver that died before its first record was complete has left nothing to resume.
    std::fs::write(job.file(1), b"{\"crc32\":\"").unwrap();
    assert!(!Journal::exists(&job.layout).unwrap());
    assert!(matches!(
        open(Mode::Resume),
        Err(Error::NothingToResume { .. })
    ));
    assert_eq!(open(Mode::New).unwrap(), 2);
    assert!(Journal::exists(&job.layout).unwrap());
    assert!(matches!(open(Mode::New), Err(Error::JobExists { .. })));
    assert_eq!(open(Mode::Resume).unwrap(), 3);
    assert!(!job.file(4).exists());
}

#[test]
fn a_fresh_start_cites_nothing_before_it() {
    let job = Job::new();
    let recipe = recipe(&["a"]);
    let mut driver = job.drive(Mode::New);
    driver.put(&[
        plan(1),
        JournalRecord::RecipeSet(recipe.clone()),
        partitions(0..3),
    ]);
    driver.put(&[JournalRecord::Published(publication(0, 1, 1, &recipe))]);
    drop(driver);
    let mut driver = job.drive(Mode::Fresh);
    assert_eq!(driver.state.generation(), 2);
    assert_eq!(driver.state.partition_count(), 0);
    assert_eq!(driver.state.plan(), None);
    assert_eq!(driver.state.publications().count(), 0);
    assert_eq!(driver.state.epochs().len(), 2);
    driver.put(&[plan(2), JournalRecord::RecipeSet(recipe), partitions(0..1)]);
    let state = driver.state.clone();
    drop(driver);
    assert_eq!(job.read(), state);
    assert_eq!(job.drive(Mode::Resume).state.generation(), 2);
    assert_eq!(job.drive(Mode::Fresh).state.generation(), 3);
}

#[test]
fn a_fresh_start_where_nothing_was_is_a_new_job() {
    let job = Job::new();
    assert_eq!(job.drive(Mode::Fresh).state.generation(), 1);
}

#[test]
fn a_second_driver_is_noticed_by_the_first() {
    let job = Job::new();
    let lock = JobLock::acquire(&job.layout, &LockOptions::default()).unwrap();
    let (mut first, _) = Journal::open(&job.layout, &lock, Mode::New).unwrap();
    first.append(&plan(1)).unwrap();
    first.sync().unwrap();
    first.check_epoch().unwrap();
    let (second, state) = Journal::open(&job.layout, &lock, Mode::Resume).unwrap();
    let error = first.check_epoch().unwrap_err();
    assert!(matches!(error, Error::Superseded { epoch: 1, newer: 2 }));
    assert!(error.is_driven_elsewhere());
    second.check_epoch().unwrap();

    // The first driver's writes now come after the seal.
    first
        .append(&JournalRecord::RecipeSet(recipe(&["late"])))
        .unwrap();
    first.sync().unwrap();
    assert_eq!(job.read(), state);
    assert_eq!(job.read().recipe(), None);
    let (_, state) = Journal::open(&job.layout, &lock, Mode::Resume).unwrap();
    assert_eq!(state.recipe(), None);
}

#[test]
fn a_driver_whose_file_is_gone_may_not_go_on() {
    let job = Job::new();
    let driver = job.drive(Mode::New);
    std::fs::remove_file(job.file(1)).unwrap();
    assert!(driver.journal.check_epoch().is_err());
}

#[test]
fn a_very_long_plan_is_one_plan() {
    let job = Job::new();
    let mut driver = job.drive(Mode::New);
    driver.put(&[plan(1), partitions(0..10_000)]);
    assert_eq!(driver.journal.queued(), 0);
    assert_eq!(job.read(), driver.state);
}

#[test]
fn ten_thousand_partitions_are_known_again_in_a_second() {
    let job = Job::new();
    let recipe = recipe(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    let mut driver = job.drive(Mode::New);
    driver.put(&[plan(1), JournalRecord::RecipeSet(recipe.clone())]);
    for from in (0..10_000).step_by(100) {
        let mut records = vec![partitions(from..from + 100)];
        for index in from..from + 100 {
            records.push(attempt(index, 1));
            records.push(JournalRecord::Published(publication(index, 1, 1, &recipe)));
        }
        driver.put(&records);
    }
    // Only time in which this thread runs counts. On a busy machine others may have the processor for long.
    let nanos = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec * 1_000_000_000 + time.tv_nsec
    };
    let begun = nanos();
    let state = job.read();
    let nanos = nanos() - begun;
    assert_eq!(state, driver.state);
    assert_eq!(state.totals().completed, 10_000);
    // The budget is a second in a release build, and this isn't one.
    assert!(nanos < 3_000_000_000, "{nanos} ns");
}

#[test]
fn the_recipe_says_the_names_in_ledgers() {
    let job = Job::new();
    let (old, new) = (recipe(&["clean", "filter"]), recipe(&["clean", "sieve"]));
    let result = |partition: u32, of: &coldpress_job::RecipeInForce| {
        let mut result = publication(partition, 1, 1, of);
        // Checkpoints name the operator that they follow.
        result.checkpoints.clear();
        result
    };
    let mut driver = job.drive(Mode::New);
    driver.put(&[
        plan(1),
        JournalRecord::RecipeSet(old.clone()),
        partitions(0..3),
        JournalRecord::Published(result(0, &old)),
        JournalRecord::RecipeSet(new.clone()),
        JournalRecord::Published(result(1, &new)),
        // A result of operators other than those in force names the operators of its counts.
        JournalRecord::Published(result(2, &old)),
    ]);
    assert_eq!(job.read(), driver.state);
    let published = |index: u32, of: &coldpress_job::RecipeInForce| {
        let published = driver.state.result_of(index, of.final_chain().unwrap());
        let named = published.unwrap().ledger.operators.iter();
        named.map(|one| one.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(published(0, &old), ["clean", "filter"]);
    assert_eq!(published(1, &new), ["clean", "sieve"]);
    assert_eq!(published(2, &old), ["clean", "filter"]);
    let text = std::fs::read_to_string(job.layout.journal_dir().join("000001.jsonl")).unwrap();
    let named: Vec<bool> = text
        .lines()
        .filter(|line| line.contains(r#""type":"published""#))
        .map(|line| line.contains(r#""name":"clean""#))
        .collect();
    assert_eq!(named, [false, false, true]);
}
