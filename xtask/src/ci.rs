//! `cargo xtask ci`: everything that must pass before a change is merged.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::{cargo, dependencies, diagrams, docs, examples, features, fuzz, layers, typos};

struct Step {
    name: &'static str,
    run: fn() -> Result<()>,
}

/// The steps. Those that fail soonest come first.
const STEPS: &[Step] = &[
    Step {
        name: "format",
        run: || cargo(&["fmt", "--all", "--check"], &[]),
    },
    Step {
        name: "layers",
        run: || layers::run(&[]),
    },
    Step {
        name: "dependencies",
        run: || dependencies::run(&[]),
    },
    Step {
        name: "typos",
        run: || typos::run(&[]),
    },
    Step {
        name: "generated docs",
        run: || docs::run(&["--check".to_owned()]),
    },
    Step {
        name: "diagrams",
        run: || diagrams::run(&["--check".to_owned()]),
    },
    Step {
        name: "clippy",
        run: clippy,
    },
    Step {
        name: "features",
        run: || features::run(&[]),
    },
    Step {
        name: "fuzz targets",
        run: || fuzz::run(&[]),
    },
    Step {
        name: "tests and doc tests",
        run: || cargo(&["test", "--workspace", "--no-fail-fast"], &[]),
    },
    Step {
        name: "api docs",
        run: api_docs,
    },
    Step {
        name: "examples",
        run: || examples::run(&[]),
    },
];

/// Runs the steps one after another and stops at the first that fails.
///
/// # Errors
/// Fails when a step fails.
pub(crate) fn run(args: &[String]) -> Result<()> {
    crate::no_arguments(args)?;
    let mut times = Vec::new();
    let outcome = run_steps(&mut times);
    println!("\n== times");
    for (name, time) in &times {
        println!("{:>8.1} s  {name}", time.as_secs_f64());
    }
    outcome
}

fn run_steps(times: &mut Vec<(&'static str, Duration)>) -> Result<()> {
    for step in STEPS {
        println!("\n== {}", step.name);
        let started = Instant::now();
        let outcome = (step.run)();
        times.push((step.name, started.elapsed()));
        outcome.with_context(|| format!("step `{}`", step.name))?;
    }
    Ok(())
}

fn clippy() -> Result<()> {
    cargo(
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
        &[],
    )
}

/// Builds the docs of libraries only, because the program has the facade's name, and their pages would overwrite each other.
fn api_docs() -> Result<()> {
    cargo(
        &["doc", "--workspace", "--lib", "--no-deps"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )
}
