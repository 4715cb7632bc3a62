//! `cargo xtask peers fidelity`: every operator compared with Data-Juicer's, with many settings, over the same records.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use coldpress_ops::differences;
use serde_json::json;

use super::{build, write};
use crate::python::run_script;
use crate::root;

/// The folder below the workspace with the input of the comparison.
const FOLDER: &str = "target/fidelity";

/// Runs `xtask/fidelity/fidelity.py` with the Python of `--python PATH`, which must have `py-data-juicer` 1.6.1. It is too large to
/// be installed on the way. `--program PATH` takes an existing program, and `--release` builds one in release mode. All other
/// arguments are the script's: `--operator NAME`, `--data FILE|FOLDER`, `--records N`, `--minutes N`.
///
/// # Errors
/// Fails when no Python is given, when the operators of both programs differ in something that no row of docs/compatibility.md
/// mentions, or when the time was not enough.
pub(super) fn run(args: &[String]) -> Result<()> {
    let (mut python, mut program, mut is_release, mut rest) = (None, None, false, Vec::new());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--python" => python = args.next().cloned(),
            "--program" => program = args.next().map(|path| root().join(path)),
            "--release" => is_release = true,
            other => rest.push(other),
        }
    }
    let Some(python) = python else {
        bail!("`peers fidelity` takes `--python PATH`, a Python with `py-data-juicer` 1.6.1");
    };
    run_script(Path::new(&python), "fidelity", "test_fidelity.py", &[])?;
    let program = match program {
        Some(program) => program,
        None => build(is_release)?,
    };
    let (listed, names) = (given("listed.json"), given("names.json"));
    std::fs::create_dir_all(root().join(FOLDER))?;
    // Only rows that also hold with `compat` excuse a difference.
    let rows: Vec<&str> = differences::all()
        .filter(|difference| difference.differs_with_compat())
        .map(|difference| difference.what)
        .collect();
    write(&listed, &json!(rows).to_string())?;
    let operators: Vec<_> = coldpress_ops::builtin()
        .iter()
        .map(|spec| spec.name().to_owned())
        .collect();
    write(&names, &json!(operators).to_string())?;
    let paths = [program, listed, names].map(|path| path.display().to_string());
    let [program, listed, names] = &paths;
    let mut all = vec!["--program", program, "--listed", listed, "--names", names];
    all.extend(rest);
    run_script(Path::new(&python), "fidelity", "fidelity.py", &all)
}

fn given(name: &str) -> PathBuf {
    root().join(FOLDER).join(name)
}
