//! `cargo xtask peers`: the program's reading of other programs' files, and its output opened with other programs; with `fidelity`,
//! its operators compared with those of Data-Juicer.

mod fidelity;
mod input;
mod package;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use self::input::Input;
use crate::python::{Environment, run_script};
use crate::{cargo, root};

/// The folder below the workspace for the files of the runs. It is emptied at the start.
const FOLDER: &str = "target/peers";

/// The name of an export, and the form by which `compare.py` knows it. A final `/` means a folder of shards.
const OUTPUTS: [(&str, &str); 8] = [
    ("out.parquet", "parquet"),
    ("out.arrow", "arrow"),
    ("out.csv", "csv"),
    ("out.json", "json"),
    ("out.jsonl", "jsonl"),
    ("out.jsonl.gz", "jsonl"),
    ("shards/", "jsonl"),
    ("parquet-shards/", "parquet"),
];

/// A name, the operators, and whether they need a `text`. If so, records without one go into quarantine.
struct Recipe {
    name: &'static str,
    process: &'static str,
    reads_text: bool,
}

const RECIPES: [Recipe; 3] = [
    Recipe {
        name: "carry",
        process: "[]",
        reads_text: false,
    },
    Recipe {
        name: "filter",
        process: "\n  - text_length_filter: {min_len: 0}",
        reads_text: true,
    },
    Recipe {
        name: CHANGE,
        process: "\n  - clean_links_mapper:\n  - whitespace_normalization_mapper:\n  - punctuation_normalization_mapper:",
        reads_text: true,
    },
];

/// The recipe that changes texts.
const CHANGE: &str = "change";

/// The data that a program is known to read incorrectly: the input by the part of its name before the first dot, the program and
/// the form, and the columns, `*` for all.
const KNOWN_LIMITS: [(&str, &str, &[&str]); 8] = [
    // Polars keeps only one of several values with the same key of a map.
    ("all_types", "polars parquet", &["counts"]),
    ("all_types", "polars arrow", &["counts"]),
    // Polars knows time zones only by their names, and panics.
    ("arrow_types", "polars parquet", &["*"]),
    // DuckDB and Polars give a name to columns without one, and Polars doubles quotes in the header of CSV.
    ("odd_names", "duckdb parquet", &["*"]),
    ("odd_names", "duckdb csv", &["*"]),
    ("odd_names", "polars csv", &["*"]),
    ("odd_names", "polars json", &["*"]),
    ("odd_names", "polars jsonl", &["*"]),
];

/// Runs the matrix and compares. `--release` builds the program in release mode, and `--program PATH` takes an existing one. The
/// names after it select the inputs that begin with them. `fidelity` is a command of its own; see [`fidelity::run`].
///
/// # Errors
/// Fails when Python or a package registry is missing, when a run fails, or when anything differs.
pub(crate) fn run(args: &[String]) -> Result<()> {
    match args {
        [first, rest @ ..] if first == "fidelity" => return fidelity::run(rest),
        [first, rest @ ..] if first == "package" => return package::run(rest),
        _ => {}
    }
    let (given, names) = match args {
        [flag, rest @ ..] if flag == "--release" => (None, rest),
        [flag, path, rest @ ..] if flag == "--program" => (Some(root().join(path)), rest),
        rest => (None, rest),
    };
    if let Some(flag) = names.iter().find(|name| name.starts_with('-')) {
        bail!(
            "`peers` takes `--release` or `--program PATH`, and beginnings of input names, not `{flag}`"
        );
    }
    let python = Environment { name: "peers" }.programs()?.join("python");
    run_script(&python, "peers", "test_compare.py", &[])?;
    let program = match given {
        Some(program) => program,
        None => build(args.first().is_some_and(|flag| flag == "--release"))?,
    };
    let folder = empty_folder()?;
    let mut inputs = input::inputs(&folder)?;
    inputs.retain(|input| {
        names.is_empty() || names.iter().any(|name| input.name().starts_with(name))
    });
    ensure!(
        !inputs.is_empty(),
        "no input begins with {}",
        names.join(" or ")
    );
    let (cases, failures) = play(&program, &folder, &inputs)?;
    write(
        &folder.join("cases.json"),
        &serde_json::to_string_pretty(&cases)?,
    )?;
    let compared = run_script(&python, "peers", "compare.py", &[FOLDER]);
    let (encrypted, program) = (format!("{FOLDER}/encrypted"), program.display().to_string());
    run_script(&python, "peers", "encryption.py", &[&program, &encrypted])?;
    for failure in &failures {
        println!("{failure}");
    }
    ensure!(failures.is_empty(), "{} runs failed", failures.len());
    compared
}

/// Returns [`FOLDER`] with nothing but the recipes.
fn empty_folder() -> Result<PathBuf> {
    let folder = root().join(FOLDER);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {FOLDER}"))?;
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {FOLDER}"))?;
    for Recipe { name, process, .. } in RECIPES {
        let text = format!(
            "dataset_path: unset\nexport_path: unset.jsonl\nmax_error_ratio: 1.0\npartition: {{size: 7}}\nprocess: {process}\n"
        );
        write(&folder.join(format!("{name}.yaml")), &text)?;
    }
    Ok(folder)
}

fn build(is_release: bool) -> Result<PathBuf> {
    let mut args = vec!["build", "--quiet", "--package", "coldpress-cli"];
    if is_release {
        args.push("--release");
    }
    cargo(&args, &[])?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let kind = if is_release { "release" } else { "debug" };
    Ok(root().join(target).join(kind).join("coldpress"))
}

/// Runs every input with every recipe into every form. Returns the cases to compare, and what failed.
fn play(program: &Path, folder: &Path, inputs: &[Input]) -> Result<(Vec<Value>, Vec<String>)> {
    let (mut cases, mut failures) = (Vec::new(), Vec::new());
    for input in inputs {
        for recipe in RECIPES {
            if recipe.reads_text && !input.has_text {
                continue;
            }
            let name = format!("{}-{}", input.name(), recipe.name);
            println!("-- {name}");
            let place = folder.join("runs").join(&name);
            std::fs::create_dir_all(&place)?;
            let run = Run {
                program,
                folder,
                recipe: recipe.name,
                place: &place,
            };
            let rows = match recipe {
                Recipe { name: CHANGE, .. } => run.changed_rows(&input.rows)?,
                Recipe {
                    reads_text: true, ..
                } => run.rows_with_text(&input.rows)?,
                _ => input.rows.clone(),
            };
            let mut outputs = Vec::new();
            for (output, form) in OUTPUTS {
                // Without columns, Parquet and CSV have no rows.
                if !input.has_columns && ["parquet", "csv"].contains(&form) {
                    continue;
                }
                match run.process(&input.path, output, form) {
                    Ok(()) => {
                        outputs.push(json!({"path": format!("runs/{name}/{output}"), "form": form}))
                    }
                    Err(error) => failures.push(format!("{name} to {output}: {error:#}")),
                }
            }
            let mut case =
                json!({"name": name, "input": rows, "outputs": outputs, "beyond": limits(input)});
            if input.is_typed {
                case["types"] = json!(input.path);
            }
            cases.push(case);
        }
    }
    Ok((cases, failures))
}

fn limits(input: &Input) -> Value {
    let stem = input.stem();
    let known = KNOWN_LIMITS.iter().filter(|(name, ..)| *name == stem);
    known
        .map(|(_, program, columns)| ((*program).to_owned(), json!(columns)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

struct Run<'a> {
    program: &'a Path,
    folder: &'a Path,
    recipe: &'a str,
    place: &'a Path,
}

impl Run<'_> {
    /// Returns the rows without those whose text is null, which are put in quarantine.
    fn rows_with_text(&self, rows: &Path) -> Result<PathBuf> {
        let mut kept = String::new();
        for line in read(rows)?.lines() {
            let row: Value = serde_json::from_str(line)?;
            if row.get("text").is_some_and(Value::is_string) {
                kept.push_str(line);
                kept.push('\n');
            }
        }
        let path = self.place.join("expected.jsonl");
        write(&path, &kept)?;
        Ok(path)
    }

    /// Returns what the recipe makes of the expected rows, as JSON lines. This path is proved by other tests.
    fn changed_rows(&self, rows: &Path) -> Result<PathBuf> {
        self.process(rows, "expected.jsonl", "jsonl")?;
        Ok(self.place.join("expected.jsonl"))
    }

    fn process(&self, input: &Path, output: &str, form: &str) -> Result<()> {
        let recipe = self.folder.join(format!("{}.yaml", self.recipe));
        // They are joined as text, because a path would lose the final `/`.
        let export = format!("{}/{output}", self.place.display());
        let mut command = Command::new(self.program);
        command
            .args(["process", "--no-progress", "--config"])
            .arg(recipe);
        command
            .arg("--dataset_path")
            .arg(input)
            .args(["--export_path", &export]);
        command.arg("--work_dir").arg(self.place.join("jobs"));
        if output.ends_with('/') {
            command.args(["--export_type", form, "--export_shard_size", "2000"]);
        }
        let ended = command.current_dir(root()).stdin(Stdio::null()).output();
        let ended = ended.with_context(|| format!("cannot start {}", self.program.display()))?;
        let said = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success(), "{}: {}", ended.status, said.trim());
        Ok(())
    }
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
