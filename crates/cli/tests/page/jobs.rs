//! Tests of what the page shows of a job, however it ended.

use std::process::Command;

use crate::bench::{Bench, data_of, with_data};
use crate::browser::Browser;

const OF_ALL: [&str; 6] = [
    "overview",
    "funnel",
    "partitions",
    "timeline",
    "recipe",
    "events",
];

/// Checks that the page has this status, these sections and these texts.
#[track_caller]
fn check(bench: &Bench, status: &str, sections: &[&str], parts: &[&str]) {
    let page = bench.page();
    assert_eq!(data_of(&page)["overview"]["status"], status);
    let Some(browser) = Browser::find() else {
        return;
    };
    let looked = browser.look(&page);
    let has_events = data_of(&page)["events"]["total"] != 0;
    looked.is_whole(if has_events { &OF_ALL } else { &OF_ALL[..5] });
    looked.is_whole(sections);
    looked.shows(parts);
}

#[test]
fn of_two_jobs_side_by_side() {
    let bench = Bench::new(200);
    bench.run(&Bench::line("")).expect(0);
    let other = bench
        .read("recipe.yaml")
        .replace("min_len: 12", "min_len: 20");
    bench.write("other.yaml", other);
    bench
        .run("process --config other.yaml --job_id <b> --export_path b.jsonl --no-progress")
        .expect(2);
    bench
        .run("process --config other.yaml --job_id b --export_path b.jsonl --export_dropped b-dropped --no-progress")
        .expect(0);
    let command = "report a --base-dir jobs --compare b --html compared.html";
    bench
        .run(command)
        .expect(0)
        .tells(&["page of jobs a and b: compared.html"]);
    // It replaces a page, and nothing else.
    bench.run(command).expect(0);
    bench
        .run("report a --base-dir jobs --compare b --html recipe.yaml")
        .expect(4);
    let page = bench.read("compared.html");
    let compared = bench
        .run("report a --base-dir jobs --compare b --json")
        .expect(0)
        .json();
    assert_eq!(data_of(&page)["operators"], compared["operators"]);
    let Some(browser) = Browser::find() else {
        return;
    };
    let mut hostile = data_of(&page);
    hostile["recipe"][0]["key"] = "<img src=x onerror=alert(1)>".into();
    for (page, more) in [
        (page.clone(), "export_path"),
        (with_data(&page, &hostile), "&lt;img src=x"),
    ] {
        let looked = browser.look(&page);
        looked.is_whole(&["jobs", "operators", "recipe", "inputs", "quarantine"]);
        looked.shows(&[
            "text_length_filter: min_len",
            "Both read the same 1 file.",
            "other parameters",
            "Time at work",
            more,
        ]);
    }
}

#[test]
fn of_a_job_that_is_done() {
    let bench = Bench::new(200);
    bench.run(&Bench::line("")).expect(0);
    let report = bench
        .run("report a --base-dir jobs --json")
        .expect(0)
        .json();
    let progress = &report["overview"]["progress"];
    assert_eq!(progress["total_samples"], 200);
    assert_eq!(
        report["partitions"]["sources"],
        serde_json::json!(["in.jsonl"])
    );
    assert_eq!(report["quarantine"]["total"], 8);
    assert_eq!(report["operators"][2]["name"], "text_length_filter");
    assert_eq!(report["deduplication"][0]["removed"], 172);
    let text_len = &report["statistics"]["list"][0];
    assert_eq!(text_len["thresholds"][0]["value"], 12.0);
    assert_eq!(report["statistics"]["with_dropped"], true);
    let samples: Vec<_> = report["samples"].as_array().unwrap().iter().collect();
    let names: Vec<_> = samples
        .iter()
        .map(|of| (of["operator"].as_u64(), of["is_trace"].as_bool()))
        .collect();
    assert_eq!(names.first(), Some(&(Some(0), Some(true))), "{samples:?}");
    let first = &samples[0]["samples"][0];
    assert!(first["before"].is_string() && first["before"] != first["after"]);
    assert_eq!(first["notes"]["path"], "in.jsonl");
    let last = samples.last().unwrap();
    assert_eq!(
        (&last["operator"], &last["samples"][0]["is_duplicate"]),
        (&3.into(), &true.into())
    );
    check(
        &bench,
        "completed",
        &[
            "duplicates",
            "statistics",
            "samples",
            "quarantine",
            "fields",
            "environment",
        ],
        &[
            "text_length_filter",
            "min_len 12",
            "document_deduplicator removed 172 of 192 records",
            "whole dataset",
        ],
    );
}

#[test]
fn of_a_mixture() {
    let bench = Bench::new(200);
    let recipe = bench.read("recipe.yaml").replace(
        "dataset_path: in.jsonl",
        "dataset_path: [{path: in.jsonl, weight: 0.5}, {path: more.jsonl, weight: 3}, {path: in.jsonl, weight: 0}]",
    );
    bench.write("recipe.yaml", recipe);
    bench.write("more.jsonl", "{\"text\": \"a text of another file\"}\n");
    bench.run(&Bench::line("")).expect(0);
    check(
        &bench,
        "completed",
        &["mixture"],
        &[
            "Records not drawn",
            "Read whole",
            "Drawn once more",
            "3 ×",
            "path 3 (left out)",
        ],
    );
}

#[test]
fn of_a_job_that_failed() {
    let bench = Bench::new(200);
    bench
        .run(&Bench::line("--max_error_ratio 0.001 --max_errors 3"))
        .expect(1);
    check(
        &bench,
        "failed",
        &["findings", "quarantine"],
        &["are in quarantine", "go on with: coldpress process"],
    );
}

#[test]
fn of_a_job_with_failed_partitions() {
    let bench = Bench::new(200);
    // A recipe that needs the whole dataset fails as a whole.
    let recipe = bench
        .read("recipe.yaml")
        .replace("  - document_deduplicator:\n", "");
    bench.write("recipe.yaml", recipe);
    let line = "--skip_op_error false --max_retries 1 --retry.retry_delay_seconds 2";
    bench.run(&Bench::line(line)).expect(3);
    // The four partitions failed twice, and some seconds passed in between.
    bench
        .run("report a --base-dir jobs")
        .expect(0)
        .prints(&["8 attempts failed\n", " a step\n"]);
    let report = bench
        .run("report a --base-dir jobs --json")
        .expect(0)
        .json();
    let errors = &report["errors"];
    assert_eq!(errors["failed_total"], 4, "{errors}");
    let group = &errors["groups"][0];
    assert_eq!(
        group["operator"], "whitespace_normalization_mapper",
        "{group}"
    );
    assert_eq!(errors["recovery"]["rate"], 0.0);
    let classes = errors["over_time"]["classes"].as_array().unwrap();
    let attempts = classes[0]["attempts"].as_array().unwrap();
    let counts: Vec<u64> = attempts.iter().map(|one| one.as_u64().unwrap()).collect();
    assert_eq!((classes.len(), counts.iter().sum()), (1, 8));
    assert!(counts.len() > 1 && counts[0] > 0, "{counts:?}");
    check(
        &bench,
        "completed_with_failures",
        &["findings", "failures"],
        &[
            "4 partitions failed; their 40 records are not in the output",
            "Partitions that are not in the output",
            "Failed attempts over time, by class",
            "of in.jsonl",
        ],
    );
}

#[test]
fn of_a_job_that_was_killed() {
    let bench = Bench::new(200);
    bench.crash_at("driver.publish:7", &Bench::line(""));
    check(
        &bench,
        "interrupted",
        &["findings"],
        &["the process that drove the job is gone"],
    );
    // And resumed, which is one driver more.
    bench.run(&Bench::line("")).expect(0);
    check(
        &bench,
        "completed",
        &["failures"],
        &["Resumed by another driver"],
    );
}

#[test]
fn of_a_job_that_runs_and_of_one_that_was_stopped() {
    let bench = Bench::new(6_000);
    let frozen = bench.freeze_at(&Bench::line(""), "a", |journal| {
        journal.matches("\"published\"").count() > 20
    });
    check(&bench, "running", &[], &["at work"]);
    frozen.terminate();
    check(&bench, "stopped", &["findings"], &["stopped on request"]);
}

#[test]
fn of_a_job_without_an_event_log() {
    let bench = Bench::new(200);
    bench
        .run(&Bench::line("--event_logging.enabled false"))
        .expect(0);
    let report = data_of(&bench.page());
    assert_eq!(report["events"]["total"], 0);
    assert_eq!(report["timeline"]["from_journal"], true);
    check(
        &bench,
        "completed",
        &["pace", "statistics"],
        &["There is no event log"],
    );
}

/// Checks the page that the program wrote at the end of the job.
#[track_caller]
fn check_last_page(bench: &Bench, status: &str) {
    let page = bench.read("jobs/a/report.html");
    let data = data_of(&page);
    assert_eq!(data["overview"]["status"], status);
    assert_eq!(data["overview"]["is_running"], false);
}

#[test]
fn of_a_job_is_in_its_folder_when_it_ends() {
    let bench = Bench::new(200);
    let done = bench.run(&Bench::line("")).expect(0);
    done.prints(&["Page        ", "jobs/a/report.html"]);
    check_last_page(&bench, "completed");
    // A job that was done before is not looked at again.
    let made = std::fs::metadata(bench.path("jobs/a/report.html")).unwrap();
    bench.run(&Bench::line("")).expect(0);
    let after = std::fs::metadata(bench.path("jobs/a/report.html")).unwrap();
    assert_eq!(made.modified().unwrap(), after.modified().unwrap());
    bench
        .run(&Bench::line(
            "--fresh --max_error_ratio 0.001 --max_errors 3",
        ))
        .expect(1)
        .tells(&["Page        "]);
    check_last_page(&bench, "failed");
    bench.run("jobs remove a --base-dir jobs").expect(0);
    assert!(!bench.exists("jobs/a"));
    let bench = Bench::new(1_000);
    let frozen = bench.freeze_at(&Bench::line(""), "a", |journal| {
        journal.matches("\"published\"").count() > 20
    });
    frozen.terminate().prints(&["Page        "]);
    check_last_page(&bench, "stopped");
}

#[test]
fn of_a_job_at_its_end_never_fails_the_job_or_takes_long() {
    let bench = Bench::new(20);
    bench.run(&Bench::line("--report false")).expect(0);
    assert!(!bench.exists("jobs/a/report.html"));
    // Something that is in the way.
    bench.write("jobs/a/report.html/file", "");
    bench
        .run(&Bench::line("--fresh"))
        .expect(0)
        .tells(&["warning: the page of the job was not written: cannot replace"]);
    std::fs::remove_dir_all(bench.path("jobs/a/report.html")).unwrap();
    // A log that would take minutes to read.
    let log = std::fs::File::create(bench.path("jobs/a/event_logs/events.old")).unwrap();
    log.set_len(50_000_000_000).unwrap();
    bench.run(&Bench::line("--fresh")).expect(0).prints(&[
        "Page        left out, because reading 50.0 GB of journal and events takes long",
    ]);
    assert!(!bench.exists("jobs/a/report.html"));
}

#[test]
fn of_a_job_whose_files_are_damaged_or_gone() {
    let bench = Bench::new(200);
    bench.run(&Bench::line("")).expect(0);
    let trace = bench.path("jobs/a/trace/sample_trace-clean_links_mapper.jsonl");
    std::fs::remove_file(&trace).unwrap();
    let made = Command::new("mkfifo").arg(&trace).status().unwrap();
    assert!(made.success());
    std::fs::remove_dir_all(bench.path("jobs/a/results")).unwrap();
    std::fs::remove_dir_all(bench.path("jobs/a/quarantine")).unwrap();
    for (name, text) in [
        ("metadata/schema.json", "{"),
        ("recipe.resolved.yaml", "process: ["),
        (
            "event_logs/events.jsonl",
            "torn\n{\"schema_version\": 1}\n\u{0}",
        ),
        ("job_summary.json", "[]"),
    ] {
        bench.write(&format!("jobs/a/{name}"), text);
    }
    let report = bench
        .run("report a --base-dir jobs --json")
        .expect(0)
        .json();
    assert_eq!(report["overview"]["progress"]["total_samples"], 200);
    assert_eq!(report["operators"][2]["records_in"], 192);
    let remarks = report["remarks"].to_string();
    for part in [
        "statistics cannot be read",
        "the quarantine cannot be read",
        "the traces cannot be read",
        "event log cannot be read",
        "job_summary.json",
    ] {
        assert!(remarks.contains(part), "no {part} in {remarks}");
    }
    check(&bench, "completed", &[], &["Note: "]);
}

#[test]
fn text_fits_eighty_columns_and_names_what_matters() {
    let bench = Bench::new(200);
    bench.run(&Bench::line("")).expect(0);
    let ran = bench.run("report a --base-dir jobs").expect(0).prints(&[
        "Job a: completed",
        "Records     200 in, 20 kept, 172 dropped, 8 quarantined",
        "document_deduplicator removed 172 of 192 records",
        "Statistics of",
        "text_len",
        "4 × (reading): not valid JSON",
    ]);
    let folder = bench.root().display().to_string();
    let mut lines = ran.stdout.lines().filter(|line| !line.contains(&folder));
    assert_eq!(lines.find(|line| line.chars().count() > 80), None);
}

#[test]
fn a_page_is_replaced_whole_or_not_at_all() {
    let bench = Bench::new(20);
    bench.run(&Bench::line("")).expect(0);
    bench.write("page.html", "<!doctype html>old");
    let line = "report a --base-dir jobs --html";
    bench
        .run(&format!("{line} nowhere/page.html"))
        .expect(1)
        .tells(&["error: cannot write the page nowhere/page.html: there is no folder nowhere"]);
    bench
        .run(&format!("{line} jobs"))
        .expect(2)
        .tells(&["error: --html: jobs is a folder"]);
    bench.run("report b --base-dir jobs").expect(5);
    assert_eq!(bench.read("page.html"), "<!doctype html>old");
    // A slip of the finger costs neither a recipe nor a device.
    let recipe = bench.read("recipe.yaml");
    bench
        .run(&format!("{line} recipe.yaml"))
        .expect(4)
        .tells(&["recipe.yaml is there already and is no page"]);
    assert_eq!(bench.read("recipe.yaml"), recipe);
    std::os::unix::fs::symlink("recipe.yaml", bench.root().join("link")).unwrap();
    bench.run(&format!("{line} link")).expect(4);
    bench.run(&format!("{line} /dev/null")).expect(4);
    assert!(!std::fs::symlink_metadata("/dev/null").unwrap().is_file());
    assert!(bench.page().starts_with("<!doctype html>"));
}
