//! `cargo xtask docs`: the pages of `docs/reference/`, and the tables of `docs/compatibility.md`, written from what the code declares.

mod differences;
mod keys;
mod operators;

use anyhow::{Context, Result, bail};

/// A page: its path in the workspace, and its expected content.
struct Page {
    path: &'static str,
    text: String,
}

/// Writes the pages; with `--check`, only compares them.
///
/// # Errors
/// Fails when a page cannot be written or is out of date.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let check = match args {
        [] => false,
        [only] if only == "--check" => true,
        _ => bail!("`docs` takes `--check` or nothing"),
    };
    let pages = [
        Page {
            path: "docs/reference/recipe-keys.md",
            text: keys::page(),
        },
        Page {
            path: "docs/reference/operators.md",
            text: operators::page(),
        },
        Page {
            path: differences::PATH,
            text: differences::page()?,
        },
    ];
    for page in &pages {
        if check { compare(page)? } else { write(page)? }
    }
    Ok(())
}

fn compare(page: &Page) -> Result<()> {
    let there = std::fs::read_to_string(crate::root().join(page.path)).unwrap_or_default();
    if there == page.text {
        println!("{} is up to date", page.path);
        return Ok(());
    }
    let line = there
        .lines()
        .zip(page.text.lines())
        .take_while(|(old, new)| old == new)
        .count()
        + 1;
    bail!(
        "{} is not up to date from line {line} on; run `cargo xtask docs`",
        page.path
    );
}

fn write(page: &Page) -> Result<()> {
    let path = crate::root().join(page.path);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    std::fs::write(&path, &page.text).with_context(|| format!("cannot write {}", page.path))?;
    println!("wrote {}", page.path);
    Ok(())
}

/// Formats a text as a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_keeps_to_its_row_and_column() {
        assert_eq!(cell(" two\n lines, a|b "), "two lines, a\\|b");
    }

    #[test]
    fn pages_name_everything_that_is_declared() {
        let (key_page, operator_page) = (keys::page(), operators::page());
        for key in coldpress_config::keys() {
            assert!(
                key_page.contains(&format!("| `{}` |", key.name)),
                "{}",
                key.name
            );
        }
        for spec in coldpress_ops::builtin().iter() {
            assert!(
                operator_page.contains(&format!("\n## {}\n", spec.name())),
                "{}",
                spec.name()
            );
            for param in spec.params() {
                assert!(
                    operator_page.contains(&format!("| `{}` |", param.name)),
                    "{} {}",
                    spec.name(),
                    param.name
                );
            }
        }
    }

    #[test]
    fn every_row_of_a_table_has_the_columns_of_its_head() {
        for page in [keys::page(), operators::page()] {
            let mut columns = None;
            for line in page.lines() {
                let bars = line.replace("\\|", "").matches('|').count();
                assert_eq!(
                    bars,
                    if line.starts_with('|') {
                        *columns.get_or_insert(bars)
                    } else {
                        0
                    },
                    "{line}"
                );
                if !line.starts_with('|') {
                    columns = None;
                }
            }
        }
    }
}
