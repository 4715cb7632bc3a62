//! Chores of the repository: `cargo xtask COMMAND`.
//!
//! There is one file for each command, with a function `run` that gets the arguments after the command's name, and a line in
//! [`COMMANDS`].
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod ci;
mod circles;
mod crash_matrix;
mod data_juicer;
mod dependencies;
mod diagrams;
mod docetl;
mod docs;
mod duplicates;
mod examples;
mod features;
mod fuzz;
mod layers;
mod module_files;
mod peers;
mod python;
mod typos;
mod vectors;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// Every command, in the order of the usage text.
const COMMANDS: &[Chore] = &[
    Chore {
        name: "ci",
        about: "everything that must pass before a change is merged",
        run: ci::run,
    },
    Chore {
        name: "layers",
        about: "check that crates depend only on crates below them",
        run: layers::run,
    },
    Chore {
        name: "dependencies",
        about: "check that every dependency is used, and has a licence that may be used",
        run: dependencies::run,
    },
    Chore {
        name: "typos",
        about: "look for misspelt words; with --write-changes, correct them",
        run: typos::run,
    },
    Chore {
        name: "features",
        about: "check that crates with features build with each of them and with none",
        run: features::run,
    },
    Chore {
        name: "fuzz",
        about: "check that the fuzz targets build",
        run: fuzz::run,
    },
    Chore {
        name: "docs",
        about: "write docs/reference/ and the tables of docs/compatibility.md; with --check, fail if they are not up to date",
        run: docs::run,
    },
    Chore {
        name: "diagrams",
        about: "draw docs/diagrams/; with --check, fail if a picture is not up to date",
        run: diagrams::run,
    },
    Chore {
        name: "examples",
        about: "run every recipe in configs/ and every program in examples/",
        run: examples::run,
    },
    Chore {
        name: "vectors",
        about: "print how many vectors of Data-Juicer each operator has, and how many of them pass",
        run: vectors::run,
    },
    Chore {
        name: "crash-matrix",
        about: "kill the program at many instants and resume it; with --write, keep the table in docs/",
        run: crash_matrix::run,
    },
    Chore {
        name: "peers",
        about: "open what the program writes with PyArrow, DuckDB and Polars, and compare; with fidelity --python PATH, run \
                all operators beside Data-Juicer's",
        run: peers::run,
    },
    Chore {
        name: "data-juicer",
        about: "look at jobs, and stop one, with the utilities of the real Data-Juicer: --python PATH",
        run: data_juicer::run,
    },
    Chore {
        name: "docetl",
        about: "migrate directories of the real DocETL, and read them with it, pandas and DuckDB",
        run: docetl::run,
    },
    Chore {
        name: "duplicates",
        about: "plant duplicates in documents, and count which of them the deduplicators find",
        run: duplicates::run,
    },
];

struct Chore {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<()>,
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = args.split_first() else {
        print_usage();
        bail!("no command given");
    };
    let Some(chore) = COMMANDS.iter().find(|chore| chore.name == name) else {
        print_usage();
        bail!("unknown command `{name}`");
    };
    (chore.run)(rest)
}

fn print_usage() {
    println!("cargo xtask COMMAND\n");
    for chore in COMMANDS {
        println!("  {:<14} {}", chore.name, chore.about);
    }
    println!();
}

/// Returns the folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Fails if there are arguments for a command that takes none.
pub(crate) fn no_arguments(args: &[String]) -> Result<()> {
    ensure!(args.is_empty(), "unexpected arguments: {}", args.join(" "));
    Ok(())
}

/// Runs the cargo that runs this program, in the workspace's folder, with additional variables in its environment.
///
/// # Errors
/// Fails when cargo cannot be started or fails.
pub(crate) fn cargo(args: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let line = format!("cargo {}", args.join(" "));
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir(root())
        .envs(environment.iter().copied());
    let status = command
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    ensure!(status.success(), "`{line}` failed: {status}");
    Ok(())
}
