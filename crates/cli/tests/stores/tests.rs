//! Everything that is done with a job is done where its files are.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use coldpress::storage::{ObjectStore, Place, suite};

use crate::bench::{Bench, RUN};
use crate::vault::Vault;

pub(crate) type Test = (&'static str, fn());

pub(crate) const ALL: [Test; 8] = [
    ("the_vault_keeps_the_contract", the_vault_keeps_the_contract),
    (
        "a_job_in_a_store_gives_the_same_and_leaves_nothing_beside_it",
        a_job_in_a_store_gives_the_same_and_leaves_nothing_beside_it,
    ),
    (
        "a_job_that_is_killed_goes_on_in_its_store",
        a_job_that_is_killed_goes_on_in_its_store,
    ),
    ("commands_look_into_the_store", commands_look_into_the_store),
    (
        "who_does_not_know_the_store_is_told",
        who_does_not_know_the_store_is_told,
    ),
    ("a_run_cleans_its_store", a_run_cleans_its_store),
    (
        "what_a_crash_left_to_delete_is_deleted_offline",
        what_a_crash_left_to_delete_is_deleted_offline,
    ),
    (
        "a_job_goes_on_from_another_one_in_its_store",
        a_job_goes_on_from_another_one_in_its_store,
    ),
];

fn the_vault_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let next = AtomicU32::new(0);
    suite::run_all(&|| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        Arc::new(Vault::new(folder.path().join(number.to_string())))
    });
}

/// How many files each place of a job has in the vault.
pub(crate) fn counts(bench: &Bench, job: &str) -> Vec<(Place, usize)> {
    let count = |place: Place| {
        let vault = Vault::new(bench.path(&format!("vault/{job}/{place}")));
        (place, vault.list("").unwrap().len())
    };
    Place::ALL.into_iter().map(count).collect()
}

#[track_caller]
pub(crate) fn check_kept(bench: &Bench, job: &str, expected: &[Place]) {
    let counts = counts(bench, job);
    let kept = counts.iter().filter(|(_, count)| *count > 0);
    let kept: Vec<Place> = kept.map(|(place, _)| *place).collect();
    assert_eq!(kept, expected, "{counts:?}");
}

const ALL_PLACES: [Place; 5] = [
    Place::Results,
    Place::Checkpoints,
    Place::Partitions,
    Place::Quarantine,
    Place::Intermediate,
];

/// No file of an attempt is anywhere but in the vault, where nothing can be read that goes around it.
#[track_caller]
fn check_nothing_beside(bench: &Bench, job: &str) {
    for place in Place::ALL {
        let folder = format!("jobs/{job}/{place}");
        let files = bench.files(&folder);
        let is_view = |name: &str| name.starts_with("checkpoint_");
        let beside = files
            .iter()
            .filter(|path| !is_view(&path.file_name().unwrap().to_string_lossy()));
        assert_eq!(beside.count(), 0, "{files:?}");
    }
    for path in bench.files("vault") {
        let bytes = fs::read(&path).unwrap();
        let is_open = bytes.windows(6).any(|part| part == b"secret");
        assert!(!is_open, "{} can be read", path.display());
    }
}

/// The same job in plain folders.
pub(crate) fn plain_export(bench: &Bench) -> String {
    let recipe = bench.recipe("plain", "").display().to_string();
    bench
        .coldpress(&["process", "--config", &recipe, "--no-progress"])
        .expect(0);
    bench.text("plain.jsonl")
}

fn a_job_in_a_store_gives_the_same_and_leaves_nothing_beside_it() {
    let bench = Bench::new();
    let expected = plain_export(&bench);
    bench.job(&bench.recipe("a", ""), None).expect(0);
    assert!(bench.text("a.jsonl") == expected);
    for name in ["-dropped/op_002_text_length_filter.jsonl", "_stats.jsonl"] {
        let (found, plain) = (format!("a{name}"), format!("plain{name}"));
        assert_eq!(bench.text(&found), bench.text(&plain), "{name}");
    }
    check_kept(&bench, "a", &ALL_PLACES);
    check_nothing_beside(&bench, "a");
}

fn a_job_that_is_killed_goes_on_in_its_store() {
    let bench = Bench::new();
    let expected = plain_export(&bench);
    let recipe = bench.recipe("a", "");
    for point in [
        "driver.before_sync:2",
        "driver.after_sync:4",
        "merge.finish",
    ] {
        let ran = bench.job(&recipe, Some(point));
        assert!(ran.was_killed(), "{point}: {}", ran.told());
    }
    // The journal remembers where the files are, and others are refused.
    let words = |url: &str| [RUN, &recipe.display().to_string(), url].map(str::to_owned);
    let elsewhere = words(&bench.url("elsewhere"));
    let refused = bench.run(&elsewhere.each_ref().map(String::as_str), None);
    let told = refused.expect(4).told();
    assert!(
        told.contains("vault:") && told.contains("--fresh"),
        "{told}"
    );
    let recipe = recipe.display().to_string();
    bench
        .run(&["process", "--config", &recipe, "--no-progress"], None)
        .expect(0);
    assert!(bench.text("a.jsonl") == expected);
    check_nothing_beside(&bench, "a");
}

fn commands_look_into_the_store() {
    let bench = Bench::new();
    bench.job(&bench.recipe("a", ""), None).expect(0);
    let base = ["--base-dir", "jobs"];
    let list = [&["checkpoint", "list", "a"][..], &base].concat();
    let listed = bench.run(&list, None).expect(0).text();
    assert!(listed.contains("clean_links_mapper"), "{listed}");
    assert!(
        !listed.contains("missing") && !listed.contains("damaged"),
        "{listed}"
    );
    let shown = [&["quarantine", "list", "a"][..], &base].concat();
    let shown = bench.run(&shown, None).expect(0).text();
    assert_eq!(shown.lines().count(), 8, "{shown}");
    let verify = ["checkpoint", "verify", "jobs/a"];
    let text = bench.run(&verify, None).expect(0).text();
    assert!(text.contains("all good"), "{text}");
    for place in [Place::Checkpoints, Place::Results, Place::Partitions] {
        let files = bench.files(&format!("vault/a/{place}"));
        let intact = fs::read(&files[0]).unwrap();
        let mut damaged = intact.clone();
        *damaged.last_mut().unwrap() ^= 1;
        fs::write(&files[0], damaged).unwrap();
        let text = bench.run(&verify, None).expect(1).text();
        assert!(
            text.contains("damaged") && text.contains("1 not good"),
            "{text}"
        );
        fs::remove_file(&files[0]).unwrap();
        let text = bench.run(&verify, None).expect(1).text();
        assert!(
            text.contains("missing") && text.contains("1 not good"),
            "{text}"
        );
        fs::write(&files[0], intact).unwrap();
    }
    let remove = [&["jobs", "remove", "a"][..], &base].concat();
    bench.run(&remove, None).expect(0);
    check_kept(&bench, "a", &[]);
}

fn who_does_not_know_the_store_is_told() {
    let bench = Bench::new();
    let recipe = bench.recipe("a", "");
    bench.job(&recipe, None).expect(0);
    let recipe = recipe.display().to_string();
    for words in [
        &["checkpoint", "verify", "jobs/a"][..],
        &["checkpoint", "clean", "jobs/a"],
        &["checkpoint", "list", "a", "--base-dir", "jobs"],
        &["quarantine", "list", "a", "--base-dir", "jobs"],
        &["jobs", "remove", "a", "--base-dir", "jobs"],
        &["process", "--config", &recipe],
    ] {
        let ran = bench.coldpress(words).expect(1);
        let told = ran.told();
        assert!(told.contains("no scheme `vault`"), "{words:?}: {told}");
    }
    check_kept(&bench, "a", &ALL_PLACES);
}

fn a_run_cleans_its_store() {
    let bench = Bench::new();
    let recipe = bench.recipe(
        "a",
        "intermediate_storage: {retention_policy: cleanup_all}\n",
    );
    bench.job(&recipe, None).expect(0);
    check_kept(&bench, "a", &[Place::Quarantine]);
    let kept = "checkpoint: {strategy: every_op, mode: full, max_checkpoints_per_partition: 1}\n";
    let text = fs::read_to_string(bench.recipe("b", kept)).unwrap();
    let text = text.replace("checkpoint: {strategy: every_op}\n", "");
    fs::write(bench.path("b.yaml"), text).unwrap();
    bench.job(&bench.path("b.yaml"), None).expect(0);
    let counts = counts(&bench, "b");
    assert!(counts.contains(&(Place::Checkpoints, 5)), "{counts:?}");
}

fn what_a_crash_left_to_delete_is_deleted_offline() {
    let bench = Bench::new();
    let recipe = bench.recipe(
        "a",
        "intermediate_storage: {retention_policy: cleanup_all}\n",
    );
    let ran = bench.job(&recipe, Some("clean.forgotten"));
    assert!(ran.was_killed(), "{}", ran.told());
    check_kept(&bench, "a", &ALL_PLACES);
    let clean = ["checkpoint", "clean", "jobs/a"];
    let looked = [&clean[..], &["--dry-run"]].concat();
    let text = bench.run(&looked, None).expect(0).text();
    assert!(text.contains("would remove"), "{text}");
    check_kept(&bench, "a", &ALL_PLACES);
    bench.run(&clean, None).expect(0);
    // What the journal does not cite goes once the job is known to be over, which only its driver writes down.
    check_kept(&bench, "a", &[Place::Quarantine, Place::Intermediate]);
    bench.job(&recipe, None).expect(0);
    check_kept(&bench, "a", &[Place::Quarantine]);
}

fn a_job_goes_on_from_another_one_in_its_store() {
    let bench = Bench::new();
    let expected = plain_export(&bench);
    bench.job(&bench.recipe("a", ""), None).expect(0);
    let text = fs::read_to_string(bench.recipe("b", "resume_from: a\n")).unwrap();
    // Its own output goes elsewhere, so nothing but the work can be the other's.
    fs::write(bench.path("b.yaml"), text).unwrap();
    bench.job(&bench.path("b.yaml"), None).expect(0);
    assert!(bench.text("b.jsonl") == expected);
    let journal: String = bench
        .files("jobs/b/journal")
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert!(journal.contains("\"type\":\"adopted\""), "{journal}");
    check_nothing_beside(&bench, "b");
    let verify = ["checkpoint", "verify", "jobs/b"];
    bench.run(&verify, None).expect(0);
    // Neither depends on the other.
    fs::remove_dir_all(bench.path("vault/a")).unwrap();
    bench.run(&verify, None).expect(0);
}
