//! The guides in `docs/` show the output that the program prints.
//!
//! Each `console` block is run in a folder of its own, which is prepared by the title above the block.

use std::fs;
use std::process::{Command, Stdio};

use crate::bench::{Bench, RECIPE, repository};

/// A command of the guide, and what it shows of its output.
#[derive(Debug)]
struct Shown {
    title: String,
    line: String,
    output: Vec<String>,
}

/// The commands in the `console` blocks of a guide.
fn shown_in(guide: &str) -> Vec<Shown> {
    let text = fs::read_to_string(repository().join(guide)).unwrap();
    let mut shown: Vec<Shown> = Vec::new();
    let (mut title, mut is_console) = (String::new(), false);
    for line in text.lines() {
        match (line, line.strip_prefix("$ ")) {
            ("```console", _) => is_console = true,
            ("```", _) => is_console = false,
            (_, Some(command)) if is_console => shown.push(Shown {
                title: title.clone(),
                line: command.to_owned(),
                output: Vec::new(),
            }),
            _ if is_console => shown.last_mut().unwrap().output.push(line.to_owned()),
            _ => {
                if line.starts_with('#') {
                    title = line.trim_start_matches(['#', ' ']).to_owned();
                }
            }
        }
    }
    shown
}

/// Makes the situation that an entry is about.
fn prepare(title: &str, bench: &Bench) {
    let run = |line: &str| drop(bench.run(line).expect(0));
    let web = "process --config recipe.yaml --job_id web";
    match title {
        "Unknown operator" => {
            let call = "whitespace_normalisation_mapper";
            bench.write(
                "recipe.yaml",
                RECIPE.replace("whitespace_normalization_mapper", call),
            );
        }
        "A model is missing" => {
            let call = "language_id_score_filter: {lang: en}";
            let recipe = RECIPE.replace("whitespace_normalization_mapper:", call);
            bench.write("recipe.yaml", format!("compat: data_juicer\n{recipe}"));
        }
        "A path would be read too often" => {
            let mixed = "dataset:\n  configs: [{path: in.jsonl, weight: 5000}]\n";
            bench.write(
                "recipe.yaml",
                RECIPE.replace("dataset_path: in.jsonl\n", mixed),
            );
        }
        "A path of a mixture has no records" => {
            bench.write("empty.jsonl", "");
            let mixed =
                "dataset: {max_sample_num: 10, configs: [{path: in.jsonl}, {path: empty.jsonl}]}\n";
            bench.write(
                "recipe.yaml",
                RECIPE.replace("dataset_path: in.jsonl\n", mixed),
            );
        }
        "The weights changed" => run(web),
        "The input changed" => {
            run(web);
            let changed = bench.read("in.jsonl").replacen("text  0", "Text  0", 1);
            bench.write("in.jsonl", changed);
        }
        "The journal is damaged" => {
            run(web);
            damage(bench, "jobs/web/journal/000001.jsonl", 2);
        }
        "Something else is at the export path" => {
            bench.write("notes.jsonl", "{\"text\": \"mine\"}\n")
        }
        "Too many records in quarantine" => {
            let record = |id: u32| match id % 5 {
                0 => "{\"text\": null}\n",
                _ => "{\"text\": \"a text that is long enough\"}\n",
            };
            bench.write("nulls.jsonl", (0..30).map(record).collect::<String>());
        }
        "A part of the input could not be read" => {
            bench.write("torn.jsonl", bench.bytes("in.jsonl").repeat(400));
            let packed = Command::new("gzip").arg(bench.path("torn.jsonl")).status();
            assert!(packed.unwrap().success());
            let whole = bench.bytes("torn.jsonl.gz");
            bench.write("torn.jsonl.gz", &whole[..whole.len() / 2]);
        }
        "There are no checkpoints" => run(web),
        "A checkpoint is damaged" => {
            run(&format!("{web} --checkpoint.strategy every_op"));
            damage(
                bench,
                "jobs/web/checkpoints/partition_000000_deltas.e1.a1.parquet",
                0,
            );
            damage(bench, "jobs/web/results/partition_000001.e1.a1.jsonl", 0);
            bench.write("recipe.yaml", RECIPE.replace("min_len: 8", "min_len: 7"));
        }
        "There is no event log" => run(&format!("{web} --event_logging.enabled false")),
        "Observability" => {
            bench.write(
                "recipe.yaml",
                format!("alerts: [{{when: completed}}]\n{RECIPE}"),
            );
            run(web);
        }
        "An alert does not arrive" => {
            let alerts = "alerts:\n- {when: completed, post: 'http://127.0.0.1:9/hook'}\n";
            bench.write("recipe.yaml", format!("{alerts}{RECIPE}"));
            run(web);
        }
        "A checkpoint is not migrated" => {
            bench.write("intermediate/step/op1.json", "[{\"a\": 1}, {\"a\": 2}]");
            run("docetl migrate intermediate");
            fs::remove_file(bench.path("intermediate/step/op1.json")).unwrap();
            damage(bench, "intermediate/step/op1.parquet", 0);
        }
        _ => {}
    }
}

/// Alters a byte in a line of a file.
fn damage(bench: &Bench, file: &str, line: usize) {
    let mut bytes = bench.bytes(file);
    let ends = bytes.iter().enumerate().filter(|&(_, byte)| *byte == b'\n');
    let begins: Vec<usize> = ends.map(|(at, _)| at + 1).collect();
    let at = if line == 0 { 0 } else { begins[line - 1] };
    bytes[at + 10] ^= 1;
    bench.write(file, bytes);
}

/// Runs a command of the guide in the shell, with the program by its name.
fn run(bench: &Bench, line: &str) -> String {
    let program = env!("CARGO_BIN_EXE_coldpress");
    let line = line.replacen("coldpress", &format!("'{program}'"), 1);
    let output = Command::new("sh")
        .args(["-c", &line])
        .current_dir(bench.root())
        .env("HOME", bench.root())
        .env_remove("XDG_CACHE_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = [output.stderr, output.stdout].concat();
    String::from_utf8_lossy(&told).into_owned()
}

/// Returns whether a line is as the guide shows it, where `…` is any text.
fn is_as_shown(line: &str, shown: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut ends_open = false;
    for part in parts {
        ends_open = part.is_empty();
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty() || ends_open
}

/// Returns what is not as the guide shows it.
fn fault(shown: &Shown, told: &str) -> Option<String> {
    let mut lines = told.lines();
    let mut missing = shown
        .output
        .iter()
        .filter(|expected| !lines.any(|line| is_as_shown(line, expected)));
    let missing = missing.next()?;
    let (title, line) = (&shown.title, &shown.line);
    Some(format!("{title}: `{line}` prints\n{told}not\n{missing}\n"))
}

#[test]
fn troubleshooting_has_the_messages_of_the_program() {
    check("docs/troubleshooting.md", 20);
}

#[test]
fn other_guides_show_what_the_program_prints() {
    check("docs/partition-sizing.md", 1);
    check("docs/observability.md", 2);
}

/// Runs all commands of a guide, which has at least so many.
#[track_caller]
fn check(guide: &str, least: usize) {
    let all = shown_in(guide);
    assert!(
        all.len() >= least && all.iter().all(|shown| !shown.output.is_empty()),
        "{all:?}"
    );
    let mut faults = Vec::new();
    let mut last: Option<(String, Bench)> = None;
    for shown in &all {
        let kept = last.take().filter(|(title, _)| *title == shown.title);
        let bench = kept.map_or_else(
            || {
                let bench = Bench::new();
                prepare(&shown.title, &bench);
                bench
            },
            |(_, bench)| bench,
        );
        let told = match shown.title.as_str() {
            "The job is running" => {
                let line = "process --config recipe.yaml --job_id web";
                let frozen = bench.freeze_at(line, "web", |journal| !journal.is_empty());
                let told = run(&bench, &shown.line);
                drop(frozen);
                told
            }
            _ => run(&bench, &shown.line),
        };
        faults.extend(fault(shown, &told));
        last = Some((shown.title.clone(), bench));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_line_is_compared_with_what_is_shown() {
    assert!(is_as_shown(
        "the disk has 12 MB free",
        "the disk has … MB free"
    ));
    assert!(is_as_shown("at 12: ended", "…: ended"));
    assert!(is_as_shown("at 12: ended", "at …"));
    assert!(!is_as_shown(
        "the disk has 12 MB free, and more",
        "the disk has … MB free"
    ));
    assert!(!is_as_shown(
        "a disk has 12 MB free",
        "the disk has … MB free"
    ));
}
