//! An export in a store that outlives its program: killed anywhere, it ends as one that was never killed.

use std::fs;

use coldpress::storage::{Expected, LocalStore, ObjectName, put_if};

use crate::bench::{Bench, Ran};
use crate::tests::Test;

pub(crate) const ALL: [Test; 4] = [
    (
        "an_export_that_is_killed_anywhere_ends_with_the_right_objects",
        an_export_that_is_killed_anywhere_ends_with_the_right_objects,
    ),
    (
        "what_another_left_half_done_can_be_replaced_and_what_a_stranger_put_there_cannot",
        what_another_left_half_done_can_be_replaced_and_what_a_stranger_put_there_cannot,
    ),
    (
        "an_encrypted_export_is_never_there_in_clear_text",
        an_encrypted_export_is_never_there_in_clear_text,
    ),
    (
        "a_url_of_an_unknown_scheme_is_one_error_at_the_start",
        a_url_of_an_unknown_scheme_is_one_error_at_the_start,
    ),
];

/// Runs a job whose export and what lies beside it go to a bucket.
fn run(bench: &Bench, job: &str, bucket: &str, at: &str, min_len: u32, point: Option<&str>) -> Ran {
    let url = format!("bucket://{}", bench.path(bucket).display());
    let recipe = format!(
        "dataset_path: {input}\nexport_path: {url}/{at}\nexport_dropped: {url}/dropped\nexport_stats: true\n\
         export_shard_size: 3000\nwork_dir: {jobs}\njob_id: {job}\nnp: 2\npartition: {{size: 100}}\n\
         load_jsonl_lenient: true\nprocess:\n  - text_length_filter: {{min_len: {min_len}}}\n",
        input = bench.path("in.jsonl").display(),
        jobs = bench.path("jobs").display(),
    );
    let path = bench.path(&format!("{job}.yaml"));
    fs::write(&path, recipe).unwrap();
    let path = path.display().to_string();
    bench.run(&["process", "--config", &path, "--no-progress"], point)
}

/// The objects of a bucket but for signatures, and what is said in these of uploads that come or go.
fn objects(bench: &Bench, bucket: &str) -> Vec<(String, Vec<u8>)> {
    let root = bench.path(bucket);
    let files = bench.files(bucket).into_iter();
    let shown = files.filter_map(|path| {
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        let bytes = fs::read(&path).unwrap();
        if name.contains(".coldpress.json") {
            let text = String::from_utf8(bytes).unwrap();
            assert!(!text.contains("passing"), "{name}: {text}");
            return None;
        }
        // What a killed upload left is no object.
        (!name.contains(".~")).then_some((name, bytes))
    });
    shown.collect()
}

fn an_export_that_is_killed_anywhere_ends_with_the_right_objects() {
    let bench = Bench::new();
    for (number, at) in ["out.jsonl", "shards/"].into_iter().enumerate() {
        let expected = format!("expected-{number}");
        run(&bench, &expected, &expected, at, 30, None).expect(0);
        let expected = objects(&bench, &expected);
        for (kill, point) in [
            "merge.finish",
            "export.intent",
            "export.begun",
            "export.begun:2",
            "export.begun:3",
            "export.uploaded",
            "export.uploaded:3",
            "export.uploaded:4",
            "export.companion",
            "export.listed",
            "export.listed:3",
            "export.renamed",
            "export.owned",
        ]
        .into_iter()
        .enumerate()
        {
            let is_of_shards = point == "export.uploaded:4";
            if is_of_shards && at != "shards/" {
                continue;
            }
            let bucket = format!("bucket-{number}-{kill}");
            let job = |name: &str| format!("{name}-{number}-{kill}");
            // An earlier export, of more records and more shards, is replaced.
            run(&bench, &job("earlier"), &bucket, at, 0, None).expect(0);
            assert_ne!(objects(&bench, &bucket), expected);
            let killed = run(&bench, &job("later"), &bucket, at, 30, Some(point));
            assert!(killed.was_killed(), "{point}: {}", killed.told());
            run(&bench, &job("later"), &bucket, at, 30, None).expect(0);
            assert_eq!(objects(&bench, &bucket), expected, "{at} {point}");
        }
    }
}

fn what_another_left_half_done_can_be_replaced_and_what_a_stranger_put_there_cannot() {
    let bench = Bench::new();
    run(&bench, "first", "bucket", "shards/", 0, None).expect(0);
    let killed = run(
        &bench,
        "second",
        "bucket",
        "shards/",
        30,
        Some("export.uploaded:4"),
    );
    assert!(killed.was_killed(), "{}", killed.told());
    // Shards of two exports lie there, and every one is known.
    run(&bench, "third", "bucket", "shards/", 35, None).expect(0);
    let store = LocalStore::new(bench.path("bucket"));
    let name = ObjectName::new("shards/part-00099.jsonl").unwrap();
    put_if(&store, &name, b"precious", &Expected::Nothing).unwrap();
    let refused = run(&bench, "third", "bucket", "shards/", 35, None).expect(4);
    let told = refused.told();
    assert!(
        told.contains("was changed since Coldpress made it"),
        "{told}"
    );
    assert!(told.contains("bucket://"), "{told}");
}

/// Encrypts an export on its way into a bucket, or to this machine.
fn run_sealed(bench: &Bench, job: &str, out: &str, at: &str, point: Option<&str>) -> Ran {
    let recipe = format!(
        "dataset_path: {input}\nexport_path: {out}/{at}\nexport_dropped: {out}/dropped\nexport_stats: true\n\
         export_shard_size: 3000\nwork_dir: {jobs}\njob_id: {job}\nnp: 2\npartition: {{size: 100}}\n\
         encrypt_before_export: true\nencryption_key_path: {key}\n\
         load_jsonl_lenient: true\nprocess:\n  - text_length_filter: {{min_len: 30}}\n",
        input = bench.path("in.jsonl").display(),
        jobs = bench.path("jobs").display(),
        key = bench.path("key").display(),
    );
    let path = bench.path(&format!("{job}.yaml"));
    fs::write(&path, recipe).unwrap();
    let path = path.display().to_string();
    bench.run(&["process", "--config", &path, "--no-progress"], point)
}

fn an_encrypted_export_is_never_there_in_clear_text() {
    const KEY: &str = "ExIKe19ChqLdyO1ZR2hGNsZbWhjGmEWVDz8vj_F0Nrs=";
    let bench = Bench::new();
    fs::write(bench.path("key"), KEY).unwrap();
    let all_sealed = |found: &[(String, Vec<u8>)]| {
        for (name, bytes) in found {
            assert!(bytes.starts_with(b"gAAAAA"), "{name}");
        }
    };
    for (number, at) in ["out.jsonl", "shards/", "out.csv"].into_iter().enumerate() {
        let here = format!("here-{number}");
        let folder = bench.path(&here).display().to_string();
        run_sealed(&bench, &here, &folder, at, None).expect(0);
        let mut expected = objects(&bench, &here);
        expected.retain(|(name, _)| !name.contains(".coldpress.lock"));
        assert!(expected.len() >= 3, "{expected:?}");
        all_sealed(&expected);
        for (kill, point) in [
            "merge.sealed",
            "merge.sealed:3",
            "export.intent",
            "export.uploaded:2",
            "export.owned",
        ]
        .into_iter()
        .enumerate()
        {
            let job = format!("job-{number}-{kill}");
            let bucket = format!("sealed-{number}-{kill}");
            let url = format!("bucket://{}", bench.path(&bucket).display());
            let killed = run_sealed(&bench, &job, &url, at, Some(point));
            assert!(killed.was_killed(), "{point}: {}", killed.told());
            all_sealed(&uploaded(&bench, &bucket));
            run_sealed(&bench, &job, &url, at, None).expect(0);
            assert!(objects(&bench, &bucket) == expected, "{at} {point}");
            assert!(!bench.path(&format!("jobs/{job}/unsealed")).exists());
        }
    }
}

/// Returns the objects of a bucket except signatures and unfinished uploads.
fn uploaded(bench: &Bench, bucket: &str) -> Vec<(String, Vec<u8>)> {
    let files = bench.files(bucket).into_iter();
    let named = files.map(|path| (path.display().to_string(), fs::read(&path).unwrap()));
    let is_whole = |(name, bytes): &(String, Vec<u8>)| {
        !name.contains(".coldpress.json") && !name.contains(".~") && !bytes.is_empty()
    };
    named.filter(is_whole).collect()
}

fn a_url_of_an_unknown_scheme_is_one_error_at_the_start() {
    let bench = Bench::new();
    let recipe = "dataset_path: in.jsonl\nexport_path: s4://bucket/out.jsonl\nprocess: []\n";
    fs::write(bench.path("r.yaml"), recipe).unwrap();
    let ran = bench
        .coldpress(&["process", "--config", "r.yaml"])
        .expect(2);
    let told = ran.told();
    assert!(
        told.contains("export_path") && told.contains("`s4`"),
        "{told}"
    );
    assert!(!bench.path("outputs").exists());
}
