//! Parts of a job that its recipe puts behind URLs.

use std::fs;

use coldpress::storage::{ObjectStore, Place};

use crate::bench::Bench;
use crate::tests::{Test, check_kept, plain_export};
use crate::vault::{COMBINATION, Vault};

pub(crate) const ALL: [Test; 4] = [
    (
        "a_killed_job_with_parts_behind_urls_goes_on_and_is_removed",
        a_killed_job_with_parts_behind_urls_goes_on_and_is_removed,
    ),
    (
        "options_reach_workers_and_are_written_nowhere",
        options_reach_workers_and_are_written_nowhere,
    ),
    (
        "a_url_that_nobody_can_open_is_told_by_its_key",
        a_url_that_nobody_can_open_is_told_by_its_key,
    ),
    (
        "a_log_that_cannot_be_copied_is_a_warning",
        a_log_that_cannot_be_copied_is_a_warning,
    ),
];

/// A recipe whose checkpoints, copies and event log are in vaults or safes.
fn recipe(bench: &Bench, job: &str, scheme: &str, more: &str) -> String {
    let url = format!("{scheme}://{}", bench.path("vault").display());
    let more = format!(
        "checkpoint_dir: {url}/checkpoints\npartition_dir: {url}/{{job_id}}\nevent_log_dir: {url}/logs\n{more}"
    );
    bench.recipe(job, &more).display().to_string()
}

fn names(bench: &Bench, folder: &str) -> Vec<String> {
    let objects = Vault::new(bench.path(folder)).list("").unwrap();
    objects
        .into_iter()
        .map(|object| object.name.to_string())
        .collect()
}

fn a_killed_job_with_parts_behind_urls_goes_on_and_is_removed() {
    let bench = Bench::new();
    let expected = plain_export(&bench);
    let recipe = recipe(&bench, "a", "vault", "");
    let process = ["process", "--config", &recipe, "--no-progress"];
    for point in [
        "driver.before_sync:2",
        "driver.after_sync:4",
        "merge.finish",
    ] {
        let ran = bench.run(&process, Some(point));
        assert!(ran.was_killed(), "{point}: {}", ran.told());
    }
    // Work that is behind a URL is not looked for in a folder.
    let elsewhere = [
        "process",
        "--config",
        &recipe,
        "--checkpoint_dir",
        "vault:///elsewhere",
    ];
    let told = bench.run(&elsewhere, None).expect(4).told();
    assert!(told.contains("--fresh"), "{told}");
    let told = bench.run(&process, None).expect(0).text();
    let checkpoints = format!("vault://{}/checkpoints/a\n", bench.path("vault").display());
    assert!(told.contains(&checkpoints), "{told}");
    assert!(bench.text("a.jsonl") == expected);
    assert!(names(&bench, "vault/checkpoints/a").len() > 3);
    assert!(names(&bench, "vault/a").len() > 3);
    assert_eq!(
        names(&bench, "vault/logs/a"),
        ["event_logs/events.jsonl", "event_logs/events.log"]
    );
    for place in [Place::Checkpoints, Place::Partitions] {
        let files = bench.files(&format!("jobs/a/{place}"));
        let of_attempts = files.iter().filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            !name.starts_with("checkpoint_")
        });
        assert_eq!(of_attempts.count(), 0, "{files:?}");
    }
    let text = bench
        .run(&["checkpoint", "verify", "jobs/a"], None)
        .expect(0)
        .text();
    assert!(text.contains("all good"), "{text}");
    // Another job goes on from the first, with stores of its own.
    let other = self::recipe(&bench, "b", "vault", "resume_from: a\n");
    bench
        .run(&["process", "--config", &other, "--no-progress"], None)
        .expect(0);
    assert!(bench.text("b.jsonl") == expected);
    bench
        .run(&["jobs", "remove", "a", "--base-dir", "jobs"], None)
        .expect(0);
    for folder in ["checkpoints/a", "a", "logs/a"] {
        assert!(
            names(&bench, &format!("vault/{folder}")).is_empty(),
            "{folder}"
        );
    }
    let verify = ["checkpoint", "verify", "jobs/b"];
    bench.run(&verify, None).expect(0);
    check_kept(&bench, "a", &[]);
}

fn options_reach_workers_and_are_written_nowhere() {
    let bench = Bench::new();
    let (name, value) = COMBINATION;
    let without = recipe(&bench, "a", "safe", "");
    let told = bench
        .run(&["process", "--config", &without, "--no-progress"], None)
        .expect(2)
        .told();
    assert!(told.contains("the combination is another one"), "{told}");
    let options = format!(
        "storage_options:\n  \"safe://{}\": {{{name}: {value}}}\n",
        bench.path("vault").display()
    );
    let with = recipe(&bench, "b", "safe", &options);
    let ran = bench
        .run(&["process", "--config", &with, "--no-progress"], None)
        .expect(0);
    let flags = format!("{{{name}: {value}}}");
    let of_flags = [
        "process",
        "--config",
        &recipe(&bench, "c", "safe", ""),
        "--storage_options",
        &flags,
        "--no-progress",
    ];
    let flagged = bench.run(&of_flags, None).expect(0);
    let shown = [ran.text(), ran.told(), flagged.text(), flagged.told()];
    assert!(
        shown.iter().all(|shown| !shown.contains(value)),
        "{shown:?}"
    );
    for path in bench.files("jobs") {
        // The job that could not open its stores has a link to an event log that it never had.
        let bytes = fs::read(&path).unwrap_or_default();
        let is_written = bytes
            .windows(value.len())
            .any(|part| part == value.as_bytes());
        assert!(!is_written, "{}", path.display());
    }
}

fn a_url_that_nobody_can_open_is_told_by_its_key() {
    let bench = Bench::new();
    for key in ["checkpoint_dir", "partition_dir", "event_log_dir"] {
        let recipe = bench.recipe("a", &format!("{key}: nowhere://x/y\n"));
        let recipe = recipe.display().to_string();
        let told = bench
            .run(&["process", "--config", &recipe], None)
            .expect(2)
            .told();
        assert!(told.contains(key) && told.contains("`nowhere`"), "{told}");
    }
    assert!(bench.files("jobs").is_empty());
}

fn a_log_that_cannot_be_copied_is_a_warning() {
    let bench = Bench::new();
    // A file is where the vault's folder would be.
    fs::write(bench.path("full"), "").unwrap();
    let url = format!("event_log_dir: vault://{}\n", bench.path("full").display());
    let recipe = bench.recipe("a", &url).display().to_string();
    let told = bench
        .run(&["process", "--config", &recipe, "--no-progress"], None)
        .expect(0)
        .told();
    assert!(told.contains("cannot be copied to"), "{told}");
}
