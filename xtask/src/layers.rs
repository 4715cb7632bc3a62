//! `cargo xtask layers`: crates depend only on crates that stand before them in the table.

use anyhow::{Context, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand, Package};

/// The folders of `crates/` in their order: each may depend on those before it.
///
/// The code map in ARCHITECTURE.md has the same order, which is checked too.
const LAYERS: [&str; 17] = [
    "config",
    "failure",
    "storage",
    "record",
    "table",
    "dataset",
    "events",
    "operator",
    "ops",
    "partition",
    "checkpoint",
    "job",
    "worker",
    "executor",
    "report",
    "coldpress",
    "cli",
];

/// What precedes a crate's folder in the headings of the code map.
const HEADING: &str = "### `crates/";

/// Checks the crates of the workspace.
///
/// # Errors
/// When an arrow points the wrong way, a crate is missing in the table, or the code map differs from it.
pub(crate) fn run(args: &[String]) -> Result<()> {
    crate::no_arguments(args)?;
    let manifest = crate::root().join("Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .exec()
        .context("cargo metadata failed")?;
    let mut faults = wrong_arrows(&metadata);
    faults.extend(wrong_code_map()?);
    if faults.is_empty() {
        println!("{} crates, all arrows point to lower layers", LAYERS.len());
        return Ok(());
    }
    bail!("{}", faults.join("\n"));
}

fn wrong_arrows(metadata: &Metadata) -> Vec<String> {
    let mut faults = Vec::new();
    let packages: Vec<_> = metadata.workspace_packages();
    let mut present = Vec::new();
    for package in packages {
        let Some(folder) = folder_in_crates(package) else {
            continue;
        };
        match layer(&folder) {
            None => faults.push(format!(
                "crates/{folder} is not in the table of xtask/src/layers.rs"
            )),
            Some(own) => faults.extend(arrows_up(package, &folder, own)),
        }
        present.push(folder);
    }
    let gone = LAYERS
        .iter()
        .filter(|layer| !present.iter().any(|folder| folder == *layer));
    faults.extend(
        gone.map(|layer| format!("xtask/src/layers.rs names crates/{layer}, which does not exist")),
    );
    faults
}

/// The dependencies of a package, those for its tests included, that do not lie below it.
fn arrows_up(package: &Package, folder: &str, own: usize) -> Vec<String> {
    let mut faults = Vec::new();
    for dependency in &package.dependencies {
        let Some(other) = dependency.path.as_ref().and_then(|path| path.file_name()) else {
            continue;
        };
        match layer(other) {
            Some(below) if below < own => {}
            Some(_) => faults.push(format!(
                "{folder} -> {other}: {other} does not stand before {folder}"
            )),
            None => faults.push(format!(
                "{folder} -> {other}: {other} is not in the table of xtask/src/layers.rs"
            )),
        }
    }
    faults
}

/// The package's folder, if it lies in `crates/`.
fn folder_in_crates(package: &Package) -> Option<String> {
    let folder = package.manifest_path.parent()?;
    let is_crate = folder.parent()?.file_name() == Some("crates");
    is_crate.then(|| folder.file_name().unwrap_or_default().to_owned())
}

fn layer(folder: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == folder)
}

fn wrong_code_map() -> Result<Option<String>> {
    let text = std::fs::read_to_string(crate::root().join("ARCHITECTURE.md"))
        .context("cannot read ARCHITECTURE.md")?;
    let headings = text.lines().filter_map(|line| line.strip_prefix(HEADING));
    let mapped: Vec<&str> = headings.filter_map(|rest| rest.split('`').next()).collect();
    if mapped == LAYERS {
        return Ok(None);
    }
    Ok(Some(format!(
        "the code map of ARCHITECTURE.md has the crates {}; it must have {}",
        mapped.join(", "),
        LAYERS.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(folder: &str, dependencies: &[&str]) -> Package {
        let dependencies: Vec<_> = dependencies.iter().map(|name| dependency(name)).collect();
        let package = serde_json::json!({
            "name": format!("coldpress-{folder}"), "version": "0.1.0", "id": folder, "edition": "2024",
            "dependencies": dependencies, "targets": [], "features": {},
            "manifest_path": format!("/w/crates/{folder}/Cargo.toml"),
        });
        serde_json::from_value(package).unwrap()
    }

    fn dependency(folder: &str) -> serde_json::Value {
        serde_json::json!({
            "name": format!("coldpress-{folder}"), "req": "*", "kind": "dev", "optional": false,
            "uses_default_features": true, "features": [], "path": format!("/w/crates/{folder}"),
        })
    }

    #[track_caller]
    fn check(folder: &str, dependencies: &[&str], faults: &[&str]) {
        let package = package(folder, dependencies);
        assert_eq!(folder_in_crates(&package).as_deref(), Some(folder));
        let found = arrows_up(&package, folder, layer(folder).unwrap());
        assert_eq!(found, faults);
    }

    #[test]
    fn only_arrows_to_lower_layers_pass() {
        check("record", &["storage", "config"], &[]);
        check(
            "record",
            &["ops"],
            &["record -> ops: ops does not stand before record"],
        );
        check(
            "record",
            &["record"],
            &["record -> record: record does not stand before record"],
        );
        check(
            "cli",
            &["new"],
            &["cli -> new: new is not in the table of xtask/src/layers.rs"],
        );
    }
}
