//! The statistics as Data-Juicer's analyzer writes them: `overall.csv` and `overall.md`.

use super::{Analysis, Described};

/// A row: its name, and its value for a statistic.
type Row = (String, CellOf);
type CellOf = Box<dyn Fn(&Described) -> Option<Cell>>;

/// A value of the table.
enum Cell {
    Number(f64),
    Text(String),
}

impl Analysis {
    /// Renders the statistics as Data-Juicer's `overall.csv`: a column for each, and a row for the count, the mean and so on.
    #[must_use]
    pub fn overall_csv(&self) -> String {
        let cell = |cell: Option<Cell>| match cell {
            None => String::new(),
            Some(Cell::Number(number)) => spelled(number),
            Some(Cell::Text(text)) => quoted(&text),
        };
        let mut csv = String::new();
        for row in self.overall(cell) {
            csv.push_str(&row.join(","));
            csv.push('\n');
        }
        csv
    }

    /// Renders the same as a Markdown table, with six digits of each number.
    #[must_use]
    pub fn overall_markdown(&self) -> String {
        let cell = |cell: Option<Cell>| match cell {
            None => "nan".to_owned(),
            Some(Cell::Number(number)) => six_digits(number),
            Some(Cell::Text(text)) => crate::quantity::plain(&text).replace('|', "\\|"),
        };
        let mut rows = self.overall(cell);
        let columns = rows.first().map_or(0, Vec::len);
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let widths: Vec<usize> = (0..columns)
            .map(|column| width(column).unwrap_or(0))
            .collect();
        let rule = widths
            .iter()
            .enumerate()
            .map(|(column, width)| match column {
                0 => format!(":{}", "-".repeat(width + 1)),
                _ => format!("{}:", "-".repeat(width + 1)),
            });
        let rule = format!("|{}|\n", rule.collect::<Vec<_>>().join("|"));
        let mut text = String::new();
        for (at, row) in rows.drain(..).enumerate() {
            let cells = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, width))| {
                    let blanks = " ".repeat(width - cell.chars().count());
                    match column {
                        0 => format!(" {cell}{blanks} "),
                        _ => format!(" {blanks}{cell} "),
                    }
                });
            text.push_str(&format!("|{}|\n", cells.collect::<Vec<_>>().join("|")));
            if at == 0 {
                text.push_str(&rule);
            }
        }
        text
    }

    /// Returns the rows of the table, the header first.
    fn overall(&self, cell: impl Fn(Option<Cell>) -> String) -> Vec<Vec<String>> {
        let shown: Vec<&Described> = self.statistics.iter().filter(|one| one.count > 0).collect();
        let names = shown
            .iter()
            .map(|one| cell(Some(Cell::Text(one.name.clone()))));
        let mut table = vec![std::iter::once(String::new()).chain(names).collect()];
        for (name, value) in self.rows() {
            let cells = shown.iter().map(|one| cell(value(one)));
            table.push(std::iter::once(name).chain(cells).collect());
        }
        table
    }

    fn rows(&self) -> Vec<Row> {
        let number = |of: fn(&Described) -> Option<f64>| -> CellOf {
            Box::new(move |one| of(one).map(Cell::Number))
        };
        let mut rows: Vec<Row> = vec![("count".to_owned(), number(|one| Some(one.count as f64)))];
        if self.statistics.iter().any(|one| one.values.is_some()) {
            rows.push((
                "unique".to_owned(),
                number(|one| Some(one.values.as_ref()?.unique as f64)),
            ));
            rows.push((
                "top".to_owned(),
                Box::new(|one| one.values.as_ref().map(top)),
            ));
            rows.push((
                "freq".to_owned(),
                number(|one| Some(one.values.as_ref()?.freq as f64)),
            ));
        }
        rows.push(("mean".to_owned(), number(|one| one.mean)));
        rows.push(("std".to_owned(), number(|one| one.std)));
        rows.push(("min".to_owned(), number(|one| one.min)));
        let quantiles = self.statistics.iter().find(|one| !one.quantiles.is_empty());
        let quantiles = quantiles.map_or(&[][..], |one| &one.quantiles);
        for (at, quantile) in quantiles.iter().enumerate() {
            let value =
                move |one: &Described| one.quantiles.get(at).map(|one| Cell::Number(one.value));
            rows.push((percentile(quantile.share), Box::new(value)));
        }
        rows.push(("max".to_owned(), number(|one| one.max)));
        rows
    }
}

fn top(values: &super::Values) -> Cell {
    Cell::Text(match (values.are_flags, values.top.as_str()) {
        (true, "true") => "True".to_owned(),
        (true, _) => "False".to_owned(),
        (false, text) => text.to_owned(),
    })
}

/// Formats a share as `5%` or `2.5%`.
pub(super) fn percentile(share: f64) -> String {
    // Rounding removes the digits that multiplication adds, as in 7.000000000000001.
    let percent = (share * 1e8).round() / 1e6;
    format!("{percent}%")
}

/// Formats a number as Python does.
fn spelled(number: f64) -> String {
    let size = number.abs();
    if number != 0.0 && number.is_finite() && !(1e-4..1e16).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(exponent) => ('-', exponent),
            None => ('+', exponent),
        };
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    match number.is_finite() {
        true if number.fract() == 0.0 => format!("{number:.1}"),
        true => number.to_string(),
        false => number.to_string().to_lowercase(),
    }
}

/// Formats a number with six digits, as C's `%g` does.
fn six_digits(number: f64) -> String {
    let trimmed = |text: &str| text.trim_end_matches('0').trim_end_matches('.').to_owned();
    if !number.is_finite() || number == 0.0 {
        return number.to_string().to_lowercase();
    }
    let text = format!("{number:.5e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    match exponent {
        -4..=5 => {
            let text = format!("{number:.*}", (5 - exponent) as usize);
            if text.contains('.') {
                trimmed(&text)
            } else {
                text
            }
        }
        _ => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{}e{sign}{:02}", trimmed(digits), exponent.abs())
        }
    }
}

/// Formats a text as a CSV cell.
fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_as_python_does() {
        for (number, text, short) in [
            (484.0, "484.0", "484"),
            (0.1, "0.1", "0.1"),
            (1867.1880165289256, "1867.1880165289256", "1867.19"),
            (5e-5, "5e-05", "5e-05"),
            (0.0001, "0.0001", "0.0001"),
            (1.5e16, "1.5e+16", "1.5e+16"),
            (123_456_789.0, "123456789.0", "1.23457e+08"),
            (0.0, "0.0", "0"),
            (-2.25, "-2.25", "-2.25"),
            (f64::INFINITY, "inf", "inf"),
        ] {
            assert_eq!(
                (spelled(number).as_str(), six_digits(number).as_str()),
                (text, short)
            );
        }
        assert_eq!(
            [0.05, 0.025, 0.07, 1.0].map(percentile),
            ["5%", "2.5%", "7%", "100%"]
        );
    }
}
