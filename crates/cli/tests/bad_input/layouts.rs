//! Files and folders as other tools write them: read, refused with the reason, or named as left out.

use std::fs;

use crate::bench::{Bench, EXPORT, Ran, data};

const LINE: &str = "{\"id\": 1, \"text\": \"a\"}\n";

/// A bench whose folder `d` has these files.
fn folder(files: &[(&str, &[u8])]) -> Bench {
    let bench = Bench::new();
    for (name, bytes) in files {
        let name = format!("d/{name}");
        fs::create_dir_all(bench.path(&name).parent().unwrap()).unwrap();
        bench.write(&name, bytes);
    }
    bench
}

fn reported(name: &str) -> Vec<u8> {
    fs::read(data("reported").join(name)).unwrap()
}

fn run(bench: &Bench) -> Ran {
    bench.process("--dataset_path d")
}

fn records(bench: &Bench) -> Vec<serde_json::Value> {
    let text = String::from_utf8(bench.bytes(EXPORT)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What `Dataset.save_to_disk` and `DatasetDict.save_to_disk` write.
#[test]
fn a_dataset_saved_to_disk() {
    let table = reported("data-00000-of-00001.arrow");
    let state =
        br#"{"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_fingerprint": "f"}"#;
    let info = br#"{"features": {}, "description": ""}"#;
    let files: [(&str, &[u8]); 5] = [
        ("dataset_dict.json", br#"{"splits": ["train"]}"#),
        ("train/data-00000-of-00001.arrow", &table),
        ("train/cache-1f.arrow", &table),
        ("train/state.json", state),
        ("train/dataset_info.json", info),
    ];
    let bench = folder(&files);
    let ran = run(&bench).expect(0);
    ran.tells(&["2 files of `d` are left out: `dataset_dict.json`, `train/cache-1f.arrow`"]);
    let found = records(&bench);
    assert_eq!(found.len(), 50);
    assert!(
        found
            .iter()
            .all(|record| record.get("id").is_some() && record.get("text").is_some())
    );
    // A file that should be there is missed.
    fs::remove_file(bench.path("d/train/cache-1f.arrow")).unwrap();
    let two = br#"{"_data_files": [{"filename": "data-00000-of-00001.arrow"}, {"filename": "gone.arrow"}]}"#;
    bench.write("d/train/state.json", two);
    let ran = bench.process("--dataset_path d --fresh").expect(3);
    let part = &ran.json()["unreadable"][0];
    assert_eq!(part["source"], "d/train/gone.arrow");
    assert_eq!(part["reason"], "`d/train` lists it, but it does not exist");
    let checked = bench
        .run("check --config recipe.yaml --dataset_path d")
        .expect(0);
    let note = "`d/train/gone.arrow` cannot be read: `d/train` lists it, but it does not exist";
    assert!(checked.stdout.contains(note), "{}", checked.stdout);
}

/// A table of Delta Lake: the log is no data, and what it removed is none any more.
#[test]
fn a_delta_table() {
    let table = reported("delta.parquet");
    let first = br#"{"add": {"path": "part%200.parquet"}}
{"add": {"path": "old.parquet"}}
"#;
    let bench = folder(&[
        ("part 0.parquet", &table),
        ("old.parquet", &table),
        ("_SUCCESS", b""),
        ("_delta_log/00000000000000000000.json", first),
        (
            "_delta_log/00000000000000000001.json",
            br#"{"remove": {"path": "old.parquet"}}"#,
        ),
    ]);
    let ran = run(&bench).expect(0);
    ran.tells(&["the file `old.parquet` of `d` is left out"]);
    assert_eq!(records(&bench).len(), 50);
}

#[test]
fn names_that_begin_with_underscores_and_dots() {
    let line = LINE.as_bytes();
    let bench = folder(&[
        ("a.jsonl", line),
        ("_b.jsonl", line),
        (".c.jsonl", line),
        ("_temporary/0/d.jsonl", line),
        (".git/e.jsonl", line),
    ]);
    run(&bench)
        .expect(0)
        .tells(&["2 files of `d` are left out: `.c.jsonl`, `_b.jsonl`"]);
    assert_eq!(records(&bench).len(), 1);
    // A file that is named itself is read.
    let ran = bench.process("--dataset_path d/_b.jsonl --fresh").expect(0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn folders_named_as_partitions() {
    let (german, english) = (reported("hive-de.parquet"), reported("hive-en.parquet"));
    let bench = folder(&[
        ("lang=de/part-0.parquet", &german),
        ("lang=en/part-0.parquet", &english),
    ]);
    run(&bench).expect(0).tells(&[
        "`d` has partition folders such as `lang=",
        "their values are not added to the records",
    ]);
    assert_eq!(records(&bench).len(), 50);
}

#[test]
fn suffixes_that_are_known_and_others() {
    let line = LINE.as_bytes();
    let bench = folder(&[
        ("a.jsonl", line),
        ("b.JSONL", line),
        ("c.jl", line),
        ("e.jsonlines", line),
        ("f.jsonl.gzip", line),
        ("g.jsonl.part", line),
        ("h.pq", b"PAR1"),
        ("i.parquet", b""),
        ("j.jsonl.gz", b""),
    ]);
    let ran = run(&bench).expect(3);
    ran.tells(&[
        "the file `g.jsonl.part` of `d` is left out; to read one, name it in `dataset_path`",
        "`d/h.pq` cannot be read: it begins as a Parquet file and has no readable footer",
        "`d/i.parquet` cannot be read: it is empty, and a Parquet file is not",
        "`d/j.jsonl.gz` cannot be read: it is empty, and a gzip file is not",
    ]);
    assert_eq!(records(&bench).len(), 5);
}

#[test]
fn git_lfs_pointers() {
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:665232916d127eb7\nsize 146946961\n";
    let reason = "it is a Git LFS pointer, which stands for the file; run `git lfs pull` to get the file itself";
    let bench = folder(&[("a.jsonl", pointer)]);
    run(&bench).expect(1).tells(&[reason]);
    assert!(!bench.has_exported());
    let bench = folder(&[
        ("a.jsonl", LINE.as_bytes()),
        ("b.jsonl", pointer),
        ("c.parquet", pointer),
    ]);
    let ran = run(&bench).expect(3);
    ran.tells(&["`d/b.jsonl` cannot be read: it is a Git LFS pointer"]);
    assert_eq!(records(&bench).len(), 1);
}

#[test]
fn archives_and_other_packings() {
    for (name, bytes, what) in [
        ("in.tar.gz", reported("in.tar.gz"), "is a tar archive"),
        (
            "in.jsonl.lz4",
            reported("in.jsonl.lz4"),
            "is compressed with lz4",
        ),
        (
            "in.jsonl",
            reported("in.jsonl.lz4"),
            "is compressed with lz4",
        ),
        (
            "in.jsonl.br",
            b"\x0b\x02\x80\xff\xfe\x03".to_vec(),
            "is compressed with brotli",
        ),
    ] {
        let bench = Bench::new();
        bench.write(name, &bytes);
        let ran = bench.process(&format!("--dataset_path {name}"));
        assert_ne!(ran.code, 0);
        ran.tells(&[what, "unpack it first"]);
        assert!(!bench.has_exported());
    }
    // In a folder, data that is packed so is refused too: it should not be missed.
    let bench = folder(&[
        ("a.jsonl", LINE.as_bytes()),
        ("b.jsonl.lz4", &reported("in.jsonl.lz4")),
    ]);
    let ran = run(&bench);
    assert_ne!(ran.code, 0);
    ran.tells(&["`d/b.jsonl.lz4` is compressed with lz4"]);
}

/// What `check` says is what a run would find.
#[test]
fn a_dataset_without_a_file_that_can_be_read_is_not_fine() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 12345\n";
    let bench = folder(&[("p.jsonl", pointer.as_bytes())]);
    let check = "check --config recipe.yaml --dataset_path d";
    let ran = bench.run(check).expect(1);
    assert_eq!(ran.stdout, "");
    ran.tells(&["none of the dataset's files can be read: `d/p.jsonl` cannot be read: it is a Git LFS pointer"]);
    bench.write("d/q.jsonl", LINE);
    let checked = bench.run(check).expect(0).stdout;
    let note = "Note       `d/p.jsonl` cannot be read: it is a Git LFS pointer";
    assert!(checked.contains(note), "{checked}");
    let planned = bench
        .run("plan --config recipe.yaml --dataset_path d")
        .expect(0);
    assert!(
        planned.stdout.contains("`d/p.jsonl` cannot be read"),
        "{}",
        planned.stdout
    );
}

/// A link that leads back to a folder above it is followed once.
#[cfg(unix)]
#[test]
fn patterns_visit_each_folder_once() {
    use std::os::unix::fs::symlink;
    let bench = folder(&[
        ("x.jsonl", LINE.as_bytes()),
        ("deep/er/y.jsonl", LINE.as_bytes()),
        ("deep/z.txt", b"no"),
    ]);
    for link in ["self", "self2", "deep/up"] {
        symlink(bench.path("d"), bench.path(&format!("d/{link}"))).unwrap();
    }
    for pattern in ["d/**/*.jsonl", "**/*.jsonl", "d/**"] {
        let ran = bench.process(&format!(
            "--dataset_path {pattern} --suffixes .jsonl --fresh"
        ));
        let records = ran.json()["ledger"]["records"].clone();
        assert!(
            records == 2 || pattern == "d/**" && records == 3,
            "{pattern}: {records}"
        );
    }
    bench
        .process("--dataset_path no/**/x --fresh")
        .expect(1)
        .tells(&["`no/**/x`"]);
}
