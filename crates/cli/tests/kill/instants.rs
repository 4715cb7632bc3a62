//! Kills at instants spread over the undisturbed run.

use std::collections::BTreeSet;

use super::bench::{Bench, Scale};
use super::is_full;
use super::round::{Kill, Round};
use super::table::{Outcome, judge, play_all};
use super::variant::{Export, Input, Strategy, Variant};

/// Instants for each strategy.
const INSTANTS: usize = 40;

/// Of these, `cargo test` plays so many, drawn from equal parts of the run.
const SAMPLED: usize = 2;

/// Decides which ones, and when second kills come.
const SEED: u64 = 55;

#[test]
fn kills_at_any_instant() {
    // Some 12 MB, or 2.5 MB in a debug build; 40 partitions either way.
    let (rounds, scale) = if is_full() {
        (
            all_rounds(),
            Scale {
                copies: 10,
                partition_size: 121,
            },
        )
    } else {
        (
            sample(),
            Scale {
                copies: 2,
                partition_size: 25,
            },
        )
    };
    let mut bench = Bench::new(scale);
    let outcomes = play_all(&mut bench, &rounds);
    judge(
        bench,
        "1-instants",
        &super::table::instants(&outcomes),
        &outcomes,
    );
    let is_midway = |outcome: &Outcome| {
        outcome
            .played()
            .is_some_and(|played| 0 < played.published && played.published < played.partitions)
    };
    assert!(
        outcomes.iter().any(is_midway),
        "no kill hit while partitions were published"
    );
}

/// All rounds: every strategy, killed at the middle of each of equal parts of the run.
fn all_rounds() -> Vec<Round> {
    let strategies = Strategy::ALL.into_iter().enumerate();
    strategies
        .flat_map(|(number, strategy)| {
            (0..INSTANTS).map(move |part| round(strategy, part, number * INSTANTS + part))
        })
        .collect()
}

/// A round of this strategy, killed in this part of the run; `number` tells it from all others.
fn round(strategy: Strategy, part: usize, number: usize) -> Round {
    let share = (part as f64 + 0.5) / INSTANTS as f64;
    let mut kills = vec![Kill::After(share)];
    if part % 6 == 4 {
        // Into what the first kill has left to do.
        kills.push(Kill::After(
            unit(SEED ^ number as u64) * (1.0 - share).max(0.1),
        ));
    }
    Round {
        variant: Variant::numbered(strategy, number),
        kills,
        replaces: part % 4 == 1,
    }
}

/// Some of the rounds of every strategy.
fn sample() -> Vec<Round> {
    let part_of = |draw: usize, number: usize| {
        let width = INSTANTS / SAMPLED;
        let within = unit(SEED.wrapping_mul(31) ^ (number * SAMPLED + draw) as u64) * width as f64;
        draw * width + within as usize
    };
    let strategies = Strategy::ALL.into_iter().enumerate();
    strategies
        .flat_map(|(number, strategy)| {
            (0..SAMPLED)
                .map(move |draw| round(strategy, part_of(draw, number), number * SAMPLED + draw))
        })
        .collect()
}

/// A number from 0 to 1 that looks random (SplitMix64).
fn unit(seed: u64) -> f64 {
    let mut mixed = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[track_caller]
fn check_covers(rounds: &[Round], least: usize) {
    assert!(rounds.len() >= least, "{}", rounds.len());
    for strategy in Strategy::ALL {
        assert!(
            rounds
                .iter()
                .any(|round| round.variant.strategy == strategy)
        );
    }
    for export in Export::ALL {
        assert!(
            rounds.iter().any(|round| round.variant.export == export),
            "{export:?}"
        );
    }
    for input in Input::ALL {
        assert!(
            rounds.iter().any(|round| round.variant.input == input),
            "{input:?}"
        );
    }
    assert!(
        rounds.iter().any(|round| round.kills.len() == 2),
        "no second kill"
    );
    assert!(rounds.iter().any(|round| round.replaces), "no older export");
}

#[test]
fn rounds_are_of_every_kind() {
    let all = all_rounds();
    check_covers(&all, 100);
    check_covers(&sample(), 10);
    let forms: BTreeSet<_> = all
        .iter()
        .map(|round| (round.variant.input, round.variant.export))
        .collect();
    assert_eq!(forms.len(), Input::ALL.len() * Export::ALL.len());
}
