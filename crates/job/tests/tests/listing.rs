use std::fs;
use std::os::unix::fs::symlink;

use coldpress_job::{
    DriverIdentity, JobSummary, JobView, JournalRecord, Layout, ListedJob, Liveness, Mode,
    ShownStatus, Status, list_jobs,
};

use crate::support::{Job, partitions, plan, recipe};

fn layout(job: &Job, name: &str) -> Layout {
    let layout = Layout::in_dir(job.dir.path(), name.parse().unwrap()).unwrap();
    fs::create_dir_all(layout.job_dir()).unwrap();
    layout
}

fn summary(layout: &Layout, status: Status, start_time: f64) {
    let mut driver = DriverIdentity::current();
    driver.start_time_ticks += 1;
    let mut summary = JobSummary::begun(layout, &driver);
    (summary.status, summary.start_time) = (status, start_time);
    summary.write(layout).unwrap();
}

fn view(job: &Job) -> JobView {
    JobView::of(Layout::existing(job.dir.path(), "job".parse().unwrap()).unwrap()).unwrap()
}

fn said(status: Status) -> ShownStatus {
    ShownStatus::Said(status)
}

#[test]
fn jobs_are_found_among_garbage() {
    let job = Job::new();
    job.drive(Mode::New);
    let base = job.dir.path();
    fs::create_dir(base.join("foreign")).unwrap();
    fs::write(base.join("foreign/file"), b"x").unwrap();
    fs::write(base.join("a_file"), b"x").unwrap();
    fs::create_dir_all(base.join(".hidden/journal")).unwrap();
    fs::create_dir_all(base.join("not an id/journal")).unwrap();
    symlink(base.join("gone"), base.join("dangling")).unwrap();
    symlink(base.join("circle"), base.join("circle")).unwrap();
    summary(&layout(&job, "old"), Status::Completed, 1.0);
    summary(&layout(&job, "older"), Status::Failed, 0.5);
    fs::write(layout(&job, "broken").summary(), b"{").unwrap();
    fs::write(layout(&job, "newer").summary(), br#"{"schema_version": 7}"#).unwrap();
    let damaged = layout(&job, "damaged");
    fs::create_dir(damaged.journal_dir()).unwrap();
    fs::write(damaged.journal_dir().join("000001.jsonl"), b"garbage\n").unwrap();
    fs::create_dir(layout(&job, "folder_for_summary").summary()).unwrap();
    fs::create_dir(layout(&job, "blank").journal_dir()).unwrap();
    symlink(base.join("old"), base.join("linked")).unwrap();

    let jobs = list_jobs(base).unwrap();
    let names: Vec<&str> = jobs.iter().map(ListedJob::name).collect();
    assert_eq!(
        names,
        [
            "job",
            "linked",
            "old",
            "older",
            "blank",
            "broken",
            "damaged",
            "folder_for_summary",
            "newer",
            "not an id",
        ]
    );
    let reason = |name: &str| match jobs.iter().find(|job| job.name() == name) {
        Some(ListedJob::Unreadable { reason, .. }) => reason.clone(),
        other => panic!("{name}: {other:?}"),
    };
    assert!(
        reason("broken").contains("no journal"),
        "{}",
        reason("broken")
    );
    assert!(matches!(
        jobs.iter().find(|job| job.name() == "blank"),
        Some(ListedJob::NeverStarted { .. })
    ));
    assert!(reason("damaged").contains("line 1"));
    assert!(reason("newer").contains("version 7"));
    assert!(reason("not an id").contains("not a job id"));
    assert!(reason("folder_for_summary").contains("no journal"));
    let status = |name: &str| {
        let entry = jobs.iter().find(|job| job.name() == name).unwrap();
        entry.job().unwrap().status
    };
    assert_eq!(status("old"), said(Status::Completed));
    assert_eq!(status("job"), ShownStatus::Interrupted);
}

#[test]
fn a_folder_that_is_not_there_has_no_jobs() {
    let job = Job::new();
    assert_eq!(list_jobs(&job.dir.path().join("gone")).unwrap(), []);
    assert!(list_jobs(&job.layout.lock()).is_err());
}

#[test]
fn a_job_is_shown_as_it_stands_through_its_life() {
    let job = Job::new();
    let mut driver = job.drive(Mode::New);
    let shown = view(&job);
    assert_eq!(shown.status, said(Status::Planning));
    assert!(matches!(shown.liveness, Liveness::Here(_)));
    assert_eq!(shown.remarks, ["there is no job summary"]);

    driver.put(&[
        plan(1),
        JournalRecord::RecipeSet(recipe(&["a"])),
        partitions(0..2),
    ]);
    assert_eq!(view(&job).status, said(Status::Running));
    assert_eq!(view(&job).totals.partitions, 2);

    let me = driver.state.current_epoch().unwrap().driver.clone();
    let mut summary = JobSummary::begun(&job.layout, &me);
    summary.status = Status::Running;
    summary.write(&job.layout).unwrap();
    assert_eq!(view(&job).status, said(Status::Running));
    assert_eq!(view(&job).remarks, Vec::<String>::new());

    // The driver ends without another word, so it is not running any more, whatever the view says.
    drop(driver);
    assert_eq!(view(&job).status, ShownStatus::Interrupted);
    assert_eq!(view(&job).status.to_string(), "interrupted");

    // The next driver finishes the job, and dies before it writes the view.
    let mut driver = job.drive(Mode::Resume);
    driver.put(&[JournalRecord::Finished {
        status: Status::Stopped,
        error: None,
    }]);
    drop(driver);
    assert_eq!(view(&job).status, said(Status::Stopped));

    // A final status in the view of an earlier driver is not the last word about a later one.
    summary.status = Status::Stopped;
    summary.process_start_time += 1;
    summary.write(&job.layout).unwrap();
    let driver = job.drive(Mode::Resume);
    assert_eq!(view(&job).status, said(Status::Running));
    drop(driver);
    assert_eq!(view(&job).status, ShownStatus::Interrupted);
}

#[test]
fn a_summary_may_name_folders_of_its_job_only() {
    let job = Job::new();
    job.drive(Mode::New);
    let check = |checkpoints: &str, events: &str, taken: bool| {
        let mut summary = JobSummary::begun(&job.layout, &DriverIdentity::current());
        summary.checkpoint_dir = checkpoints.to_owned();
        summary.event_log_dir = events.to_owned();
        summary.write(&job.layout).unwrap();
        let layout = view(&job).layout;
        let found = (
            layout.checkpoint_dir().to_str().unwrap() == checkpoints,
            layout.event_log_dir().to_str().unwrap() == events,
        );
        assert_eq!(found, (taken, taken), "{checkpoints} {events}");
    };
    check("/fast/job", "/fast/job/event_logs", true);
    check("/etc", "/etc/event_logs", false);
    check("/fast/other", "/fast/other/event_logs", false);
    check("/fast/../job", "/fast/../job/event_logs", false);
    check("job", "job/event_logs", false);
    check("/fast/x/../job", "/fast/job/x", false);
}

#[test]
fn a_job_is_found_below_its_namesake_and_in_it() {
    let job = Job::new();
    job.drive(Mode::New);
    let id = job.layout.job_id().clone();
    let itself = Layout::existing(job.layout.job_dir(), id.clone()).unwrap();
    assert_eq!(itself.job_dir(), job.layout.job_dir());
    // A job of the same name inside comes first, and it alone is listed there.
    let inner = Layout::in_dir(job.layout.job_dir(), id.clone()).unwrap();
    fs::create_dir_all(inner.job_dir()).unwrap();
    summary(&inner, Status::Completed, 1.0);
    let found = Layout::existing(job.layout.job_dir(), id).unwrap();
    assert_eq!(found.job_dir(), inner.job_dir());
    let listed = list_jobs(job.layout.job_dir()).unwrap();
    assert_eq!(listed.len(), 1);
    let view = listed[0].job().unwrap();
    assert_eq!(view.layout.job_dir(), inner.job_dir());
    assert_eq!(view.status, said(Status::Completed));
}

#[test]
fn an_unknown_job_is_named() {
    let job = Job::new();
    let error = Layout::existing(job.dir.path(), "other".parse().unwrap()).unwrap_err();
    assert!(error.to_string().contains("`other`"), "{error}");
}
