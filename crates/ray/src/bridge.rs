//! The process of the bridge.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use coldpress_storage::{crash_point, spawn};

use crate::protocol::{FromBridge, LONGEST_LINE, Order, ToBridge, VERSION};

/// The program that Python runs.
const SCRIPT: &str = include_str!("bridge.py");

/// Reads the program from standard input, as long as the argument says, and runs it. What follows it is the protocol.
const LOADER: &str = "import sys; exec(compile(sys.stdin.buffer.read(int(sys.argv[1])), 'coldpress-ray-bridge', 'exec'))";

/// How long a bridge may take to leave.
const LEAVES_WITHIN: Duration = Duration::from_secs(12);

/// How a bridge is started.
#[derive(Clone, Debug)]
pub(crate) enum BridgeCommand {
    /// As the program in here, by this interpreter.
    Python(PathBuf),
    /// As a program that speaks the protocol.
    Other(PathBuf, Vec<OsString>),
}

impl BridgeCommand {
    fn command(&self) -> Command {
        match self {
            Self::Python(python) => {
                let mut command = Command::new(python);
                // Unlike `-c`, the program does not show in lists of processes.
                command.args(["-u", "-c", LOADER, &SCRIPT.len().to_string()]);
                command
            }
            Self::Other(program, arguments) => {
                let mut command = Command::new(program);
                command.args(arguments);
                command
            }
        }
    }
}

/// A bridge that runs. What it says goes to a listener, until its end.
pub(crate) struct Bridge {
    process: Child,
    /// None once it was told to leave.
    input: Option<ChildStdin>,
    last_words: Arc<Mutex<VecDeque<u8>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Bridge {
    /// Starts a bridge; `hear` is given what it says, and none when it has ended.
    pub(crate) fn start(
        command: &BridgeCommand,
        hear: impl Fn(Option<FromBridge>) + Send + 'static,
    ) -> io::Result<Self> {
        let mut process = command.command();
        process
            .env_remove(crash_point::VARIABLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // What the terminal sends to the driver's group is the driver's to pass on.
        std::os::unix::process::CommandExt::process_group(&mut process, 0);
        let mut process = process.spawn()?;
        let (Some(mut input), Some(output), Some(errors)) = (
            process.stdin.take(),
            process.stdout.take(),
            process.stderr.take(),
        ) else {
            return Err(io::Error::other("it has no pipes"));
        };
        if let BridgeCommand::Python(_) = command {
            // One that ends at once says why on its standard error.
            let _ = input.write_all(SCRIPT.as_bytes());
        }
        let last_words = Arc::new(Mutex::new(VecDeque::new()));
        let kept = Arc::clone(&last_words);
        let mut bridge = Self {
            process,
            input: Some(input),
            last_words,
            threads: Vec::new(),
        };
        let listens = spawn("coldpress-ray-bridge", move || listen(output, &hear));
        bridge.threads.push(listens.map_err(io::Error::other)?);
        let keeps = spawn("coldpress-ray-errors", move || keep(errors, &kept));
        bridge.threads.push(keeps.map_err(io::Error::other)?);
        Ok(bridge)
    }

    /// Says something; that the bridge has ended shows when it is listened to.
    pub(crate) fn tell(&mut self, what: ToBridge<'_>) {
        let Some(input) = &mut self.input else {
            return;
        };
        let order = Order { v: VERSION, what };
        if let Ok(mut line) = serde_json::to_vec(&order) {
            line.push(b'\n');
            let _ = input.write_all(&line);
        }
    }

    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    /// The last lines that it wrote to its standard error.
    pub(crate) fn last_words(&self) -> String {
        let mut kept = self
            .last_words
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(kept.make_contiguous()).into_owned();
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        lines[lines.len().saturating_sub(3)..].join("; ")
    }

    /// Lets it leave, and waits for that; one that does not leave is killed.
    pub(crate) fn leave(&mut self) {
        self.tell(ToBridge::Shutdown);
        self.input = None;
        let until = Instant::now() + LEAVES_WITHIN;
        while matches!(self.process.try_wait(), Ok(None)) {
            if Instant::now() > until {
                let _ = self.process.kill();
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.process.wait();
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        self.input = None;
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        if self.input.is_some() {
            self.leave();
        }
        // The threads are not waited for: processes of a cluster that it started may hold its standard error open.
        self.threads.clear();
    }
}

fn listen(output: impl Read, hear: &impl Fn(Option<FromBridge>)) {
    let mut lines = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        match lines
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
        {
            Ok(1..) => {}
            _ => break,
        }
        match serde_json::from_slice::<FromBridge>(&line) {
            Ok(event) => hear(Some(event)),
            // What it says is no use any more.
            Err(_) => break,
        }
    }
    hear(None);
}

fn keep(mut errors: impl Read, kept: &Mutex<VecDeque<u8>>) {
    const KEPT: usize = 16 << 10;
    let mut block = [0; 4096];
    while let Ok(length @ 1..) = errors.read(&mut block) {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(&block[..length]);
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }
}
