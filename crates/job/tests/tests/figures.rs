//! The figures for a first look equal those of the journal, whatever happened to their view.

use std::fs;
use std::path::Path;

use coldpress_job::{
    Figures, FiguresFollower, Finish, Journal, JournalRecord, KeptFigures, Mode, RecipeInForce,
    Status,
};
use coldpress_storage::ObjectKey;

use crate::support::{Driver, Job, attempt, failure, partitions, plan, publication, recipe};

/// A driver that keeps the figures of its job and writes them after every sync.
struct Keeping {
    driver: Driver,
    kept: KeptFigures,
}

impl Keeping {
    fn begin(job: &Job, mode: Mode) -> Self {
        let driver = job.drive(mode);
        let kept = KeptFigures::new(&job.layout).steps(0, 0);
        Self { driver, kept }
    }

    fn put(&mut self, records: &[JournalRecord]) {
        let Self { driver, kept } = self;
        for record in records {
            driver.journal.record(&mut driver.state, record).unwrap();
            kept.take(driver.journal.epoch(), record);
        }
        driver.journal.sync().unwrap();
        kept.write_when_due(&driver.journal, &driver.state);
    }

    /// Works on partitions until each has its result.
    fn publish(&mut self, indices: std::ops::Range<u32>, recipe: &RecipeInForce) {
        for index in indices {
            let epoch = self.driver.journal.epoch();
            let result = publication(index, epoch, 1, recipe);
            self.put(&[attempt(index, 1), JournalRecord::Published(result)]);
        }
    }
}

/// Returns a job whose driver was killed. Its view was written when 20 of 40 partitions were done, and 10 more are done since.
fn killed_job() -> Job {
    let job = Job::new();
    let recipe = recipe(&["clean", "filter"]);
    let mut driver = Keeping::begin(&job, Mode::New);
    driver.put(&[plan(1), JournalRecord::RecipeSet(recipe.clone())]);
    driver.put(&[partitions(0..40)]);
    driver.publish(0..20, &recipe);
    let view = fs::read(job.layout.figures()).unwrap();
    driver.publish(20..30, &recipe);
    driver.put(&[attempt(30, 1), failure(30), attempt(31, 1)]);
    fs::write(job.layout.figures(), view).unwrap();
    job
}

fn look(job: &Job) -> Figures {
    FiguresFollower::new(&job.layout).look().unwrap().clone()
}

#[track_caller]
fn check(job: &Job) {
    assert_eq!(look(job), Figures::of(&job.read()));
}

/// Changes a word in the journal before the place up to which the view counts, and keeps its length.
fn damage_early(job: &Job) {
    let path = job.file(1);
    let journal = fs::read_to_string(&path).unwrap();
    fs::write(&path, journal.replacen("job_planned", "job_plannde", 1)).unwrap();
    assert!(Journal::read(&job.layout).is_err());
}

#[test]
fn what_is_before_the_view_is_not_read() {
    let job = killed_job();
    let expected = Figures::of(&job.read());
    assert_eq!(expected.totals().completed, 30);
    assert_eq!(expected.totals().failed, 1);
    assert_eq!(expected.given_out().collect::<Vec<_>>(), [(31, 1)]);
    assert_eq!(expected.records_of(31), Some(100));
    assert_eq!(expected.partition_size(), 120);
    assert_eq!(expected.checkpoints().0, 60);
    assert_eq!(expected.done_and_left(), (3000, 900));
    let (first, nanos) = expected.operators().next().unwrap();
    assert_eq!((first.records_in, first.dropped), (30 * 99, 30 * 10));
    assert_eq!(nanos, 30 * 500_000_000);
    damage_early(&job);
    assert_eq!(look(&job), expected);
    fs::remove_file(job.layout.figures()).unwrap();
    assert!(FiguresFollower::new(&job.layout).look().is_err());
}

#[test]
fn a_damaged_view_costs_time_and_nothing_else() {
    let job = killed_job();
    let path = job.layout.figures();
    let view = fs::read(&path).unwrap();
    for at in (0..view.len()).step_by(11) {
        let mut damaged = view.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&path, &damaged).unwrap();
        check(&job);
        fs::write(&path, &view[..at]).unwrap();
        check(&job);
    }
    for odd in [&view[..], b"x"].concat().chunks(view.len() + 1) {
        fs::write(&path, odd).unwrap();
        check(&job);
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    check(&job);
}

#[test]
fn a_view_of_another_journal_is_not_used() {
    let (job, other) = (killed_job(), killed_job());
    // Everything but the driver is the same, and so are all lengths if its numbers have as many digits.
    fs::copy(other.layout.figures(), job.layout.figures()).unwrap();
    damage_early(&job);
    assert!(FiguresFollower::new(&job.layout).look().is_err());

    // The journal lost its end, which the view includes.
    let job = killed_job();
    let journal = fs::read(job.file(1)).unwrap();
    let ends: Vec<usize> = (1..=journal.len())
        .filter(|end| journal[end - 1] == b'\n')
        .collect();
    for end in ends {
        fs::write(job.file(1), &journal[..end]).unwrap();
        check(&job);
    }
}

#[test]
fn an_old_view_counts_with_what_follows_it_also_by_other_drivers() {
    let job = killed_job();
    let old = fs::read(job.layout.figures()).unwrap();
    let mut watch = FiguresFollower::new(&job.layout);
    watch.look().unwrap();
    let recipe_now = recipe(&["clean", "filter"]);
    let mut next = Keeping::begin(&job, Mode::Resume);
    let mut check_all = |job: &Job| {
        let newest = fs::read(job.layout.figures()).unwrap();
        let figures = Figures::of(&job.read());
        assert_eq!(*watch.look().unwrap(), figures);
        assert_eq!(look(job), figures);
        fs::write(job.layout.figures(), &old).unwrap();
        assert_eq!(look(job), figures);
        fs::write(job.layout.figures(), newest).unwrap();
    };
    check_all(&job);
    next.put(&[JournalRecord::RecipeSet(recipe_now.clone())]);
    next.publish(30..40, &recipe_now);
    check_all(&job);
    let forgotten: Vec<ObjectKey> = next
        .driver
        .state
        .checkpoints(3)
        .map(|entry| entry.file.key.clone())
        .collect();
    next.put(&[JournalRecord::Forgotten { files: forgotten }]);
    check_all(&job);
    // A result that replaces another, and another recipe, make figures count that the view does not have.
    next.publish(5..6, &recipe_now);
    check_all(&job);
    next.put(&[JournalRecord::RecipeSet(recipe(&["clean"]))]);
    check_all(&job);
    let finished = JournalRecord::Finished {
        status: Status::Failed,
        error: Some("no luck".to_owned()),
    };
    next.put(&[finished]);
    check_all(&job);
    let seen = look(&job);
    let finish: &Finish = seen.finished().unwrap();
    assert_eq!(
        (finish.epoch, finish.error.as_deref()),
        (2, Some("no luck"))
    );
}

#[test]
fn a_short_journal_has_no_view() {
    let job = Job::new();
    let mut driver = job.drive(Mode::New);
    let mut kept = KeptFigures::new(&job.layout);
    driver.put(&[plan(1)]);
    kept.write_when_due(&driver.journal, &driver.state);
    assert!(!job.layout.figures().exists());
    check(&job);
}

/// In journals of earlier releases, the figures equal those of the state at each record.
#[test]
fn frozen_journals_have_their_figures() {
    let mut count = 0;
    for entry in fs::read_dir(Path::new("tests/data")).unwrap() {
        count += check_each_record(&entry.unwrap().path());
    }
    assert!(count > 0);
}

fn check_each_record(folder: &Path) -> usize {
    use coldpress_job::JobState;
    use coldpress_storage::{TornTail, read_log};

    let mut files: Vec<_> = walk(folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ext| ext == "jsonl"))
        .collect();
    files.sort();
    let (mut state, mut count) = (JobState::default(), 0);
    let mut figures = Figures::of(&state);
    for file in files {
        let Ok(log) = read_log(&file, None, TornTail::Allow) else {
            return count;
        };
        for frame in log.frames {
            let Ok(record) = frame.decode::<JournalRecord>() else {
                return count;
            };
            if state.apply(frame.epoch, &record).is_err() {
                return count;
            }
            if figures.apply(frame.epoch, &record).is_err() {
                figures = Figures::of(&state);
            }
            assert_eq!(
                figures,
                Figures::of(&state),
                "{}: {record:?}",
                file.display()
            );
            count += 1;
        }
    }
    count
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return vec![folder.to_path_buf()];
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| walk(&path)).collect()
}
