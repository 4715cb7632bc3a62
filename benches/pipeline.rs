//! Whole jobs, timed: carrying records through, and the ten-operator cleaning recipe.
//!
//!     cargo bench --bench pipeline                      the dataset in the repository, for a first look
//!     COLDPRESS_BENCH_DATA=big.jsonl cargo bench --bench pipeline
//!
//! Each case runs once to warm the page cache, then five times; the row has the median of the wall time, syncing
//! included, and what each operator took of it in nanoseconds per byte of input and worker. The export's digest is
//! checked: against the known one where the input is known, and between the runs always. MB are 10^6 bytes of JSONL.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

use std::path::{Path, PathBuf};

use coldpress::prelude::*;
use coldpress::storage::{Digest, digest_file};

const RUNS: usize = 5;

/// Inputs by digest, with the digest of the export of the cleaning recipe.
const GOLDEN: [(&str, &str); 2] = [
    // examples/data/webtext-mini.jsonl
    (
        "b2e514061abf5f6c1f1a5192e6fe6c1c",
        "e2175303f4f353fb7a6fcfa8a68241de",
    ),
    // 23,372 documents, 101.8 MB, of the same sources.
    (
        "6918852de740f41962d3187a477b9083",
        "bc9c89a420cdbdf929e0cd7e85529aaa",
    ),
];

struct Case {
    name: &'static str,
    carries: bool,
    strategy: &'static str,
}

const CASES: [Case; 4] = [
    Case {
        name: "carry",
        carries: true,
        strategy: "disabled",
    },
    Case {
        name: "clean, disabled",
        carries: false,
        strategy: "disabled",
    },
    Case {
        name: "clean, every_partition",
        carries: false,
        strategy: "every_partition",
    },
    Case {
        name: "clean, every_op",
        carries: false,
        strategy: "every_op",
    },
];

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = std::env::var_os("COLDPRESS_BENCH_DATA").map_or_else(
        || root.join("examples/data/webtext-mini.jsonl"),
        PathBuf::from,
    );
    let input = digest_file(&data)?;
    println!(
        "{} ({:.1} MB, {})",
        data.display(),
        input.length as f64 / 1e6,
        input.digest
    );
    println!(
        "{:<24} {:>9} {:>9} {:>9}  export",
        "case", "seconds", "MB/s", "spread"
    );
    for case in &CASES {
        run_case(case, &root, &data, input.digest)?;
    }
    Ok(())
}

fn run_case(case: &Case, root: &Path, data: &Path, input: Digest) -> anyhow::Result<()> {
    let mut reports = Vec::new();
    let mut export = None;
    for _ in 0..=RUNS {
        let folder = tempfile::tempdir()?;
        let report = coldpress::executor(recipe(case, root, data, folder.path())?)
            .build()?
            .run()?;
        let digest = digest_file(&report.export_path)?.digest;
        anyhow::ensure!(
            *export.get_or_insert(digest) == digest,
            "{}: two runs gave two exports",
            case.name
        );
        reports.push(report);
    }
    let Some(export) = export else {
        anyhow::bail!("nothing ran")
    };
    let expected = GOLDEN
        .iter()
        .find(|(known, _)| *known == input.to_string())
        .map(|(_, output)| *output);
    let expected = if case.carries {
        Some(input.to_string())
    } else {
        expected.map(str::to_owned)
    };
    if let Some(expected) = &expected {
        anyhow::ensure!(
            *expected == export.to_string(),
            "{}: export {export}, expected {expected}",
            case.name
        );
    }
    reports.remove(0);
    reports.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let median = &reports[RUNS / 2];
    let spread = reports[RUNS - 1].seconds - reports[0].seconds;
    let checked = if expected.is_some() {
        "as expected"
    } else {
        "not known"
    };
    let rate = median.input_bytes as f64 / 1e6 / median.seconds;
    println!(
        "{:<24} {:>9.3} {rate:>9.1} {spread:>9.3}  {export} ({checked})",
        case.name, median.seconds
    );
    if case.strategy == "disabled" {
        for operator in &median.operators {
            let nanos = operator.seconds * 1e9 / median.input_bytes as f64;
            println!("    {:<36} {nanos:>6.2} ns/byte", operator.name);
        }
    }
    Ok(())
}

/// The recipe of a case, with partitions of the default size; carrying has one filter that keeps everything.
fn recipe(case: &Case, root: &Path, data: &Path, folder: &Path) -> anyhow::Result<Recipe> {
    let path = |name: &str| folder.join(name).display().to_string();
    let mut builder = Recipe::builder(data.display().to_string(), path("out.jsonl"))
        .set("work_dir", path("jobs"))
        .set("checkpoint.strategy", case.strategy);
    if case.carries {
        return Ok(builder
            .operator("text_length_filter", [("min_len", 0)])
            .build()?);
    }
    for call in Recipe::load(&root.join("configs/quickstart.yaml"), &Overrides::default())?.process
    {
        builder = builder.call(call);
    }
    Ok(builder.build()?)
}
