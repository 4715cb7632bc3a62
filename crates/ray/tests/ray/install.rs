//! A Python with Ray, installed once for all tests.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What to install.
const WANTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/requirements.txt");

/// Gives the interpreter, which has Ray once [`ray`] was called.
pub(crate) fn interpreter() -> PathBuf {
    folder().join("bin/python")
}

/// Installs Ray, unless that was done.
pub(crate) fn ray() {
    let wanted = fs::read_to_string(WANTED).unwrap();
    let folder = folder();
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    // Every test is a process of its own.
    let lock = File::create(folder.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let stamp = folder.with_extension("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return;
    }
    let mut venv = Command::new("python3");
    run(venv.args(["-m", "venv", "--clear"]).arg(&folder));
    let mut pip = Command::new(interpreter());
    let pip = pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    run(pip.args(["--requirement", WANTED]));
    fs::write(&stamp, wanted).unwrap();
}

/// The folder of the virtual environment, which is kept from build to build.
fn folder() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from);
    let target = fs::canonicalize(&target).unwrap_or(target);
    target.join("ray/python")
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.output();
    let output = output.unwrap_or_else(|error| {
        panic!(
            "cannot start {command:?}: {error}; install Python 3.11 or later with its module `venv`"
        )
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?} failed: pip must reach a Python package index\n{said}"
    );
}
