//! One worker process, seen from its driver.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

use coldpress_storage::{Obstacle, Waits, crash_point};
use coldpress_worker::{
    Answer, AttemptError, FromWorker, InHand, Progress, ToWorker, WORKER_ARGUMENT, receive, send,
};

use super::death::{LastWords, ProcessEnd, oom_kills, tells_of_memory};

/// A process, and what it says.
pub(super) struct Child {
    process: std::process::Child,
    said: BufReader<ChildStdout>,
    /// Gives the last that it wrote to its standard error.
    last_words: JoinHandle<LastWords>,
    /// The record that it said it would work on.
    in_hand: Option<InHand>,
    /// How many records each operator had done with before, in the attempt at work.
    done: BTreeMap<u32, u64>,
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
    ///
    /// # Errors
    /// An obstacle, unless somebody ended the process: no attempt is to blame if there is no process to run it.
    pub(super) fn start(
        program: Option<&Path>,
        begin: &ToWorker,
    ) -> Result<(Self, Pipe), AttemptError> {
        let program = match program {
            Some(program) => program.to_owned(),
            None => own_executable().map_err(|error| cannot_start(Path::new("itself"), &error))?,
        };
        let oom_kills = oom_kills();
        let (process, input, said, last_words) =
            launch(&program).map_err(|error| cannot_start(&program, &error))?;
        let mut pipe = Pipe {
            process: process.id(),
            input,
        };
        let mut child = Self {
            process,
            said,
            last_words,
            in_hand: None,
            done: BTreeMap::new(),
            oom_kills,
        };
        let mut answer = receive(&mut child.said);
        // Only a worker is told what the job is. That may be more than a pipe holds, and another program may never read it:
        // then each would wait for the other for good.
        if let Ok(Some(FromWorker::Hello)) = answer {
            // One that has gone meanwhile does not answer either.
            let _ = pipe.tell(begin);
            answer = receive(&mut child.said);
        }
        match answer {
            Ok(Some(FromWorker::Ready)) => Ok((child, pipe)),
            Ok(None) => {
                drop(pipe);
                Err(child.ended().failure_to_start())
            }
            _ => {
                drop(pipe);
                // What it says is no use.
                let _ = child.process.kill();
                let _ = child.ended();
                Err(AttemptError::obstacle(format!(
                    "`{}` does not answer as a worker process: the program must call `serve_if_asked` first in its `main`",
                    program.display()
                )))
            }
        }
    }

    /// Listens until attempts have ended; none if the process ends before that.
    pub(super) fn attend(&mut self, progress: &Progress, waits: &Waits) -> Option<Vec<Answer>> {
        self.in_hand = None;
        self.done.clear();
        loop {
            match receive(&mut self.said) {
                Ok(Some(FromWorker::AtWork { at_work })) => progress.put(at_work),
                Ok(Some(FromWorker::Waits { news })) => waits.pass_on(&news),
                Ok(Some(FromWorker::InHand { record })) => self.take_in_hand(record),
                Ok(Some(FromWorker::Finished { answers })) => return Some(answers),
                Ok(Some(FromWorker::Hello | FromWorker::Ready | FromWorker::Alive)) => {}
                Ok(None) => return None,
                Err(_) => {
                    // What it says is no use any more.
                    let _ = self.process.kill();
                    return None;
                }
            }
        }
    }

    /// Whoever takes the next record in hand has done with the one before.
    fn take_in_hand(&mut self, record: InHand) {
        if let Some(before) = self.in_hand.replace(record) {
            *self.done.entry(before.operation).or_default() += 1;
        }
    }

    /// Waits for the end of a process that said nothing more, and tells how it ended.
    pub(super) fn end(self) -> AttemptError {
        self.ended().failure()
    }

    fn ended(mut self) -> ProcessEnd {
        let status = self.process.wait();
        ProcessEnd {
            status,
            last_words: self.last_words.join().unwrap_or_default(),
            kernel_killed: oom_kills() > self.oom_kills,
            in_hand: self.in_hand,
            done: self.done,
        }
    }

    /// Waits for the end of a process that has nothing more to do.
    pub(super) fn release(mut self) {
        // It ends by itself, and what it did was said before.
        let _ = self.process.wait();
        let _ = self.last_words.join();
    }
}

/// A process with its pipes, and the thread that keeps the last that it says on its standard error.
type Launched = (
    std::process::Child,
    ChildStdin,
    BufReader<ChildStdout>,
    JoinHandle<LastWords>,
);

fn launch(program: &Path) -> io::Result<Launched> {
    let mut command = Command::new(program);
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
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
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
        .spawn(move || last_lines(errors));
    match last_words {
        Ok(last_words) => Ok((process, input, BufReader::new(output), last_words)),
        Err(error) => {
            // It ends when nobody speaks to it, and must not stay a zombie.
            drop(input);
            let _ = process.wait();
            Err(error)
        }
    }
}

fn cannot_start(program: &Path, error: &io::Error) -> AttemptError {
    let what = format!("cannot start a worker process of `{}`", program.display());
    AttemptError::obstacle(match Obstacle::of_start(error) {
        // Of all the others it is clear which file is meant.
        Some(Obstacle::Forbidden) | None => format!(
            "{what}: {error}; make that file executable, and run the same command again; what is finished stays"
        ),
        Some(obstacle) => format!("{what}: {}", obstacle.explain(None)),
    })
}

/// The running executable, also when another one has taken its place on the disk meanwhile.
fn own_executable() -> io::Result<PathBuf> {
    match cfg!(target_os = "linux") {
        true => Ok("/proc/self/exe".into()),
        false => std::env::current_exe(),
    }
}

/// The last of what is read, a line or two.
fn last_lines(mut errors: impl Read) -> LastWords {
    const KEPT: usize = 1000;
    let (mut kept, mut block) = (Vec::new(), [0; 4096]);
    let mut lacks_memory = false;
    while let Ok(length @ 1..) = errors.read(&mut block) {
        kept.extend_from_slice(&block[..length]);
        // A list of who called whom may follow, longer than what is kept.
        lacks_memory |= tells_of_memory(&kept);
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }
    let text = String::from_utf8_lossy(&kept);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    LastWords {
        text: lines[lines.len().saturating_sub(2)..].join("; "),
        lacks_memory,
    }
}
