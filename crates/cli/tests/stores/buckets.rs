//! Whole jobs that lie in a store, and what is left of them on a machine.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::bench::{Bench, Ran};
use crate::tests::{Test, plain_export};

pub(crate) const ALL: [Test; 11] = [
    (
        "a_killed_job_goes_on_elsewhere_with_nothing_but_its_bucket",
        a_killed_job_goes_on_elsewhere_with_nothing_but_its_bucket,
    ),
    (
        "commands_take_the_url_of_a_job",
        commands_take_the_url_of_a_job,
    ),
    (
        "a_job_begins_with_the_work_of_another_in_the_bucket",
        a_job_begins_with_the_work_of_another_in_the_bucket,
    ),
    ("two_drivers_do_not_both_work", two_drivers_do_not_both_work),
    (
        "a_job_is_stopped_by_a_request_in_its_bucket",
        a_job_is_stopped_by_a_request_in_its_bucket,
    ),
    ("what_is_nowhere_is_told", what_is_nowhere_is_told),
    (
        "who_follows_a_job_sees_its_end",
        who_follows_a_job_sees_its_end,
    ),
    (
        "all_of_an_analysis_is_where_the_job_lies",
        all_of_an_analysis_is_where_the_job_lies,
    ),
    (
        "all_jobs_of_a_bucket_are_cleaned",
        all_jobs_of_a_bucket_are_cleaned,
    ),
    (
        "an_encrypted_job_in_a_bucket_is_told_what_is_not",
        an_encrypted_job_in_a_bucket_is_told_what_is_not,
    ),
    (
        "no_scratch_is_left_of_a_job_that_is_not_there",
        no_scratch_is_left_of_a_job_that_is_not_there,
    ),
];

/// The URL of all jobs.
fn jobs(bench: &Bench) -> String {
    format!("disk://{}", bench.path("bucket/jobs").display())
}

/// A recipe whose job lies in the bucket.
fn recipe(bench: &Bench, job: &str, more: &str) -> String {
    let path = bench.recipe(job, more);
    let text = fs::read_to_string(&path).unwrap();
    let local = format!("work_dir: {}", bench.path("jobs").display());
    fs::write(
        &path,
        text.replace(&local, &format!("work_dir: {}", jobs(bench))),
    )
    .unwrap();
    path.display().to_string()
}

/// Drives the job with a scratch of its own, as another machine would.
fn drive(bench: &Bench, recipe: &str, scratch: &str, crash_point: Option<&str>) -> Ran {
    let words = [
        "process",
        "--config",
        recipe,
        "--no-progress",
        "--scratch_dir",
        scratch,
    ];
    bench.run(&words, crash_point)
}

fn remove_scratch(bench: &Bench, scratch: &str) {
    fs::remove_dir_all(bench.path(scratch)).unwrap();
}

fn a_killed_job_goes_on_elsewhere_with_nothing_but_its_bucket() {
    let bench = Bench::new();
    let expected = plain_export(&bench);
    let recipe = recipe(&bench, "a", "");
    let points = [
        // Between an object of the journal and what follows from it.
        "journal_object_put",
        "journal_object_put:3",
        "log_put_before_copy:4",
        "log_before_write:3",
        // Between the file of a result and the record that cites it.
        "driver.before_sync:2",
        "driver.after_sync:4",
        "merge.finish",
    ];
    for (number, point) in points.into_iter().enumerate() {
        let scratch = format!("scratch{number}");
        let ran = drive(&bench, &recipe, &scratch, Some(point));
        assert!(ran.was_killed(), "{point}: {}", ran.told());
        // Now and then the machine is another one, and now and then the same.
        if number % 3 != 2 {
            remove_scratch(&bench, &scratch);
        }
    }
    let told = drive(&bench, &recipe, "last", None).expect(0).text();
    assert!(bench.text("a.jsonl") == expected);
    assert!(told.contains(&jobs(&bench)), "{told}");
    // All that is known of it is in the bucket, and nothing of its work is in a scratch.
    let of_job = |name: &str| bench.path(&format!("bucket/jobs/a/{name}"));
    for name in [
        "journal/0000000001.jsonl",
        "job_summary.json",
        "job.heartbeat",
        "recipe.yaml",
        "metadata/dataset_mapping.json",
        "event_logs/events.jsonl",
        "report.html",
    ] {
        assert!(of_job(name).is_file(), "{name}");
    }
    for place in [
        "results",
        "checkpoints",
        "partitions",
        "quarantine",
        "intermediate",
    ] {
        assert!(fs::read_dir(of_job(place)).unwrap().count() > 0, "{place}");
    }
    let scratch = bench.files("last");
    let is_work = |path: &Path| path.to_string_lossy().contains("partition_0");
    assert!(!scratch.iter().any(|path| is_work(path)), "{scratch:?}");
    // It is over, and another machine knows.
    let again = drive(&bench, &recipe, "again", None).expect(0).text();
    assert!(again.contains("already"), "{again}");
}

fn commands_take_the_url_of_a_job() {
    let bench = Bench::new();
    let recipe = recipe(&bench, "a", "");
    drive(&bench, &recipe, "scratch", None).expect(0);
    remove_scratch(&bench, "scratch");
    let url = format!("{}/a", jobs(&bench));
    let base = jobs(&bench);
    let bench = &bench;
    let run = |words: &[&str]| bench.run(words, None).expect(0).text();
    let monitor = run(&["monitor", &url]);
    assert!(monitor.contains("completed"), "{monitor}");
    assert_eq!(run(&["monitor", "a", "--base-dir", &base]), monitor);
    assert!(run(&["monitor", &url, "--watch"]).contains("completed"));
    let listed = run(&["jobs", "--base-dir", &base]);
    assert!(
        listed.contains("completed") && listed.lines().count() == 2,
        "{listed}"
    );
    let listed = run(&["jobs", "--base-dir", &base, "--json"]);
    assert!(listed.contains(&url), "{listed}");
    let events = run(&["events", &url, "--type", "job_complete"]);
    assert_eq!(events.lines().count(), 1, "{events}");
    assert!(run(&["report", &url]).contains(&url));
    assert!(run(&["checkpoint", "list", &url]).contains("clean_links_mapper"));
    assert!(run(&["checkpoint", "verify", &url]).contains("all good"));
    assert!(run(&["checkpoint", "clean", &url, "--dry-run"]).contains("nothing to remove"));
    assert_eq!(run(&["quarantine", "list", &url]).lines().count(), 8);
    assert!(run(&["trace", &url, "--id", "id=7"]).contains("clean_links_mapper"));
    let removed = run(&["jobs", "remove", &url]);
    assert!(removed.contains(&url), "{removed}");
    assert!(
        bench.files("bucket").is_empty(),
        "{:?}",
        bench.files("bucket")
    );
    assert!(run(&["jobs", "--base-dir", &base]).contains("no jobs in"));
    bench.run(&["monitor", &url], None).expect(5);
}

fn a_job_begins_with_the_work_of_another_in_the_bucket() {
    let bench = Bench::new();
    let expected = plain_export(&bench);
    drive(&bench, &recipe(&bench, "a", ""), "one", None).expect(0);
    let other = recipe(&bench, "b", "resume_from: a\n");
    for point in ["adopt_before_put", "journal_object_put"] {
        let ran = drive(&bench, &other, "two", Some(point));
        assert!(ran.was_killed(), "{point}: {}", ran.told());
    }
    drive(&bench, &other, "three", None).expect(0);
    assert!(bench.text("b.jsonl") == expected);
    let url = format!("{}/b", jobs(&bench));
    fs::remove_dir_all(bench.path("bucket/jobs/a")).unwrap();
    bench.run(&["checkpoint", "verify", &url], None).expect(0);
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A recipe whose job takes its time: of five thousand partitions.
fn slow_recipe(bench: &Bench, job: &str) -> String {
    let line = |id| format!("{{\"id\": {id}, \"text\": \"a  text, see http://x.org/{id}\"}}\n");
    let lines: String = (0..100_000).map(line).collect();
    fs::write(bench.path("in.jsonl"), lines).unwrap();
    let recipe = recipe(bench, job, "");
    let text = fs::read_to_string(&recipe).unwrap();
    fs::write(&recipe, text.replace("{size: 60,", "{size: 20,")).unwrap();
    recipe
}

fn two_drivers_do_not_both_work() {
    let bench = Bench::new();
    let recipe = slow_recipe(&bench, "a");
    let words = |scratch| {
        [
            "process",
            "--config",
            &recipe,
            "--no-progress",
            "--scratch_dir",
            scratch,
        ]
    };
    let mut first = bench.begin(&words("one"));
    let heartbeat = bench.path("bucket/jobs/a/job.heartbeat");
    wait_until("the first driver begins", || heartbeat.is_file());
    let told = bench.run(&words("two"), None).expect(4).told();
    assert!(told.contains("is running"), "{told}");
    first.kill().unwrap();
    first.wait().unwrap();
}

fn a_job_is_stopped_by_a_request_in_its_bucket() {
    let bench = Bench::new();
    let recipe = slow_recipe(&bench, "a");
    let words = [
        "process",
        "--config",
        &recipe,
        "--no-progress",
        "--scratch_dir",
        "one",
    ];
    let mut driver = bench.begin(&words);
    let summary = bench.path("bucket/jobs/a/job_summary.json");
    wait_until("the job runs", || {
        fs::read_to_string(&summary).is_ok_and(|text| text.contains("\"running\""))
    });
    let url = format!("{}/a", jobs(&bench));
    let forced = bench.run(&["stop", &url, "--force"], None).expect(1).told();
    assert!(forced.contains("can only be asked to stop"), "{forced}");
    let listed = bench
        .run(&["stop", "--list", "--base-dir", &jobs(&bench)], None)
        .expect(0)
        .text();
    assert!(listed.contains("running"), "{listed}");
    let told = bench.run(&["stop", &url], None).expect(0).text();
    assert!(told.contains("is stopped"), "{told}");
    assert!(!driver.wait().unwrap().success());
    let monitor = bench.run(&["monitor", &url], None).expect(0).text();
    assert!(monitor.contains("STOPPED"), "{monitor}");
}

fn what_is_nowhere_is_told() {
    let bench = Bench::new();
    let recipe = recipe(&bench, "a", "");
    let text = fs::read_to_string(&recipe)
        .unwrap()
        .replace("disk:", "nowhere:");
    fs::write(&recipe, text).unwrap();
    let told = bench
        .run(&["process", "--config", &recipe], None)
        .expect(2)
        .told();
    assert!(
        told.contains("work_dir") && told.contains("`nowhere`"),
        "{told}"
    );
    let told = bench
        .run(&["monitor", "nowhere://x/y"], None)
        .expect(1)
        .told();
    assert!(told.contains("`nowhere`"), "{told}");
    let resumed = self::recipe(&bench, "b", "resume: b\n").replace("job_id: b", "");
    let text = fs::read_to_string(&resumed)
        .unwrap()
        .replace("job_id: b\n", "");
    fs::write(&resumed, text).unwrap();
    let told = bench
        .run(&["process", "--config", &resumed], None)
        .expect(5)
        .told();
    assert!(
        told.contains("there is no job `b`") && told.contains("disk:"),
        "{told}"
    );
}

fn who_follows_a_job_sees_its_end() {
    let bench = Bench::new();
    let base = jobs(&bench);
    for (job, words, end) in [
        ("a", &["events", "--follow"][..], "job_complete"),
        (
            "b",
            &["monitor", "--watch", "--interval", "0.1"],
            "completed",
        ),
    ] {
        let recipe = recipe(&bench, job, "");
        let mut driver = bench.begin(&["process", "--config", &recipe, "--no-progress"]);
        let journal = bench.path(&format!("bucket/jobs/{job}/journal/0000000001.jsonl"));
        wait_until("the job runs", || journal.is_file());
        let url = format!("{base}/{job}");
        let words = [words, &[&url]].concat();
        let text = bench.run(&words, None).expect(0).text();
        assert!(text.to_lowercase().contains(end), "{text}");
        assert!(!text.contains("INTERRUPTED"), "{text}");
        assert!(driver.wait().unwrap().success());
    }
}

fn all_of_an_analysis_is_where_the_job_lies() {
    let bench = Bench::new();
    let recipe = recipe(&bench, "a", "");
    let words = ["analyze", "--config", &recipe, "--no-progress"];
    let text = bench.run(&words, None).expect(0).text();
    let files = format!("Files  {}/a_analysis/analysis\n", jobs(&bench));
    assert!(text.contains(&files), "{text}");
    for name in [
        "statistics.parquet",
        "overall.csv",
        "overall.md",
        "analysis.json",
    ] {
        let path = bench.path(&format!("bucket/jobs/a_analysis/analysis/{name}"));
        assert!(path.is_file(), "{name}");
    }
}

fn no_scratch_is_left_of_a_job_that_is_not_there() {
    let bench = Bench::new();
    let recipe = recipe(&bench, "a", "");
    let process = ["process", "--config", &recipe, "--no-progress"];
    let scratches = || {
        let found = fs::read_dir(bench.path("cache/coldpress/scratch"));
        found.into_iter().flatten().count()
    };
    let refused = [&process[..], &["--dataset_path", "missing.jsonl"]].concat();
    bench.run(&refused, None).expect(1);
    assert_eq!(scratches(), 0);
    bench.run(&process, None).expect(0);
    assert_eq!(scratches(), 1);
    // The page of a job that is done is where the job lies.
    let again = bench.run(&process, None).expect(0).text();
    let page = format!("Page        {}/a/report.html\n", jobs(&bench));
    assert!(again.contains(&page), "{again}");
    let url = format!("{}/a", jobs(&bench));
    bench.run(&["jobs", "remove", &url], None).expect(0);
    assert_eq!(scratches(), 0);
}

/// A job in the bucket that keeps what a failed partition needs, for three days.
fn job_with_a_failed_partition(bench: &Bench, job: &str) {
    let text = fs::read_to_string(bench.path("in.jsonl")).unwrap();
    fs::write(bench.path("broken.jsonl"), text + "{\"id\": 15.0}\n").unwrap();
    let more = "skip_op_error: false\nintermediate_storage: {retention_policy: keep_failed_only, max_retention_days: 3}\n";
    let recipe = recipe(bench, job, more);
    let input = bench.path("broken.jsonl").display().to_string();
    let words = [
        "process",
        "--config",
        &recipe,
        "--no-progress",
        "--dataset_path",
        &input,
    ];
    bench.run(&words, None).expect(3);
}

/// Makes a job have ended so many days ago.
fn age(bench: &Bench, job: &str, days: f64) {
    let path = bench.path(&format!("bucket/jobs/{job}/job_summary.json"));
    let text = fs::read_to_string(&path).unwrap();
    let mut summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    let ended = summary["end_time"].as_f64().unwrap();
    summary["end_time"] = (ended - days * 86_400.0).into();
    fs::write(&path, summary.to_string()).unwrap();
}

fn all_jobs_of_a_bucket_are_cleaned() {
    let bench = Bench::new();
    let base = jobs(&bench);
    for job in ["a", "b"] {
        job_with_a_failed_partition(&bench, job);
    }
    let kept = |job: &str| {
        let files = fs::read_dir(bench.path(&format!("bucket/jobs/{job}/partitions")));
        files.unwrap().count()
    };
    assert_eq!((kept("a"), kept("b")), (1, 1));
    let clean = |more: &[&str]| {
        let words = [&["checkpoint", "clean", &base], more].concat();
        bench.run(&words, None).expect(0).text()
    };
    assert!(clean(&[]).contains("a: nothing to remove"));
    age(&bench, "a", 4.0);
    let told = clean(&["--dry-run"]);
    assert!(
        told.contains("a: would remove") && told.contains("b: nothing to remove"),
        "{told}"
    );
    assert_eq!((kept("a"), kept("b")), (1, 1));
    assert!(clean(&[]).contains("a: removed"));
    assert_eq!((kept("a"), kept("b")), (0, 1));
    // Another job of the place does it too, if it keeps not all itself.
    age(&bench, "b", 4.0);
    let more = "intermediate_storage: {retention_policy: keep_failed_only}\n";
    drive(&bench, &recipe(&bench, "c", more), "scratch", None).expect(0);
    assert_eq!(kept("b"), 0);
    for job in ["a", "b"] {
        let url = format!("{base}/{job}");
        bench.run(&["checkpoint", "verify", &url], None).expect(0);
    }
}

fn an_encrypted_job_in_a_bucket_is_told_what_is_not() {
    let bench = Bench::new();
    fs::write(
        bench.path("key"),
        "ExIKe19ChqLdyO1ZR2hGNsZbWhjGmEWVDz8vj_F0Nrs=",
    )
    .unwrap();
    let key = bench.path("key").display().to_string();
    let more = format!("encrypt_before_export: true\nencryption_key_path: {key}\n");
    let told = drive(&bench, &recipe(&bench, "a", &more), "scratch", None)
        .expect(0)
        .told();
    let told = told.replace('`', "");
    let expected = format!(
        "the job's own files in {}/a hold records in clear text; let the store encrypt them",
        jobs(&bench)
    );
    assert!(told.contains(&expected), "{told}");
    assert!(bench.text("a.jsonl").starts_with("gAAAAA"));
    let unsealed = bench
        .files("scratch")
        .into_iter()
        .filter(|path| path.to_string_lossy().contains("unsealed"));
    assert_eq!(unsealed.count(), 0);
}
