//! `coldpress completions`: for the shell.

use clap_complete::Shell;

use crate::failure::{Failure, code};
use crate::output;

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, command: &mut clap::Command) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "coldpress", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(code::DONE)
}
