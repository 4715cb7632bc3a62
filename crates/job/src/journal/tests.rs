use super::*;
use coldpress_storage::ObjectKey;
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

fn layout() -> (tempfile::TempDir, Layout) {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::in_dir(dir.path(), "job".parse().unwrap()).unwrap();
    layout.create().unwrap();
    (dir, layout)
}

fn note(key: ObjectKey) -> JournalRecord {
    JournalRecord::Forgotten { files: vec![key] }
}

#[test]
fn a_lost_race_is_run_again_only_while_the_job_is_ours() {
    let (_dir, layout) = layout();
    let driver = DriverIdentity::current();
    let dir = layout.journal_dir();
    let stale = Replay::strict(&dir).unwrap();
    for epoch in 1..=3 {
        std::fs::write(files::path_of(&dir, epoch), b"").unwrap();
    }
    let asked = Cell::new(0);
    let ours = || {
        asked.set(asked.get() + 1);
        Ok(())
    };
    let mut opening = Opening {
        layout: &layout,
        driver: &driver,
        takeover: false,
        may_go_on: &ours,
    };
    let (epoch, _) = opening.create_file(&stale).unwrap();
    assert_eq!((epoch, asked.get()), (4, 1));

    let lost = || {
        Err(Error::RunningElsewhere {
            driver: Box::new(driver.clone()),
        })
    };
    opening.may_go_on = &lost;
    let result = opening.create_file(&stale);
    assert!(matches!(result, Err(Error::RunningElsewhere { .. })));
    assert!(!files::path_of(&dir, 5).exists());
}

#[test]
fn a_number_that_cannot_be_followed_is_an_error() {
    let (_dir, layout) = layout();
    let driver = DriverIdentity::current();
    let opening = Opening {
        layout: &layout,
        driver: &driver,
        takeover: false,
        may_go_on: &|| Ok(()),
    };
    for epoch in [u64::MAX, u64::MAX - 1] {
        std::fs::write(files::path_of(&layout.journal_dir(), epoch), b"").unwrap();
    }
    let result = opening.open(Mode::New);
    assert!(
        matches!(result, Err(Error::Superseded { .. })),
        "{result:?}"
    );
}

/// Drivers without any lock begin, write and supersede each other as fast as they can. If a driver synced something and then found
/// its epoch still to be the newest, it must be known ever after.
#[test]
fn drivers_without_a_lock_lose_nothing_that_counted() {
    let (_dir, layout) = layout();
    let driver = DriverIdentity::current();
    let counted = AtomicU64::new(0);
    let opening = || Opening {
        layout: &layout,
        driver: &driver,
        takeover: true,
        may_go_on: &|| Ok(()),
    };
    opening().open(Mode::New).unwrap();
    let drive = &|thread: u32| {
        let mut sure: Vec<ObjectKey> = Vec::new();
        for round in 0..12 {
            let Ok((mut journal, mut state)) = opening().open(Mode::Resume) else {
                // Too many drivers were faster. Damage would show at the end.
                continue;
            };
            for text in &sure {
                assert!(state.is_forgotten(text), "{text} is lost");
            }
            for number in 0..4 {
                let text: ObjectKey = format!("{thread}_{round}_{number}").parse().unwrap();
                let record = note(text.clone());
                journal.append(&record).unwrap();
                journal.sync().unwrap();
                if journal.check_epoch().is_err() {
                    break;
                }
                state.apply(journal.epoch(), &record).unwrap();
                sure.push(text);
                counted.fetch_add(1, Ordering::Relaxed);
            }
        }
        sure
    };
    let sure: Vec<ObjectKey> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|thread| scope.spawn(move || drive(thread)))
            .collect();
        let results = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap());
        results.collect()
    });
    let state = Journal::read(&layout).unwrap();
    for text in &sure {
        assert!(state.is_forgotten(text), "{text} is lost");
    }
    assert!(counted.load(Ordering::Relaxed) > 0, "nothing ever counted");
}
