//! The tables of differences from Data-Juicer, in `docs/compatibility.md`.

use anyhow::{Context, Result};
use coldpress_ops::differences::{Difference, Example, Section, all};

use super::cell;

pub(super) const PATH: &str = "docs/compatibility.md";

const HEAD: &str = "\
| | example | Data-Juicer | here | with `compat` | test |
| --- | --- | --- | --- | --- | --- |
";

/// Returns the page with the table after the heading of each section rewritten. Everything else stays.
///
/// # Errors
/// Fails when the page cannot be read, or lacks a section or its table.
pub(super) fn page() -> Result<String> {
    let path = crate::root().join(PATH);
    let mut page = std::fs::read_to_string(path).with_context(|| format!("cannot read {PATH}"))?;
    let mut sections: Vec<Section> = all().map(|difference| difference.section).collect();
    sections.dedup();
    for section in sections {
        let rows = all().filter(|difference| difference.section == section);
        let table = rows.fold(HEAD.to_owned(), |table, row| table + &line(row));
        page = with_table(&page, section.heading(), &table)
            .with_context(|| format!("{PATH} has no table after `### {}`", section.heading()))?;
    }
    Ok(page)
}

/// Replaces the first table after a heading.
fn with_table(page: &str, heading: &str, table: &str) -> Option<String> {
    let heading = format!("\n### {heading}\n");
    let behind = page.find(&heading)? + heading.len();
    let start = behind + page[behind..].find("\n|")? + 1;
    let next = page[behind..]
        .find("\n#")
        .map_or(page.len(), |at| behind + at);
    let rows = page[start..].split_inclusive('\n');
    let length: usize = rows
        .take_while(|row| row.starts_with('|'))
        .map(str::len)
        .sum();
    let end = start + length;
    (start < next).then(|| format!("{}{table}{}", &page[..start], &page[end..]))
}

fn line(row: &Difference) -> String {
    let cells = [row.data_juicer, row.here, row.with_compat].map(cell);
    let (what, example, test) = (cell(row.what), example(&row.example), link(row.test));
    format!("| {what} | {example} | {} | {test} |\n", cells.join(" | "))
}

/// Formats an example as a cell, with visible blanks.
fn example(example: &Example) -> String {
    let text = match example {
        Example::Words(words) => (*words).to_owned(),
        Example::Texts {
            params,
            text,
            here,
            with_compat,
            ..
        } => {
            let params = match *params {
                "{}" => String::new(),
                params => format!("with `{params}`, "),
            };
            let (text, here, with_compat) = (code(text), codes(here), codes(with_compat));
            if here == with_compat {
                format!("{params}{text} becomes {here}")
            } else {
                format!("{params}{text} becomes {here}; with `compat` {with_compat}")
            }
        }
    };
    text.replace('|', "\\|")
}

fn codes(texts: &[&str]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| code(text)).collect();
    texts.join(" and ")
}

/// Formats a text as code, with escapes for invisible characters.
fn code(text: &str) -> String {
    let mut shown = String::new();
    for ch in text.chars() {
        match ch {
            '\n' => shown.push_str("\\n"),
            _ if ch.is_control() || u32::from(ch) > 0x1_0000 || ch == '\u{307}' => {
                shown.push_str(&format!("\\u{{{:x}}}", u32::from(ch)));
            }
            _ => shown.push(ch),
        }
    }
    format!("`{shown}`")
}

fn link(test: &str) -> String {
    match test.split_once("::") {
        _ if test.is_empty() => "–".to_owned(),
        Some((path, name)) => format!("[`{name}`](../{path})"),
        None => format!("[vectors](../{test})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_table_after_the_heading_is_written_anew() {
        let page = "\n### A\n\ntext\n\n| old |\n| row |\n\nmore\n\n### B\n\n| b |\n";
        assert_eq!(
            with_table(page, "A", "| new |\n").as_deref(),
            Some("\n### A\n\ntext\n\n| new |\n\nmore\n\n### B\n\n| b |\n")
        );
        assert_eq!(
            with_table("\n### A\n\n### B\n\n| b |\n", "A", "| new |\n"),
            None
        );
        assert_eq!(with_table(page, "C", "| new |\n"), None);
    }

    #[test]
    fn blanks_and_bars_are_shown() {
        let shown = example(&Example::Texts {
            operator: "a",
            params: "{}",
            text: "a\n|  b",
            here: &["a"],
            with_compat: &["a", "b"],
        });
        assert_eq!(shown, "`a\\n\\|  b` becomes `a`; with `compat` `a` and `b`");
    }
}
