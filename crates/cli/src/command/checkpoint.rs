//! `coldpress checkpoint`: what is kept of partitions on their way.

mod analyze;
mod clean;
mod folder;
mod list;
mod migrate;
mod verify;

use clap::Subcommand;
use coldpress::storage::StoreSchemes;

use crate::failure::Failure;

/// Show, check, rewrite and clean up checkpoints
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Args),
    Analyze(analyze::Args),
    Migrate(migrate::Args),
    Verify(verify::Args),
    Clean(clean::Args),
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    match &args.command {
        Command::List(args) => list::run(args, schemes),
        Command::Analyze(args) => analyze::run(args, schemes),
        Command::Migrate(args) => migrate::run(args, schemes),
        Command::Verify(args) => verify::run(args, schemes),
        Command::Clean(args) => clean::run(args, schemes),
    }
}
