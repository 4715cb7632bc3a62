//! Jobs that are in a bucket as a whole, with their datasets and their exports: killed and finished by drivers that have nothing
//! but the bucket, and driven by two at once.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};

use coldpress::storage::{ObjectName, ObjectStore};

use super::bench::{Bench, JOB, Place, Undisturbed};
use super::journal::Journal;
use super::points::{ELSEWHERE, POINTS, SCALE};
use super::round::{Kill, Round, check_published_once, finish};
use super::table::{judge, play_one};
use super::variant::{DUPLICATES, Export, Input, Stored, Strategy, Variant};

/// Kills of one job, each in the run that goes on after the one before: so few jobs meet with all points.
struct Chain {
    variant: Variant,
    points: &'static [&'static str],
}

const PLAIN: Variant = Variant {
    strategy: Strategy::Manual,
    input: Input::Lines,
    export: Export::Lines,
    companions: false,
    cleans: false,
    stored: Stored::DeltaParquet,
    processes: false,
    barriers: false,
    sorts: false,
    packs: false,
};

/// From the first object of the journal to the export.
const THROUGH: Chain = Chain {
    variant: PLAIN,
    points: &[
        "journal_before_seal:1",
        "journal_object_put:1",
        "replace_before_rename:2",
        "replace_before_folder_sync:1",
        "log_before_write:3",
        "log_put_before_copy:3",
        "journal_object_put:3",
        "log_after_sync:1",
        "driver.before_sync:1",
        "driver.after_sync:1",
        "driver.publish:1",
        "merge.append:2",
        "merge.finish:1",
        "export.intent:1",
        "export.begun:1",
        "export.uploaded:1",
        "export.renamed:1",
        "export.listed:1",
        "export.owned:1",
    ],
};

/// Partitions that are many and small.
const PACKS: Chain = Chain {
    variant: Variant {
        strategy: Strategy::EveryPartition,
        input: Input::Lines,
        export: Export::Zstd,
        packs: true,
        ..PLAIN
    },
    points: &["pack_before_write:1", "pack_after_finish:1"],
};

/// Operators that need the whole dataset.
const BARRIERS: Chain = Chain {
    variant: Variant {
        input: Input::Parquet,
        export: Export::Parquet,
        companions: true,
        barriers: true,
        ..PLAIN
    },
    points: &[
        "barrier.sign:3",
        "barrier.judge:1",
        "barrier.judged:1",
        "barrier.decision:2",
        "barrier.duplicates:1",
        "barrier.publish:1",
        "barrier.apply:2",
        "barrier.place:1",
    ],
};

/// Such operators, with too little memory for what they sort.
const SORTING: Chain = Chain {
    variant: Variant {
        input: Input::Csv,
        export: Export::ParquetDirectory,
        barriers: true,
        sorts: true,
        ..PLAIN
    },
    points: &[
        "sort.run:1",
        "sort.merge:1",
        "sort.merged:1",
        "barrier.taken:1",
        "barrier.placed:2",
    ],
};

/// Points that these jobs do not reach: they are at files that such a job has in its bucket, in other commands, or at traces,
/// dropped records and files that go.
const NOT_REACHED: [&str; 17] = [
    "adopt_before_journal",
    "adopt_before_put",
    "adopt_before_rename",
    "clean.forgotten",
    "docetl_after_rename",
    "docetl_before_original_goes",
    "docetl_before_rename",
    "exchange_before_folder_sync",
    "export.companion",
    "log_before_sync",
    "log_torn_write",
    "merge.sealed",
    "new_file_before_folder_sync",
    "new_file_before_sync",
    "object_after_finish",
    "object_before_finish",
    "rename_before_folder_sync",
];

/// Plays a chain; `name` is that of its table.
#[track_caller]
fn check(Chain { variant, points }: &Chain, name: &str) {
    let (mut there, mut here) = (Bench::in_bucket(SCALE), Bench::new(SCALE));
    check_is_as_on_disk(&mut there, &mut here, *variant);
    let kills = points.iter().map(|point| Kill::Point((*point).to_owned()));
    let round = Round {
        variant: *variant,
        kills: kills.collect(),
        replaces: variant.export.is_directory(),
    };
    let outcome = play_one(&mut there, &round).expect("every point is reached");
    let names: BTreeSet<&str> = points.iter().map(|point| name_of(point)).collect();
    let title = format!("Kills at crash points in a bucket: {name}");
    let table = super::table::points(&title, std::slice::from_ref(&outcome), names);
    judge(there, &format!("3-bucket-{name}"), &table, &[outcome]);
}

/// The name of a point that is given with its hit.
fn name_of(point: &str) -> &str {
    point.split(':').next().unwrap_or(point)
}

#[test]
fn kills_at_crash_points_through_a_job_in_a_bucket() {
    check(&THROUGH, "through");
}

#[test]
fn kills_at_crash_points_of_packs_in_a_bucket() {
    check(&PACKS, "packs");
}

#[test]
fn kills_at_crash_points_of_barriers_in_a_bucket() {
    check(&BARRIERS, "barriers");
}

#[test]
fn kills_at_crash_points_of_sorting_in_a_bucket() {
    check(&SORTING, "sorting");
}

/// Checks that an undisturbed job in a bucket writes what one on a disk writes.
#[track_caller]
fn check_is_as_on_disk(there: &mut Bench, here: &mut Bench, variant: Variant) {
    let written = |bench: &mut Bench| {
        let mut written = bench.undisturbed(variant).unwrap().written.clone();
        // It names the file of each record.
        written.companions.remove(DUPLICATES);
        (written.export, written.companions)
    };
    assert_eq!(written(there), written(here), "{variant:?}");
}

#[test]
fn every_crash_point_is_met_in_a_bucket_or_listed() {
    let chains = [THROUGH, PACKS, BARRIERS, SORTING].into_iter();
    let met = chains
        .flat_map(|chain| chain.points)
        .map(|point| name_of(point));
    let listed: BTreeSet<&str> = met.chain(NOT_REACHED).collect();
    let all = POINTS.iter().map(|point| point.name).chain(ELSEWHERE);
    assert_eq!(listed, all.collect());
}

/// The job that two drivers have: exported to shards with companions.
const SHARED: Variant = Variant {
    strategy: Strategy::EveryPartition,
    export: Export::Directory,
    companions: true,
    ..PLAIN
};

fn begin(bench: &Bench, place: &Place) -> Child {
    let mut command = bench.command(place, SHARED);
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Checks that a finished job is what one driver alone makes of it, once it is cleaned of what another driver left.
#[track_caller]
fn check_end(bench: &Bench, place: &Place, undisturbed: &Undisturbed) {
    bench.clean(place);
    finish(bench, place, SHARED, undisturbed).unwrap();
    check_published_once(&Journal::read(&place.job())).unwrap();
}

/// The exit code of a driver that may not drive the job, or not any more.
const REFUSED: i32 = 4;

#[test]
fn two_drivers_that_begin_at_once_do_no_harm() {
    let mut bench = Bench::in_bucket(SCALE);
    let undisturbed = bench.undisturbed(SHARED).unwrap();
    for _ in 0..2 {
        let place = bench.place();
        let drivers = [begin(&bench, &place), begin(&bench, &place)];
        let ends = drivers.map(|mut driver| driver.wait().unwrap().code());
        assert!(
            ends.iter().all(|end| matches!(end, Some(0 | REFUSED))),
            "{ends:?}"
        );
        bench.finish(&place, SHARED).unwrap();
        check_end(&bench, &place, &undisturbed);
        place.remove();
    }
}

/// A driver is stopped in the midst of its work, and another one finishes the job. When the first goes on, it changes nothing.
#[test]
fn a_driver_that_slept_finds_the_job_finished() {
    let mut bench = Bench::in_bucket(SCALE);
    let undisturbed = bench.undisturbed(SHARED).unwrap();
    let (place, mut sleeper) = asleep(&mut bench, 4);
    let store = bench.bucket().store(place.name());
    let heartbeat = ObjectName::new(format!("jobs/{JOB}/job.heartbeat")).unwrap();
    // Without it the next driver takes the first for one that ended.
    store.delete(&heartbeat).unwrap();
    bench.finish(&place, SHARED).unwrap();
    signal(&sleeper, "CONT");
    assert_eq!(sleeper.wait().unwrap().code(), Some(REFUSED));
    check_end(&bench, &place, &undisturbed);
}

/// Returns a driver that was stopped once the journal had so many objects, and where its job is.
fn asleep(bench: &mut Bench, objects: usize) -> (Place, Child) {
    // One that ended too soon is none.
    for _ in 0..10 {
        let place = bench.place();
        let mut driver = begin(bench, &place);
        let store = bench.bucket().store(place.name());
        let journal = format!("jobs/{JOB}/journal/");
        let mut has_ended = false;
        while !has_ended && store.list(&journal).unwrap().len() < objects {
            has_ended = driver.try_wait().unwrap().is_some();
        }
        if !has_ended {
            signal(&driver, "STOP");
            if driver.try_wait().unwrap().is_none() {
                return (place, driver);
            }
        }
        driver.wait().unwrap();
    }
    panic!("every driver ended before its journal had {objects} objects");
}

fn signal(driver: &Child, name: &str) {
    let line = format!("kill -{name} {}", driver.id());
    assert!(
        Command::new("sh")
            .args(["-c", &line])
            .status()
            .unwrap()
            .success()
    );
}
