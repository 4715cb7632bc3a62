//! Programs that are started for each call.

use std::path::Path;
use std::process::Command;

use crate::child::Child;
use crate::failure::Failure;
use crate::limits::Limits;

/// A program that reads lines of JSON from its standard input, writes one line for each to its standard output, and ends.
#[derive(Clone, Debug)]
pub struct Program {
    command: Vec<String>,
    limits: Limits,
}

impl Program {
    /// Describes a program and its arguments. A single text is run by the shell.
    pub fn new(command: Vec<String>, limits: Limits) -> Self {
        Self { command, limits }
    }

    /// Checks that the program exists, as far as possible without starting it.
    ///
    /// # Errors
    /// The problem, as the end of a sentence that begins with "the command".
    pub fn check(&self) -> Result<(), String> {
        use rustix::fs::{Access, access};
        let program = match &self.command[..] {
            [program, _, ..] => program.as_str(),
            _ => "sh",
        };
        let runs = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
        if program.contains('/') {
            return match runs(Path::new(program)) {
                true => Ok(()),
                false => Err(format!(
                    "needs `{program}`, which is not a program that can be run"
                )),
            };
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        match std::env::split_paths(&path).any(|folder| runs(&folder.join(program))) {
            true => Ok(()),
            false => Err(format!(
                "needs the program `{program}`, which is not on `PATH`; install it, or give its path"
            )),
        }
    }

    /// Passes it lines, each with its end, and returns the lines that it wrote, which must be `count`.
    ///
    /// # Errors
    /// [`Failure`], also if it ends with an error or writes another number of lines.
    pub fn ask(&self, lines: Vec<u8>, count: usize) -> Result<Vec<String>, Failure> {
        let mut child = Child::start(self.start(), &self.limits)?;
        child.send(lines);
        child.end_input();
        let mut answers = Vec::with_capacity(count);
        while let Some(line) = child.line(self.limits.timeout)? {
            let line = String::from_utf8(line.to_vec());
            let line = line.map_err(|_| Failure::Died("it wrote what is not UTF-8".to_owned()))?;
            if !line.trim().is_empty() {
                answers.push(line);
            }
            if answers.len() > count {
                break;
            }
        }
        if answers.len() <= count {
            child.wait(self.limits.timeout)?;
        }
        if answers.len() == count {
            return Ok(answers);
        }
        let wrote = match answers.len() {
            more if more > count => "more than".to_owned(),
            fewer => format!("{fewer} instead of"),
        };
        Err(Failure::Died(
            child.describe(format!("it wrote {wrote} {count} lines")),
        ))
    }

    fn start(&self) -> Command {
        let (program, arguments) = match &self.command[..] {
            [alone] => ("sh", ["-c".to_owned(), alone.clone()].to_vec()),
            [program, arguments @ ..] => (program.as_str(), arguments.to_vec()),
            [] => ("true", Vec::new()),
        };
        // The shell sets the limit and then becomes the program.
        let Some(bytes) = self.limits.memory else {
            let mut command = Command::new(program);
            command.args(arguments);
            return command;
        };
        let mut command = Command::new("sh");
        command.args([
            "-c",
            r#"ulimit -d "$0" && exec "$@""#,
            &(bytes >> 10).to_string(),
            program,
        ]);
        command.args(arguments);
        command
    }
}
