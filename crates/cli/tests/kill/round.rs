//! A round: kill, resume, compare.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use coldpress::storage::crash_point;
use serde_json::Value;

use super::bench::{Bench, Place, Undisturbed};
use super::folder::{Files, names_in};
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

/// When the program is killed.
#[derive(Clone, Debug)]
pub(crate) enum Kill {
    /// After this share of the undisturbed run's time.
    After(f64),
    /// By itself, at a crash point: `name` or `name:hit`.
    Point(String),
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

/// What a kill left.
struct Wreck {
    hit: String,
    journal: Journal,
}

/// A kill that came too late is drawn again, that much earlier.
const EARLIER: f64 = 0.9;

/// How far it is drawn forward before the round counts as failed.
const EARLIEST: f64 = 0.2;

/// Plays a round; nothing if its crash point is not reached.
pub(crate) fn play(bench: &mut Bench, round: &Round) -> Checked<Option<Played>> {
    let undisturbed = bench.undisturbed(round.variant)?;
    let is_timed = round.kills.iter().any(|kill| matches!(kill, Kill::After(_)));
    let mut haste = 1.0;
    loop {
        let place = bench.place();
        let older = if round.replaces { Some(bench.put_standing(&place, round.variant)?) } else { None };
        let wrecks = kill_all(bench, &place, round, &undisturbed, older.as_ref(), haste)
            .map_err(|reason| format!("{}: {reason}", place.name()))?;
        if let Some(wrecks) = wrecks {
            let played = resume(bench, &place, round, &undisturbed, &wrecks)
                .map_err(|reason| format!("{}: {reason}", place.name()))?;
            place.remove();
            return Ok(Some(played));
        }
        place.remove();
        if !is_timed {
            return Ok(None);
        }
        haste *= EARLIER;
        ensure(haste > EARLIEST, || "the kill always came too late".to_owned())?;
    }
}

/// Runs and kills, as often as the round says; nothing if a run came to its end before its kill.
fn kill_all(
    bench: &Bench,
    place: &Place,
    round: &Round,
    undisturbed: &Undisturbed,
    older: Option<&Arc<Files>>,
    haste: f64,
) -> Checked<Option<Vec<Wreck>>> {
    let mut wrecks = Vec::new();
    for kill in &round.kills {
        let mut command = bench.command(place, round.variant);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let (status, hit) = match kill {
            Kill::After(share) => {
                let instant = undisturbed.time.mul_f64(share * haste);
                (kill_after(command, instant), format!("{} ms", instant.as_millis()))
            }
            Kill::Point(point) => {
                let status = command.env(crash_point::VARIABLE, point).status().unwrap();
                (status, format!("`{point}`"))
            }
        };
        if status.success() {
            return Ok(None);
        }
        ensure(status.signal() == Some(9), || format!("not killed but ended with {status}"))?;
        check_whole(place, round, undisturbed, older)?;
        wrecks.push(Wreck { hit, journal: Journal::read(&place.job()) });
    }
    Ok(Some(wrecks))
}

fn kill_after(mut command: Command, instant: Duration) -> ExitStatus {
    let started = Instant::now();
    let mut child = command.spawn().unwrap();
    std::thread::sleep(instant.saturating_sub(started.elapsed()));
    child.kill().unwrap();
    child.wait().unwrap()
}

/// At the export path stands what stood there before, or the whole new export.
fn check_whole(place: &Place, round: &Round, undisturbed: &Undisturbed, older: Option<&Arc<Files>>) -> Checked<()> {
    let found = place.export(round.variant.export);
    let is_old = found.as_ref() == older.map(|files| &**files);
    let is_new = found.as_ref() == Some(&undisturbed.export);
    ensure(is_old || is_new, || "the kill left a part of an export".to_owned())
}

/// Resumes what was killed, and once more what is complete then.
fn resume(
    bench: &Bench,
    place: &Place,
    round: &Round,
    undisturbed: &Undisturbed,
    wrecks: &[Wreck],
) -> Checked<Played> {
    let report = bench.finish(place, round.variant)?;
    check_report(place, undisturbed, &report)?;
    check_export(place, round, undisturbed)?;
    let after = Journal::read(&place.job());
    for wreck in wrecks {
        check_nothing_ran_again(&wreck.journal, &after)?;
    }
    let last = wrecks.last().ok_or("a round without a kill")?;
    let published = last.journal.published().len() as u64;
    let reused = report["partitions_reused"].as_u64().unwrap_or_default();
    ensure(reused == published, || format!("{published} partitions were published, and {reused} reused"))?;

    let again = bench.finish(place, round.variant)?;
    ensure(again["already_complete"] == true, || "a third start did not find the job complete".to_owned())?;
    check_report(place, undisturbed, &again)?;
    check_export(place, round, undisturbed)?;
    let attempts = Journal::read(&place.job()).attempted_after(after.length()).count();
    ensure(attempts == 0, || format!("a third start made {attempts} attempts"))?;
    Ok(Played {
        undisturbed_ms: undisturbed.time.as_millis(),
        hits: wrecks.iter().map(|wreck| wreck.hit.clone()).collect(),
        last_record: last.journal.last().to_owned(),
        partitions: undisturbed.partitions,
        published,
        reused,
    })
}

fn check_report(place: &Place, undisturbed: &Undisturbed, report: &Value) -> Checked<()> {
    let status = &report["status"];
    ensure(status == "completed", || format!("the resumed run ended as {status}"))?;
    ensure(report["ledger"] == undisturbed.ledger, || "the ledger differs".to_owned())?;
    ensure(place.totals()? == undisturbed.totals, || "the counts of the summary differ".to_owned())
}

fn check_export(place: &Place, round: &Round, undisturbed: &Undisturbed) -> Checked<()> {
    let found = place.export(round.variant.export);
    ensure(found.as_ref() == Some(&undisturbed.export), || "the export differs".to_owned())?;
    let names = names_in(&place.exports());
    ensure(names == undisturbed.names, || {
        let left: Vec<_> = names.symmetric_difference(&undisturbed.names).collect();
        format!("beside the export, other names than after an undisturbed run: {left:?}")
    })
}

/// What was published at a kill stands, and was not made again.
fn check_nothing_ran_again(before: &Journal, after: &Journal) -> Checked<()> {
    ensure(after.begins_with(before), || "the journal lost lines".to_owned())?;
    let published = before.published();
    let again: Vec<_> = after.attempted_after(before.length()).filter(|partition| published.contains(partition)).collect();
    ensure(again.is_empty(), || format!("published before the kill and run again: {again:?}"))?;
    let twice = after.published().into_iter().find(|partition| after.publications(*partition) != 1);
    ensure(twice.is_none(), || format!("published twice: {twice:?}"))
}
