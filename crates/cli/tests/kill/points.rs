//! Kills at the named places in the code.

use std::collections::BTreeSet;
use std::path::Path;

use super::bench::{Bench, Scale, repository};
use super::is_full;
use super::round::{Kill, Round};
use super::table::{Outcome, judge, play_one};
use super::variant::{Export, Strategy, Variant};

pub(crate) struct CrashPoint {
    pub(crate) name: &'static str,
    /// The hit that the sample kills at: one that every run reaches, where possible in the midst of it.
    hit: u32,
    needs: Needs,
}

/// What a run must have to reach a crash point.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// Checkpoint files.
    Checkpoints,
    /// An older directory at the export path.
    OlderDirectory,
    /// Files beside the export.
    Companions,
    /// Checkpoints that are not kept.
    Cleaning,
    /// Operators that need the whole dataset.
    Barriers,
    /// Such operators, and a list of what they remove.
    Lists,
    /// Such operators, and too little memory for what they sort.
    Sorting,
    /// Such operators, and workers that are threads, where the point is in what workers do for a barrier.
    BarriersInThreads,
    /// Workers that are threads, where the point is in what they do.
    Threads,
    /// Many small partitions, and workers that are threads.
    Packs,
}

impl Needs {
    fn checkpoints(self) -> bool {
        matches!(self, Self::Checkpoints | Self::Cleaning)
    }

    /// The strategy that writes most, but for partitions so many that their checkpoints would take minutes.
    fn strategy(self) -> Strategy {
        match self {
            Self::Packs => Strategy::EveryPartition,
            _ => Strategy::EveryOp,
        }
    }

    fn barriers(self) -> bool {
        matches!(
            self,
            Self::Barriers | Self::Lists | Self::Sorting | Self::BarriersInThreads
        )
    }

    fn threads(self) -> bool {
        matches!(
            self,
            Self::Checkpoints | Self::Threads | Self::BarriersInThreads | Self::Packs
        )
    }
}

const fn point(name: &'static str, hit: u32, needs: Needs) -> CrashPoint {
    CrashPoint { name, hit, needs }
}

/// Every crash point of the engine.
pub(crate) const POINTS: &[CrashPoint] = &[
    point("object_after_finish", 5, Needs::Checkpoints),
    point("object_before_finish", 5, Needs::Checkpoints),
    point("barrier.apply", 3, Needs::BarriersInThreads),
    point("barrier.decision", 3, Needs::Barriers),
    point("barrier.duplicates", 2, Needs::Lists),
    point("barrier.judge", 1, Needs::Barriers),
    point("barrier.judged", 2, Needs::Barriers),
    point("barrier.place", 1, Needs::Barriers),
    point("barrier.placed", 3, Needs::Sorting),
    point("barrier.publish", 2, Needs::Barriers),
    point("barrier.sign", 3, Needs::BarriersInThreads),
    point("barrier.taken", 1, Needs::Sorting),
    point("clean.forgotten", 1, Needs::Cleaning),
    point("driver.after_sync", 4, Needs::Nothing),
    point("driver.before_sync", 4, Needs::Nothing),
    point("driver.publish", 5, Needs::Nothing),
    point("exchange_before_folder_sync", 1, Needs::OlderDirectory),
    point("export.companion", 3, Needs::Companions),
    point("export.intent", 1, Needs::Nothing),
    point("export.owned", 1, Needs::Nothing),
    point("export.renamed", 1, Needs::Nothing),
    point("journal_before_seal", 1, Needs::Nothing),
    point("log_after_sync", 4, Needs::Nothing),
    point("log_before_sync", 4, Needs::Nothing),
    point("log_before_write", 4, Needs::Nothing),
    point("log_torn_write", 4, Needs::Nothing),
    point("merge.append", 5, Needs::Nothing),
    point("merge.finish", 1, Needs::Nothing),
    point("new_file_before_folder_sync", 9, Needs::Threads),
    point("new_file_before_sync", 9, Needs::Threads),
    point("pack_after_finish", 1, Needs::Packs),
    point("pack_before_write", 1, Needs::Packs),
    point("rename_before_folder_sync", 1, Needs::Nothing),
    point("replace_before_folder_sync", 3, Needs::Nothing),
    point("replace_before_rename", 3, Needs::Nothing),
    point("sort.merge", 1, Needs::Sorting),
    point("sort.merged", 1, Needs::Sorting),
    point("sort.run", 2, Needs::Sorting),
];

/// Those that other tests kill at.
pub(crate) const ELSEWHERE: [&str; 12] = [
    "adopt_before_journal",
    "adopt_before_put",
    "adopt_before_rename",
    "docetl_after_rename",
    "docetl_before_original_goes",
    "docetl_before_rename",
    "export.begun",
    "export.listed",
    "export.uploaded",
    "journal_object_put",
    "log_put_before_copy",
    "merge.sealed",
];

pub(crate) const SCALE: Scale = Scale {
    copies: 1,
    partition_size: 40,
};

/// `cargo test` plays with so many forms of input and export: each at least once, each measured once.
const SAMPLED: usize = 9;

/// How far apart the forms of two points are, and of two strategies at one.
const SPREAD: usize = 5;

#[test]
fn kills_at_every_crash_point() {
    let mut bench = Bench::new(SCALE);
    let mut outcomes = Vec::new();
    for (number, point) in POINTS.iter().enumerate() {
        if is_full() {
            play_all_hits(&mut bench, point, number * SPREAD, &mut outcomes);
        } else {
            let kill = format!("{}:{}", point.name, point.hit);
            let round = point.round(point.needs.strategy(), kill, number % SAMPLED);
            outcomes.push(reached(play_one(&mut bench, &round), point));
        }
    }
    judge(
        bench,
        "2-points",
        &super::table::points(
            "Kills at crash points",
            &outcomes,
            POINTS.iter().map(|point| point.name),
        ),
        &outcomes,
    );
}

/// Kills at many hits of a point, with every strategy, until a run has no such hit. `first` is the number of its forms.
fn play_all_hits(bench: &mut Bench, point: &CrashPoint, first: usize, outcomes: &mut Vec<Outcome>) {
    for (number, strategy) in Strategy::ALL.into_iter().enumerate() {
        // One after another with the strategy that writes most, and ever farther apart with the others.
        let each = if strategy == Strategy::EveryOp { 20 } else { 0 };
        let hits = (1..=each).chain((0..u32::BITS).map(|bit| 1 << bit).filter(|hit| *hit > each));
        for (step, hit) in hits.enumerate() {
            let forms = first + number * SPREAD + step;
            let round = point.round(strategy, format!("{}:{hit}", point.name), forms);
            if point.needs.checkpoints() && !round.variant.has_checkpoints() {
                break;
            }
            match play_one(bench, &round) {
                None if step > 0 => break,
                outcome => outcomes.push(reached(outcome, point)),
            }
        }
    }
}

fn reached(outcome: Option<Outcome>, point: &CrashPoint) -> Outcome {
    outcome.unwrap_or_else(|| panic!("no run reached {}", point.name))
}

impl CrashPoint {
    /// A round with a kill at this point; `forms` chooses what does not matter for reaching it.
    fn round(&self, strategy: Strategy, kill: String, forms: usize) -> Round {
        let mut variant = Variant::numbered(strategy, forms % Variant::FORMS);
        let older = self.needs == Needs::OlderDirectory;
        if older && !variant.export.is_directory() {
            variant.export = Export::Directory;
        }
        variant.companions |= self.needs == Needs::Companions;
        variant.companions |= self.needs == Needs::Lists;
        variant.barriers |= self.needs.barriers();
        variant.sorts = self.needs == Needs::Sorting;
        variant.cleans |= self.needs == Needs::Cleaning;
        variant.packs = self.needs == Needs::Packs;
        variant.processes &= !self.needs.threads();
        Round {
            variant,
            kills: vec![match forms / 3 % 2 {
                0 => Kill::PowerCut(kill),
                _ => Kill::Point(kill),
            }],
            replaces: older || forms % 4 == 1,
        }
    }
}

/// A worker process that dies costs an attempt, and nothing else.
#[test]
fn kills_of_workers_at_their_crash_points() {
    let mut bench = Bench::new(SCALE);
    let forms = if is_full() { Variant::FORMS / 3 } else { 4 };
    for number in 0..forms {
        let mut variant = Variant::numbered(Strategy::EveryOp, number);
        variant.processes = true;
        let undisturbed = bench.undisturbed(variant).unwrap();
        let packing = Variant {
            packs: true,
            strategy: Strategy::EveryPartition,
            ..variant
        };
        let packed = bench.undisturbed(packing).unwrap();
        for (variant, undisturbed, name, hit) in [
            (variant, &undisturbed, "object_after_finish", 1),
            (variant, &undisturbed, "object_before_finish", 2),
            (variant, &undisturbed, "new_file_before_folder_sync", 3),
            (variant, &undisturbed, "new_file_before_sync", 5),
            (packing, &packed, "pack_before_write", 1),
            (packing, &packed, "pack_after_finish", 1),
        ] {
            let place = bench.place();
            let mut command = bench.command(&place, variant);
            command.env("COLDPRESS_WORKER_CRASH_POINT", format!("{name}:{hit}"));
            let ran = command.output().unwrap();
            let told = String::from_utf8_lossy(&ran.stderr);
            assert_eq!(ran.status.code(), Some(0), "{variant:?} {name}: {told}");
            let log = std::fs::read_to_string(place.job().join("event_logs/events.jsonl"));
            let log = log.unwrap();
            assert!(log.contains("signal 9 (SIGKILL)"), "{name} was not reached");
            let written = place.written(variant.export);
            let equal = written.check_equals(&undisturbed.written);
            equal.unwrap_or_else(|reason| panic!("{variant:?} {name}: {reason}"));
            assert_eq!(place.traces(), undisturbed.traces, "{variant:?} {name}");
            place.remove();
        }
    }
}

#[test]
fn every_crash_point_is_listed() {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(repository().join("crates")).unwrap() {
        collect(&entry.unwrap().path().join("src"), &mut found);
    }
    let listed = POINTS.iter().map(|point| point.name).chain(ELSEWHERE);
    let listed: BTreeSet<_> = listed.map(str::to_owned).collect();
    assert_eq!(
        listed, found,
        "left: the list of this test; right: the code"
    );
}

/// The names of the crash points in the files below a folder.
fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|suffix| suffix == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            found.extend(code.flat_map(names_on).map(str::to_owned));
        }
    }
}

fn names_on(line: &str) -> impl Iterator<Item = &str> {
    let named = ["crash_point!(\"", "is_due(\""]
        .into_iter()
        .flat_map(|call| line.split(call).skip(1));
    named.filter_map(|rest| rest.split('"').next())
}
