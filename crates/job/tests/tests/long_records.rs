use coldpress_storage::ObjectKey;
use std::fs;

use coldpress_job::{JobPlan, JournalRecord, Mode};

use crate::support::{Job, plan};

/// Returns a plan of this many sources with the longest paths that a system accepts.
fn long_plan(sources: u32) -> JournalRecord {
    let JournalRecord::JobPlanned(mut plan) = plan(sources) else {
        panic!("no plan");
    };
    for source in &mut plan.sources {
        let name = source.path.clone();
        source.path = format!("/{}{name}", "d".repeat(4000));
    }
    JournalRecord::JobPlanned(plan)
}

#[test]
fn a_plan_that_no_line_can_hold_is_several() {
    let job = Job::new();
    let plan = long_plan(20_000);
    let mut driver = job.drive(Mode::New);
    driver.put(std::slice::from_ref(&plan));
    assert_eq!(job.read(), driver.state);
    let JournalRecord::JobPlanned(plan) = plan else {
        panic!("no plan");
    };
    assert_eq!(job.read().plan(), Some(&plan));
}

#[test]
fn a_long_plan_that_a_crash_tore_was_never_made() {
    let job = Job::new();
    let mut driver = job.drive(Mode::New);
    driver.put(&[long_plan(20_000)]);
    drop(driver);
    let journal = fs::read_to_string(job.file(1)).unwrap();
    let lines: Vec<&str> = journal.split_inclusive('\n').collect();
    assert!(lines.len() > 3, "{} lines", lines.len());
    fs::write(job.file(1), lines[..lines.len() - 1].concat()).unwrap();

    let mut driver = job.drive(Mode::Resume);
    assert_eq!(driver.state.plan(), None);
    let JournalRecord::JobPlanned(other) = long_plan(3) else {
        panic!("no plan");
    };
    let other = JobPlan {
        limit: Some(7),
        ..other
    };
    driver.put(&[JournalRecord::JobPlanned(other.clone())]);
    assert_eq!(job.read().plan(), Some(&other));
}

#[test]
fn a_list_of_files_that_no_line_can_hold_is_several() {
    let job = Job::new();
    let folder = format!("{}/", "d".repeat(240));
    let files: Vec<ObjectKey> = (0..80_000)
        .map(|number| format!("results/{}{number}", folder.repeat(4)))
        .map(|path| path.parse().unwrap())
        .collect();
    let mut driver = job.drive(Mode::New);
    let forgotten = JournalRecord::Forgotten {
        files: files.clone(),
    };
    driver.put(&[plan(1), forgotten]);
    let state = job.read();
    assert!(files.iter().all(|file| state.is_forgotten(file)));
}
