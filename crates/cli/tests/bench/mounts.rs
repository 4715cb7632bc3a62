//! File systems that a test mounts.

use std::process::Command;

use super::folder::{Folder, PROGRAM};

/// If this is 1, tests fail that may not mount file systems. Otherwise they print that, and pass.
const REQUIRED: &str = "COLDPRESS_MOUNTS_REQUIRED";

impl Folder {
    /// A shell with this script, which may mount file systems that are gone at its end; `$COLDPRESS` is the program. None if
    /// that isn't permitted.
    #[allow(clippy::print_stderr, reason = "a test that tests nothing must say so")]
    pub(crate) fn mounting_shell(&self, script: &str) -> Option<Command> {
        let shell = |script: &str| {
            let mut command = Command::new("unshare");
            command
                .args(["-rm", "sh", "-euc", script])
                .current_dir(self.root())
                .env("COLDPRESS", PROGRAM);
            command
        };
        let probe = "mkdir -p probe && mount -t tmpfs -o size=64k tmpfs probe";
        let permitted = shell(probe).output();
        if permitted.is_ok_and(|output| output.status.success()) {
            return Some(shell(script));
        }
        let told = "NOTHING IS TESTED: `unshare -rm` and `mount` are not permitted here";
        let is_required = std::env::var_os(REQUIRED).is_some_and(|value| value == "1");
        assert!(!is_required, "{told}, and {REQUIRED} is 1");
        eprintln!("{told}");
        None
    }
}
