//! `cargo xtask typos`: no misspelt words in code, docs and messages.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::python::Environment;
use crate::root;

/// Runs `typos` over the repository; `typos.toml` lists what is excluded.
///
/// # Errors
/// Fails when it cannot be installed, or when it finds a misspelt word.
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
