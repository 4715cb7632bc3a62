//! Two jobs side by side as text at 80 columns.

use crate::comparison::{
    CountPair, JobComparison, JobFigures, KeyDifference, OperatorChange, OperatorFigures,
    OperatorPair, keep_rate,
};
use crate::job_report_text::lines::{titled, wrapped};
use crate::quantity::{bytes, duration, grouped, percent, plain};
use crate::table::{Align, Table};

/// The most lines of a kind that are shown; `--json` has more.
const LISTED: usize = 20;
/// The most letters of a name that are shown, because four columns of figures follow.
const NAME_CHARS: usize = 38;
/// The row for everything before the first operator.
const READING: &str = "  (reading)";

impl JobComparison {
    /// Renders the comparison as text.
    #[must_use]
    pub fn render(&self) -> String {
        let sections = [
            self.figures_text(),
            self.recipe_text(),
            self.inputs_text(),
            self.operators_text(),
            self.quarantine_text(),
            self.time_text(),
            counts("Failed attempts", &self.errors),
            counts("Quarantine", &self.quarantine),
            self.remarks_text(),
        ];
        let sections = sections.iter().filter(|section| !section.is_empty());
        let sections: Vec<&str> = sections.map(String::as_str).collect();
        sections.join("\n")
    }

    fn figures_text(&self) -> String {
        let [first, second] = &self.jobs;
        let mut table = Table::new([
            ("", Align::Left),
            ("FIRST", Align::Right),
            ("SECOND", Align::Right),
            ("DIFFERENCE", Align::Right),
        ]);
        table.row(["status", &plain(&first.status), &plain(&second.status)]);
        let counts = [
            ("records", first.records, second.records),
            ("kept", first.kept, second.kept),
            ("dropped", first.dropped, second.dropped),
            ("quarantined", first.quarantined, second.quarantined),
            ("made", first.made, second.made),
            ("absorbed", first.absorbed, second.absorbed),
            ("not drawn", first.not_sampled, second.not_sampled),
            ("in failed partitions", first.in_failed, second.in_failed),
        ];
        for (name, one, other) in counts {
            // Every job has the first four.
            let is_usual = matches!(name, "records" | "kept" | "dropped" | "quarantined");
            if is_usual || one > 0 || other > 0 {
                table.row([
                    name.to_owned(),
                    grouped(one),
                    grouped(other),
                    by(one, other),
                ]);
            }
        }
        let rate = |job: &JobFigures| {
            let drawn = job.records.saturating_sub(job.not_sampled);
            job.kept as f64 / drawn.max(1) as f64
        };
        table.row([
            "kept of all".to_owned(),
            percent(rate(first)),
            percent(rate(second)),
            points(rate(first), rate(second)),
        ]);
        table.row(sizes(
            "input",
            Some(first.input_bytes),
            Some(second.input_bytes),
        ));
        table.row(sizes("export", first.export_bytes, second.export_bytes));
        let (one, other) = (first.wall_seconds, second.wall_seconds);
        table.row(measured("wall time", one, other, duration));
        let (one, other) = (Some(first.work_seconds), Some(second.work_seconds));
        table.row(measured("work of operators", one, other, duration));
        let nanos = |value: f64| format!("{value:.2}");
        let (one, other) = (first.nanos_per_byte, second.nanos_per_byte);
        table.row(measured("ns per byte", one, other, nanos));
        let memory = |value: f64| format!("{value:.0} MB");
        let (one, other) = (first.peak_memory_mb, second.peak_memory_mb);
        if one.is_some() || other.is_some() {
            table.row(measured("peak memory", one, other, memory));
        }
        let jobs = [&first.job_id, &second.job_id].map(|job| plain(job));
        format!(
            "First   {}\nSecond  {}\n\n{}",
            jobs[0],
            jobs[1],
            table.render()
        )
    }

    fn recipe_text(&self) -> String {
        let keys = self.recipe.iter().take(LISTED).map(key_lines);
        let mut text: String = keys.collect();
        if self.recipe.len() > LISTED {
            text.push_str(&format!("  and {} more keys\n", self.recipe.len() - LISTED));
        }
        for pair in &self.operators {
            text.push_str(&operator_lines(pair));
        }
        titled("Recipe", text)
    }

    fn inputs_text(&self) -> String {
        let inputs = &self.inputs;
        let line = |mark: &str, path: &String| format!("{mark} {}\n", plain(path));
        let first = inputs.only_first.iter().take(LISTED);
        let second = inputs.only_second.iter().take(LISTED);
        let lines = first.map(|path| line("-", path));
        let mut text: String = lines.chain(second.map(|path| line("+", path))).collect();
        if !text.is_empty() && inputs.both > 0 {
            text.push_str(&format!("  and {} that both have\n", grouped(inputs.both)));
        }
        titled("Input files", text)
    }

    fn operators_text(&self) -> String {
        let mut table = Table::new([
            ("RECORDS AT", Align::Left),
            ("DROPPED 1ST", Align::Right),
            ("2ND", Align::Right),
            ("KEPT 1ST", Align::Right),
            ("2ND", Align::Right),
        ]);
        let reading = self.jobs.each_ref().map(|job| &job.reading);
        if reading.iter().any(|counts| counts.dropped > 0) {
            let dropped = reading.map(|counts| grouped(counts.dropped));
            let rates = reading.map(|counts| keep_rate(counts).map(percent).unwrap_or_default());
            let mut row = vec![READING.to_owned()];
            row.extend(dropped.into_iter().chain(rates));
            table.row(row);
        }
        for pair in &self.operators {
            let cell = |figures: &Option<OperatorFigures>| {
                let figures = figures.as_ref();
                figures.map_or(String::new(), |figures| grouped(figures.counts.dropped))
            };
            let rate = |figures: &Option<OperatorFigures>| {
                let rate = figures.as_ref().and_then(|figures| figures.keep_rate);
                rate.map(percent).unwrap_or_default()
            };
            table.row([
                name(pair),
                cell(&pair.first),
                cell(&pair.second),
                rate(&pair.first),
                rate(&pair.second),
            ]);
        }
        match table.is_empty() {
            true => String::new(),
            false => table.render(),
        }
    }

    fn quarantine_text(&self) -> String {
        let mut table = Table::new([
            ("QUARANTINED AT", Align::Left),
            ("FIRST", Align::Right),
            ("SECOND", Align::Right),
        ]);
        let mut row = |name: String, counts: [Option<u64>; 2]| {
            if counts
                .iter()
                .any(|count| count.is_some_and(|count| count > 0))
            {
                let [one, other] = counts.map(|count| count.map(grouped).unwrap_or_default());
                table.row([name, one, other]);
            }
        };
        let reading = self
            .jobs
            .each_ref()
            .map(|job| Some(job.reading.quarantined));
        row(READING.to_owned(), reading);
        for pair in &self.operators {
            let figures = [&pair.first, &pair.second];
            let of = |figures: &Option<OperatorFigures>| Some(figures.as_ref()?.counts.quarantined);
            row(name(pair), figures.map(of));
        }
        match table.is_empty() {
            true => String::new(),
            false => table.render(),
        }
    }

    fn time_text(&self) -> String {
        let mut table = Table::new([
            ("TIME OF", Align::Left),
            ("SECONDS 1ST", Align::Right),
            ("2ND", Align::Right),
            ("NS/BYTE 1ST", Align::Right),
            ("2ND", Align::Right),
        ]);
        for pair in &self.operators {
            let of = |figures: &Option<OperatorFigures>,
                      value: fn(&OperatorFigures) -> Option<f64>| {
                let value = figures.as_ref().and_then(value);
                value.map_or(String::new(), |value| format!("{value:.2}"))
            };
            table.row([
                name(pair),
                of(&pair.first, |figures| figures.seconds),
                of(&pair.second, |figures| figures.seconds),
                of(&pair.first, |figures| figures.nanos_per_byte),
                of(&pair.second, |figures| figures.nanos_per_byte),
            ]);
        }
        match table.is_empty() {
            true => String::new(),
            false => table.render(),
        }
    }

    fn remarks_text(&self) -> String {
        let remarks = self.remarks.iter();
        remarks
            .map(|remark| wrapped(&plain(remark), "Note: "))
            .collect()
    }
}

fn name(pair: &OperatorPair) -> String {
    let mark = match pair.change {
        OperatorChange::Same => " ",
        OperatorChange::Changed => "~",
        OperatorChange::Removed => "-",
        OperatorChange::Added => "+",
    };
    let name = plain(&pair.name);
    let short: String = name.chars().take(NAME_CHARS).collect();
    format!("{mark} {short}")
}

/// Returns the differences in an operator, as lines of a diff.
fn operator_lines(pair: &OperatorPair) -> String {
    match pair.change {
        OperatorChange::Same => String::new(),
        OperatorChange::Removed | OperatorChange::Added => format!("{}\n", name(pair)),
        OperatorChange::Changed => {
            let lines = pair.parameters.iter().map(key_lines);
            let lines: String = lines.map(|lines| indented(&lines)).collect();
            format!("{}\n{lines}", name(pair))
        }
    }
}

fn indented(lines: &str) -> String {
    let lines = lines.lines();
    lines.map(|line| format!("    {line}\n")).collect()
}

fn key_lines(difference: &KeyDifference) -> String {
    const VALUE_CHARS: usize = 200;
    let line = |mark: &str, value: &Option<String>| {
        let value = value.as_ref().map(|value| {
            let value = plain(value);
            let short: String = value.chars().take(VALUE_CHARS).collect();
            wrapped(&format!("{}: {short}", plain(&difference.key)), mark)
        });
        value.unwrap_or_default()
    };
    line("- ", &difference.first) + &line("+ ", &difference.second)
}

/// Returns the difference between two counts.
fn by(first: u64, second: u64) -> String {
    match second.checked_sub(first) {
        Some(0) => String::new(),
        Some(more) => format!("+{}", grouped(more)),
        None => format!("-{}", grouped(first - second)),
    }
}

fn points(first: f64, second: f64) -> String {
    let difference = (second - first) * 100.0;
    match difference.abs() < 0.05 {
        true => String::new(),
        false => format!("{difference:+.1} points"),
    }
}

fn sizes(name: &str, first: Option<u64>, second: Option<u64>) -> [String; 4] {
    let size = |value: Option<u64>| value.map(bytes).unwrap_or_default();
    let floats = [first, second].map(|value| value.map(|value| value as f64));
    let factor = factor(floats[0], floats[1]);
    [name.to_owned(), size(first), size(second), factor]
}

fn measured(
    name: &str,
    first: Option<f64>,
    second: Option<f64>,
    spell: impl Fn(f64) -> String,
) -> [String; 4] {
    let cell = |value: Option<f64>| value.map(&spell).unwrap_or_default();
    [
        name.to_owned(),
        cell(first),
        cell(second),
        factor(first, second),
    ]
}

/// Returns the ratio of the second to the first.
fn factor(first: Option<f64>, second: Option<f64>) -> String {
    match (first, second) {
        (Some(first), Some(second)) if first > 0.0 && first != second => {
            format!("{:.2} x", second / first)
        }
        _ => String::new(),
    }
}

fn counts(title: &str, pairs: &[CountPair]) -> String {
    let lines = pairs.iter().take(LISTED).map(|pair| {
        let counts = format!("{} | {}", grouped(pair.first), grouped(pair.second));
        wrapped(&format!("{counts}  {}", plain(&pair.name)), "  ")
    });
    titled(title, lines.collect())
}
