//! Checks that the files of a crate do not depend on each other in circles. What two files share belongs in a third one below both.
//!
//! The modules of a folder are looked at together with everything inside them. One depends on another if its text has a path that
//! leads there. A re-export is no way out, because a path through it leads to where the item is defined. An item that is defined in
//! `lib.rs` counts as part of a module that depends on all others. Tests may use anything.

mod graph;
mod modules;
mod paths;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use graph::circles;
use modules::{Crate, Use};

/// Modules, as `crate::module`, whose files call each other because the data that they read or write is nested, like lists in
/// lists.
const RECURSIVE: &[&str] = &["table::decode", "table::join", "table::render"];

/// Returns every circle in the crates of `crates/`, and the modules that are on the list unnecessarily.
///
/// # Errors
/// Fails when a file cannot be read.
pub(crate) fn faults() -> Result<Vec<String>> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(crate::root().join("crates"))? {
        folders.push(entry?.path());
    }
    folders.sort();
    let mut faults = Vec::new();
    let mut in_vain = RECURSIVE.to_vec();
    for folder in folders {
        for (place, fault) in circles_in(&folder)? {
            let is_listed = in_vain.contains(&place.as_str());
            in_vain.retain(|listed| *listed != place);
            if !is_listed {
                faults.push(fault);
            }
        }
    }
    faults.extend(in_vain.iter().map(|place| {
        format!("xtask/src/circles.rs lists {place}, whose files do not go round in circles")
    }));
    Ok(faults)
}

/// Returns the modules of a crate whose files form circles, and the circles.
fn circles_in(folder: &Path) -> Result<BTreeMap<String, String>> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut found = BTreeMap::new();
    for (parent, uses) in by_parent(Crate::read(&folder.join("src"))?.uses()) {
        let place = match parent.is_empty() {
            true => name.to_string(),
            false => format!("{name}::{parent}"),
        };
        let arrows = uses.keys().map(|(from, to)| (from.as_str(), to.as_str()));
        let circles = circles(arrows);
        if !circles.is_empty() {
            let shown = circles.iter().map(|circle| show(circle, &uses));
            let fault = format!(
                "{place}: files go round in a circle:{}",
                shown.collect::<String>()
            );
            found.insert(place, fault);
        }
    }
    Ok(found)
}

/// Formats the arrows of a circle, each with an example.
fn show(circle: &[&str], uses: &Arrows) -> String {
    let inside = |name: &str| circle.contains(&name);
    uses.iter()
        .filter(|((from, to), _)| inside(from) && inside(to))
        .map(|((from, to), example)| format!("\n    {from} -> {to}: {example}"))
        .collect()
}

/// For every module with others inside, which of them use which, with an example.
type Arrows = BTreeMap<(String, String), String>;

fn by_parent(uses: Vec<Use>) -> BTreeMap<String, Arrows> {
    let mut parents: BTreeMap<String, Arrows> = BTreeMap::new();
    for found in uses {
        let arrows = parents.entry(found.parent).or_default();
        arrows
            .entry((found.from, found.to))
            .or_insert(found.example);
    }
    parents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_crate_has_circles() {
        let faults = faults().unwrap();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
