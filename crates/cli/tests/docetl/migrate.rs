//! There and back, in part, and again.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use crate::bench::{Bench, of_format};

#[test]
fn json_of_docetl_comes_back_byte_for_byte() {
    for name in ["docetl", "numbers"] {
        let bench = Bench::with(&[name]);
        let before = bench.files(name);
        let records = bench.records(name);
        bench
            .run(&format!("docetl migrate {name} --remove-originals"))
            .expect(0);
        let between = bench.files(name);
        assert!(
            of_format(&between, "json").is_empty(),
            "{:?}",
            between.keys()
        );
        assert_eq!(bench.records(name), records);
        bench
            .run(&format!(
                "docetl migrate {name} --to json --remove-originals"
            ))
            .expect(0);
        let after = bench.files(name);
        assert_eq!(
            after.keys().collect::<Vec<_>>(),
            before.keys().collect::<Vec<_>>()
        );
        for (file, bytes) in &before {
            assert_eq!(
                String::from_utf8_lossy(&after[file]),
                String::from_utf8_lossy(bytes),
                "{file}"
            );
        }
    }
}

#[test]
fn originals_stay_unless_asked() {
    let bench = Bench::with(&["docetl"]);
    let before = bench.files("docetl");
    let ran = bench.run("docetl migrate docetl").expect(0);
    ran.prints(&[
        "written and compared",
        "the originals stay; --remove-originals removes them",
    ]);
    let after = bench.files("docetl");
    assert_eq!(of_format(&after, "json"), of_format(&before, "json"));
    assert_eq!(of_format(&after, "parquet").len(), 13);
    // Again: nothing is left to do, and then the originals may go.
    let times = |bench: &Bench| {
        let files = bench.files("docetl").into_keys();
        files
            .map(|name| {
                bench
                    .path("docetl")
                    .join(name)
                    .metadata()
                    .unwrap()
                    .modified()
                    .unwrap()
            })
            .collect::<Vec<_>>()
    };
    let written = times(&bench);
    let again = bench.run("docetl migrate docetl").expect(0);
    assert!(
        !again.stdout.contains("written and compared"),
        "{}",
        again.stdout
    );
    again.prints(&["there already"]);
    assert_eq!(times(&bench), written);
    bench
        .run("docetl migrate docetl --remove-originals")
        .expect(0)
        .prints(&["there already", "13 originals removed"]);
    assert!(of_format(&bench.files("docetl"), "json").is_empty());
}

#[test]
fn a_dry_run_measures_and_writes_nothing() {
    let bench = Bench::with(&["docetl"]);
    let before = bench.files("docetl");
    let dry = bench
        .run("docetl migrate docetl --dry-run --remove-originals --json")
        .expect(0)
        .json();
    assert_eq!(bench.files("docetl"), before);
    assert_eq!(dry["dry_run"], true);
    bench
        .run("docetl migrate docetl --dry-run")
        .expect(0)
        .prints(&["would be written", "would become"]);
    let done = bench.run("docetl migrate docetl --json").expect(0).json();
    assert_eq!(done["after_bytes"], dry["after_bytes"]);
    for (done, dry) in done["checkpoints"]
        .as_array()
        .unwrap()
        .iter()
        .zip(dry["checkpoints"].as_array().unwrap())
    {
        assert_eq!(dry["outcome"], "would_migrate");
        assert_eq!(done["outcome"], "migrated");
        for key in ["checkpoint", "original_bytes", "bytes", "records"] {
            assert_eq!(done[key], dry[key], "{key}");
        }
    }
}

#[test]
fn the_lines_of_docetl_say_format_and_size() {
    let bench = Bench::with(&["docetl"]);
    let ran = bench.run("docetl migrate docetl").expect(0);
    let size = |name: &str| coldpress::report::quantity::bytes(bench.bytes(name).len() as u64);
    let (json, parquet) = (
        "docetl/prepare/measure.json",
        "docetl/prepare/measure.parquet",
    );
    ran.tells(&[
        &format!("✓ Loaded checkpoint for operation 'measure' in step 'prepare' from {json} (JSON, {})\n", size(json)),
        &format!("✓ Intermediate saved for operation 'measure' in step 'prepare' at {parquet} (Parquet, {})\n", size(parquet)),
        "✓ Intermediate saved for batch 2 of operation 'measure' at docetl/measure_batches/batch_2.parquet (",
    ]);
}

#[test]
fn parquet_of_others_becomes_ours() {
    for name in ["document", "pandas"] {
        let bench = Bench::with(&["docetl", name]);
        bench
            .run(&format!(
                "docetl migrate {name} --to json --remove-originals"
            ))
            .expect(0);
        let (expected, found) = (bench.records("docetl"), bench.records(name));
        assert_eq!(
            found.keys().collect::<Vec<_>>(),
            expected.keys().collect::<Vec<_>>()
        );
        for (checkpoint, records) in &expected {
            assert_eq!(
                found[checkpoint].len(),
                records.len(),
                "{name}: {checkpoint}"
            );
        }
        // Objects and lists are objects and lists again.
        let first = &found
            .iter()
            .find(|(name, _)| name.operation_name() == "measure")
            .unwrap()
            .1[0];
        assert_eq!(
            first.get("tags").unwrap().to_json(),
            r#"["fast","lid"]"#,
            "{name}"
        );
        assert!(
            first
                .get("length")
                .unwrap()
                .to_json()
                .starts_with(r#"{"characters":69,"words":13,"#),
            "{name}: {first}"
        );
    }
}

/// A checkpoint that DocETL wrote anew counts, and not the Parquet of its last run.
#[test]
fn a_newer_original_is_migrated_again() {
    let bench = Bench::with(&["docetl"]);
    bench.run("docetl migrate docetl").expect(0);
    bench.write("docetl/prepare/measure.json", r#"[{"id": "new"}]"#);
    let later = SystemTime::now() + Duration::from_secs(10);
    let file = File::options()
        .write(true)
        .open(bench.path("docetl/prepare/measure.json"))
        .unwrap();
    file.set_modified(later).unwrap();
    let ran = bench
        .run("docetl migrate docetl --remove-originals")
        .expect(0);
    ran.tells(&["is newer than"]);
    let records = bench.records("docetl");
    let (_, measured) = records
        .iter()
        .find(|(name, _)| name.step().is_some() && name.operation_name() == "measure")
        .unwrap();
    assert_eq!(measured.len(), 1);
    assert!(!bench.exists("docetl/prepare/measure.json"));
}

/// A checkpoint that exists in both formats with different records is not removed.
#[test]
fn an_original_with_other_records_stays() {
    let bench = Bench::with(&["docetl"]);
    bench.run("docetl migrate docetl").expect(0);
    let path = bench.path("docetl/prepare/measure.json");
    let before = path.metadata().unwrap().modified().unwrap();
    fs::write(&path, "[]").unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(before - Duration::from_secs(60)).unwrap();
    let ran = bench
        .run("docetl migrate docetl --remove-originals")
        .expect(0);
    ran.tells(&["does not hold the same records"])
        .prints(&["12 originals removed"]);
    assert_eq!(bench.read("docetl/prepare/measure.json"), "[]");
}

#[test]
fn what_a_killed_writer_left_is_removed() {
    let bench = Bench::with(&["docetl"]);
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    let remnant = format!("docetl/prepare/.measure.parquet.{}-0.tmp", child.id());
    bench.write(&remnant, "half a file");
    bench.run("docetl analyze docetl").expect(0);
    bench.run("docetl migrate docetl --dry-run").expect(0);
    assert!(bench.exists(&remnant));
    bench.run("docetl migrate docetl").expect(0);
    assert!(!bench.exists(&remnant));
}

/// Parquet of other programs knows no missing keys. JSON beside it that does is not replaced by less.
#[test]
fn json_that_says_more_than_the_parquet_stays() {
    let bench = Bench::with(&["mixed"]);
    let before = bench.read("mixed/prepare/measure.json");
    // The Parquet file is the one that counts.
    let file = File::options()
        .write(true)
        .open(bench.path("mixed/prepare/measure.json"))
        .unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(60))
        .unwrap();
    let line = "docetl migrate mixed --to json --remove-originals";
    bench
        .run(line)
        .expect(3)
        .prints(&["all_of_them.json` is damaged"]);
    assert_eq!(bench.read("mixed/prepare/measure.json"), before);
    assert!(of_format(&bench.files("mixed"), "parquet").is_empty());
    // If it says something else, the Parquet was not made of it.
    let bench = Bench::with(&["mixed"]);
    bench.write(
        "mixed/prepare/measure.json",
        before.replace("\"kitchen\"", "\"kitten\""),
    );
    let file = File::options()
        .write(true)
        .open(bench.path("mixed/prepare/measure.json"))
        .unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(60))
        .unwrap();
    bench.run(line).expect(3).prints(&[
        "measure.json` does not hold the same records as `mixed/prepare/measure.parquet`",
    ]);
    let after = bench.read("mixed/prepare/measure.json");
    assert!(
        after.contains("kitten") && !after.contains("kitchen"),
        "{after}"
    );
    assert!(bench.exists("mixed/prepare/measure.parquet"));
}

/// What DocETL wrote after the migration is not lost where a copy has changed the times of the files.
#[test]
fn json_with_other_records_than_the_parquet_stays() {
    let bench = Bench::with(&["docetl"]);
    bench.run("docetl migrate docetl").expect(0);
    let path = bench.path("docetl/prepare/measure.json");
    let time = bench
        .path("docetl/prepare/measure.parquet")
        .metadata()
        .and_then(|metadata| metadata.modified())
        .unwrap();
    fs::write(&path, r#"[{"v": 2}]"#).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(time).unwrap();
    let before = bench.files("docetl");
    for flag in ["", " --dry-run", " --json"] {
        let line = format!("docetl migrate docetl --to json{flag}");
        let ran = bench.run(&line).expect(3);
        let is_written = ran.stdout.contains("written and compared");
        assert!(!is_written, "{}", ran.stdout);
        ran.prints(&[
            "`docetl/prepare/measure.json` does not hold the same records as `docetl/prepare/measure.parquet`, so it stays",
            if flag == " --json" { "already_there" } else { "there already" },
        ]);
        assert_eq!(bench.files("docetl"), before, "{flag}");
    }
}
