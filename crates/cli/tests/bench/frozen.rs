//! A driver that was stopped in the midst of its work.

use std::fs;
use std::process::{Child, Command};
use std::time::Duration;

use super::ran::Ran;

/// A driver that was stopped by SIGSTOP; killed where the test fails.
pub(crate) struct Frozen(Option<Child>);

impl Frozen {
    pub(super) fn new(child: Child) -> Self {
        Self(Some(child))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.pid());
        let sent = Command::new("sh").args(["-c", &line]).status().unwrap();
        assert!(sent.success(), "{line}");
    }

    /// Stops all of its threads, and waits until they are: one that writes is stopped only behind what it writes.
    pub(super) fn stop(&self) {
        self.signal("STOP");
        let tasks = format!("/proc/{}/task", self.pid());
        let is_stopped = |task: fs::DirEntry| {
            // After the name, which is in brackets: `T` for one that is stopped, `Z` and `X` for one that has ended.
            let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            let state = stat.rsplit_once(") ").map(|(_, rest)| &rest[..1]);
            !matches!(state, Some("R" | "S" | "D"))
        };
        while !fs::read_dir(&tasks).unwrap().flatten().all(is_stopped) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets it go on to its end.
    pub(crate) fn thaw(mut self) -> Ran {
        self.signal("CONT");
        Ran::of(self.0.take().unwrap().wait_with_output().unwrap())
    }

    /// Waits for its end after a signal, which a stopped process gets only once it continues.
    pub(crate) fn thaw_after(mut self, signal: &str) -> Ran {
        if signal != "KILL" {
            self.signal("CONT");
        }
        Ran::of(self.0.take().unwrap().wait_with_output().unwrap())
    }

    /// Lets it go on and stops it as a user would.
    pub(crate) fn terminate(self) -> Ran {
        self.signal("TERM");
        self.thaw().expect(143)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
