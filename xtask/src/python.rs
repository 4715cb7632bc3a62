//! Python environments with the programs that a chore needs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::root;

/// An environment below `target/`, kept from run to run, with the packages of a file in `xtask/`.
#[derive(Clone, Copy)]
pub(crate) struct Environment {
    /// The folder in `xtask/` whose `requirements.txt` names the packages and their versions.
    pub(crate) name: &'static str,
}

impl Environment {
    /// Returns the folder of the environment's programs, which is created if it is missing or has other versions.
    ///
    /// # Errors
    /// Fails when there is no Python 3.11 or later with its module `venv`, or when the packages cannot be installed.
    pub(crate) fn programs(self) -> Result<PathBuf> {
        let Self { name } = self;
        let folder = root().join(format!("target/{name}-venv"));
        let programs = folder.join("bin");
        let wanted = root().join(format!("xtask/{name}/requirements.txt"));
        let versions = std::fs::read_to_string(&wanted)
            .with_context(|| format!("cannot read {}", wanted.display()))?;
        let stamp = folder.join("requirements.txt");
        if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == versions) {
            return Ok(programs);
        }
        println!("-- {}", folder.display());
        let made = Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder)
            .status()
            .with_context(|| {
                format!("cannot start `python3`: `{name}` needs Python 3.11 or later")
            })?;
        ensure!(
            made.success(),
            "`python3 -m venv` failed: `{name}` needs Python 3.11 or later with its module `venv`"
        );
        let installed = Command::new(programs.join("python"))
            .args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(&wanted)
            .status()
            .context("cannot start pip")?;
        ensure!(
            installed.success(),
            "cannot install the packages of {}: pip must reach a Python package index",
            wanted.display()
        );
        std::fs::write(&stamp, &versions)
            .with_context(|| format!("cannot write {}", stamp.display()))?;
        Ok(programs)
    }
}

/// Runs a script of the folder `xtask/{name}` in the workspace's folder.
///
/// # Errors
/// Fails when it cannot be started or fails.
pub(crate) fn run_script(python: &Path, name: &str, script: &str, args: &[&str]) -> Result<()> {
    let status = Command::new(python)
        .arg("-B")
        .arg(format!("xtask/{name}/{script}"))
        .args(args)
        .current_dir(root())
        // Polars prints the stack of each panic, even of those that only mean that it has no such type.
        .env("RUST_BACKTRACE", "0")
        .status()
        .with_context(|| format!("cannot start {script}"))?;
    ensure!(status.success(), "{script} failed: {status}");
    Ok(())
}
