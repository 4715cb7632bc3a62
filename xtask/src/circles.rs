//! No circles between the files of a crate: what two files share lies in a third one below both.
//!
//! The modules of a folder are looked at together with everything inside of them; one depends on another if its text has
//! a path that leads there. A re-export is no way out: a path through it leads to where the item is defined. An item that
//! is defined in `lib.rs` counts as one of a module that depends on all others. Tests may use anything.

mod graph;
mod modules;
mod paths;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use graph::circles;
use modules::{Crate, Use};

/// Crates that still have circles. A crate leaves this list with its last one, and none is ever added.
const STILL_HAVE_CIRCLES: &[&str] = &[];

/// Every circle in the crates of `crates/`, and the crates that the list names in vain.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn faults() -> Result<Vec<String>> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(crate::root().join("crates"))? {
        folders.push(entry?.path());
    }
    folders.sort();
    let mut faults = Vec::new();
    for folder in folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let found = faults_of(&folder)?;
        match STILL_HAVE_CIRCLES.contains(&&*name) {
            false => faults.extend(
                found
                    .into_iter()
                    .map(|fault| format!("crates/{name}: {fault}")),
            ),
            true if found.is_empty() => faults.push(format!(
                "crates/{name} has no circles left; take it off the list in xtask/src/circles.rs"
            )),
            true => {}
        }
    }
    Ok(faults)
}

fn faults_of(folder: &Path) -> Result<Vec<String>> {
    let source = Crate::read(&folder.join("src"))?;
    let mut faults = Vec::new();
    for (parent, uses) in by_parent(source.uses()) {
        let arrows = uses.keys().map(|(from, to)| (from.as_str(), to.as_str()));
        for circle in circles(arrows) {
            let inside = |name: &str| circle.contains(&name);
            let proofs = uses
                .iter()
                .filter(|((from, to), _)| inside(from) && inside(to));
            let proofs =
                proofs.map(|((from, to), example)| format!("\n    {from} -> {to}: {example}"));
            let place = if parent.is_empty() {
                "the crate"
            } else {
                &parent
            };
            faults.push(format!(
                "in {place}, {} go round in a circle{}",
                circle.join(", "),
                proofs.collect::<String>()
            ));
        }
    }
    Ok(faults)
}

/// For every module that has others inside: which of them use which, with an example.
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
    fn no_crate_has_circles_but_those_of_the_list() {
        let faults = faults().unwrap();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
