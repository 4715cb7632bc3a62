//! The text from which a picture is drawn.
//!
//! ```yaml
//! title: What the picture is called
//! description: What it shows, for people who cannot see it.
//! rows:
//!   - - {id: recipe, kind: input, title: Recipe, text: "a list of operators"}
//!     - id: engine                  # an item with rows is a group
//!       title: Engine
//!       rows:
//!         - [{id: driver, title: Driver}]
//! arrows:
//!   - "recipe -> driver: is read by"  # also <->, and --> for a broken line
//!   - driver -> recipe (right)        # along the right margin; also (left)
//! ```

use std::collections::HashSet;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// A picture as its author writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Diagram {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) rows: Vec<Vec<Item>>,
    #[serde(default)]
    arrows: Vec<String>,
    #[serde(skip)]
    pub(super) links: Vec<Link>,
}

/// A box, or a group of rows of boxes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) title: String,
    #[serde(default)]
    pub(super) text: String,
    #[serde(default)]
    pub(super) kind: Kind,
    /// Its share of the row's width, relative to the others.
    #[serde(default = "one")]
    pub(super) share: f64,
    #[serde(default)]
    pub(super) rows: Vec<Vec<Item>>,
}

/// The kind of a box, which decides its colour.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    #[default]
    Plain,
    Input,
    Work,
    Store,
    Output,
    Trouble,
}

/// An arrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) label: String,
    pub(super) is_both_ways: bool,
    pub(super) is_broken: bool,
    pub(super) way: Way,
    /// The link as it is written, for messages.
    pub(super) written: String,
}

/// The way an arrow gets to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Direct,
    Left,
    Right,
}

fn one() -> f64 {
    1.0
}

impl Diagram {
    /// Reads a text.
    ///
    /// # Errors
    /// Fails when it does not have the form above, or when an arrow does not end at a box.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut diagram: Self = serde_yaml::from_str(text).context("is not a diagram")?;
        let mut known = HashSet::new();
        for id in diagram.boxes() {
            ensure!(known.insert(id), "two boxes have the id `{id}`");
        }
        let mut links = Vec::new();
        for written in &diagram.arrows {
            let link = Link::parse(written)?;
            for end in [&link.from, &link.to] {
                ensure!(
                    known.contains(end.as_str()),
                    "the arrow `{written}` ends at `{end}`, and no box has this id"
                );
            }
            links.push(link);
        }
        diagram.links = links;
        Ok(diagram)
    }

    /// Returns the ids of all boxes and groups.
    pub(super) fn boxes(&self) -> Vec<&str> {
        let mut ids = Vec::new();
        collect(&self.rows, &mut ids);
        ids
    }
}

fn collect<'a>(rows: &'a [Vec<Item>], ids: &mut Vec<&'a str>) {
    for item in rows.iter().flatten() {
        ids.push(&item.id);
        collect(&item.rows, ids);
    }
}

impl Link {
    fn parse(written: &str) -> Result<Self> {
        let (ends, label) = written.split_once(": ").unwrap_or((written, ""));
        let (ends, way) = match ends.trim() {
            ends if ends.ends_with("(left)") => (ends.trim_end_matches("(left)"), Way::Left),
            ends if ends.ends_with("(right)") => (ends.trim_end_matches("(right)"), Way::Right),
            ends => (ends, Way::Direct),
        };
        let words: Vec<&str> = ends.split_whitespace().collect();
        let [from, arrow @ ("->" | "<->" | "-->"), to] = words[..] else {
            bail!("`{written}` is not an arrow: write `a -> b`, `a <-> b` or `a --> b`");
        };
        ensure!(
            way == Way::Direct || label.is_empty(),
            "the arrow `{written}` runs along a margin, where it has no room for a label"
        );
        Ok(Self {
            from: from.to_owned(),
            to: to.to_owned(),
            label: label.trim().to_owned(),
            is_both_ways: arrow == "<->",
            is_broken: arrow == "-->",
            way,
            written: written.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_has_ends_a_way_and_a_label() {
        let link = Link::parse("a <-> b: both").unwrap();
        assert_eq!(
            (link.from.as_str(), link.to.as_str(), link.label.as_str()),
            ("a", "b", "both")
        );
        assert!(link.is_both_ways && !link.is_broken && link.way == Way::Direct);
        let link = Link::parse("a --> b (left)").unwrap();
        assert!(link.is_broken && link.way == Way::Left);
        assert!(Link::parse("a -> b (left): no").is_err());
    }
}
