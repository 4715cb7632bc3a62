//! `cargo xtask typos`: no misspelt word in code, docs and messages.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::python::Environment;
use crate::root;

/// Runs `typos` over the repository; `typos.toml` says what it does not look at.
///
/// # Errors
/// When it cannot be installed, or finds a misspelt word.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let programs = Environment { name: "typos" }.programs()?;
    let status = Command::new(programs.join("typos"))
        .args(args)
        .current_dir(root())
        .status()
        .context("cannot start `typos`")?;
    ensure!(
        status.success(),
        "misspelt words; correct them, or name them in typos.toml if they are meant so"
    );
    Ok(())
}
