//! A round: kill, resume, compare.

use std::collections::BTreeSet;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use coldpress::storage::crash_point;
use serde_json::Value;

use super::bench::{Bench, Place, Undisturbed};
use super::folder::Written;
use super::journal::Journal;
use super::variant::Variant;
use super::{Checked, ensure};

/// A run that is killed, perhaps more than once.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) variant: Variant,
    /// One after another, each in the run that resumes the one before.
    pub(crate) kills: Vec<Kill>,
    /// Whether an older export stands at the export path.
    pub(crate) replaces: bool,
}

impl Round {
    /// Whether it is killed at this crash point.
    pub(crate) fn is_at(&self, name: &str) -> bool {
        let is_of = |point: &str| point.split(':').next() == Some(name);
        self.kills
            .iter()
            .any(|kill| matches!(kill, Kill::Point(point) | Kill::PowerCut(point) if is_of(point)))
    }
}

/// When the program is killed.
#[derive(Clone, Debug)]
pub(crate) enum Kill {
    /// After this share of the undisturbed run's time.
    After(f64),
    /// By itself, at a crash point: `name` or `name:hit`.
    Point(String),
    /// The same, and all that was not synced is lost.
    PowerCut(String),
}

impl fmt::Display for Kill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(share) => write!(f, "at {:.0} %", share * 100.0),
            Self::Point(point) => write!(f, "`{point}`"),
            Self::PowerCut(point) => write!(f, "`{point}`, power cut"),
        }
    }
}

/// What came of a round.
pub(crate) struct Played {
    /// How long the undisturbed run takes, in milliseconds.
    pub(crate) undisturbed_ms: u128,
    /// When the kills hit: an instant or a crash point each.
    pub(crate) hits: Vec<String>,
    /// The last record of the journal at the last kill.
    pub(crate) last_record: String,
    /// Partitions of the job.
    pub(crate) partitions: u64,
    /// Partitions that were published before the last kill.
    pub(crate) published: u64,
    /// Partitions that the last run took over.
    pub(crate) reused: u64,
}

/// A kill that came too late is drawn again, that much earlier.
const EARLIER: f64 = 0.9;

/// How far it is drawn forward before the round counts as failed.
const EARLIEST: f64 = 0.2;

/// Plays a round; nothing if its crash point is not reached.
pub(crate) fn play(bench: &mut Bench, round: &Round) -> Checked<Option<Played>> {
    let is_timed = round
        .kills
        .iter()
        .any(|kill| matches!(kill, Kill::After(_)));
    let mut haste = 1.0;
    loop {
        let scene = Scene::set(bench, round)?;
        let name = scene.place.name();
        let played = scene
            .play(haste)
            .map_err(|reason| format!("{name}: {reason}"))?;
        scene.place.remove();
        if played.is_some() || !is_timed {
            return Ok(played);
        }
        haste *= EARLIER;
        ensure(haste > EARLIEST, || {
            "the kill always came too late".to_owned()
        })?;
    }
}

/// A try at a round.
struct Scene<'r> {
    bench: &'r Bench,
    round: &'r Round,
    place: Place,
    undisturbed: Arc<Undisturbed>,
    /// What stands at the export path and beside it from the start.
    older: Written,
}

/// What a kill left.
struct Wreck {
    hit: String,
    journal: Journal,
}

impl<'r> Scene<'r> {
    fn set(bench: &'r mut Bench, round: &'r Round) -> Checked<Self> {
        let undisturbed = bench.undisturbed(round.variant)?;
        let place = bench.place();
        let older = match round.replaces {
            true => bench.put_standing(&place, round.variant)?,
            false => Written::default(),
        };
        Ok(Self {
            bench,
            round,
            place,
            undisturbed,
            older,
        })
    }

    /// Nothing if a run came to its end before its kill.
    fn play(&self, haste: f64) -> Checked<Option<Played>> {
        let mut wrecks = Vec::new();
        for kill in &self.round.kills {
            match self.run_and_kill(kill, haste)? {
                Some(wreck) => wrecks.push(wreck),
                None => return Ok(None),
            }
        }
        self.resume(&wrecks).map(Some)
    }

    fn run_and_kill(&self, kill: &Kill, haste: f64) -> Checked<Option<Wreck>> {
        let mut command = self.bench.command(&self.place, self.round.variant);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let (status, hit) = match kill {
            Kill::After(share) => {
                let instant = self.undisturbed.time.mul_f64(share * haste);
                (
                    kill_after(command, instant),
                    format!("{} ms", instant.as_millis()),
                )
            }
            Kill::Point(point) | Kill::PowerCut(point) => {
                if matches!(kill, Kill::PowerCut(_)) {
                    command.env(crash_point::LOSES_VARIABLE, "unsynced");
                }
                let status = command.env(crash_point::VARIABLE, point).status().unwrap();
                (status, kill.to_string())
            }
        };
        if status.success() {
            return Ok(None);
        }
        ensure(status.signal() == Some(9), || {
            format!("not killed but ended with {status}")
        })?;
        self.bench.look_at(&self.place);
        self.check_whole()?;
        let journal = Journal::read(&self.place.job());
        Ok(Some(Wreck { hit, journal }))
    }

    /// At every path stands what stood there before, or all of what is to be there.
    fn check_whole(&self) -> Checked<()> {
        let found = self.place.written(self.round.variant.export);
        found.check_whole(&self.older, &self.undisturbed.written)?;
        // In a bucket they are views, which are copied there at the end.
        if self.bench.is_in_bucket() {
            return Ok(());
        }
        let (traces, whole) = (self.place.traces(), &self.undisturbed.traces);
        ensure(traces.is_empty() || traces == *whole, || {
            "the kill left a part of the traces".to_owned()
        })?;
        let is_exported =
            found.export == self.undisturbed.written.export && found.export != self.older.export;
        ensure(!is_exported || traces == *whole, || {
            "the export was in its place before the traces".to_owned()
        })
    }

    /// Resumes what was killed, and once more what is complete then.
    fn resume(&self, wrecks: &[Wreck]) -> Checked<Played> {
        let report = self.finish()?;
        let after = Journal::read(&self.place.job());
        for wreck in wrecks {
            check_nothing_ran_again(&wreck.journal, &after)?;
        }
        let last = wrecks.last().ok_or("a round without a kill")?;
        let last_stage = self.round.variant.last_stage();
        let published = last.journal.published().into_iter();
        let published = published.filter(|(stage, _)| *stage == last_stage).count() as u64;
        let reused = report["partitions_reused"].as_u64().unwrap_or_default();
        ensure(reused == published, || {
            format!("{published} partitions were published, and {reused} reused")
        })?;
        self.start_again(after.length())?;
        Ok(Played {
            undisturbed_ms: self.undisturbed.time.as_millis(),
            hits: wrecks.iter().map(|wreck| wreck.hit.clone()).collect(),
            last_record: last.journal.last().to_owned(),
            partitions: self.undisturbed.partitions,
            published,
            reused,
        })
    }

    /// Starts the job when it is complete, with a journal of this length.
    fn start_again(&self, journal_length: usize) -> Checked<()> {
        let report = self.finish()?;
        ensure(report["already_complete"] == true, || {
            "a third start did not find the job complete".to_owned()
        })?;
        let journal = Journal::read(&self.place.job());
        let attempts = journal.attempted_after(journal_length).count();
        ensure(attempts == 0, || {
            format!("a third start made {attempts} attempts")
        })
    }

    fn finish(&self) -> Checked<Value> {
        finish(
            self.bench,
            &self.place,
            self.round.variant,
            &self.undisturbed,
        )
    }
}

/// Runs a job to its end, which must be that of an undisturbed run.
pub(crate) fn finish(
    bench: &Bench,
    place: &Place,
    variant: Variant,
    undisturbed: &Undisturbed,
) -> Checked<Value> {
    let report = bench.finish(place, variant)?;
    let status = &report["status"];
    ensure(status == "completed", || {
        format!("the resumed run ended as {status}")
    })?;
    let Undisturbed {
        ledger,
        totals,
        written,
        traces,
        files,
        ..
    } = undisturbed;
    ensure(report["ledger"] == *ledger, || {
        "the ledger differs".to_owned()
    })?;
    ensure(place.totals()? == *totals, || {
        "the counts of the summary differ".to_owned()
    })?;
    place.written(variant.export).check_equals(written)?;
    ensure(place.traces() == *traces, || "the traces differ".to_owned())?;
    let found = place.files();
    ensure(found == *files, || {
        let is_other = |(one, other): &(&String, &String)| one != other;
        let first = found.iter().zip(files).find(is_other);
        format!(
            "other slices or results in the job's folder than after an undisturbed run: {} and {}, first {first:?}",
            found.len(),
            files.len()
        )
    })?;
    Ok(report)
}

fn kill_after(mut command: Command, instant: Duration) -> ExitStatus {
    let started = Instant::now();
    let mut child = command.spawn().unwrap();
    std::thread::sleep(instant.saturating_sub(started.elapsed()));
    child.kill().unwrap();
    child.wait().unwrap()
}

/// What was published at a kill stands, and was not made again.
fn check_nothing_ran_again(before: &Journal, after: &Journal) -> Checked<()> {
    ensure(after.begins_with(before), || {
        "the journal lost lines".to_owned()
    })?;
    let published = before.published();
    let attempted: BTreeSet<_> = after.attempted_after(before.length()).collect();
    let again: Vec<_> = attempted.intersection(&published).collect();
    ensure(again.is_empty(), || {
        format!("published before the kill and run again: {again:?}")
    })?;
    check_published_once(after)
}

/// Nothing was published twice.
pub(crate) fn check_published_once(journal: &Journal) -> Checked<()> {
    let mut tasks = journal.published().into_iter();
    let twice = tasks.find(|task| journal.publications(*task) != 1);
    ensure(twice.is_none(), || format!("published twice: {twice:?}"))
}
