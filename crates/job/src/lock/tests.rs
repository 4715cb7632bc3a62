use super::*;
use std::time::Instant;

fn layout() -> (tempfile::TempDir, Layout) {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::in_dir(dir.path(), "job".parse().unwrap()).unwrap();
    layout.create().unwrap();
    (dir, layout)
}

fn quick(take_over: bool) -> LockOptions {
    LockOptions {
        take_over,
        still_for: Duration::from_millis(60),
        beat_every: Duration::from_millis(10),
    }
}

/// Returns a driver on another host.
fn stranger() -> DriverIdentity {
    DriverIdentity {
        host: "elsewhere".to_owned(),
        boot_id: "another boot".to_owned(),
        pid: 4711,
        start_time_ticks: 99,
        started_at_millis: 1_763_690_889_000,
        pid_namespace: 0,
    }
}

fn beat(layout: &Layout, driver: &DriverIdentity) -> Beat {
    let mut beat = Beat::new(Pulse::of(layout), driver.clone());
    beat.write().unwrap();
    beat
}

fn heartbeat(layout: &Layout) -> Heartbeat {
    Pulse::of(layout).read().unwrap().unwrap()
}

#[track_caller]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Keeps a heartbeat beating while the work goes on.
fn while_beating<T>(mut beat: Beat, work: impl FnOnce() -> T) -> T {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                beat.write().unwrap();
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let result = work();
        done.store(true, Ordering::Release);
        result
    })
}

#[test]
fn one_driver_at_a_time_and_the_next_after_it() {
    let (_dir, layout) = layout();
    let lock = JobLock::acquire(&layout, &quick(false)).unwrap();
    assert!(!lock.took_over() && lock.dead_driver().is_none());
    for take_over in [false, true] {
        match JobLock::acquire(&layout, &quick(take_over)) {
            Err(Error::Running { driver }) => assert_eq!(*driver, *lock.driver()),
            other => panic!("{other:?}"),
        }
    }
    lock.check().unwrap();
    assert_eq!(
        Liveness::of(&layout).unwrap(),
        Liveness::Here(lock.driver().clone())
    );
    drop(lock);
    assert!(heartbeat(&layout).released);
    assert!(!Liveness::of(&layout).unwrap().is_alive());
    JobLock::acquire(&layout, &quick(false)).unwrap();
}

#[test]
fn the_heart_beats() {
    let (_dir, layout) = layout();
    let lock = JobLock::acquire(&layout, &quick(false)).unwrap();
    wait_until("the counter stands still", || {
        heartbeat(&layout).counter > 3
    });
    drop(lock);
    let last = heartbeat(&layout);
    assert!(last.released && last.schema_version == HEARTBEAT_SCHEMA);
}

#[test]
fn a_driver_elsewhere_is_refused_until_it_is_seen_to_stand_still() {
    let (_dir, layout) = layout();
    let mut theirs = beat(&layout, &stranger());
    let refused = |result: Result<JobLock>| match result {
        Err(error @ Error::RunningElsewhere { .. }) => {
            let message = error.to_string();
            for part in ["elsewhere", "4711", "2025-11-21T02:08:09Z", "--take-over"] {
                assert!(message.contains(part), "{message}");
            }
        }
        other => panic!("{other:?}"),
    };
    refused(JobLock::acquire(&layout, &quick(false)));
    assert!(matches!(
        Liveness::of(&layout).unwrap(),
        Liveness::Elsewhere(_)
    ));
    let slow = LockOptions {
        still_for: Duration::from_secs(20),
        ..quick(true)
    };
    refused(while_beating(beat(&layout, &stranger()), || {
        JobLock::acquire(&layout, &slow)
    }));
    let lock = JobLock::acquire(&layout, &quick(true)).unwrap();
    assert!(lock.took_over());
    drop(lock);
    // A driver that has let go blocks nobody.
    theirs.release().unwrap();
    let lock = JobLock::acquire(&layout, &quick(false)).unwrap();
    assert!(!lock.took_over());
}

#[test]
fn a_driver_that_lets_go_while_it_is_watched_is_not_waited_for() {
    let (_dir, layout) = layout();
    let mut theirs = beat(&layout, &stranger());
    let patient = LockOptions {
        still_for: Duration::from_secs(600),
        ..quick(true)
    };
    std::thread::scope(|scope| {
        let acquired = scope.spawn(|| JobLock::acquire(&layout, &patient).map(drop));
        theirs.release().unwrap();
        acquired.join().unwrap().unwrap();
    });
}

#[test]
fn the_dead_are_no_obstacle() {
    let me = DriverIdentity::current();
    let changes: [fn(&mut DriverIdentity); 4] = [
        |driver| driver.pid = 0x3fff_ffff,
        |driver| driver.start_time_ticks += 1,
        |driver| driver.boot_id = "an earlier boot".to_owned(),
        |driver| driver.pid = 0,
    ];
    for (number, change) in changes.iter().enumerate() {
        let (_dir, layout) = layout();
        let mut dead = me.clone();
        change(&mut dead);
        beat(&layout, &dead);
        let lock = JobLock::acquire(&layout, &quick(false)).unwrap();
        assert!(!lock.took_over(), "case {number}");
        assert_eq!(lock.dead_driver(), Some(&dead), "case {number}");
        assert_eq!(heartbeat(&layout).driver, *lock.driver());
    }
}

#[test]
fn a_namesake_of_this_host_is_noticed_by_its_beat() {
    let (_dir, layout) = layout();
    let mut namesake = DriverIdentity::current();
    namesake.boot_id = "another machine".to_owned();
    let slow = LockOptions {
        beat_every: Duration::from_secs(5),
        ..quick(false)
    };
    let result = while_beating(beat(&layout, &namesake), || {
        JobLock::acquire(&layout, &slow)
    });
    assert!(matches!(result, Err(Error::RunningElsewhere { .. })));
}

#[cfg(target_os = "linux")]
#[test]
fn a_living_driver_whose_lock_file_was_removed_is_still_a_driver() {
    let (_dir, layout) = layout();
    let mut child = std::process::Command::new("cat")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let ticks = stat
        .rsplit_once(") ")
        .unwrap()
        .1
        .split(' ')
        .nth(19)
        .unwrap();
    let driver = DriverIdentity {
        pid: child.id(),
        start_time_ticks: ticks.parse().unwrap(),
        ..DriverIdentity::current()
    };
    beat(&layout, &driver);
    let result = JobLock::acquire(&layout, &quick(false));
    assert!(matches!(result, Err(Error::Running { .. })), "{result:?}");
    drop(child.stdin.take());
    child.wait().unwrap();
    JobLock::acquire(&layout, &quick(false)).unwrap();
}

#[test]
fn a_holder_that_says_nothing_is_told() {
    let (_dir, layout) = layout();
    let _held = FileLock::try_acquire(layout.lock()).unwrap();
    let result = JobLock::acquire(&layout, &quick(true));
    assert!(matches!(result, Err(Error::LockHeld { .. })), "{result:?}");
}

#[test]
fn an_unreadable_heartbeat_needs_a_take_over() {
    for text in ["", "{", "{\"schema_version\": 1}", "nonsense"] {
        let (_dir, layout) = layout();
        std::fs::write(layout.heartbeat(), text).unwrap();
        let result = JobLock::acquire(&layout, &quick(false));
        assert!(matches!(result, Err(Error::UnreadableHeartbeat { .. })));
        assert!(JobLock::acquire(&layout, &quick(true)).unwrap().took_over());
    }
    let (_dir, layout) = layout();
    let text = "{\"schema_version\": 2, \"driver\": {}}";
    std::fs::write(layout.heartbeat(), text).unwrap();
    let result = JobLock::acquire(&layout, &quick(true));
    assert!(matches!(result, Err(Error::NewerSchema { found: 2, .. })));
    assert_eq!(std::fs::read_to_string(layout.heartbeat()).unwrap(), text);
}

#[test]
fn a_driver_that_was_taken_over_notices_and_leaves_the_heartbeat_alone() {
    let (_dir, layout) = layout();
    let lock = JobLock::acquire(&layout, &quick(false)).unwrap();
    assert!(!lock.is_lost());
    // The new driver's mark may be overwritten once between two beats, but it beats on.
    while_beating(beat(&layout, &stranger()), || {
        wait_until("the loss is not noticed", || lock.is_lost());
        assert!(matches!(lock.check(), Err(Error::RunningElsewhere { .. })));
        drop(lock);
    });
    let last = heartbeat(&layout);
    assert_eq!(last.driver, stranger());
    assert!(!last.released);
}
