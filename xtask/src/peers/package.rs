//! `cargo xtask peers package`: operators that run in Data-Juicer's own package, beside those of this program.

use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::{build, write};
use crate::root;

/// The folder below the workspace with the recipe and the exports.
const FOLDER: &str = "target/peers-package";

/// Operators that both have: mappers of one record, mappers and filters of batches, and one that makes several records of one.
const PROCESS: &str = "
  - whitespace_normalization_mapper:
  - clean_links_mapper:
  - clean_email_mapper:
  - fix_unicode_mapper:
  - punctuation_normalization_mapper:
  - remove_long_words_mapper: {max_len: 40}
  - text_length_filter: {min_len: 100}
  - alphanumeric_filter: {min_ratio: 0.3}
  - special_characters_filter: {max_ratio: 0.5}
  - character_repetition_filter: {max_ratio: 0.6}
  - word_repetition_filter: {max_ratio: 0.6}
  - text_chunk_mapper: {max_len: 800}
";

/// Compares record by record, then whole jobs of both kinds. `--python PATH` names a Python with `py-data-juicer` 1.6.1,
/// `--program PATH` an existing program.
///
/// # Errors
/// Fails when no Python is given, or when the operators of both give other records.
pub(super) fn run(args: &[String]) -> Result<()> {
    let (mut python, mut program) = (None, None);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--python" => python = args.next(),
            "--program" => program = args.next().map(|path| root().join(path)),
            other => {
                bail!("`peers package` takes `--python PATH` and `--program PATH`, not `{other}`")
            }
        }
    }
    let python = python
        .context("`peers package` takes `--python PATH`, a Python with `py-data-juicer` 1.6.1")?;
    let program = match program {
        Some(program) => program,
        None => build(false)?,
    };
    let folder = root().join(FOLDER);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    let data = root().join("examples/data/webtext-mini.jsonl");
    let recipe = format!(
        "dataset_path: {}\nexport_path: out.jsonl\nwork_dir: jobs\npython: {python}\nnp: 2\npartition: {{size: 150}}\nprocess:{PROCESS}",
        data.display()
    );
    write(&folder.join("recipe.yaml"), &recipe)?;
    let run = |words: &str| -> Result<()> {
        let words = words.split_whitespace();
        let status = Command::new(&program)
            .current_dir(&folder)
            .args(words)
            .status()
            .with_context(|| format!("cannot start {}", program.display()))?;
        ensure!(status.success(), "`coldpress` ended with {status}");
        Ok(())
    };
    run("compare --config recipe.yaml --compat data_juicer --records 150")?;
    run("process --config recipe.yaml --compat data_juicer --job_id native")?;
    run(
        "process --config recipe.yaml --compat python --job_id package --export_path package.jsonl",
    )?;
    let read = |name: &str| std::fs::read(folder.join(name));
    ensure!(
        read("out.jsonl")? == read("package.jsonl")?,
        "the exports in {FOLDER} differ"
    );
    println!("both exports have the same bytes");
    Ok(())
}
