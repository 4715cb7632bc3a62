use std::collections::BTreeSet;
use std::fmt;
use std::sync::Mutex;

use coldpress_storage::{
    LocalStore, MemoryStore, ObjectMeta, ObjectStore, Place, StoreReader, StoreSchemes, StoreSpec,
    StoreWriter,
};

use super::*;
use crate::bucket::Scratch;
use crate::journal::{Journal, JournalRecord, Mode};
use crate::layout::Layout;
use crate::lock::{JobLock, LockOptions};

const URL: &str = "memory://b/jobs";

fn schemes_of(store: impl ObjectStore + Clone) -> StoreSchemes {
    StoreSchemes::default().with("memory", move |_| Ok(Arc::new(store.clone())))
}

/// Returns the job as a driver sees it on a machine where the job never ran.
fn layout(schemes: &StoreSchemes) -> Layout {
    let layout = Layout::at_url(URL, "job".parse().unwrap(), schemes, &Scratch::Temporary).unwrap();
    layout.create().unwrap();
    layout
}

fn lock(layout: &Layout) -> JobLock {
    let options = LockOptions {
        take_over: true,
        still_for: Duration::from_millis(1),
        beat_every: Duration::from_secs(3600),
    };
    JobLock::acquire(layout, &options).unwrap()
}

/// Returns a record that differs from all others.
fn note(text: &str) -> JournalRecord {
    let stores = [(Place::Results, StoreSpec::Url(format!("note:{text}")))];
    JournalRecord::StoresSet {
        stores: stores.into_iter().collect(),
    }
}

/// Returns all notes in the journal, in order.
fn notes(schemes: &StoreSchemes) -> Vec<String> {
    let layout = layout(schemes);
    layout.bring().unwrap();
    let files = files::list(&layout.journal_dir()).unwrap();
    let lines = files.iter().flat_map(|file| {
        let text = std::fs::read_to_string(&file.path).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    let note = |line: String| {
        let (_, rest) = line.split_once("note:")?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    lines.filter_map(note).collect()
}

#[test]
fn another_machine_knows_what_was_synced_and_goes_on() {
    let schemes = schemes_of(MemoryStore::new());
    let first = layout(&schemes);
    let held = lock(&first);
    let (mut journal, mut state) = Journal::open(&first, &held, Mode::New).unwrap();
    for text in ["a", "b", "c"] {
        journal.record(&mut state, &note(text)).unwrap();
        if text != "a" {
            journal.sync().unwrap();
        }
    }
    journal.record(&mut state, &note("never synced")).unwrap();
    drop((journal, held, first));
    assert_eq!(notes(&schemes), ["a", "b", "c"]);

    let second = layout(&schemes);
    second.bring().unwrap();
    assert!(Journal::exists(&second).unwrap());
    let held = lock(&second);
    let refused = Journal::open(&second, &held, Mode::New);
    assert!(matches!(refused, Err(Error::JobExists { .. })));
    let (mut journal, mut state) = Journal::open(&second, &held, Mode::Resume).unwrap();
    assert_eq!(journal.epoch(), 2);
    journal.record(&mut state, &note("d")).unwrap();
    journal.sync().unwrap();
    journal.check_epoch().unwrap();
    assert_eq!(Journal::read(&second).unwrap(), state);
    let looking = layout(&schemes);
    looking.bring().unwrap();
    assert_eq!(Journal::read(&looking).unwrap(), state);
    // Later records are brought to where the rest is.
    journal.record(&mut state, &note("e")).unwrap();
    journal.sync().unwrap();
    looking.bring().unwrap();
    assert_eq!(Journal::read(&looking).unwrap(), state);
    assert_eq!(notes(&schemes), ["a", "b", "c", "d", "e"]);
}

#[test]
fn a_driver_that_lost_the_job_learns_it_with_its_next_record() {
    let schemes = schemes_of(MemoryStore::new());
    let (one, other) = (layout(&schemes), layout(&schemes));
    let (held, taken) = (lock(&one), lock(&other));
    let (mut journal, mut state) = Journal::open(&one, &held, Mode::New).unwrap();
    let (mut newer, mut newer_state) = Journal::open(&other, &taken, Mode::Resume).unwrap();
    let lost = |result: Result<()>| match result {
        Err(Error::Superseded { epoch: 1, newer: 2 }) => {}
        other => panic!("{other:?}"),
    };
    lost(journal.check_epoch());
    journal.record(&mut state, &note("too late")).unwrap();
    lost(journal.sync());
    assert!(journal.append(&note("later still")).is_err());
    newer.record(&mut newer_state, &note("in time")).unwrap();
    newer.sync().unwrap();
    assert_eq!(notes(&schemes), ["in time"]);
}

/// Drivers that all want the job take it from each other. Whatever one was told is durable is in the journal exactly once, and
/// nothing else is.
#[test]
fn of_two_drivers_exactly_one_wins_each_append() {
    let dir = tempfile::tempdir().unwrap();
    for schemes in [
        schemes_of(MemoryStore::new()),
        schemes_of(LocalStore::new(dir.path())),
    ] {
        let first = layout(&schemes);
        drop(Journal::open(&first, &lock(&first), Mode::New).unwrap());
        let synced = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for driver in 0..4 {
                let (schemes, synced) = (&schemes, &synced);
                scope.spawn(move || {
                    let layout = layout(schemes);
                    let held = lock(&layout);
                    for turn in 0..6 {
                        let Ok((mut journal, mut state)) =
                            Journal::open(&layout, &held, Mode::Resume)
                        else {
                            continue;
                        };
                        for number in 0..5 {
                            let text = format!("{driver}.{turn}.{number}");
                            journal.record(&mut state, &note(&text)).unwrap();
                            match journal.sync() {
                                Ok(()) => synced.lock().unwrap().push(text),
                                Err(Error::Superseded { .. }) => break,
                                Err(error) => panic!("{error}"),
                            }
                        }
                    }
                });
            }
        });
        let (found, synced) = (notes(&schemes), synced.into_inner().unwrap());
        let (known, told): (BTreeSet<_>, BTreeSet<_>) =
            (found.iter().collect(), synced.iter().collect());
        assert_eq!(known, told);
        assert_eq!(known.len(), found.len(), "nothing is there twice");
        assert!(!found.is_empty());
        let looking = layout(&schemes);
        looking.bring().unwrap();
        Journal::read(&looking).unwrap();
    }
}

/// A store that does what it is asked, but whose answers get lost.
#[derive(Clone, Debug)]
struct Deaf {
    store: MemoryStore,
    /// The answer to the last of each so many finished objects is lost.
    every: u64,
    finished: Arc<AtomicU64>,
}

impl fmt::Display for Deaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the deaf store")
    }
}

impl ObjectStore for Deaf {
    fn put_new(&self, name: &ObjectName) -> coldpress_storage::Result<Box<dyn StoreWriter>> {
        let writer = self.store.put_new(name)?;
        Ok(Box::new(Unanswered(writer, self.clone())))
    }

    fn get(&self, name: &ObjectName) -> coldpress_storage::Result<Box<dyn StoreReader>> {
        self.store.get(name)
    }

    fn list(&self, prefix: &str) -> coldpress_storage::Result<Vec<ObjectMeta>> {
        self.store.list(prefix)
    }

    fn delete(&self, name: &ObjectName) -> coldpress_storage::Result<()> {
        self.store.delete(name)
    }

    fn replace(&self, name: &ObjectName, bytes: &[u8]) -> coldpress_storage::Result<()> {
        self.store.replace(name, bytes)
    }
}

#[derive(Debug)]
struct Unanswered(Box<dyn StoreWriter>, Deaf);

impl std::io::Write for Unanswered {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl StoreWriter for Unanswered {
    fn name(&self) -> &ObjectName {
        self.0.name()
    }

    fn finish(self: Box<Self>) -> coldpress_storage::Result<coldpress_storage::FileStamp> {
        let Self(writer, store) = *self;
        let name = writer.name().to_string();
        let finished = writer.finish()?;
        match (store.finished.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(store.every) {
            true => {
                let source = std::io::Error::from(std::io::ErrorKind::TimedOut);
                Err(StorageError::store(&store, "finish", &name, source))
            }
            false => Ok(finished),
        }
    }
}

#[test]
fn a_lost_answer_loses_and_doubles_nothing() {
    for every in [1, 2, 3] {
        let schemes = schemes_of(Deaf {
            store: MemoryStore::new(),
            every,
            finished: Arc::default(),
        });
        let layout = layout(&schemes);
        let held = lock(&layout);
        let (mut journal, mut state) = Journal::open(&layout, &held, Mode::New).unwrap();
        let texts: Vec<String> = (0..10).map(|number| number.to_string()).collect();
        for text in &texts {
            journal.record(&mut state, &note(text)).unwrap();
            journal.sync().unwrap();
        }
        assert_eq!(notes(&schemes), texts);
    }
}

#[test]
fn what_failed_is_tried_again_and_then_told() {
    let store = MemoryStore::new();
    let schemes = schemes_of(store.clone());
    let layout = layout(&schemes);
    let held = lock(&layout);
    let (mut journal, mut state) = Journal::open(&layout, &held, Mode::New).unwrap();
    let fail = |times: u32| {
        for _ in 0..times {
            store.inject(coldpress_storage::Fault {
                step: coldpress_storage::Step::Finish,
                after: 0,
                kind: std::io::ErrorKind::TimedOut,
            });
        }
    };
    fail(TRIES - 1);
    journal.record(&mut state, &note("a")).unwrap();
    journal.sync().unwrap();
    fail(TRIES);
    journal.record(&mut state, &note("b")).unwrap();
    assert!(matches!(
        journal.sync(),
        Err(Error::Storage(StorageError::Store { .. }))
    ));
    // Nobody knows whether the object will be there.
    let poisoned = journal.append(&note("c"));
    assert!(matches!(
        poisoned,
        Err(Error::Storage(StorageError::Poisoned { .. }))
    ));
    assert_eq!(notes(&schemes), ["a"]);
}

#[test]
fn a_gap_is_damage_and_a_torn_end_is_none() {
    let store = MemoryStore::new();
    let schemes = schemes_of(store.clone());
    let first = layout(&schemes);
    let held = lock(&first);
    let (mut journal, mut state) = Journal::open(&first, &held, Mode::New).unwrap();
    for text in ["a", "b", "c"] {
        journal.record(&mut state, &note(text)).unwrap();
        journal.sync().unwrap();
    }
    drop((journal, held));
    // A store may keep part of an object whose writer was killed.
    store.tamper(&name_of(4).unwrap(), |bytes| bytes.truncate(20));
    let second = layout(&schemes);
    let held = lock(&second);
    let (mut journal, mut state) = Journal::open(&second, &held, Mode::Resume).unwrap();
    journal.record(&mut state, &note("d")).unwrap();
    journal.sync().unwrap();
    assert_eq!(notes(&schemes), ["a", "b", "d"]);
    let third = layout(&schemes);
    drop(Journal::open(&third, &lock(&third), Mode::Resume).unwrap());

    ObjectStore::delete(&store, &name_of(3).unwrap()).unwrap();
    let fourth = layout(&schemes);
    let refused = fourth.bring();
    match refused {
        Err(error @ Error::MissingObject { .. }) => {
            let told = error.to_string();
            assert!(
                told.contains("/journal/0000000003.jsonl` is missing"),
                "{told}"
            );
        }
        other => panic!("{other:?}"),
    }
    // It can still be found by whoever removes it.
    let jobs = crate::JobsDir::new(URL, &schemes);
    let found = jobs.find("job".parse().unwrap());
    assert!(matches!(found, Err(Error::MissingObject { .. })));
    let found = jobs.find_to_remove("job".parse().unwrap()).unwrap();
    found.remove_objects().unwrap();
    assert!(ObjectStore::list(&store, "journal/").unwrap().is_empty());
}

#[test]
fn damage_is_told_as_that_of_the_object() {
    let store = MemoryStore::new();
    let schemes = schemes_of(store.clone());
    // Two drivers, each with records of its own.
    for (mode, texts) in [(Mode::New, ["a", "b"]), (Mode::Resume, ["c", "d"])] {
        let layout = layout(&schemes);
        let held = lock(&layout);
        let (mut journal, mut state) = Journal::open(&layout, &held, mode).unwrap();
        for text in texts {
            journal.record(&mut state, &note(text)).unwrap();
        }
        journal.sync().unwrap();
    }
    let names: Vec<ObjectName> = ObjectStore::list(&store, "journal/")
        .unwrap()
        .into_iter()
        .map(|object| object.name)
        .collect();
    let damaged = names.last().unwrap();
    // The first of two lines: another letter than was written.
    store.tamper(damaged, |bytes| {
        let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        bytes[end - 5] ^= 1;
    });
    let layout = layout(&schemes);
    layout.bring().unwrap();
    let by_figures = crate::FiguresFollower::new(&layout).look().map(drop);
    let by_state = crate::JournalFollower::new(&layout).look().map(drop);
    for read in [Journal::read(&layout).map(drop), by_figures, by_state] {
        let told = read.unwrap_err().to_string();
        let expected = format!(
            "the journal is damaged: `{}/{damaged}`, line 1: ",
            layout.url().unwrap()
        );
        assert!(told.starts_with(&expected), "{told}");
        assert!(told.contains("an earlier version of the object"), "{told}");
    }
}

#[test]
fn lines_say_their_epoch() {
    let line = |epoch: u64| {
        format!("{{\"crc32\":\"0123abcd\",\"epoch\":{epoch},\"sequence\":1,\"record\":1}}\n")
    };
    let bytes = [line(1), line(1), line(12), "torn".to_owned()].concat();
    let runs = by_epoch(bytes.as_bytes());
    let epochs: Vec<_> = runs.iter().map(|(epoch, _)| *epoch).collect();
    assert_eq!(epochs, [Some(1), Some(12), None]);
    let lines: Vec<u8> = runs.iter().flat_map(|(_, lines)| lines.to_vec()).collect();
    assert_eq!(lines, bytes.as_bytes());
}

#[test]
fn a_driver_is_asked_to_stop_where_the_job_lies() {
    let schemes = schemes_of(MemoryStore::new());
    let (driven, asking) = (layout(&schemes), layout(&schemes));
    let options = LockOptions {
        beat_every: Duration::from_millis(5),
        ..LockOptions::default()
    };
    let held = JobLock::acquire(&driven, &options).unwrap();
    let killed = crate::stop_job(
        &asking,
        &crate::StopOptions {
            force: true,
            ..crate::StopOptions::default()
        },
    )
    .unwrap();
    assert!(
        !killed.success && killed.errors[0].contains("can only be asked"),
        "{killed:?}"
    );
    let stopped = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !held.is_asked_to_stop() {
                std::thread::sleep(Duration::from_millis(2));
            }
            drop(held);
        });
        crate::stop_job(&asking, &crate::StopOptions::default()).unwrap()
    });
    assert!(
        stopped.success && stopped.processes_terminated == 1,
        "{stopped:?}"
    );
    // The next driver is a different one.
    let next = JobLock::acquire(&layout(&schemes), &options).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert!(!next.is_asked_to_stop());
    drop(next);
    let idle = crate::stop_job(&asking, &crate::StopOptions::default()).unwrap();
    assert!(idle.success && idle.processes_found == 0);
}
