//! `cargo xtask examples`: every recipe in `configs/` and every program in `examples/` runs.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;

use crate::{cargo, root};

/// The folder below the workspace for the files of the runs. It is emptied at the start.
const OUTPUT: &str = "target/examples-output";

/// The recipes that differ only in their checkpoints, and so must have the same export.
const SAME_EXPORT: &str = "configs/checkpoint";

/// Runs them all, in debug builds.
///
/// # Errors
/// Fails when one fails, or when two recipes that must agree do not.
pub(crate) fn run(args: &[String]) -> Result<()> {
    crate::no_arguments(args)?;
    let output = root().join(OUTPUT);
    if output.exists() {
        std::fs::remove_dir_all(&output)
            .with_context(|| format!("cannot remove {}", output.display()))?;
    }
    let mut recipes = Vec::new();
    collect_recipes(&root().join("configs"), &mut recipes)?;
    for recipe in &recipes {
        run_recipe(recipe)?;
    }
    compare_exports(&recipes)?;
    run_facade_examples()?;
    run_example_crates()
}

fn collect_recipes(folder: &Path, recipes: &mut Vec<PathBuf>) -> Result<()> {
    for path in sorted_entries(folder)? {
        if path.is_dir() {
            collect_recipes(&path, recipes)?;
        } else if path.extension().is_some_and(|suffix| suffix == "yaml") {
            recipes.push(path);
        }
    }
    Ok(())
}

fn run_recipe(recipe: &Path) -> Result<()> {
    let shown = recipe
        .strip_prefix(root())
        .unwrap_or(recipe)
        .display()
        .to_string();
    println!("-- {shown}");
    let name = stem(recipe);
    let export = export_of(recipe);
    let places = [
        ("--export_path", export.as_str()),
        ("--work_dir", &format!("{OUTPUT}/jobs")),
        ("--event_log_dir", &format!("{OUTPUT}/event_logs")),
        ("--checkpoint_dir", &format!("{OUTPUT}/checkpoints")),
        ("--job_id", &name),
    ];
    let mut args = vec!["run", "--quiet", "--package", "coldpress-cli", "--"];
    args.extend(["process", "--config", &shown, "--no-progress"]);
    args.extend(places.iter().flat_map(|(key, value)| [*key, *value]));
    cargo(&args, &[])?;
    let length = std::fs::metadata(root().join(&export))
        .with_context(|| format!("{shown} left no {export}"))?
        .len();
    ensure!(length > 0, "the export of {shown} is empty");
    Ok(())
}

fn compare_exports(recipes: &[PathBuf]) -> Result<()> {
    let folder = root().join(SAME_EXPORT);
    let mut first: Option<(String, Vec<u8>)> = None;
    for recipe in recipes
        .iter()
        .filter(|recipe| recipe.parent() == Some(&*folder))
    {
        let name = stem(recipe);
        let bytes = std::fs::read(root().join(export_of(recipe)))?;
        match &first {
            None => first = Some((name, bytes)),
            Some((other, expected)) => {
                ensure!(
                    *expected == bytes,
                    "{SAME_EXPORT}: the exports of {other} and {name} differ"
                );
            }
        }
    }
    Ok(())
}

/// Runs the examples that are targets of the facade crate.
fn run_facade_examples() -> Result<()> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()?;
    let packages = metadata.workspace_packages();
    let targets = packages
        .iter()
        .filter(|package| package.name == "coldpress")
        .flat_map(|package| &package.targets);
    for target in targets.filter(|target| target.is_example()) {
        println!("-- example {}", target.name);
        cargo(
            &[
                "run",
                "--quiet",
                "--package",
                "coldpress",
                "--example",
                &target.name,
            ],
            &[],
        )?;
    }
    Ok(())
}

/// The settings of the workspace's development builds, so that its builds of other crates can be reused here.
const PROFILE: [&str; 6] = [
    "--config",
    "profile.dev.debug='line-tables-only'",
    "--config",
    "profile.dev.package.'*'.debug=false",
    "--config",
    "profile.dev.package.'*'.opt-level=1",
];

/// Runs the examples that are crates of their own, as a user's would be.
fn run_example_crates() -> Result<()> {
    let target = std::env::var("CARGO_TARGET_DIR")
        .unwrap_or_else(|_| root().join("target").display().to_string());
    for folder in sorted_entries(&root().join("examples"))? {
        let manifest = folder.join("Cargo.toml");
        if !manifest.exists() {
            continue;
        }
        lock_versions(&folder)?;
        let shown = manifest
            .strip_prefix(root())
            .unwrap_or(&manifest)
            .display()
            .to_string();
        println!("-- {shown}");
        for command in ["test", "run"] {
            let args: Vec<&str> = [command, "--quiet", "--manifest-path", &shown]
                .into_iter()
                .chain(PROFILE)
                .collect();
            cargo(&args, &[("CARGO_TARGET_DIR", &target)])?;
        }
    }
    Ok(())
}

/// Gives an example without a lock file the versions of the workspace.
fn lock_versions(folder: &Path) -> Result<()> {
    let lock = folder.join("Cargo.lock");
    if !lock.exists() {
        std::fs::copy(root().join("Cargo.lock"), &lock)
            .with_context(|| format!("cannot write {}", lock.display()))?;
    }
    Ok(())
}

fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn stem(recipe: &Path) -> String {
    recipe
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn export_of(recipe: &Path) -> String {
    format!("{OUTPUT}/exports/{}.jsonl", stem(recipe))
}
