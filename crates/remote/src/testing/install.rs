//! Installing the servers that tests need, once for all tests.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder with the versions to install.
const WANTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/servers");

/// Gives the folder of the Python programs.
pub(super) fn python() -> PathBuf {
    environment("python", "requirements.txt")
}

/// Gives the folder of a Python that has other readers of buckets. What they need is not what the servers need.
pub(super) fn readers() -> PathBuf {
    environment("readers", "readers.txt")
}

/// Gives the folder of the programs of a virtual environment of this name, with what a file of `servers/` lists.
fn environment(name: &str, file: &str) -> PathBuf {
    let folder = target().join("remote-servers").join(name);
    once(&folder, file, |folder, wanted| {
        run(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(folder),
            "install Python 3.11 or later with its module `venv`",
        );
        run(
            Command::new(folder.join("bin/python"))
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--requirement",
                ])
                .arg(wanted),
            "pip must reach a Python package index",
        );
    });
    folder.join("bin")
}

/// Gives the folder of the programs that are crates, which are compiled without optimization: a minute on two cores.
pub(super) fn rust() -> PathBuf {
    let folder = target().join("remote-servers/rust");
    once(&folder, "crates.txt", |folder, wanted| {
        let wanted = fs::read_to_string(wanted).expect("the versions are in this crate");
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        for line in wanted.lines() {
            run(
                Command::new(&cargo)
                    .args(["install", "--quiet", "--locked", "--debug", "--root"])
                    .arg(folder)
                    .arg("--target-dir")
                    .arg(folder.join("target"))
                    .args(line.split(' ')),
                "cargo must reach the registry of crates",
            );
        }
        fs::remove_dir_all(folder.join("target")).expect("what a build leaves can be removed");
    });
    folder.join("bin")
}

/// Gives the folder of the programs of Node.js; none where there is no npm and none is required.
#[allow(
    clippy::print_stderr,
    reason = "whoever runs the tests is told what they leave out"
)]
pub(super) fn node() -> Option<PathBuf> {
    let is_required = env::var_os("COLDPRESS_SERVERS_REQUIRED").is_some();
    if !is_required && Command::new("npm").arg("--version").output().is_err() {
        eprintln!("there is no npm, so Azure's store is not tested; install Node.js 18 or later");
        return None;
    }
    let folder = target().join("remote-servers/node");
    once(&folder, "package.json", |folder, wanted| {
        fs::create_dir_all(folder).expect("a folder can be made in the target folder");
        fs::copy(wanted, folder.join("package.json"))
            .expect("a file can be copied into the target folder");
        run(
            Command::new("npm")
                .args([
                    "install",
                    "--no-audit",
                    "--no-fund",
                    "--silent",
                    "--ignore-scripts",
                ])
                .current_dir(folder),
            "install Node.js 18 or later with npm, which must reach its registry",
        );
    });
    Some(folder.join("node_modules/.bin"))
}

/// Installs into a folder what a file of `servers/` names, unless that was done.
fn once(folder: &Path, file: &str, install: impl Fn(&Path, &Path)) {
    let wanted = Path::new(WANTED).join(file);
    let versions = fs::read_to_string(&wanted).expect("the versions to install are in this crate");
    let parent = folder.parent().unwrap_or(folder);
    fs::create_dir_all(parent).expect("a folder can be made in the target folder");
    // Every test is a process of its own.
    let lock = File::create(folder.with_extension("lock"))
        .expect("a file can be made in the target folder");
    lock.lock().expect("a file can be locked");
    let stamp = folder.with_extension("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == versions) {
        return;
    }
    install(folder, &wanted);
    fs::write(&stamp, versions).expect("a file can be written in the target folder");
}

/// The folder that is kept from build to build.
fn target() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from)
}

#[track_caller]
fn run(command: &mut Command, advice: &str) {
    let output = command.output();
    let output =
        output.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}; {advice}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?} failed: {advice}\n{said}"
    );
}
