//! One worker process, seen from its driver.

use std::io::{self, BufReader, Read};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use coldpress_checkpoint::LocalStore;
use coldpress_storage::crash_point;
use coldpress_worker::{
    AttemptError, FromWorker, InHand, Outcome, Progress, ToWorker, WORKER_ARGUMENT, receive, send,
};

use super::death::{describe, oom_kills};

/// A process, and what it says.
pub(super) struct Child {
    process: std::process::Child,
    said: BufReader<ChildStdout>,
    /// Gives the last that it wrote to its standard error.
    last_words: JoinHandle<String>,
    /// The record that it said it would work on.
    in_hand: Option<InHand>,
    /// How often the kernel had killed something for want of memory when it began.
    oom_kills: Option<u64>,
}

/// The way to a process.
pub(super) struct Pipe {
    process: u32,
    input: ChildStdin,
}

impl Pipe {
    pub(super) fn tell(&mut self, message: &ToWorker) -> io::Result<()> {
        send(message, &mut self.input)
    }

    pub(super) fn process(&self) -> u32 {
        self.process
    }
}

impl Child {
    /// Starts a process of `program`, or of the running executable, and waits until it answers.
    pub(super) fn start(program: Option<&Path>, store: &LocalStore) -> io::Result<(Self, Pipe)> {
        let mut command = match program {
            Some(program) => Command::new(program),
            None => Command::new(own_executable()?),
        };
        command
            .arg(WORKER_ARGUMENT)
            .env_remove(crash_point::VARIABLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(plan) = crash_point::plan_of_workers() {
            command.env(crash_point::VARIABLE, plan);
        }
        // What the terminal sends to the driver's group is the driver's to pass on.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let oom_kills = oom_kills();
        let mut process = command.spawn()?;
        let (Some(input), Some(output), Some(errors)) = (
            process.stdin.take(),
            process.stdout.take(),
            process.stderr.take(),
        ) else {
            return Err(io::Error::other("it has no pipes"));
        };
        let last_words = std::thread::Builder::new()
            .name("coldpress-last-words".to_owned())
            .spawn(move || last_lines(errors))?;
        let mut pipe = Pipe {
            process: process.id(),
            input,
        };
        let mut child = Self {
            process,
            said: BufReader::new(output),
            last_words,
            in_hand: None,
            oom_kills,
        };
        let begin = ToWorker::Begin {
            checkpoint_dir: store.root().to_owned(),
            maps: store.maps(),
        };
        // One that does not listen does not answer either.
        let _ = pipe.tell(&begin);
        match receive(&mut child.said) {
            Ok(Some(FromWorker::Ready)) => Ok((child, pipe)),
            _ => {
                drop(pipe);
                let _ = child.process.kill();
                let error = child.end();
                Err(io::Error::other(format!(
                    "it does not answer as one ({error}); the program must call `serve_if_asked` first in its `main`"
                )))
            }
        }
    }

    /// Listens until the attempt ends; none if the process ends before that.
    pub(super) fn attend(&mut self, progress: &Progress) -> Option<Result<Outcome, AttemptError>> {
        self.in_hand = None;
        loop {
            match receive(&mut self.said) {
                Ok(Some(FromWorker::Records { count })) => {
                    progress.records.fetch_add(count, Ordering::Relaxed);
                }
                Ok(Some(FromWorker::InHand { record })) => self.in_hand = Some(record),
                Ok(Some(FromWorker::Finished { result })) => return Some(*result),
                Ok(Some(FromWorker::Ready)) => {}
                Ok(None) => return None,
                Err(_) => {
                    // What it says is no use any more.
                    let _ = self.process.kill();
                    return None;
                }
            }
        }
    }

    /// Waits for the end of a process that said nothing more, and tells how it ended.
    pub(super) fn end(mut self) -> AttemptError {
        let status = self.process.wait();
        let last_words = self.last_words.join().unwrap_or_default();
        describe(status, self.in_hand, self.oom_kills, &last_words)
    }

    /// Waits for the end of a process that has nothing more to do.
    pub(super) fn release(mut self) {
        // It ends by itself, and what it did was said before.
        let _ = self.process.wait();
        let _ = self.last_words.join();
    }
}

/// The running executable, also when another one has taken its place on the disk meanwhile.
fn own_executable() -> io::Result<std::path::PathBuf> {
    match cfg!(target_os = "linux") {
        true => Ok("/proc/self/exe".into()),
        false => std::env::current_exe(),
    }
}

/// The last of what is read, a line or two.
fn last_lines(mut errors: impl Read) -> String {
    const KEPT: usize = 1000;
    let (mut kept, mut block) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = errors.read(&mut block) {
        kept.extend_from_slice(&block[..length]);
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }
    let text = String::from_utf8_lossy(&kept);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines[lines.len().saturating_sub(2)..].join("; ")
}
