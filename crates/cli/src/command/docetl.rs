//! `coldpress docetl`: the intermediate files of DocETL pipelines.

mod analyze;
mod directory;
mod migrate;
mod progress;

use clap::Subcommand;

use crate::failure::Failure;

/// Show how much space the intermediate files of a DocETL pipeline take, and convert them to Parquet
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Analyze(analyze::Args),
    Migrate(migrate::Args),
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    match &args.command {
        Command::Analyze(args) => analyze::run(args),
        Command::Migrate(args) => migrate::run(args),
    }
}
