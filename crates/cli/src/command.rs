//! The commands: what each takes, and which file does it.

mod analyze;
mod assets;
mod check;
mod checkpoint;
mod compare;
mod completions;
mod docetl;
mod events;
mod jobs;
mod man;
mod monitor;
mod ops;
mod plan;
mod process;
mod quarantine;
mod report;
#[cfg(feature = "serve")]
mod serve;
mod stop;
mod trace;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use coldpress::storage::StoreSchemes;

use crate::arguments::{self, Parted};
use crate::examples;
use crate::failure::{Failure, code};
use crate::output;
use crate::storage_options::with_options;

/// Turn raw text into training data: run the operators of a recipe over a dataset, in parallel, and resume after any crash
#[derive(Debug, Parser)]
#[command(name = "coldpress", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// An option to reach buckets, such as region=eu-central-1 or endpoint=http://localhost:9000; may be repeated. Other
    /// options, and all secrets, come from the environment
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    storage_options: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Process(process::Args),
    Analyze(analyze::Args),
    Check(check::Args),
    Plan(plan::Args),
    Compare(compare::Args),
    Jobs(jobs::Args),
    Monitor(monitor::Args),
    Report(report::Args),
    #[cfg(feature = "serve")]
    Serve(serve::Args),
    Stop(stop::Args),
    Events(events::Args),
    Trace(trace::Args),
    Quarantine(quarantine::Args),
    Checkpoint(checkpoint::Args),
    Ops(ops::Args),
    Assets(assets::Args),
    Docetl(docetl::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// The commands that take recipe keys as flags.
const TAKES_KEYS: [&str; 6] = ["process", "analyze", "check", "plan", "compare", "assets"];

/// The program with all its commands and their help.
fn program() -> clap::Command {
    examples::add_to(Cli::command())
}

/// Reads the words of the command line and does what they say; gives the exit code.
///
/// # Errors
/// [`Failure`] with what is to be told.
pub(crate) fn run(
    words: impl IntoIterator<Item = OsString>,
    schemes: &StoreSchemes,
) -> Result<u8, Failure> {
    let mut command = program();
    command.build();
    let Parted { own, overrides } = arguments::part(words, &command, &TAKES_KEYS);
    let parsed = command
        .try_get_matches_from(own)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return told_by_clap(&error),
    };
    // Others only look, and leave nothing unfinished.
    let is_work = matches!(
        cli.command,
        Command::Process(_)
            | Command::Analyze(_)
            | Command::Docetl(_)
            | Command::Checkpoint(_)
            | Command::Quarantine(_)
    );
    let schemes = &with_options(schemes, &cli.storage_options)?;
    carry_out(cli.command, overrides, schemes).map_err(|failure| match is_work {
        true => failure,
        false => failure.of_no_work(),
    })
}

fn carry_out(
    command: Command,
    overrides: Vec<OsString>,
    schemes: &StoreSchemes,
) -> Result<u8, Failure> {
    match command {
        Command::Process(mut args) => {
            args.recipe.overrides = overrides;
            process::run(&args, schemes)
        }
        Command::Analyze(mut args) => {
            args.recipe.overrides = overrides;
            analyze::run(&args, schemes)
        }
        Command::Check(mut args) => {
            args.recipe.overrides = overrides;
            check::run(&args, schemes)
        }
        Command::Plan(mut args) => {
            args.recipe.overrides = overrides;
            plan::run(&args, schemes)
        }
        Command::Compare(mut args) => {
            args.recipe.overrides = overrides;
            compare::run(&args, schemes)
        }
        Command::Assets(mut args) => {
            args.recipe_mut().overrides = overrides;
            assets::run(&args, schemes)
        }
        Command::Jobs(args) => jobs::run(&args, schemes),
        Command::Monitor(args) => monitor::run(&args, schemes),
        Command::Report(args) => report::run(&args, schemes),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(&args, schemes),
        Command::Stop(args) => stop::run(&args, schemes),
        Command::Events(args) => events::run(&args, schemes),
        Command::Trace(args) => trace::run(&args, schemes),
        Command::Quarantine(args) => quarantine::run(&args, schemes),
        Command::Checkpoint(args) => checkpoint::run(&args, schemes),
        Command::Ops(args) => ops::run(&args),
        Command::Docetl(args) => docetl::run(&args),
        Command::Completions(args) => completions::run(&args, &mut program()),
        Command::Man(args) => man::run(&args, program()),
    }
}

/// Help and version go to standard output, wrong usage to standard error.
fn told_by_clap(error: &clap::Error) -> Result<u8, Failure> {
    if error.use_stderr() {
        // clap knows best how to colour it; where standard error is closed there is nobody to tell.
        let _ = error.print();
        return Ok(code::USAGE);
    }
    output::print(&error.render().to_string()).map(|()| code::DONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses a line as the program does, without running it.
    fn parse(line: &str) -> Result<(), clap::Error> {
        let mut command = program();
        command.build();
        let words = line.split_whitespace().map(OsString::from);
        let Parted { own, .. } = arguments::part(words, &command, &TAKES_KEYS);
        command.try_get_matches_from(own).map(drop)
    }

    fn check_examples(command: &clap::Command, path: &str) {
        let below: Vec<_> = command
            .get_subcommands()
            .filter(|below| below.get_name() != "help")
            .collect();
        let examples = examples::of(path);
        assert!(
            !examples.is_empty() || !below.is_empty(),
            "`{path}` has no example in crates/cli/src/examples.rs"
        );
        for example in examples {
            assert!(
                example.line.starts_with(&format!("coldpress {path} "))
                    || example.line.ends_with(path),
                "{}",
                example.line
            );
            // A pipe, a redirection or a second command is left to the shell.
            let line = example.line.split(['>', '&']).next().unwrap_or_default();
            assert!(parse(line).is_ok(), "{:?}", parse(line));
        }
        for below in below {
            check_examples(below, format!("{path} {}", below.get_name()).trim());
        }
    }

    #[test]
    fn every_command_has_examples_that_it_understands() {
        check_examples(&program(), "");
    }
}
