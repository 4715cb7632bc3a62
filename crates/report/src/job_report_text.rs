//! A report of a job as text, at 80 columns as far as names and messages allow.

pub(crate) mod lines;

use coldpress_events::time::format_utc;

use crate::job_report::{ErrorsOverTime, JobReport, OperatorRow};
use crate::quantity::{bytes, counted, duration, grouped, percent, plain};
use crate::table::{Align, Table};
use lines::{titled, wrapped};

pub(crate) use lines::{short, spelled_bounds};

/// The most items of a kind that are listed; the page and `--json` have more.
const LISTED: usize = 10;
/// The most letters of a path that are shown before columns of figures.
const PATH_CHARS: usize = 34;

impl JobReport {
    /// Renders the report as text.
    #[must_use]
    pub fn render(&self) -> String {
        let statistics = self.statistics_text();
        // They are the purpose of an analysis.
        let (first, later) = match self.statistics.judged {
            true => (statistics, String::new()),
            false => (String::new(), statistics),
        };
        let sections = [
            self.headline(),
            first,
            self.findings_text(),
            self.mixture_text(),
            self.operators_text(),
            self.deduplication_text(),
            later,
            self.failures_text(),
            self.quarantine_text(),
            self.drivers_text(),
            self.remarks_text(),
        ];
        let sections = sections.iter().filter(|section| !section.is_empty());
        let sections: Vec<&str> = sections.map(String::as_str).collect();
        sections.join("\n")
    }

    fn headline(&self) -> String {
        let (overview, progress) = (&self.overview, &self.overview.progress);
        let status = match overview.status.as_str() {
            // The same words are used at the end of a run.
            "completed_with_failures" => "completed, but without a part of its input",
            other => other,
        };
        let damaged = match self.damage {
            Some(_) => ", and its journal is damaged",
            None => "",
        };
        let mut text = format!("Job {}: {status}{damaged}\n", overview.job_id);
        let mut line = |name: &str, value: String| {
            text.push_str(&format!("{name:11} {}\n", plain(&value)));
        };
        if let Some(phase) = overview.phase.filter(|_| overview.is_running) {
            line("Phase", phase.to_string());
        }
        let mut records = vec![
            format!("{} in", grouped(progress.total_samples)),
            format!("{} kept", grouped(progress.exported_samples)),
            format!("{} dropped", grouped(progress.dropped_samples)),
            format!("{} quarantined", grouped(progress.quarantined_samples)),
        ];
        for (count, what) in [
            (overview.made_samples, "made"),
            (overview.absorbed_samples, "absorbed"),
            (overview.not_sampled_samples, "not drawn"),
            (overview.samples_in_failed, "in failed partitions"),
            (overview.not_read(), "not read"),
        ] {
            if count > 0 {
                records.push(format!("{} {what}", grouped(count)));
            }
        }
        line("Records", records.join(", "));
        let stage = progress.stage_at_work.as_ref();
        let stage = stage.map_or(String::new(), |stage| format!(" in {stage}"));
        line(
            "Partitions",
            format!(
                "{} of {} completed{stage}, {} failed ({:.1} %)",
                progress.completed_partitions,
                progress.total_partitions,
                progress.failed_partitions,
                progress.progress_percentage
            ),
        );
        line("Input", bytes(overview.input_bytes));
        if let Some(start) = overview.start_time {
            let time: String = format_utc(start).chars().take(19).collect();
            let took = progress.duration_text();
            line("Started", format!("{time} UTC"));
            if let Some(took) = took {
                line("Duration", took);
            }
        }
        if let Some(left) = progress.estimated_remaining_seconds {
            let range = overview.remaining_range_seconds;
            let range =
                range.map(|(least, most)| format!(" ({} to {})", duration(least), duration(most)));
            line(
                "Remaining",
                format!("about {}{}", duration(left), range.unwrap_or_default()),
            );
        }
        if let (Some(path), Some(length)) = (&overview.export_path, overview.export_bytes) {
            line("Output", format!("{path} ({})", bytes(length)));
        }
        line("Job", overview.job_dir.clone());
        text
    }

    fn findings_text(&self) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            let mark = match finding.level {
                "error" => "!!",
                "warning" => "! ",
                _ => "- ",
            };
            text.push_str(&wrapped(&plain(&finding.text), mark));
            let advice = finding.advice.as_deref().map(plain);
            text.push_str(&advice.map_or(String::new(), |advice| wrapped(&advice, "   ")));
        }
        titled("What stands out", text)
    }

    fn mixture_text(&self) -> String {
        if self.mixture.is_empty() {
            return String::new();
        }
        let mut table = Table::new([
            ("PATH", Align::Left),
            ("RECORDS", Align::Right),
            ("WHOLE", Align::Right),
            ("DRAWN", Align::Right),
            ("IN", Align::Right),
            ("OUT", Align::Right),
        ]);
        let (listed, left) = self.mixture.split_at(self.mixture.len().min(LISTED));
        for (path, number) in listed.iter().zip(1..) {
            let files = match path.sources {
                1 => String::new(),
                sources => format!(" and {} more", grouped(u64::from(sources) - 1)),
            };
            let name = match path.first_file.is_empty() {
                true => format!("path {number} (left out)"),
                false => {
                    let room = PATH_CHARS.saturating_sub(files.len());
                    format!("{}{files}", end_of(&plain(&path.first_file), room))
                }
            };
            let whole = match path.readings {
                0 => "–".to_owned(),
                1 => "once".to_owned(),
                readings => format!("{} ×", grouped(readings)),
            };
            let drawn = match (path.drawn, path.readings) {
                (0, _) => "–".to_owned(),
                (drawn, 0) => grouped(drawn),
                (drawn, _) => format!("{} more", grouped(drawn)),
            };
            table.row([
                name,
                path.records.map_or_else(|| "–".to_owned(), grouped),
                whole,
                drawn,
                grouped(path.sampled),
                path.exported.map_or_else(|| "–".to_owned(), grouped),
            ]);
        }
        let more = match left.len() {
            0 => String::new(),
            count => format!("... and {}\n", counted(count as u64, "more path")),
        };
        titled("Mixture", table.render() + &more)
    }

    fn operators_text(&self) -> String {
        let mut table = Table::new([
            ("OPERATOR", Align::Left),
            ("IN", Align::Right),
            ("OUT", Align::Right),
            ("KEPT", Align::Right),
            ("SECONDS", Align::Right),
            ("TIME", Align::Right),
        ]);
        let rejected = self.overview.rejected_samples;
        if rejected > 0 {
            let read = self
                .operators
                .first()
                .map_or(0, |first| first.counts.records_in);
            let [arrived, out] = [read + rejected, read].map(grouped);
            table.row(["(reading)".to_owned(), arrived, out]);
        }
        for row in &self.operators {
            table.row([
                plain(&row.name),
                grouped(row.counts.records_in),
                grouped(row.counts.out),
                kept(row),
                row.seconds
                    .map_or(String::new(), |seconds| format!("{seconds:.2}")),
                row.share_of_time.map(percent).unwrap_or_default(),
            ]);
        }
        match table.is_empty() {
            true => String::new(),
            false => titled("Operators", table.render()),
        }
    }

    fn deduplication_text(&self) -> String {
        let removed = self.deduplication.iter().filter(|one| one.removed > 0);
        let line = |one: &coldpress_executor::Deduplication| {
            let mut text = format!(
                "  {} removed {} of {}\n",
                plain(&one.operator),
                grouped(one.removed),
                counted(one.records, "record")
            );
            if one.by_file.len() < 2 {
                return text;
            }
            let sources = one.by_file.iter().filter(|source| source.removed > 0);
            let mut table = Table::new([
                ("REMOVED", Align::Right),
                ("OF", Align::Right),
                ("FILE", Align::Left),
            ])
            .indent(4);
            for source in sources.take(LISTED) {
                let [removed, records] = [source.removed, source.records].map(grouped);
                table.row([removed, records, plain(&source.source)]);
            }
            text.push_str(&table.render());
            text
        };
        titled("Duplicates", removed.map(line).collect())
    }

    fn statistics_text(&self) -> String {
        let mut table = Table::new([
            ("STATISTIC", Align::Left),
            ("MIN", Align::Right),
            ("5 %", Align::Right),
            ("MEDIAN", Align::Right),
            ("95 %", Align::Right),
            ("MAX", Align::Right),
            ("BOUNDS", Align::Left),
        ]);
        let numbers = self.statistics.list.iter();
        for statistic in numbers.filter(|one| !one.quantiles.is_empty()) {
            let at = |part: usize| statistic.quantiles.get(part).copied().map(short);
            let figures = [0, 10, 100, 190, 200].map(|part| at(part).unwrap_or_default());
            let row = [plain(&statistic.name)].into_iter().chain(figures);
            table.row(row.chain([spelled_bounds(&statistic.thresholds)]));
        }
        if table.is_empty() {
            return String::new();
        }
        let of = match (self.statistics.judged, self.statistics.with_dropped) {
            (true, _) => "records, of which none was dropped",
            (false, true) => "records that reached the filters",
            (false, false) => "records that passed all filters",
        };
        let rows = grouped(self.statistics.rows);
        let text = titled(&format!("Statistics of {rows} {of}"), table.render());
        match self.verdicts_text() {
            verdicts if verdicts.is_empty() => text,
            verdicts => format!("{text}\n{verdicts}"),
        }
    }

    /// Renders what the filters of an analysis would keep.
    fn verdicts_text(&self) -> String {
        let statistics = &self.statistics;
        let mut table = Table::new([
            ("FILTER", Align::Left),
            ("BOUNDS", Align::Left),
            ("WOULD KEEP", Align::Right),
            ("SHARE", Align::Right),
        ]);
        let share = |kept: u64| percent(kept as f64 / statistics.rows.max(1) as f64);
        for verdict in &statistics.verdicts {
            let operator = self.operators.get(verdict.operator as usize);
            let bounds = statistics.list.iter().flat_map(|one| &one.thresholds);
            let own = bounds.filter(|bound| bound.operator == verdict.operator);
            let own: Vec<_> = own.cloned().collect();
            table.row([
                operator.map_or(String::new(), |row| plain(&row.name)),
                spelled_bounds(&own),
                grouped(verdict.kept),
                share(verdict.kept),
            ]);
        }
        if table.is_empty() {
            return String::new();
        }
        let kept = statistics.kept_by_all;
        table.row([
            "all of them".to_owned(),
            String::new(),
            grouped(kept),
            share(kept),
        ]);
        table.render()
    }

    fn failures_text(&self) -> String {
        let mut text = self
            .errors
            .over_time
            .as_ref()
            .map_or(String::new(), over_time);
        for failed in self.errors.failed_partitions.iter().take(LISTED) {
            let line = format!(
                "partition {} ({} of {}), {}: {}",
                failed.partition,
                failed.part,
                plain(&failed.source),
                counted(u64::from(failed.attempts), "attempt"),
                plain(&failed.error)
            );
            text.push_str(&wrapped(&line, "- "));
        }
        for part in self.errors.unreadable.iter().take(LISTED) {
            let line = format!(
                "unreadable: {} of {}: {}",
                part.part,
                plain(&part.source),
                plain(&part.reason)
            );
            text.push_str(&wrapped(&line, "- "));
        }
        let recovery = &self.errors.recovery;
        if let Some(rate) = recovery.rate {
            let (recovered, hit) = (recovery.partitions_recovered, recovery.partitions_hit);
            let line = match (recovered, hit) {
                (0, _) => "none of the partitions with a failed attempt recovered".to_owned(),
                (1, 1) => "the partition with a failed attempt recovered".to_owned(),
                _ => format!(
                    "{} of the {} with a failed attempt recovered ({})",
                    grouped(recovered),
                    counted(hit, "partition"),
                    percent(rate)
                ),
            };
            text.push_str(&wrapped(&line, "- "));
        }
        titled("Failures", text)
    }

    fn quarantine_text(&self) -> String {
        let mut text = String::new();
        let (looked_at, total) = (self.quarantine.looked_at, self.quarantine.total);
        if looked_at < total {
            let records = counted(total, "record");
            let line = format!(
                "{records} are in quarantine; the reasons are those of {} of them",
                grouped(looked_at)
            );
            text.push_str(&wrapped(&line, "- "));
        }
        for reason in self.quarantine.reasons.iter().take(LISTED) {
            let operator = reason.operator.as_deref().unwrap_or("(reading)");
            let count = grouped(reason.count);
            let line = format!("{count} × {}: {}", plain(operator), plain(&reason.error));
            text.push_str(&wrapped(&line, "- "));
        }
        titled("Quarantine", text)
    }

    fn drivers_text(&self) -> String {
        let drivers = &self.environment.drivers;
        if drivers.len() < 2 {
            return String::new();
        }
        let line = |driver: &crate::job_report::DriverRow| {
            let time: String = format_utc(driver.start_time).chars().take(19).collect();
            let how = if driver.takeover { ", took over" } else { "" };
            let host = plain(&driver.host);
            format!(
                "  {:3}  {time} UTC  {host} pid {}{how}\n",
                driver.epoch, driver.pid
            )
        };
        let last = drivers.iter().skip(drivers.len().saturating_sub(LISTED));
        titled("Runs", last.map(line).collect())
    }

    fn remarks_text(&self) -> String {
        let remarks = self.remarks.iter();
        remarks
            .map(|remark| wrapped(&plain(remark), "Note: "))
            .collect()
    }
}

/// Draws the times when attempts failed, a line for each class.
fn over_time(errors: &ErrorsOverTime) -> String {
    let most = errors.classes.iter().flat_map(|one| &one.attempts).max();
    let most = most.copied().unwrap_or(0).max(1);
    let names = errors.classes.iter().map(|one| one.class.len());
    let width = names.max().unwrap_or(0).min(10);
    let mut text = String::new();
    let mut longest = 0;
    for one in &errors.classes {
        let bar = |count: &u64| match count {
            0 => '·',
            count => ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][(count * 7 / most) as usize],
        };
        let bars: String = one.attempts.iter().map(bar).collect();
        longest = longest.max(one.attempts.len());
        let total = counted(one.attempts.iter().sum(), "attempt");
        let class = plain(&one.class);
        text.push_str(&format!("  {class:width$}  {bars}  {total} failed\n"));
    }
    let time = |seconds| format_utc(seconds).chars().take(19).collect::<String>();
    let end = errors.start + errors.step_seconds * longest as f64;
    text.push_str(&format!(
        "  {} to {} UTC, {} a step\n",
        time(errors.start),
        time(end),
        duration(errors.step_seconds)
    ));
    text
}

/// Returns the end of a path, which says more than its beginning.
fn end_of(path: &str, chars: usize) -> String {
    let length = path.chars().count();
    match length > chars {
        true => {
            let end = path.chars().skip(length + 1 - chars);
            format!("…{}", end.collect::<String>())
        }
        false => path.to_owned(),
    }
}

fn kept(row: &OperatorRow) -> String {
    match row.counts.records_in {
        0 => String::new(),
        arrived => percent(row.counts.out as f64 / arrived as f64),
    }
}
