//! `cargo xtask layers`: crates depend only on the crates that the table allows them.

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

use crate::{circles, module_files};

/// A crate of `crates/` and the arrows that may leave it.
struct Layer {
    folder: &'static str,
    /// The crates on which it may depend.
    uses: &'static [&'static str],
    /// The additional crates on which its tests may depend.
    tests_use: &'static [&'static str],
}

/// The crates in order. Every arrow points to a crate further up.
///
/// An arrow that is not in here needs a reason before it is added, because each one is something that a reader of the crate must
/// know too, and that a change below can break. The code map in ARCHITECTURE.md has the same order, which is checked.
const LAYERS: [Layer; 29] = [
    layer("config", &[], &[]),
    layer("failure", &[], &[]),
    layer("storage", &[], &[]),
    layer("remote", &["storage"], &[]),
    layer("record", &[], &[]),
    layer("table", &["record"], &[]),
    layer("dataset", &["storage", "record", "table"], &[]),
    layer("export", &["storage", "record", "table", "dataset"], &[]),
    layer("events", &["storage"], &[]),
    layer("notify", &[], &[]),
    layer("operator", &["config", "failure", "record"], &[]),
    layer("barrier", &["storage", "operator"], &[]),
    layer("models", &[], &[]),
    layer("pattern", &[], &[]),
    layer("archive", &[], &[]),
    layer("external", &[], &[]),
    layer("assets", &["storage", "operator", "archive"], &[]),
    layer(
        "ops",
        &["operator", "models", "pattern", "archive", "external"],
        &["record", "barrier", "assets"],
    ),
    layer("partition", &["storage", "record", "dataset"], &[]),
    layer("checkpoint", &["storage", "record", "table"], &[]),
    layer("docetl", &["failure", "storage", "table"], &[]),
    layer(
        "job",
        &[
            "config",
            "storage",
            "record",
            "dataset",
            "operator",
            "partition",
        ],
        &[],
    ),
    layer(
        "worker",
        &[
            "config",
            "failure",
            "storage",
            "record",
            "table",
            "dataset",
            "operator",
            "barrier",
            "partition",
            "checkpoint",
        ],
        &[],
    ),
    layer(
        "executor",
        &[
            "config",
            "failure",
            "storage",
            "record",
            "table",
            "dataset",
            "export",
            "events",
            "notify",
            "operator",
            "assets",
            "barrier",
            "partition",
            "checkpoint",
            "job",
            "worker",
        ],
        &["ops"],
    ),
    layer(
        "ray",
        &[
            "config",
            "failure",
            "storage",
            "external",
            "partition",
            "worker",
            "executor",
        ],
        &["remote", "operator"],
    ),
    layer(
        "report",
        &[
            "config",
            "failure",
            "storage",
            "record",
            "dataset",
            "events",
            "operator",
            "partition",
            "checkpoint",
            "job",
            "worker",
            "executor",
        ],
        &["ops"],
    ),
    layer(
        "serve",
        &["storage", "events", "operator", "job", "executor", "report"],
        &[],
    ),
    layer(
        "coldpress",
        &[
            "config",
            "failure",
            "storage",
            "record",
            "table",
            "dataset",
            "export",
            "events",
            "operator",
            "assets",
            "ops",
            "partition",
            "checkpoint",
            "docetl",
            "job",
            "remote",
            "worker",
            "executor",
            "ray",
            "report",
            "serve",
        ],
        &[],
    ),
    layer("cli", &["coldpress"], &[]),
];

const fn layer(
    folder: &'static str,
    uses: &'static [&'static str],
    tests_use: &'static [&'static str],
) -> Layer {
    Layer {
        folder,
        uses,
        tests_use,
    }
}

/// The text before a crate's folder in the headings of the code map.
const HEADING: &str = "### `crates/";

/// Checks the crates of the workspace.
///
/// # Errors
/// Fails when an arrow is not in the table, a crate is missing there, or the code map differs from it.
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
    faults.extend(circles::faults()?);
    faults.extend(module_files::faults()?);
    if faults.is_empty() {
        println!(
            "{} crates, and no arrow but those in the table",
            LAYERS.len()
        );
        return Ok(());
    }
    bail!("{}", faults.join("\n"));
}

fn wrong_arrows(metadata: &Metadata) -> Vec<String> {
    let packages = metadata.workspace_packages().into_iter();
    let present: Vec<_> = packages
        .filter_map(|package| folder_in_crates(package).map(|folder| (folder, package)))
        .collect();
    let mut faults = arrows_up_in_table();
    for (folder, package) in &present {
        match position(folder) {
            None => faults.push(format!(
                "crates/{folder} is not in the table of xtask/src/layers.rs"
            )),
            Some(own) => faults.extend(arrows_not_allowed(package, &LAYERS[own])),
        }
    }
    let is_gone = |layer: &&Layer| !present.iter().any(|(folder, _)| folder == layer.folder);
    faults.extend(LAYERS.iter().filter(is_gone).map(|layer| {
        format!(
            "xtask/src/layers.rs names crates/{}, which does not exist",
            layer.folder
        )
    }));
    faults
}

/// Returns the arrows that the table allows although they do not point to a crate further up.
fn arrows_up_in_table() -> Vec<String> {
    let mut faults = Vec::new();
    for (own, layer) in LAYERS.iter().enumerate() {
        for other in layer.uses.iter().chain(layer.tests_use) {
            if position(other).is_none_or(|other| other >= own) {
                faults.push(format!(
                    "the table of xtask/src/layers.rs allows {} -> {other}, which is not further up",
                    layer.folder
                ));
            }
        }
    }
    faults
}

/// Returns the dependencies of a package that the table does not allow, and the allowed ones that it does not use.
fn arrows_not_allowed(package: &Package, layer: &Layer) -> Vec<String> {
    let Layer {
        folder,
        uses,
        tests_use,
    } = layer;
    let mut unused: Vec<&str> = uses.iter().chain(*tests_use).copied().collect();
    let mut faults = Vec::new();
    for dependency in &package.dependencies {
        let Some(other) = dependency.path.as_ref().and_then(|path| path.file_name()) else {
            continue;
        };
        unused.retain(|allowed| *allowed != other);
        let is_for_tests = dependency.kind == DependencyKind::Development;
        let is_allowed = uses.contains(&other) || is_for_tests && tests_use.contains(&other);
        if !is_allowed {
            faults.push(format!(
                "{folder} -> {other} is not allowed by the table of xtask/src/layers.rs"
            ));
        }
    }
    faults.extend(unused.iter().map(|other| {
        format!("xtask/src/layers.rs allows {folder} -> {other}, which nothing needs")
    }));
    faults
}

/// Returns the package's folder, if it is in `crates/`.
fn folder_in_crates(package: &Package) -> Option<String> {
    let folder = package.manifest_path.parent()?;
    let is_crate = folder.parent()?.file_name() == Some("crates");
    is_crate.then(|| folder.file_name().unwrap_or_default().to_owned())
}

fn position(folder: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.folder == folder)
}

fn wrong_code_map() -> Result<Option<String>> {
    let text = std::fs::read_to_string(crate::root().join("ARCHITECTURE.md"))
        .context("cannot read ARCHITECTURE.md")?;
    let headings = text.lines().filter_map(|line| line.strip_prefix(HEADING));
    let mapped: Vec<&str> = headings.filter_map(|rest| rest.split('`').next()).collect();
    let folders = LAYERS.map(|layer| layer.folder);
    if mapped == folders {
        return Ok(None);
    }
    Ok(Some(format!(
        "the code map of ARCHITECTURE.md has the crates {}; it must have {}",
        mapped.join(", "),
        folders.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(folder: &str, dependencies: &[(&str, &str)]) -> Package {
        let dependencies = dependencies
            .iter()
            .map(|(name, kind)| dependency(name, kind));
        let package = serde_json::json!({
            "name": format!("coldpress-{folder}"), "version": "0.1.0", "id": folder, "edition": "2024",
            "dependencies": dependencies.collect::<Vec<_>>(), "targets": [], "features": {},
            "manifest_path": format!("/w/crates/{folder}/Cargo.toml"),
        });
        serde_json::from_value(package).unwrap()
    }

    fn dependency(folder: &str, kind: &str) -> serde_json::Value {
        serde_json::json!({
            "name": format!("coldpress-{folder}"), "req": "*", "kind": kind, "optional": false,
            "uses_default_features": true, "features": [], "path": format!("/w/crates/{folder}"),
        })
    }

    #[track_caller]
    fn check(folder: &str, dependencies: &[(&str, &str)], faults: &[&str]) {
        let package = package(folder, dependencies);
        assert_eq!(folder_in_crates(&package).as_deref(), Some(folder));
        let found = arrows_not_allowed(&package, &LAYERS[position(folder).unwrap()]);
        assert_eq!(found, faults);
    }

    #[test]
    fn only_arrows_of_the_table_pass() {
        let others = [
            ("operator", "normal"),
            ("models", "normal"),
            ("pattern", "normal"),
            ("archive", "normal"),
            ("external", "normal"),
            ("barrier", "dev"),
            ("assets", "dev"),
        ];
        let with_record = |kind| [&others[..], &[("record", kind)]].concat();
        check("ops", &with_record("dev"), &[]);
        check(
            "ops",
            &with_record("normal"),
            &["ops -> record is not allowed by the table of xtask/src/layers.rs"],
        );
        // A lower layer is not enough.
        check(
            "table",
            &[("record", "normal"), ("storage", "dev")],
            &["table -> storage is not allowed by the table of xtask/src/layers.rs"],
        );
        check(
            "table",
            &[],
            &["xtask/src/layers.rs allows table -> record, which nothing needs"],
        );
    }

    #[test]
    fn the_table_has_no_circles() {
        assert_eq!(arrows_up_in_table(), [""; 0]);
    }
}
