//! An analysis as text of 80 columns.

use super::overall::percentile;
use super::{Analysis, Described, FilterOutcome};
use crate::job_report_text::{short, spelled_bounds};
use crate::quantity::{counted, grouped, percent, plain};
use crate::table::{Align, Table};

/// The quantiles that fit on a line besides the extremes.
const SHOWN: [f64; 3] = [0.25, 0.5, 0.75];

impl Analysis {
    /// Renders the analysis as text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!(
            "Analysis {}: {}",
            plain(&self.job_id),
            counted(self.records, "record")
        );
        if self.quarantined > 0 {
            text.push_str(&format!(
                ", and {} in quarantine",
                grouped(self.quarantined)
            ));
        }
        if self.without_text > 0 {
            text.push_str(&format!(
                ", and {} left out: no text",
                grouped(self.without_text)
            ));
        }
        text.push('\n');
        for section in [
            self.numbers_text(),
            self.further_text(),
            self.values_text(),
            self.filters_text(),
            self.passed_over_text(),
        ] {
            if !section.is_empty() {
                text.push('\n');
                text.push_str(&section);
            }
        }
        if let Some(suggested) = &self.suggested {
            text.push_str(&format!("\nSuggested bounds\n{suggested}"));
        }
        text
    }

    fn numbers(&self) -> impl Iterator<Item = &Described> {
        self.statistics.iter().filter(|one| one.mean.is_some())
    }

    fn numbers_text(&self) -> String {
        let mut table = Table::new([
            ("STATISTIC", Align::Left),
            ("COUNT", Align::Right),
            ("MEAN", Align::Right),
            ("STD", Align::Right),
            ("MIN", Align::Right),
            ("25 %", Align::Right),
            ("50 %", Align::Right),
            ("75 %", Align::Right),
            ("MAX", Align::Right),
        ]);
        for one in self.numbers() {
            let at = |share: f64| one.quantiles.iter().find(|at| at.share == share);
            let figures = [one.mean, one.std, one.min]
                .into_iter()
                .chain(SHOWN.map(|share| at(share).map(|at| at.value)))
                .chain([one.max]);
            let figures = figures.map(|figure| figure.map(short).unwrap_or_default());
            let first = [plain(&one.name), grouped(one.count)];
            table.row(first.into_iter().chain(figures));
        }
        rendered(&table)
    }

    /// Returns the additional quantiles that were asked for, as many as fit on the line.
    fn further_text(&self) -> String {
        const MOST: usize = 6;
        let first = self.numbers().find(|one| !one.quantiles.is_empty());
        let quantiles = first.map_or(&[][..], |one| &one.quantiles);
        let shares = quantiles.iter().map(|one| one.share);
        let shares: Vec<f64> = shares.filter(|share| !SHOWN.contains(share)).collect();
        if shares.is_empty() {
            return String::new();
        }
        let listed = &shares[..shares.len().min(MOST)];
        let percentiles = listed
            .iter()
            .map(|share| (percentile(*share).replace('%', " %"), Align::Right));
        let name = ("STATISTIC".to_owned(), Align::Left);
        let mut table = Table::new(std::iter::once(name).chain(percentiles));
        for one in self.numbers() {
            let at = |share: &f64| one.quantiles.iter().find(|at| at.share == *share);
            let values = listed
                .iter()
                .map(|share| at(share).map(|at| short(at.value)));
            let values = values.map(Option::unwrap_or_default);
            table.row(std::iter::once(plain(&one.name)).chain(values));
        }
        let mut text = table.render();
        if shares.len() > MOST {
            let more = counted((shares.len() - MOST) as u64, "more percentile");
            text.push_str(&format!("({more} in `analysis.json`)\n"));
        }
        text
    }

    fn values_text(&self) -> String {
        let mut table = Table::new([
            ("STATISTIC", Align::Left),
            ("COUNT", Align::Right),
            ("DIFFERENT", Align::Right),
            ("MOST FREQUENT", Align::Left),
            ("TIMES", Align::Right),
        ]);
        for one in &self.statistics {
            let Some(values) = &one.values else { continue };
            let more = if values.has_more { "+" } else { "" };
            let top: String = plain(&values.top).chars().take(24).collect();
            table.row([
                plain(&one.name),
                grouped(one.count),
                format!("{}{more}", grouped(values.unique)),
                top,
                grouped(values.freq),
            ]);
        }
        rendered(&table)
    }

    fn filters_text(&self) -> String {
        if self.filters.is_empty() {
            return "The recipe has no filter, so there are no statistics.\n".to_owned();
        }
        let mut table = Table::new([
            ("FILTER", Align::Left),
            ("BOUNDS", Align::Left),
            ("WOULD KEEP", Align::Right),
            ("SHARE", Align::Right),
        ]);
        let share = |kept: u64, records: u64| match records {
            0 => String::new(),
            records => percent(kept as f64 / records as f64),
        };
        for FilterOutcome {
            operator,
            bounds,
            records,
            kept,
            ..
        } in &self.filters
        {
            let bounds = spelled_bounds(bounds);
            let share = share(*kept, *records);
            table.row([plain(operator), bounds, grouped(*kept), share]);
        }
        let (all, kept) = ("all of them".to_owned(), self.kept_by_all);
        table.row([all, String::new(), grouped(kept), share(kept, self.records)]);
        let mut text = table.render();
        if self.filters.iter().any(|one| one.records < self.records) {
            text.push_str(
                "(Filters before an operator that splits records count whole records, the\n \
                 others and the last line the pieces.)\n",
            );
        }
        text
    }

    fn passed_over_text(&self) -> String {
        let line = |one: &coldpress_executor::PassedOver| {
            format!("Not run: {} ({})\n", plain(&one.operator), one.kind)
        };
        self.passed_over.iter().map(line).collect()
    }
}

fn rendered(table: &Table) -> String {
    match table.is_empty() {
        true => String::new(),
        false => table.render(),
    }
}
