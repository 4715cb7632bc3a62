//! `coldpress checkpoint list`: the checkpoints that a job's journal names.

use std::collections::{HashMap, HashSet};

use coldpress::job::{CheckpointEntry, JobState, Journal, open_stores};
use coldpress::report::quantity::{bytes, counted, grouped, plain};
use coldpress::report::{Align, Table};
use coldpress::storage::{Place, StoreSchemes};
use serde_json::json;

use super::folder::{cannot, shown};
use crate::failure::{Failure, code};
use crate::jobs::BaseDir;
use crate::output;

/// List the checkpoints that a job's journal names
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The job's id or URL
    job: String,
    #[command(flatten)]
    base: BaseDir,
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

/// A checkpoint, and whether the job could go on from it.
struct Listed<'a> {
    partition: u32,
    entry: &'a CheckpointEntry,
    /// Why not; nothing where it could.
    obstacle: Option<&'static str>,
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let layout = args.base.find(&args.job, schemes)?;
    let state = Journal::read(&layout)?;
    let stores = open_stores(&layout, &state, schemes)?;
    let store = stores.of(Place::Checkpoints);
    let stored = store.list("").map_err(|error| cannot(error.into()))?;
    let stored: HashMap<&str, u64> = stored
        .iter()
        .map(|object| (object.name.as_str(), object.length))
        .collect();
    let listed: Vec<Listed<'_>> = (0..state.partition_count())
        .flat_map(|partition| {
            let mut entries: Vec<_> = state.checkpoints(partition).collect();
            entries.reverse();
            let entries = entries.into_iter();
            entries.map(move |entry| (partition, entry))
        })
        .map(|(partition, entry)| Listed {
            partition,
            entry,
            obstacle: obstacle(&state, &stored, entry),
        })
        .collect();
    if args.json {
        output::print_json(&listed.iter().map(as_json).collect::<Vec<_>>())?;
        return Ok(code::DONE);
    }
    if listed.is_empty() {
        output::print("no checkpoints; finished partitions are kept all the same\n")?;
        return Ok(code::DONE);
    }
    let mut known = HashSet::new();
    let files = listed
        .iter()
        .filter(|listed| known.insert(&listed.entry.file.key));
    let sizes: Vec<u64> = files.map(|listed| listed.entry.file.length()).collect();
    let sum = format!(
        "{} in {}, {} in {}\n",
        counted(listed.len() as u64, "checkpoint"),
        counted(sizes.len() as u64, "file"),
        bytes(sizes.iter().sum()),
        shown(&stores)
    );
    output::print(&(table(&listed).render() + &sum))?;
    Ok(code::DONE)
}

/// Why the recipe in force could not go on from a checkpoint. Its bytes are not read: `verify` does that.
fn obstacle(
    state: &JobState,
    stored: &HashMap<&str, u64>,
    entry: &CheckpointEntry,
) -> Option<&'static str> {
    let chain = state.recipe().map_or(&[][..], |recipe| &recipe.chain);
    if chain.get(entry.operation as usize) != Some(&entry.chain) {
        return Some("of another recipe");
    }
    for file in entry.files() {
        match stored.get(file.name().as_str()) {
            None => return Some("missing"),
            Some(length) if *length != file.length() => return Some("damaged"),
            Some(_) => {}
        }
    }
    None
}

fn kind(entry: &CheckpointEntry) -> &'static str {
    if entry.delta { "delta" } else { "full" }
}

/// The format, by the name's end.
fn format(entry: &CheckpointEntry) -> &str {
    let name = entry.file.name().as_str();
    let formats = ["parquet", "arrow", "jsonl.gz", "jsonl.zst", "jsonl"];
    let found = formats.into_iter().find(|format| name.ends_with(format));
    found.unwrap_or("unknown")
}

fn table(listed: &[Listed<'_>]) -> Table {
    let mut table = Table::new([
        ("PARTITION", Align::Right),
        ("AFTER", Align::Right),
        ("OPERATOR", Align::Left),
        ("ROWS", Align::Right),
        ("KIND", Align::Left),
        ("FORMAT", Align::Left),
        ("FILE", Align::Right),
        ("USABLE", Align::Left),
    ]);
    for Listed {
        partition,
        entry,
        obstacle,
    } in listed
    {
        table.row([
            partition.to_string(),
            entry.operation.to_string(),
            plain(&entry.operator),
            grouped(entry.rows),
            kind(entry).to_owned(),
            format(entry).to_owned(),
            bytes(entry.file.length()),
            obstacle.unwrap_or("yes").to_owned(),
        ]);
    }
    table
}

fn as_json(listed: &Listed<'_>) -> serde_json::Value {
    let entry = listed.entry;
    json!({
        "partition_id": listed.partition,
        "operation_idx": entry.operation.saturating_sub(1),
        "operation_name": entry.operator,
        "rows": entry.rows,
        "kind": kind(entry),
        "format": format(entry),
        "bytes": entry.file.length(),
        "digest": entry.file.stamp.digest,
        "chain": entry.chain,
        "checkpoint_path": entry.file.name(),
        "base": entry.base.iter().map(|file| file.name()).collect::<Vec<_>>(),
        "usable": listed.obstacle.is_none(),
        "obstacle": listed.obstacle,
    })
}
