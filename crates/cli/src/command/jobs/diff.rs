//! `coldpress jobs diff`: what differs between the exports of two jobs.

use std::path::PathBuf;

use coldpress::executor::{DiffOptions, diff_jobs};
use coldpress::report::render_jobs_diff;
use coldpress::storage::StoreSchemes;

use crate::failure::{Failure, code};
use crate::jobs::BaseDir;
use crate::output;

/// Memory for sorting; more is sorted on disk.
const MEMORY_BYTES: u64 = 256 << 20;

/// Show the records that were lost, gained or changed between the exports of two jobs
///
/// Records are matched by their places in the input if both jobs read the same files, otherwise by their content, so that a
/// record that changed is both lost and gained. With --key they are matched by the value of a field.
///
/// The exit code is 0 whether or not the exports differ: --json has the counts.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The id of the first job
    first: String,
    /// The id of the second job
    second: String,
    #[command(flatten)]
    base: BaseDir,
    /// The field whose value identifies a record, such as `id` or `meta.id`
    #[arg(long, value_name = "FIELD", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    key: Option<String>,
    /// How many records of each kind to show
    #[arg(long, value_name = "N", default_value_t = 5)]
    limit: usize,
    /// Write all records that were lost and gained to `lost.jsonl` and `gained.jsonl` in this folder
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let (first, second) = (
        args.base.find(&args.first, schemes)?,
        args.base.find(&args.second, schemes)?,
    );
    let options = DiffOptions {
        schemes,
        key: args.key.as_deref(),
        samples: args.limit,
        output: args.output.as_deref(),
        memory_bytes: MEMORY_BYTES,
    };
    let diff = diff_jobs(&first, &second, &options)?;
    match args.json {
        true => output::print_json(&diff)?,
        false => output::print(&render_jobs_diff(&diff))?,
    }
    Ok(code::DONE)
}
