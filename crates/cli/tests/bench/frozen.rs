//! A driver that was stopped in the midst of its work.

use std::process::{Child, Command};

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
