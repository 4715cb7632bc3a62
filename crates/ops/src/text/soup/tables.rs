//! Extracts the tables of a document.

use super::tree::{Node, Tree};
use super::write::write;
use crate::text::python::strip;

/// A table: rows of cells.
pub type Rows = Vec<Vec<String>>;

/// The error for tables that are nested so deeply that they would be far larger than the document, because each table contains
/// everything in it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nested;

/// The size that the tables of a document may have, as a multiple of the document's size.
const GROWTH: usize = 64;
/// The size in bytes that tables may always have.
const LEAST: usize = 1 << 20;

/// The number of bytes that may still be written.
struct Budget(usize);

impl Budget {
    fn of(html: &str) -> Self {
        Self(html.len().saturating_mul(GROWTH).max(LEAST))
    }

    fn spend(&mut self, cost: usize) -> Result<(), Nested> {
        self.0 = self.0.checked_sub(cost).ok_or(Nested)?;
        Ok(())
    }
}

/// Returns the texts of all tables, outer ones before inner ones. Rows and tables without cells are left out. Without
/// `with_headers`, rows with a header cell are left out too.
///
/// # Errors
/// [`Nested`] if the tables are too large.
pub fn rows_of_tables(html: &str, with_headers: bool) -> Result<Vec<Rows>, Nested> {
    let Some(tree) = tree(html) else {
        return Ok(Vec::new());
    };
    let mut budget = Budget::of(html);
    let mut tables = Vec::new();
    for table in named(&tree, "table") {
        let mut rows = Vec::new();
        for row in tree.inside(table) {
            budget.spend(1)?;
            if tree.name(row) == Some("tr")
                && let Some(cells) = cells(&tree, row, with_headers, &mut budget)?
            {
                rows.push(cells);
            }
        }
        if !rows.is_empty() {
            tables.push(rows);
        }
    }
    Ok(tables)
}

/// Returns the markup of all tables, rewritten.
///
/// # Errors
/// [`Nested`] if the tables are too large.
pub fn markup_of_tables(html: &str) -> Result<Vec<String>, Nested> {
    let Some(tree) = tree(html) else {
        return Ok(Vec::new());
    };
    let mut budget = Budget::of(html);
    let tables = named(&tree, "table");
    let written = tables.map(|table| {
        let mut markup = String::new();
        write(&tree, table..tree.after(table), &mut markup, |cost| {
            budget.spend(cost)
        })?;
        Ok(markup)
    });
    written.collect()
}

/// Returns the tree of a document; `None` if it has no table at all.
fn tree(html: &str) -> Option<Tree> {
    let mut tags = memchr::memchr_iter(b'<', html.as_bytes());
    let is_table = |tag: usize| {
        let name = html.as_bytes().get(tag + 1..tag + 6);
        name.is_some_and(|name| name.eq_ignore_ascii_case(b"table"))
    };
    tags.any(is_table).then(|| Tree::of(html))
}

fn named<'t>(tree: &'t Tree, name: &'t str) -> impl Iterator<Item = usize> + 't {
    (0..tree.nodes.len()).filter(move |node| tree.name(*node) == Some(name))
}

/// Returns the texts of a row's cells; `None` if it has none, or is an unwanted header.
fn cells(
    tree: &Tree,
    row: usize,
    with_headers: bool,
    budget: &mut Budget,
) -> Result<Option<Vec<String>>, Nested> {
    let mut cells = Vec::new();
    for child in tree.children(tree.inside(row)) {
        budget.spend(1)?;
        match tree.name(child) {
            Some("th") if !with_headers => return Ok(None),
            Some("td" | "th") => cells.push(text(tree, child, budget)?),
            _ => {}
        }
    }
    Ok(Some(cells).filter(|cells| !cells.is_empty()))
}

/// Returns the texts in a cell, each stripped, one after the other.
fn text(tree: &Tree, cell: usize, budget: &mut Budget) -> Result<String, Nested> {
    let mut whole = String::new();
    for node in tree.inside(cell) {
        budget.spend(1)?;
        if let Node::Text(text) | Node::CData(text) = &tree.nodes[node] {
            budget.spend(text.len())?;
            whole.push_str(strip(text));
        }
    }
    Ok(whole)
}
