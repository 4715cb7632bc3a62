use coldpress_job::{
    DamagedSource, Figures, FiguresFollower, JobLock, JobState, Journal, JournalRecord,
    KeptFigures, LockOptions, Mode, PartitionStatus, Status,
};
use proptest::prelude::*;

use crate::support::{
    Driver, Job, attempt, committed, failure, intent, partitions, plan, publication, recipe,
};

const RECIPES: [&[&str]; 3] = [&["a", "b"], &["a", "c"], &[]];

/// An action of a driver. The number chooses among those that are possible at that point.
#[derive(Clone, Copy, Debug)]
enum Act {
    Resume,
    Fresh,
    Plan(u32),
    Damage(u32),
    CompletePlan,
    Recipe(u32),
    Attempt(u32),
    Publish(u32),
    Fail(u32),
    Export,
    Forget(u32),
    Finish,
    Compare,
}

fn act() -> impl Strategy<Value = Act> {
    let number = 0u32..1000;
    prop_oneof![
        2 => Just(Act::Resume),
        1 => Just(Act::Fresh),
        4 => number.clone().prop_map(Act::Plan),
        1 => number.clone().prop_map(Act::Damage),
        1 => Just(Act::CompletePlan),
        2 => number.clone().prop_map(Act::Recipe),
        5 => number.clone().prop_map(Act::Attempt),
        6 => number.clone().prop_map(Act::Publish),
        2 => number.clone().prop_map(Act::Fail),
        2 => Just(Act::Export),
        2 => number.prop_map(Act::Forget),
        1 => Just(Act::Finish),
        3 => Just(Act::Compare),
    ]
}

/// Returns the records of an act, all of them valid after what is known.
fn records(act: Act, state: &JobState, epoch: u64) -> Vec<JournalRecord> {
    if state.plan().is_none() {
        let first = recipe(RECIPES[0]);
        return vec![plan(1), JournalRecord::RecipeSet(first)];
    }
    let count = state.partition_count();
    let recipe_now = state.recipe().unwrap();
    let some = |number: u32| (count > 0).then(|| number % count);
    match act {
        Act::Plan(number) if !state.plan_complete() => {
            vec![partitions(count..count + number % 4)]
        }
        Act::Damage(number) => vec![JournalRecord::SourceDamaged(DamagedSource {
            source: 0,
            position: u64::from(number % 3),
            reason: "cut off".to_owned(),
        })],
        Act::CompletePlan => vec![JournalRecord::PlanCompleted {
            partitions: count,
            records: state.next_first_record(),
        }],
        Act::Recipe(number) => {
            vec![JournalRecord::RecipeSet(recipe(
                RECIPES[number as usize % RECIPES.len()],
            ))]
        }
        Act::Attempt(number) => some(number)
            .map(|index| attempt(index, state.last_attempt(index, epoch) + 1))
            .into_iter()
            .collect(),
        // An attempt publishes only once, so a name that was forgotten never comes back.
        Act::Publish(number) => some(number)
            .map(|index| {
                let next = state.last_attempt(index, epoch) + 1;
                let published = publication(index, epoch, next, recipe_now);
                [attempt(index, next), JournalRecord::Published(published)]
            })
            .into_iter()
            .flatten()
            .collect(),
        Act::Fail(number) => some(number).map(failure).into_iter().collect(),
        Act::Export => {
            let left_out: Vec<u32> = state.failed().map(|failure| failure.partition).collect();
            let intent = intent(recipe_now, &left_out);
            vec![
                JournalRecord::ExportIntent(intent.clone()),
                committed(&intent),
            ]
        }
        Act::Forget(number) => {
            let files: Vec<_> = state
                .publications()
                .flat_map(|publication| publication.files())
                .map(|file| file.key.clone())
                .collect();
            let chosen = files.get(number as usize % files.len().max(1)).cloned();
            vec![JournalRecord::Forgotten {
                files: chosen.into_iter().collect(),
            }]
        }
        Act::Finish => vec![JournalRecord::Finished {
            status: Status::Failed,
            error: Some("no luck".to_owned()),
        }],
        _ => Vec::new(),
    }
}

/// Checks the laws that hold for every state.
fn check_laws(state: &JobState) {
    let totals = state.totals();
    assert_eq!(totals.partitions, state.partition_count());
    let sum: u64 = state.partitions().map(|part| part.slice.records).sum();
    assert_eq!(totals.records, sum);
    assert_eq!(
        totals.processed + totals.made,
        totals.exported + totals.dropped + totals.quarantined + totals.absorbed
    );
    for (index, partition) in (0..).zip(state.partitions()) {
        assert_eq!(partition.index, index);
        let status = state.partition_status(index).unwrap();
        let failed = state.failure(index).is_some();
        assert_eq!(status == PartitionStatus::Failed, failed);
        for entry in state.checkpoints(index) {
            assert!(!state.is_forgotten(&entry.file.key));
        }
    }
    assert_eq!(
        u32::try_from(state.failed().count()).unwrap(),
        totals.failed
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_replayed_from_disk_is_what_was_known(acts in prop::collection::vec(act(), 1..60)) {
        let job = Job::new();
        let mut driver = job.drive(Mode::New);
        let keep = || KeptFigures::new(&job.layout).steps(0, 900);
        let (mut kept, mut watch) = (keep(), FiguresFollower::new(&job.layout));
        for act in acts {
            match act {
                Act::Compare => {
                    prop_assert_eq!(&job.read(), &driver.state);
                    // As if time had passed, so that the figures may be made from the state again.
                    kept = keep();
                }
                Act::Resume | Act::Fresh => {
                    driver = change_driver(&job, driver, act);
                    kept = keep();
                }
                _ => {
                    let records = records(act, &driver.state, driver.journal.epoch());
                    driver.put(&records);
                    records.iter().for_each(|record| kept.take(driver.journal.epoch(), record));
                }
            }
            kept.write_when_due(&driver.journal, &driver.state);
            check_laws(&driver.state);
            // Whatever the view is of, the figures are those of the journal.
            let figures = Figures::of(&driver.state);
            prop_assert_eq!(watch.look().unwrap(), &figures);
            let mut first_look = FiguresFollower::new(&job.layout);
            prop_assert_eq!(first_look.look().unwrap(), &figures);
        }
        prop_assert_eq!(job.read(), driver.state);
    }
}

fn change_driver(job: &Job, driver: Driver, act: Act) -> Driver {
    let known = driver.state.clone();
    drop(driver);
    assert_eq!(job.read(), known);
    let fresh = matches!(act, Act::Fresh);
    let next = job.drive(if fresh { Mode::Fresh } else { Mode::Resume });
    assert_eq!(next.state.epochs().len(), known.epochs().len() + 1);
    if fresh {
        assert_eq!(next.state.generation(), known.generation() + 1);
        assert_eq!(next.state.partition_count(), 0);
    } else {
        assert_eq!(next.state.totals(), known.totals());
        assert_eq!(next.state.finished(), None);
    }
    next
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Drivers of one job that do not know of each other, begun one after another, continue in any order. Only what the newest
    /// writes counts, and what others wrote before it began. The others are told before they commit an export.
    #[test]
    fn late_drivers_publish_into_nothing(
        acts in prop::collection::vec((act(), 0usize..4, prop::bool::weighted(0.15)), 1..80),
    ) {
        let job = Job::new();
        let lock = JobLock::acquire(&job.layout, &LockOptions::default()).unwrap();
        let mut drivers = vec![Journal::open(&job.layout, &lock, Mode::New).unwrap()];
        for (act, who, begins) in acts {
            if begins {
                let known = drivers.last().unwrap().1.clone();
                let mode = if known.epochs().is_empty() { Mode::New } else { Mode::Resume };
                let next = Journal::open(&job.layout, &lock, mode).unwrap();
                prop_assert_eq!(next.1.totals(), known.totals());
                drivers.push(next);
            }
            let newest = drivers.len() - 1;
            let who = newest.saturating_sub(who);
            let before = job.read();
            let (journal, state) = &mut drivers[who];
            for record in records(act, state, journal.epoch()) {
                if matches!(record, JournalRecord::ExportIntent(_)) && journal.check_epoch().is_err() {
                    prop_assert!(who < newest);
                    break;
                }
                journal.record(state, &record).unwrap();
            }
            journal.sync().unwrap();
            let now = job.read();
            if who < newest {
                prop_assert_eq!(&now, &before);
            }
            prop_assert_eq!(&now, &drivers[newest].1);
            check_laws(&now);
            prop_assert!(now.partition_count() >= before.partition_count());
        }
    }
}
