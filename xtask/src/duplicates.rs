//! `cargo xtask duplicates`: documents with planted duplicates, and how many of these the deduplicators find.

mod documents;
mod run;
mod similarity;
mod table;
mod truth;

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use self::run::Run;
use self::truth::Truth;
use crate::{cargo, root};

/// The folder below the workspace for the documents, their truth and the jobs. It is emptied at the start.
const FOLDER: &str = "target/duplicates";

/// The deduplicators, with the parameters that all comparisons use.
const DEDUPLICATORS: [(&str, &[&str]); 3] = [
    ("document_deduplicator", &[]),
    (
        "document_minhash_deduplicator",
        &["window_size: 5", "jaccard_threshold: 0.7"],
    ),
    (
        "document_simhash_deduplicator",
        &["window_size: 6", "hamming_distance: 4", "num_blocks: 6"],
    ),
];

/// The request on the command line.
struct Request {
    documents: u64,
    words: u64,
    workers: u64,
    program: Option<PathBuf>,
    /// Additional parameters for the deduplicators that compare by similarity.
    with: Vec<String>,
}

impl Request {
    fn parse(args: &[String]) -> Result<Self> {
        let mut request = Self {
            documents: 2_000_000,
            words: 60,
            workers: 2,
            program: None,
            with: Vec::new(),
        };
        for pair in args.chunks(2) {
            let [flag, value] = pair else {
                bail!("`{}` needs a value", pair[0]);
            };
            let number = || -> Result<u64> {
                let number = value.parse().ok().filter(|number| *number > 0);
                number.with_context(|| format!("`{flag}` needs a number above 0, not `{value}`"))
            };
            match flag.as_str() {
                "--documents" => request.documents = number()?,
                "--words" => request.words = number()?.max(10),
                "--workers" => request.workers = number()?,
                "--program" => request.program = Some(root().join(value)),
                "--with" => request.with.push(value.replacen('=', ": ", 1)),
                _ => bail!(
                    "`duplicates` takes `--documents N`, `--words N`, `--workers N`, `--program PATH` and \
                     `--with PARAMETER=VALUE`, not `{flag}`"
                ),
            }
        }
        Ok(request)
    }
}

/// Writes the documents, runs each deduplicator over them, and prints what it found and the resources that it used.
///
/// # Errors
/// Fails when a run fails, or when exact duplicates are not found exactly.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let request = Request::parse(args)?;
    let program = match &request.program {
        Some(program) => program.clone(),
        None => build()?,
    };
    let folder = root().join(FOLDER);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {FOLDER}"))?;
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {FOLDER}"))?;
    let (truth, bytes) = truth::write(&folder, request.documents, request.words)?;
    println!(
        "{} documents, {:.2} GB, {} workers\n",
        request.documents,
        bytes as f64 / 1e9,
        request.workers
    );
    let mut found = Vec::new();
    for (name, params) in DEDUPLICATORS {
        let mut params: Vec<&str> = params.to_vec();
        if name != "document_deduplicator" {
            params.extend(request.with.iter().map(String::as_str));
        }
        let run = Run {
            program: &program,
            folder: &folder,
            deduplicator: name,
            params: &params,
            workers: request.workers,
        };
        let (measured, is_kept) = run.play(request.documents)?;
        if name == "document_deduplicator" {
            check_exact(&truth, &is_kept)?;
        }
        found.push((name, measured, truth.judge(&is_kept)));
    }
    println!("{}", table::of(&truth, &found, request.workers));
    Ok(())
}

/// Checks the result for exact duplicates, which are known, so that there is nothing to estimate.
fn check_exact(truth: &Truth, is_kept: &[bool]) -> Result<()> {
    for (document, (is_kept, is_copy)) in is_kept.iter().zip(truth.copies()).enumerate() {
        ensure!(
            *is_kept != is_copy,
            "document {document} was {}, although it is {}",
            if *is_kept { "kept" } else { "dropped" },
            if is_copy { "a copy" } else { "no copy" }
        );
    }
    Ok(())
}

fn build() -> Result<PathBuf> {
    cargo(
        &[
            "build",
            "--quiet",
            "--release",
            "--package",
            "coldpress-cli",
        ],
        &[],
    )?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(root().join(target).join("release/coldpress"))
}
