//! Running a command with a message on its standard input.

use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// The time that a command may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of its standard error that are kept for the problem.
const ERROR_BYTES: u64 = 2048;

/// Runs a command by the shell, in a group of processes of its own.
///
/// # Errors
/// A sentence: it cannot be started, fails, or takes longer than `patience`, when it is killed with all that it started.
pub(crate) fn run(
    command: &str,
    message: &str,
    patience: Duration,
    running: &Running,
) -> Result<(), String> {
    // A file takes all that it says, so that neither side ever waits for the other.
    let errors = tempfile::tempfile();
    let mut errors =
        errors.map_err(|error| format!("there is no file for what it says: {error}"))?;
    let to_errors = errors.try_clone().map_err(|error| error.to_string())?;
    let child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(to_errors)
        .process_group(0)
        .spawn();
    let mut child = child.map_err(|error| format!("the shell cannot be started: {error}"))?;
    running.begin(&child);
    if let Some(mut input) = child.stdin.take() {
        // One that reads nothing has closed its end; a message fits in the pipe.
        let _ = input.write_all(message.as_bytes());
    }
    let status = wait(&mut child, patience, running)?;
    if status.success() {
        return Ok(());
    }
    let mut said = Vec::new();
    let read = errors
        .rewind()
        .and_then(|()| errors.take(ERROR_BYTES).read_to_end(&mut said));
    let said = String::from_utf8_lossy(&said);
    Err(match (read, said.trim()) {
        (Err(_), _) | (_, "") => format!("it ended with {status}"),
        (_, said) => format!("it ended with {status}: {said}"),
    })
}

fn wait(child: &mut Child, patience: Duration, running: &Running) -> Result<ExitStatus, String> {
    const PAUSE: Duration = Duration::from_millis(10);
    let begun = Instant::now();
    loop {
        // Under one lock, so that nobody kills a number that the system may have given to another process.
        let mut group = running.lock();
        match child.try_wait() {
            Ok(Some(status)) => {
                *group = None;
                return Ok(status);
            }
            Ok(None) if begun.elapsed() < patience => {}
            Ok(None) => {
                kill(group.take());
                let _ = child.wait();
                return Err(format!("it was killed after {} s", patience.as_secs_f64()));
            }
            Err(error) => return Err(format!("it cannot be waited for: {error}")),
        }
        drop(group);
        std::thread::sleep(PAUSE);
    }
}

/// The group of processes of the command that runs.
#[derive(Debug, Default)]
pub(crate) struct Running(Mutex<Option<Pid>>);

impl Running {
    fn begin(&self, child: &Child) {
        *self.lock() = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Pid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Kills the command that runs, if one does.
    pub(crate) fn kill(&self) {
        kill(self.lock().take());
    }
}

/// Kills the group, so that nothing that the shell started lives on.
fn kill(group: Option<Pid>) {
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
}
