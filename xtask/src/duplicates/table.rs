//! The results as tables for the documentation.

use super::run::Measured;
use super::truth::{Score, THRESHOLD, Truth};

/// Writes a table of what was found, and one of the resources that were used.
pub(super) fn of(truth: &Truth, found: &[(&str, Measured, Score)], workers: u64) -> String {
    let mut text = String::from("| documents | count | similarity |");
    found
        .iter()
        .for_each(|(name, ..)| text.push_str(&format!(" `{name}` |")));
    text.push_str("\n| --- | ---: | ---: |");
    text.push_str(&" ---: |".repeat(found.len()));
    text.push('\n');
    let kinds = found.first().map(|(_, _, score)| &score.kinds);
    for (kind, of_kind) in kinds.into_iter().flatten() {
        let similarity = match of_kind.mean_similarity() {
            0.0 => String::new(),
            similarity => format!("{similarity:.2}"),
        };
        text.push_str(&format!(
            "| {kind} | {} | {similarity} |",
            of_kind.documents
        ));
        for (_, _, score) in found {
            let of_kind = score.kinds[kind];
            let share = of_kind.removed as f64 / of_kind.documents as f64;
            text.push_str(&format!(" {} |", percent(share)));
        }
        text.push('\n');
    }
    row(
        &mut text,
        &format!("recall from a similarity of {THRESHOLD} on"),
        found,
        |_, score| percent(score.recall()),
    );
    row(&mut text, "precision", found, |_, score| {
        percent(score.precision())
    });
    let documents = truth.copies().count() as f64;
    row(&mut text, "seconds", found, |measured, _| {
        format!("{:.1}", measured.seconds)
    });
    row(&mut text, "CPU seconds", found, |measured, _| {
        measured
            .cpu_seconds
            .map_or(unknown(), |seconds| format!("{seconds:.1}"))
    });
    row(
        &mut text,
        "documents per second and worker",
        found,
        |measured, _| format!("{:.0}", documents / measured.seconds / workers as f64),
    );
    row(
        &mut text,
        "documents per CPU second",
        found,
        |measured, _| {
            let rate = |seconds: f64| format!("{:.0}", documents / seconds);
            measured.cpu_seconds.map_or(unknown(), rate)
        },
    );
    row(&mut text, "peak memory, MB", found, |measured, _| {
        let megabytes = |bytes: u64| format!("{:.0}", bytes as f64 / 1e6);
        measured.peak_bytes.map_or(unknown(), megabytes)
    });
    row(
        &mut text,
        "the same per document, bytes",
        found,
        |measured, _| {
            let each = |bytes: u64| format!("{:.0}", bytes as f64 / documents);
            measured.peak_bytes.map_or(unknown(), each)
        },
    );
    row(
        &mut text,
        "signatures per document, bytes",
        found,
        |measured, _| format!("{:.0}", measured.signature_bytes as f64 / documents),
    );
    text
}

fn row(
    text: &mut String,
    name: &str,
    found: &[(&str, Measured, Score)],
    cell: impl Fn(&Measured, &Score) -> String,
) {
    text.push_str(&format!("| {name} | | |"));
    found
        .iter()
        .for_each(|(_, measured, score)| text.push_str(&format!(" {} |", cell(measured, score))));
    text.push('\n');
}

fn unknown() -> String {
    "unknown".to_owned()
}

fn percent(share: f64) -> String {
    match 100.0 * share {
        // Rounding would hide a few that are missing.
        percent if percent > 99.9 && percent < 100.0 => format!("{percent:.4} %"),
        percent => format!("{percent:.1} %"),
    }
}
