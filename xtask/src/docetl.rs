//! `cargo xtask docetl`: the program beside the real DocETL, pandas, PyArrow and DuckDB.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::python::{Environment, run_script};
use crate::{cargo, root};

/// The folder for the files of the runs, below the workspace. It is emptied at the start.
const FOLDER: &str = "target/docetl";

/// Makes the frozen directories again, migrates copies of them and compares, and runs the queries of the manual and the example.
/// `--release` builds the program in release mode, and `--program PATH` takes an existing one.
///
/// # Errors
/// Fails when Python or a package registry is missing, or when anything differs.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let python = Environment { name: "docetl" }.programs()?.join("python");
    let program = program(args)?;
    let folder = root().join(FOLDER);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {FOLDER}"))?;
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {FOLDER}"))?;
    let shown = program.display().to_string();
    for script in ["fixtures.py", "migrated.py", "queries.py"] {
        println!("-- {script}");
        run_script(&python, "docetl", script, &[&shown, FOLDER])?;
    }
    println!("-- examples/docetl/intermediate.py");
    run_example(&python, &program)
}

fn program(args: &[String]) -> Result<PathBuf> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let kind = match args[..] {
        ["--program", path] => return Ok(root().join(path)),
        ["--release"] => "release",
        [] => "debug",
        _ => bail!("`docetl` takes `--release` or `--program PATH`"),
    };
    let mut build = vec!["build", "--quiet", "--package", "coldpress-cli"];
    build.extend(["--release"].iter().filter(|_| kind == "release"));
    cargo(&build, &[])?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(root().join(target).join(kind).join("coldpress"))
}

fn run_example(python: &Path, program: &Path) -> Result<()> {
    let status = Command::new(python)
        .args(["-B", "examples/docetl/intermediate.py"])
        .current_dir(root())
        .env("COLDPRESS", program)
        .status()
        .context("cannot start the example")?;
    ensure!(status.success(), "the example failed: {status}");
    Ok(())
}
