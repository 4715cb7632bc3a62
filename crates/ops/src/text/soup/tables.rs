//! The tables of a document.

use super::tree::{Node, Tree};
use super::write::write;
use crate::text::python::strip;

/// A table: rows of cells.
pub type Rows = Vec<Vec<String>>;

/// The tables are nested in each other so deeply that they would be very much larger than the document: each holds all that is
/// in it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nested;

/// How many times larger than the document its tables may be.
const GROWTH: usize = 64;
/// How large they may be in any case.
const LEAST: usize = 1 << 20;

/// How much may still be written.
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

/// Returns the texts of all tables, the outer ones before those in them. Rows and tables without cells are left out, and without
/// `with_headers` also rows with a header cell.
///
/// # Errors
/// [`Nested`].
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

/// Returns the markup of all tables, written anew.
///
/// # Errors
/// [`Nested`].
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

/// The tree of a document; none if it has no table at all.
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

/// The texts of a row's cells; none if it has none, or is a header that is not wanted.
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

/// The texts in a cell, each stripped, one after the other.
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
