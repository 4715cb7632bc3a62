//! Encrypted datasets and exports, in the form of Data-Juicer.

use std::fs;
use std::path::Path;

use crate::bench::Bench;

/// A key that Python's `cryptography` made, and what it encrypted with it: two lines.
const KEY: &str = "GOweCyhMbhWUeYC8ntor33yUEWlCCtEiGQ1VQmLt2Ak=";
const TOKEN: &str = "gAAAAABrDP9N7j5MQBD7mrsimUxVKGIR5U4_Wl4cYoI57wvH6VTf_DkNFMkhkZc1m1NgdvY9i3RZCb1_Z2YrtQi6g-eO4ED5MFz5U\
lxVtIM-UXbo0uptZZEvJFccqNRCmVI0Xs9-CSzCZUlJny9vTfZHloXq-OebGD41MAzvXui6xZisbOI9bzk=";
const TEXT: &str =
    "{\"text\": \"one two three\", \"n\": 1.50}\n{\"text\": \"größer 中\", \"n\": null}\n";

/// The same text as Coldpress encrypts it. Python's `cryptography` decrypts it.
const EXPORTED: &str = "gAAAAAAAAAAA6lxi2UYl4kWLd6CGrVWsXprUy5kz6g7GT0oRSy95KE8-2nGs8BiYqd3VL8uPoMpIMtllr9fWl7evtibq4mLtWQbD7KkGHqVHu4cZoLYnozFH6gQ7s9H-DD_rn1p6Z1peZHNal1wUhkIWkD-Lw5DsNzaLuvQd_FsbylXUyC9wOLg=";

const RECIPE: &str = "\
dataset_path: in.jsonl
export_path: out/a.jsonl
export_stats: true
work_dir: jobs
process:
  - text_length_filter: {min_len: 1}
";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("in.jsonl", TOKEN);
    bench.write("key.txt", format!("{KEY}\n"));
    bench.write("recipe.yaml", RECIPE);
    bench
}

const BOTH: &str =
    "--decrypt_after_reading true --encrypt_before_export true --encryption_key_path key.txt";

/// Every file in a folder and those below, with its content.
fn contents(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => contents(&path, found),
            false => {
                let bytes = fs::read(&path).unwrap_or_default();
                found.push((path.display().to_string(), bytes));
            }
        }
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn files_of_data_juicer_are_read_and_exports_are_what_it_reads() {
    let bench = bench();
    let clear =
        "--decrypt_after_reading true --encryption_key_path key.txt --export_path clear.jsonl";
    bench
        .run(&format!("process --config recipe.yaml {clear}"))
        .expect(0)
        .tells(&["hold records in clear text"]);
    assert_eq!(bench.read("clear.jsonl"), TEXT);
    bench
        .run(&format!("process --config recipe.yaml --job_id j {BOTH}"))
        .expect(0);
    assert_eq!(bench.read("out/a.jsonl"), EXPORTED);
    assert!(bench.read("out/a_stats.jsonl").starts_with("gAAAAA"));
    // What was exported is a dataset again.
    bench
        .run("process --config recipe.yaml --dataset_path out/a.jsonl --decrypt_after_reading true --encryption_key_path key.txt --export_path again.jsonl")
        .expect(0);
    assert_eq!(bench.read("again.jsonl"), TEXT);
}

#[test]
fn the_key_is_never_written_down_and_never_shown() {
    let bench = bench();
    let variable = "DJ_ENCRYPTION_KEY";
    let line = "--decrypt_after_reading true --encrypt_before_export true --executor_type process";
    let mut command = bench.command(&format!(
        "process --config recipe.yaml --job_id j --open_tracer true {line}"
    ));
    let output = command.env(variable, KEY).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(bench.read("out/a.jsonl"), EXPORTED);
    fs::remove_file(bench.path("key.txt")).unwrap();
    let mut found = vec![(
        "what is said".to_owned(),
        [output.stdout, output.stderr].concat(),
    )];
    contents(bench.root(), &mut found);
    assert!(found.len() > 10);
    for (name, bytes) in &found {
        assert!(!holds(bytes, KEY), "{name}");
        if name.contains("/out/") {
            assert!(!holds(bytes, "three"), "{name}");
        }
    }
}

#[test]
fn a_missing_or_wrong_key_is_an_error_before_any_work() {
    let bench = bench();
    let unset = |line: &str| {
        let mut command = bench.command(line);
        command.env_remove("DJ_ENCRYPTION_KEY");
        crate::bench::Ran::of(command.output().unwrap())
    };
    let run = format!("process --config recipe.yaml {BOTH}");
    bench.write("key.txt", "hunter2");
    let wrong = bench.run(&run).expect(2);
    wrong.tells(&[
        "encryption_key_path: the key file `",
        "does not hold a Fernet key",
    ]);
    bench.write("key.txt", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    bench.run(&run).expect(1).begins_with_error(
        "`in.jsonl` cannot be decrypted: it was encrypted with another key, or it is damaged",
    );
    unset("process --config recipe.yaml --encrypt_before_export true").expect(2).begins_with_error(
        "encrypt_before_export: the environment variable `DJ_ENCRYPTION_KEY` is not set, and `encryption_key_path` does \
         not name a file",
    );
    unset("process --config recipe.yaml").expect(1).begins_with_error(
        "`in.jsonl` is encrypted; set `decrypt_after_reading: true`, and `encryption_key_path` to the file with the key",
    );
    assert!(!bench.exists("jobs") && !bench.exists("out"));
}

/// Whatever instant a run is killed at, nothing in clear text takes the export's place, and nothing is left beside it.
#[test]
fn killed_while_it_encrypts_it_ends_with_the_same_bytes() {
    for (form, points) in [
        (
            "out/a.jsonl",
            &[
                "merge.sealed:1",
                "merge.sealed:2",
                "export.intent",
                "export.renamed",
            ][..],
        ),
        (
            "out/a/",
            &["merge.sealed:1", "merge.sealed:2", "export.intent"][..],
        ),
    ] {
        let bench = bench();
        let text: String = (0..40)
            .map(|n| format!("{{\"text\": \"secret number {n}\"}}\n"))
            .collect();
        bench.write("in.jsonl", text);
        let line = format!(
            "process --config recipe.yaml --encrypt_before_export true --encryption_key_path key.txt --export_path {form} \
             --export_shard_size 400"
        );
        bench.run(&format!("{line} --job_id whole")).expect(0);
        let mut whole = Vec::new();
        contents(&bench.path("out"), &mut whole);
        for (number, point) in points.iter().enumerate() {
            fs::remove_dir_all(bench.path("out")).unwrap();
            let line = format!("{line} --job_id j{number}");
            bench.crash_at(point, &line);
            bench.run(&line).expect(0);
            let mut found = Vec::new();
            contents(&bench.path("out"), &mut found);
            let names = |files: &[(String, Vec<u8>)]| {
                let mut names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
                names.sort();
                names
            };
            assert_eq!(names(&found), names(&whole), "{form} {point}");
            for (name, bytes) in &found {
                assert!(!holds(bytes, "secret"), "{form} {point}: {name}");
                let same = whole.iter().find(|(other, _)| other == name).unwrap();
                assert!(
                    name.ends_with(".coldpress.json") || same.1 == *bytes,
                    "{form} {point}: {name}"
                );
            }
        }
    }
}
