//! The rounds as tables.

use super::bench::Bench;
use super::is_full;
use super::round::{Kill, Played, Round, play};
use super::variant::Strategy;

/// A round and what came of it.
pub(crate) struct Outcome {
    round: Round,
    result: Result<Played, String>,
}

impl Outcome {
    pub(crate) fn played(&self) -> Option<&Played> {
        self.result.as_ref().ok()
    }
}

/// Plays these rounds, all of them whatever comes of one.
pub(crate) fn play_all(bench: &mut Bench, rounds: &[Round]) -> Vec<Outcome> {
    rounds
        .iter()
        .filter_map(|round| play_one(bench, round))
        .collect()
}

/// Plays a round; nothing if its crash point is not reached.
pub(crate) fn play_one(bench: &mut Bench, round: &Round) -> Option<Outcome> {
    let result = play(bench, round).transpose()?;
    let outcome = Outcome {
        round: round.clone(),
        result,
    };
    if is_full() {
        println!("{}", line(&outcome));
    }
    Some(outcome)
}

/// Leaves the table where it is asked for, and fails for rounds that went wrong.
#[track_caller]
pub(crate) fn judge(bench: Bench, name: &str, table: &str, outcomes: &[Outcome]) {
    if let Some(folder) = std::env::var_os("COLDPRESS_KILL_TABLES") {
        std::fs::write(
            std::path::Path::new(&folder)
                .join(name)
                .with_extension("md"),
            table,
        )
        .unwrap();
    }
    let failed: Vec<_> = outcomes
        .iter()
        .filter(|outcome| outcome.result.is_err())
        .map(line)
        .collect();
    if !failed.is_empty() {
        let folder = bench.keep();
        panic!(
            "{} of {} rounds failed, see {}:\n{}",
            failed.len(),
            outcomes.len(),
            folder.display(),
            failed.join("\n")
        );
    }
}

/// The table of the kills at instants: a row for each strategy, then one for each round.
pub(crate) fn instants(outcomes: &[Outcome]) -> String {
    let mut table = format!("## Kills at instants\n\n{}", sum_head("strategy"));
    for strategy in Strategy::ALL {
        table.push_str(&sum(strategy.name(), outcomes, |round| {
            round.variant.strategy == strategy
        }));
    }
    table.push_str(&sum("all", outcomes, |_| true));
    table.push_str(
        "\n| strategy | checkpoints | workers | input | export | killed | last record | published before | reused after | equal |\n\
        | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    outcomes
        .iter()
        .for_each(|outcome| table.push_str(&(line(outcome) + "\n")));
    table
}

/// A table of kills at crash points: a row for each of them.
pub(crate) fn points<'n>(
    title: &str,
    outcomes: &[Outcome],
    names: impl IntoIterator<Item = &'n str>,
) -> String {
    let mut table = format!("## {title}\n\n{}", sum_head("crash point"));
    for name in names {
        table.push_str(&sum(&format!("`{name}`"), outcomes, |round| {
            round.is_at(name)
        }));
    }
    table + &sum("all", outcomes, |_| true)
}

fn sum_head(what: &str) -> String {
    format!(
        "| {what} | rounds | kills | published before | reused after | equal |\n\
        | --- | --- | --- | --- | --- | --- |\n"
    )
}

/// A row that sums up these rounds.
fn sum(name: &str, outcomes: &[Outcome], belongs: impl Fn(&Round) -> bool) -> String {
    let of_name: Vec<_> = outcomes
        .iter()
        .filter(|outcome| belongs(&outcome.round))
        .collect();
    let played: Vec<_> = of_name
        .iter()
        .filter_map(|outcome| outcome.played())
        .collect();
    let kills: usize = played.iter().map(|played| played.hits.len()).sum();
    let published: u64 = played.iter().map(|played| played.published).sum();
    let reused: u64 = played.iter().map(|played| played.reused).sum();
    let (equal, asked) = (played.len(), of_name.len());
    format!("| {name} | {asked} | {kills} | {published} | {reused} | {equal} of {asked} |\n")
}

/// The row of one round.
fn line(outcome: &Outcome) -> String {
    let Round {
        variant,
        kills,
        replaces,
    } = &outcome.round;
    let beside = if variant.companions {
        " and companions"
    } else {
        ""
    };
    let (mode, format) = variant.stored.mode_and_format();
    let workers = if variant.processes {
        "processes"
    } else {
        "threads"
    };
    let older = if *replaces { " over an older one" } else { "" };
    let run = format!(
        "| {} | {mode} {format} | {workers} | {} | {}{beside}{older} |",
        variant.strategy.name(),
        variant.input.form(),
        variant.export.form()
    );
    match &outcome.result {
        Ok(played) => {
            let Played {
                undisturbed_ms,
                hits,
                last_record,
                partitions,
                published,
                reused,
            } = played;
            let hits = hits.join(", then ");
            let of = match kills[..] {
                [Kill::After(_), ..] => format!(" of {undisturbed_ms} ms"),
                _ => String::new(),
            };
            format!(
                "{run} {hits}{of} | {last_record} | {published} of {partitions} | {reused} | yes |"
            )
        }
        Err(reason) => {
            let kills: Vec<_> = kills.iter().map(Kill::to_string).collect();
            format!("{run} {} | | | | **no**: {reason} |", kills.join(", then "))
        }
    }
}
