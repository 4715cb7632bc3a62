use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use coldpress_job::{
    DriverIdentity, Error, HEARTBEAT_SCHEMA, Liveness, StopOptions, StopReport, stop_job,
};
use serde_json::json;

use crate::support::Job;

/// A process in the role of a driver, which ends with the test.
struct Process(Child);

impl Process {
    fn start(script: &str) -> Self {
        let mut child = Command::new("sh")
            .args(["-euc", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It writes a word when it is ready for signals.
        let mut line = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self(child)
    }

    /// Starts a process that has nothing to do with any job. It waits on its standard input, so that it cannot outlive the test.
    fn stranger() -> Self {
        Self::start("echo ready; read line")
    }

    /// Starts a process that drives the job: it has the lock.
    fn obedient(job: &Job) -> Self {
        Self::driver(job, "echo ready; read line")
    }

    fn stubborn(job: &Job) -> Self {
        Self::driver(job, "trap '' TERM; echo ready; read line")
    }

    fn driver(job: &Job, script: &str) -> Self {
        let lock = job.layout.lock();
        Self::start(&format!("exec 9>'{}'; flock 9; {script}", lock.display()))
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
    let mut process = Process::obedient(&job);
    beat(&job, &process.identity(), false);
    let report = stop(&job, false, LONG);
    check(&report, true, 1, 1, "");
    assert_eq!(report.job_id.as_str(), "job");
    assert!(process.has_ended());
    check(&stop(&job, false, LONG), true, 0, 0, "");
}

#[test]
fn a_driver_that_does_not_leave_in_time_is_killed() {
    let job = Job::new();
    let mut process = Process::stubborn(&job);
    let driver = process.identity();
    beat(&job, &driver, false);
    let report = stop(&job, false, SHORT);
    check(&report, true, 1, 1, "");
    assert!(process.has_ended() && report.killed);
    let (actions, pid) = (report.actions.join("; "), driver.pid);
    assert_eq!(
        actions,
        format!("asked process {pid} to stop; it still ran after 0.1 s; killed process {pid}")
    );
}

#[test]
fn by_force_a_driver_is_killed_at_once() {
    let job = Job::new();
    let mut process = Process::obedient(&job);
    beat(&job, &process.identity(), false);
    let begun = Instant::now();
    let report = stop(&job, true, LONG);
    check(&report, true, 1, 1, "");
    assert!(begun.elapsed() < LONG && process.has_ended() && report.killed);
    assert_eq!(report.actions.len(), 1, "{report:?}");
}

/// A worker is a child with the driver's own program. It is waited for, and another program is left alone.
#[test]
fn the_workers_of_a_driver_are_waited_for() {
    let job = Job::new();
    let folder = tempfile::tempdir().unwrap();
    let done = folder.path().join("done");
    let script = format!(
        "sh -c 'exec 9>&-; sleep 1; touch \"{}\"' & echo ready; read line",
        done.display()
    );
    let process = Process::driver(&job, &script);
    beat(&job, &process.identity(), false);
    check(&stop(&job, true, LONG), true, 1, 1, "");
    assert!(done.exists(), "the worker still ran");
}

#[test]
fn a_stranger_is_never_signalled() {
    let check_other = |change: fn(&mut DriverIdentity), error| {
        let job = Job::new();
        let mut process = Process::obedient(&job);
        let mut driver = process.identity();
        change(&mut driver);
        beat(&job, &driver, false);
        check(&stop(&job, true, SHORT), false, 0, 0, error);
        assert!(!process.has_ended());
    };
    check_other(
        |driver| driver.start_time_ticks += 1,
        "is held by another process",
    );
    check_other(|driver| driver.boot_id.push('x'), "stop it there");
    check_other(|driver| driver.host.push('x'), "stop it there");
    check_other(|driver| driver.pid_namespace += 1, "another container");
    let other_machine = |driver: &mut DriverIdentity| {
        driver.host.push('x');
        driver.boot_id.push('x');
    };
    check_other(other_machine, "stop it there");
    let job = Job::new();
    let mut process = Process::obedient(&job);
    beat(&job, &process.identity(), true);
    check(&stop(&job, true, SHORT), true, 0, 0, "");
    assert!(!process.has_ended());
}

#[test]
fn a_process_that_has_not_the_jobs_lock_is_a_stranger_whatever_the_heartbeat_says() {
    let mut stranger = Process::stranger();
    let job = Job::new();
    beat(&job, &stranger.identity(), false);
    // The lock file is gone.
    std::fs::remove_file(job.layout.lock()).unwrap();
    check(&stop(&job, true, SHORT), false, 0, 0, "does not hold");
    // Another process has the lock.
    let mut driver = Process::obedient(&job);
    check(&stop(&job, true, SHORT), false, 0, 0, "does not hold");
    assert!(!driver.has_ended());
    // Nobody has the lock.
    drop(driver);
    check(&stop(&job, true, SHORT), true, 0, 0, "");
    assert!(!Liveness::of(&job.layout).unwrap().is_alive());
    assert!(!stranger.has_ended());
}

#[test]
fn a_driver_whose_lock_file_was_removed_is_still_known() {
    let job = Job::new();
    let mut process = Process::obedient(&job);
    beat(&job, &process.identity(), false);
    std::fs::remove_file(job.layout.lock()).unwrap();
    check(&stop(&job, false, LONG), true, 1, 1, "");
    assert!(process.has_ended());
}

#[test]
fn a_driver_that_lets_go_of_the_job_has_stopped_though_its_process_goes_on() {
    let job = Job::new();
    let script = "trap 'exec 9>&-' TERM; echo ready; while :; do read line || exit 0; done";
    let mut process = Process::driver(&job, &format!("set +e; {script}"));
    beat(&job, &process.identity(), false);
    check(&stop(&job, false, LONG), true, 1, 1, "");
    let _ = process.has_ended();
}

#[test]
fn a_driver_of_another_container_is_alive_as_long_as_it_has_the_lock() {
    let job = Job::new();
    let process = Process::obedient(&job);
    let mut driver = process.identity();
    driver.pid_namespace += 1;
    beat(&job, &driver, false);
    assert_eq!(
        Liveness::of(&job.layout).unwrap(),
        Liveness::Elsewhere(driver.clone())
    );
    drop(process);
    assert_eq!(
        Liveness::of(&job.layout).unwrap(),
        Liveness::Nobody(Some(driver))
    );
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
    check(&stop(&job, true, SHORT), true, 0, 0, "");
    let driver = job.drive(coldpress_job::Mode::Resume);
    let mut identity = DriverIdentity::current();
    identity.started_at_millis = 0;
    beat(&job, &identity, false);
    check(&stop(&job, true, SHORT), false, 0, 0, "this very process");
    drop(driver);
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
