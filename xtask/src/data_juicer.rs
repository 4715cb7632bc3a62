//! `cargo xtask data-juicer`: jobs of the program, looked at and stopped with Data-Juicer's own utilities.

use std::path::Path;

use anyhow::{Result, bail};

use crate::python::run_script;
use crate::{cargo, root};

/// The folder for the jobs, below the workspace. It is emptied at the start.
const FOLDER: &str = "target/data-juicer";

/// Runs `xtask/peers/jobs.py` with the Python of `--python PATH`, which must have the package `py-data-juicer` 1.6.1. It is too
/// large to be installed on the way.
///
/// # Errors
/// Fails if no Python is given, or if Data-Juicer sees something other than what the program reports.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let [flag, python] = args else {
        bail!("`data-juicer` takes `--python PATH`, a Python with `py-data-juicer` 1.6.1");
    };
    if flag != "--python" {
        bail!("`data-juicer` takes `--python PATH`, not `{flag}`");
    }
    cargo(&["build", "--quiet", "--package", "coldpress-cli"], &[])?;
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let program = root().join(target).join("debug/coldpress");
    let program = program.display().to_string();
    run_script(Path::new(python), "peers", "jobs.py", &[&program, FOLDER])
}
