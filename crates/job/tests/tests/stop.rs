use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use coldpress_job::{DriverIdentity, Error, HEARTBEAT_SCHEMA, StopOptions, StopReport, stop_job};
use serde_json::json;

use crate::support::Job;

/// A process that stands for a driver; it ends with the test.
struct Process(Child);

impl Process {
    fn start(script: &str) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It says a word when it is ready for signals.
        let mut line = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self(child)
    }

    /// Waits on its standard input, so that it cannot outlive the test.
    fn obedient() -> Self {
        Self::start("echo ready; read line")
    }

    fn stubborn() -> Self {
        Self::start("trap '' TERM; echo ready; read line")
    }

    fn identity(&self) -> DriverIdentity {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        DriverIdentity {
            pid: self.0.id(),
            start_time_ticks: fields.split(' ').nth(19).unwrap().parse().unwrap(),
            ..DriverIdentity::current()
        }
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn beat(job: &Job, driver: &DriverIdentity, released: bool) {
    let mut heartbeat = serde_json::to_value(driver).unwrap();
    heartbeat["schema_version"] = json!(HEARTBEAT_SCHEMA);
    heartbeat["counter"] = json!(7);
    heartbeat["released"] = json!(released);
    std::fs::write(job.layout.heartbeat(), heartbeat.to_string()).unwrap();
}

fn stop(job: &Job, force: bool, timeout: Duration) -> StopReport {
    stop_job(&job.layout, &StopOptions { force, timeout }).unwrap()
}

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(100);

#[track_caller]
fn check(report: &StopReport, success: bool, found: u32, terminated: u32, error: &str) {
    assert_eq!(
        (
            report.success,
            report.processes_found,
            report.processes_terminated
        ),
        (success, found, terminated),
        "{report:?}"
    );
    let errors = report.errors.join("; ");
    assert!(
        errors.contains(error) && errors.is_empty() == error.is_empty(),
        "{errors}"
    );
}

#[test]
fn the_driver_is_asked_to_leave() {
    let job = Job::new();
    let mut process = Process::obedient();
    beat(&job, &process.identity(), false);
    let report = stop(&job, false, LONG);
    check(&report, true, 1, 1, "");
    assert_eq!(report.job_id.as_str(), "job");
    assert!(process.has_ended());
    check(&stop(&job, false, LONG), true, 0, 0, "");
}

#[test]
fn a_driver_that_does_not_leave_is_killed_only_by_force() {
    let job = Job::new();
    let mut process = Process::stubborn();
    beat(&job, &process.identity(), false);
    check(&stop(&job, false, SHORT), false, 1, 0, "--force");
    assert!(!process.has_ended());
    check(&stop(&job, true, SHORT), true, 1, 1, "");
    assert!(process.has_ended());
}

#[test]
fn a_stranger_is_never_signalled() {
    let mut process = Process::obedient();
    let check_other = |change: fn(&mut DriverIdentity), success, error| {
        let job = Job::new();
        let mut driver = process.identity();
        change(&mut driver);
        beat(&job, &driver, false);
        check(&stop(&job, true, SHORT), success, 0, 0, error);
    };
    check_other(|driver| driver.start_time_ticks += 1, true, "");
    check_other(|driver| driver.boot_id.push('x'), false, "stop it there");
    check_other(|driver| driver.host.push('x'), false, "stop it there");
    let other_machine = |driver: &mut DriverIdentity| {
        driver.host.push('x');
        driver.boot_id.push('x');
    };
    check_other(other_machine, false, "stop it there");
    let job = Job::new();
    beat(&job, &process.identity(), true);
    check(&stop(&job, true, SHORT), true, 0, 0, "");
    assert!(!process.has_ended());
}

#[test]
fn numbers_that_mean_groups_or_the_system_are_never_signalled() {
    for pid in [0, 1, u32::MAX, i32::MAX as u32] {
        let job = Job::new();
        let mut driver = DriverIdentity::current();
        driver.pid = pid;
        beat(&job, &driver, false);
        check(&stop(&job, true, SHORT), true, 0, 0, "");
    }
}

#[test]
fn a_process_does_not_stop_itself() {
    let job = Job::new();
    let driver = job.drive(coldpress_job::Mode::New);
    check(&stop(&job, true, SHORT), false, 0, 0, "this very process");
    drop(driver);
    check(&stop(&job, true, SHORT), true, 0, 0, "");
}

#[test]
fn without_a_heartbeat_the_journal_knows_the_driver() {
    let job = Job::new();
    check(&stop(&job, true, SHORT), true, 0, 0, "");
    drop(job.drive(coldpress_job::Mode::New));
    std::fs::remove_file(job.layout.heartbeat()).unwrap();
    check(&stop(&job, true, SHORT), false, 0, 0, "this very process");
}

#[test]
fn a_heartbeat_that_says_nothing_is_an_error() {
    let job = Job::new();
    std::fs::write(job.layout.heartbeat(), "{").unwrap();
    assert!(matches!(
        stop_job(&job.layout, &StopOptions::default()),
        Err(Error::UnreadableHeartbeat { .. })
    ));
}
