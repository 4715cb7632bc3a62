//! A process that receives bytes and returns lines.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{self, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::failure::Failure;
use crate::limits::Limits;
use crate::said::Said;
use crate::spawner::spawn;

/// The interval of the checks whether the process is alive. The end of a process does not close its output if a process that it
/// started also has it open.
const LOOK: Duration = Duration::from_millis(100);

/// The time that a process has to end by itself after its last call.
const GRACE: Duration = Duration::from_millis(500);

/// The longest line that is read.
const LONGEST: usize = 1 << 30;

/// A process in a group of its own. Threads write to it and read from it, so that neither side waits for the other forever.
#[derive(Debug)]
pub(crate) struct Child {
    process: process::Child,
    is_reaped: bool,
    input: Option<Sender<Vec<u8>>>,
    chunks: Receiver<Vec<u8>>,
    /// The bytes that were read and not yet taken, from `at` on.
    buffer: Vec<u8>,
    at: usize,
    said: Arc<Said>,
}

impl Child {
    pub(crate) fn start(mut command: Command, limits: &Limits) -> Result<Self, Failure> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let name = command.get_program().to_string_lossy().into_owned();
        let failed = |error| Failure::NotStarted(format!("`{name}` cannot be started: {error}"));
        let mut process = spawn(command).map_err(failed)?;
        let no_pipe = || Failure::NotStarted("it has no pipes".to_owned());
        let mut stdin = process.stdin.take().ok_or_else(no_pipe)?;
        let mut stdout = process.stdout.take().ok_or_else(no_pipe)?;
        let stderr = process.stderr.take().ok_or_else(no_pipe)?;
        let (input, to_write) = channel::<Vec<u8>>();
        let (read, chunks) = sync_channel(64);
        let threads = [
            std::thread::Builder::new()
                .name("to child".to_owned())
                .spawn(move || {
                    // A process that does not read has closed its end, which its answers show.
                    to_write.iter().all(|bytes| stdin.write_all(&bytes).is_ok())
                }),
            std::thread::Builder::new()
                .name("from child".to_owned())
                .spawn(move || {
                    let mut buffer = vec![0; 1 << 16];
                    while let Ok(length @ 1..) = stdout.read(&mut buffer) {
                        if read.send(buffer[..length].to_vec()).is_err() {
                            return false;
                        }
                    }
                    true
                }),
        ];
        let child = Self {
            process,
            is_reaped: false,
            input: Some(input),
            chunks,
            buffer: Vec::new(),
            at: 0,
            said: Said::listen(stderr, limits.log.as_deref()),
        };
        // A child without its threads is dropped, which kills it.
        let threads: Result<Vec<_>, _> = threads.into_iter().collect();
        threads
            .map_err(|error| Failure::NotStarted(format!("there is no thread for it: {error}")))?;
        Ok(child)
    }

    /// Sends it bytes, which it may never read.
    pub(crate) fn send(&self, bytes: Vec<u8>) {
        if let Some(input) = &self.input {
            let _ = input.send(bytes);
        }
    }

    /// Ends its input.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// Takes the next line of its output, without its end; none at the end of the output.
    ///
    /// # Errors
    /// [`Failure::Hung`] when no line came for `patience`. [`Failure::Died`] when the line is too long.
    pub(crate) fn line(&mut self, patience: Duration) -> Result<Option<&[u8]>, Failure> {
        let begun = Instant::now();
        let mut searched = self.at;
        let mut has_ended = false;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.buffer[searched..]) {
                let (start, end) = (self.at, searched + end);
                self.at = end + 1;
                return Ok(Some(&self.buffer[start..end]));
            }
            self.buffer.drain(..self.at);
            self.at = 0;
            searched = self.buffer.len();
            if searched > LONGEST {
                return Err(Failure::Died(
                    self.said
                        .after("it wrote a line of more than 1 GiB".to_owned()),
                ));
            }
            let left = patience.saturating_sub(begun.elapsed());
            match self.chunks.recv_timeout(left.min(LOOK)) {
                Ok(chunk) => self.buffer.extend_from_slice(&chunk),
                Err(RecvTimeoutError::Timeout) if !has_ended && !left.is_zero() => {
                    // Its last output may still arrive, so there is one more look.
                    has_ended = self.has_exited();
                }
                Err(RecvTimeoutError::Timeout) if !has_ended => return Err(self.hung(patience)),
                Err(_) if self.buffer.is_empty() => return Ok(None),
                Err(_) => {
                    // The last line has no line end.
                    self.at = self.buffer.len();
                    return Ok(Some(&self.buffer));
                }
            }
        }
    }

    fn hung(&self, patience: Duration) -> Failure {
        let seconds = patience.as_secs_f64();
        Failure::Hung(self.said.after(format!(
            "it gave no answer for {seconds} s and was killed (`timeout`)"
        )))
    }

    /// Waits for the end of a process whose output has ended. If it failed, the error says how it ended.
    pub(crate) fn wait(&mut self, patience: Duration) -> Result<(), Failure> {
        let begun = Instant::now();
        while !self.has_exited() {
            if begun.elapsed() >= patience {
                return Err(self.hung(patience));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        match self.reap() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => {
                // Its last words may still arrive.
                std::thread::sleep(Duration::from_millis(20));
                let message = self.said.after(format!("it ended with {status}"));
                Err(match status.signal() {
                    Some(_) => Failure::Killed(message),
                    None => Failure::Died(message),
                })
            }
            Err(error) => Err(Failure::Died(format!("it cannot be waited for: {error}"))),
        }
    }

    /// Returns a failure that says how a process ended that should not have ended.
    pub(crate) fn death(&mut self) -> Failure {
        match self.wait(GRACE) {
            Ok(()) => Failure::Died(
                self.said
                    .after("it ended in the middle of its work".to_owned()),
            ),
            Err(Failure::Hung(_)) => {
                Failure::Died(self.said.after("it closed its output".to_owned()))
            }
            Err(failure) => failure,
        }
    }

    /// Adds the last lines that it printed to a message.
    pub(crate) fn describe(&self, message: String) -> String {
        self.said.after(message)
    }

    /// Ends what is left of its group, and takes its status. Its number is not reused before that.
    fn reap(&mut self) -> io::Result<ExitStatus> {
        if !self.is_reaped {
            if let Some(group) = self.pid() {
                let _ = kill_process_group(group, Signal::KILL);
            }
            self.is_reaped = true;
        }
        self.process.wait()
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.process.id())
            .ok()
            .and_then(Pid::from_raw)
    }

    /// Returns whether it has ended, without taking its status.
    fn has_exited(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let pid = self.pid().filter(|_| !self.is_reaped);
        pid.is_none_or(|pid| !matches!(waitid(WaitId::Pid(pid), options), Ok(None)))
    }
}

impl Drop for Child {
    /// Ends it and everything that it started.
    fn drop(&mut self) {
        self.input = None;
        let (begun, mut pause) = (Instant::now(), Duration::from_millis(1));
        while !self.has_exited() && begun.elapsed() < GRACE {
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
        let _ = self.reap();
    }
}
