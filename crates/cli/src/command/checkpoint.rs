//! `coldpress checkpoint`: what is kept of partitions on their way.

use clap::Subcommand;
use coldpress::job::Journal;
use coldpress::report::quantity::{bytes, counted, grouped, plain};
use coldpress::report::{Align, Table};
use serde_json::json;

use crate::failure::{Failure, code};
use crate::jobs::BaseDir;
use crate::output;

/// Show the checkpoints of a job
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the checkpoints that the job's journal names
    List {
        /// The job's id
        job: String,
        #[command(flatten)]
        base: BaseDir,
        /// Print the list as JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let Command::List {
        job,
        base,
        json: as_json,
    } = &args.command;
    let layout = base.find(job)?;
    let state = Journal::read(&layout)?;
    let entries = (0..state.partition_count()).flat_map(|partition| {
        let mut entries: Vec<_> = state.checkpoints(partition).collect();
        entries.reverse();
        entries.into_iter().map(move |entry| (partition, entry))
    });
    if *as_json {
        let list = entries.map(|(partition, entry)| {
            json!({
                "partition_id": partition,
                "operation_idx": entry.operation.saturating_sub(1),
                "operation_name": entry.operator,
                "rows": entry.rows,
                "bytes": entry.file.length,
                "digest": entry.file.digest,
                "chain": entry.chain,
                "checkpoint_path": entry.file.path,
            })
        });
        output::print_json(&list.collect::<Vec<_>>())?;
        return Ok(code::DONE);
    }
    let mut table = Table::new([
        ("PARTITION", Align::Right),
        ("AFTER", Align::Right),
        ("OPERATOR", Align::Left),
        ("ROWS", Align::Right),
        ("SIZE", Align::Right),
    ]);
    let (mut files, mut size) = (0, 0);
    for (partition, entry) in entries {
        files += 1;
        size += entry.file.length;
        table.row([
            partition.to_string(),
            entry.operation.to_string(),
            plain(&entry.operator),
            grouped(entry.rows),
            bytes(entry.file.length),
        ]);
    }
    if files == 0 {
        output::print("no checkpoints; finished partitions count without\n")?;
    } else {
        let folder = layout.checkpoint_dir().display().to_string();
        let sum = format!(
            "{}, {} in {}\n",
            counted(files, "checkpoint"),
            bytes(size),
            plain(&folder)
        );
        output::print(&(table.render() + &sum))?;
    }
    Ok(code::DONE)
}
