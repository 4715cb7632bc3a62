//! `cargo xtask crash-matrix`: a release build of the program killed at many instants and at every crash point, and resumed.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{cargo, root};

/// The folder below the workspace where the rounds leave their tables. It is emptied at the start.
const TABLES: &str = "target/crash-matrix";

/// The page that keeps the tables.
const PAGE: &str = "docs/crash-matrix.md";

const HEAD: &str = "\
# Crash matrix

<!-- Written by `cargo xtask crash-matrix --write`. -->

A release build of the program, killed with `kill -9` and resumed with the same command: ten operators, two workers, which
are threads or processes; forty partitions for the kills at instants, thirteen for those at crash points. Over the
rounds every form of input meets every form of export, with and without companions (statistics and dropped records),
with checkpoints of every mode and format. Half of the kills at crash points are power cuts: what was not synced is
undone before the process dies. Each round asserts

- that the kill hit, and that at the path of the export and of each companion stood then what stood there before, or
  the whole new file, and with a new export all of its companions;
- that the resumed run ended well, with the export and the companions of an undisturbed run to the byte, its ledger and
  its counts, and nothing else beside the export nor among the job's results;
- that no partition that was published before a kill was attempted or published again;
- that a third start finds the job complete, and does nothing.

Undisturbed runs write the same whatever the strategy and the packing of the input, from a JSON array as from its lines,
and from an Arrow stream as from the Parquet file of the same rows.

The tables of jobs in a bucket are of jobs that lie there as a whole, with their input and their export. Each run has an empty
scratch folder, as on another machine, and a job is killed at one crash point after another.

`published before` and `reused after` count partitions. `cargo test` plays a sample of these rounds.
";

/// Runs all rounds, prints the tables and, with `--write`, keeps them.
///
/// # Errors
/// Fails when a round fails. The tables are printed anyway, but not kept.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let keep = match args {
        [] => false,
        [only] if only == "--write" => true,
        _ => bail!("`crash-matrix` takes `--write` or nothing"),
    };
    let folder = root().join(TABLES);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {TABLES}"))?;
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {TABLES}"))?;
    let played = play(&folder);
    let page = page(&folder)?;
    println!("\n{page}");
    played?;
    if keep {
        std::fs::write(root().join(PAGE), page).with_context(|| format!("cannot write {PAGE}"))?;
        println!("wrote {PAGE}");
    }
    Ok(())
}

/// Runs one test at a time, so that the instants are those of a machine without other work.
fn play(folder: &Path) -> Result<()> {
    let test = [
        "test",
        "--release",
        "--package",
        "coldpress-cli",
        "--test",
        "kill",
    ];
    let args = [
        &test[..],
        &["--no-fail-fast", "--", "--nocapture", "--test-threads", "1"],
    ]
    .concat();
    let folder = folder.display().to_string();
    cargo(
        &args,
        &[
            ("COLDPRESS_KILL_ROUNDS", "full"),
            ("COLDPRESS_KILL_TABLES", &folder),
        ],
    )
}

/// Returns the page of the existing tables.
fn page(folder: &Path) -> Result<String> {
    let mut page = HEAD.to_owned();
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    for path in paths {
        page.push('\n');
        page.push_str(&std::fs::read_to_string(&path)?);
    }
    Ok(page)
}
