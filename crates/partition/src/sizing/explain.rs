//! Explaining a choice in words.

use super::{
    Choice, Decision, LEAST_BALANCED_SECONDS, LEAST_WORK_SECONDS, MEMORY_SAFETY, MOST_WORK_SECONDS,
    PARTITIONS_PER_WORKER, SizingFacts, records,
};
use crate::modality::{Modality, ModalityCounts};

/// Returns the decisions of a choice, in the order in which they were made.
pub(super) fn decisions(facts: &SizingFacts, choice: &Choice) -> Vec<Decision> {
    vec![
        sample(facts),
        modality(facts, choice),
        cost(facts, choice),
        size(facts, choice),
        max_size(facts, choice),
    ]
}

fn decision(what: &str, value: String, reason: String) -> Decision {
    Decision {
        what: what.to_owned(),
        value,
        reason,
    }
}

fn sample(facts: &SizingFacts) -> Decision {
    let seen = &facts.sample;
    let value = format!("about {}", count(records(facts), "record"));
    let reason = if seen.records == 0 {
        "no record could be read before work begins".to_owned()
    } else {
        format!(
            "{} of {} from {} of {} have {} bytes on average, and 95 % of them at most {}",
            count(seen.records, "record"),
            megabytes(seen.bytes),
            seen.sampled_sources,
            count(u64::from(seen.sources), "source"),
            seen.mean_bytes.round(),
            seen.p95_bytes,
        )
    };
    decision("records", value, reason)
}

fn modality(facts: &SizingFacts, choice: &Choice) -> Decision {
    let (modality, row) = (facts.sample.modality, choice.row);
    let reason = format!(
        "{}, which makes {} the default of a partition and {} the maximum",
        shares(&facts.sample.kinds),
        count(row.default_records, "record"),
        row.max_records,
    );
    decision("modality", modality.to_string(), reason)
}

/// Returns the shares of the modalities, in percent.
fn shares(kinds: &ModalityCounts) -> String {
    let total = kinds.total();
    if total == 0 {
        return "no record was seen whose fields can be recognized".to_owned();
    }
    let shares: Vec<String> = Modality::ALL
        .into_iter()
        .filter(|&modality| kinds.of(modality) > 0)
        .map(|modality| {
            let percent = kinds.of(modality) as f64 * 100.0 / total as f64;
            let percent = if percent < 1.0 {
                "less than 1 %".to_owned()
            } else {
                format!("{percent:.0} %")
            };
            format!("{percent} {modality}")
        })
        .collect();
    format!("the records are {}", shares.join(", "))
}

fn cost(facts: &SizingFacts, choice: &Choice) -> Decision {
    let value = format!("{:.1} ns per byte", choice.cost_nanos_per_byte);
    let operators = count(u64::from(facts.operators), "operator");
    let reason = if choice.is_cost_measured {
        format!("{operators} took that long on the sample")
    } else {
        format!("an estimate for {operators}, as nothing was measured")
    };
    decision("cost", value, reason)
}

fn size(facts: &SizingFacts, choice: &Choice) -> Decision {
    let (row, modality) = (choice.row, facts.sample.modality);
    let work = seconds(choice.max_records as f64 * choice.record_seconds);
    let by_balance = choice.by_balance.filter(|&each| each < choice.by_cost);
    let reason = if choice.record_seconds <= 0.0 && by_balance.is_none() {
        format!("the default for {modality}, as nothing is known of the records")
    } else if by_balance.is_some() {
        format!(
            "each of {} gets about {PARTITIONS_PER_WORKER} partitions, as far as none is less than {} of work; one is {work}",
            count(choice.workers, "worker"),
            seconds(LEAST_BALANCED_SECONDS),
        )
    } else if choice.by_cost == row.default_records {
        format!("the default for {modality}, which is {work} of work")
    } else if choice.by_cost < row.default_records {
        format!(
            "more records than these would be more than {} of work, all of it lost where an attempt fails",
            seconds(MOST_WORK_SECONDS)
        )
    } else if choice.by_cost == row.max_records {
        format!(
            "the maximum for {modality}, as these records are only {work} of work; `partition.size` without \
             `partition.auto_configure` can be more"
        )
    } else {
        format!(
            "fewer records than these would be less than {} of work",
            seconds(LEAST_WORK_SECONDS)
        )
    };
    decision("partition.size", choice.max_records.to_string(), reason)
}

fn max_size(facts: &SizingFacts, choice: &Choice) -> Decision {
    let reason = if facts.target_bytes <= choice.by_memory {
        format!(
            "`partition.target_size_mb`; the memory would allow {}",
            megabytes(choice.by_memory)
        )
    } else {
        format!(
            "{} of memory for {}, divided by {} for {} and by {MEMORY_SAFETY} for the forms in which a record is held",
            megabytes(facts.memory_limit_bytes),
            count(choice.workers, "worker"),
            choice.row.memory_multiplier,
            facts.sample.modality,
        )
    };
    let value = megabytes(choice.max_bytes);
    decision("partition.max_size_mb", value, reason)
}

/// Formats a count as `1 record`, `2 records`.
fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Formats bytes in MB of 1,048,576 bytes, as in recipes.
fn megabytes(bytes: u64) -> String {
    let megabytes = bytes as f64 / f64::from(1 << 20);
    if megabytes >= 10.0 {
        format!("{megabytes:.0} MB")
    } else if megabytes >= 0.1 {
        format!("{megabytes:.1} MB")
    } else {
        count(bytes, "byte")
    }
}

fn seconds(seconds: f64) -> String {
    if seconds >= 9.95 {
        format!("{seconds:.0} s")
    } else if seconds >= 0.095 {
        format!("{seconds:.1} s")
    } else {
        format!("{:.1} ms", seconds * 1e3)
    }
}
