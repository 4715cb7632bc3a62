//! The Python environment with the other programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{read, write};
use crate::root;

/// Where the environment is, kept from run to run.
const ENVIRONMENT: &str = "target/peers-venv";

/// The scripts that compare, and the versions of the other programs.
const SCRIPTS: &str = "xtask/peers";

/// The Python of the environment, which is made where it is missing or has other versions.
pub(super) fn environment() -> Result<PathBuf> {
    let folder = root().join(ENVIRONMENT);
    let python = folder.join("bin/python");
    let wanted = root().join(SCRIPTS).join("requirements.txt");
    let versions = read(&wanted)?;
    let stamp = folder.join("requirements.txt");
    if stamp.exists() && read(&stamp)? == versions {
        return Ok(python);
    }
    println!("-- {ENVIRONMENT}");
    let made = Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder)
        .status();
    let made = made.context("cannot start `python3`: `peers` needs Python 3.11 or later")?;
    ensure!(
        made.success(),
        "`python3 -m venv` failed: `peers` needs Python 3.11 or later with its module `venv`"
    );
    let installed = Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--requirement"])
        .arg(&wanted)
        .status()
        .context("cannot start pip")?;
    ensure!(
        installed.success(),
        "cannot install the packages of {SCRIPTS}/requirements.txt: pip must reach a Python package index"
    );
    write(&stamp, &versions)?;
    Ok(python)
}

/// Runs a script of [`SCRIPTS`] in the workspace's folder.
pub(super) fn run_script(python: &Path, script: &str, args: &[&str]) -> Result<()> {
    let status = Command::new(python)
        .arg("-B")
        .arg(format!("{SCRIPTS}/{script}"))
        .args(args)
        .current_dir(root())
        // Polars prints the stack of each panic, also of those that only mean that it has no such type.
        .env("RUST_BACKTRACE", "0")
        .status()
        .with_context(|| format!("cannot start {script}"))?;
    ensure!(status.success(), "{script} failed: {status}");
    Ok(())
}
