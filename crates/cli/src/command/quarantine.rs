//! `coldpress quarantine`: the records that could not be processed.

use std::io::{BufRead, BufReader, Read};

use std::path::PathBuf;

use clap::Subcommand;
use coldpress::config::Overrides;
use coldpress::executor::{Lifted, ReplayOptions, lift_verdicts, replay_quarantine};
use coldpress::job::{Journal, Layout, open_stores};
use coldpress::report::quantity::{counted, first_line, plain};
use coldpress::report::render_replayed;
use coldpress::storage::{StoreSchemes, StoredObject};
use coldpress::worker::QuarantineEntry;

use crate::failure::{Failure, chain, code};
use crate::jobs::BaseDir;
use crate::output;
use crate::signals;

/// The name of reading among the operators.
const READING: &str = "(reading)";

/// Show the records that could not be processed
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A line per record: where it came from, which operator failed on it, and why
    List(OfJob),
    /// Everything about each record, the record itself included, as one JSON object a line
    Show(OfJob),
    /// Run the records through the recipe again and show what would become of them; nothing is changed
    ///
    /// The records are run through the job's recipe, or through the one of --config, as they are in the job's input.
    /// Deduplicators compare them with each other alone.
    Replay(Replay),
    /// Let the next run retry the records that killed worker processes
    Retry(Retry),
}

#[derive(Debug, clap::Args)]
struct Replay {
    /// The job's id or URL
    job: String,
    #[command(flatten)]
    base: BaseDir,
    /// The recipe to run them through, a YAML file; by default the one that the job was run with
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Write the records that would be kept to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Retry {
    /// The job's id or URL
    job: String,
    #[command(flatten)]
    base: BaseDir,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct OfJob {
    /// The job's id or URL
    job: String,
    #[command(flatten)]
    base: BaseDir,
    /// Only records that this operator failed on; `(reading)` for those that could not be read
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    op: Option<String>,
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let (of_job, whole) = match &args.command {
        Command::List(of_job) => (of_job, false),
        Command::Show(of_job) => (of_job, true),
        Command::Replay(args) => return replay(args, schemes),
        Command::Retry(args) => return retry(args, schemes),
    };
    let layout = of_job.base.find(&of_job.job, schemes)?;
    let mut shown = 0;
    for Located { file, unit } in files(&layout, schemes)? {
        let unreadable =
            |error: std::io::Error| Failure::failed(format!("cannot read {file}: {error}"));
        let lines = file.read().map_err(|error| unreadable(error.into()))?;
        for line in BufReader::new(lines.take(file.stamp().length)).lines() {
            let line = line.map_err(unreadable)?;
            shown += u64::from(show(&line, of_job, whole, unit)?);
        }
    }
    if shown == 0 {
        output::tell(&nothing(of_job));
    }
    Ok(code::DONE)
}

fn nothing(of_job: &OfJob) -> String {
    match &of_job.op {
        None => "no record is in quarantine".to_owned(),
        Some(operator) if operator == READING => {
            "no record is in quarantine because it could not be read".to_owned()
        }
        Some(operator) => format!("no record is in quarantine for {}", plain(operator)),
    }
}

/// A quarantine file, and what positions in its source count.
struct Located {
    file: StoredObject,
    unit: &'static str,
}

/// The quarantine files of the results in force, as far as the job has come, in dataset order; no other file in the folder
/// counts. No more than its length is read of each: what else may be in it by now is not ours.
fn files(layout: &Layout, schemes: &StoreSchemes) -> Result<Vec<Located>, Failure> {
    let state = Journal::read(layout)?;
    let stores = open_stores(layout, &state, schemes)?;
    let mut files = Vec::new();
    for planned in state.partitions() {
        let Some((_, result)) = state.farthest_result(planned.index) else {
            continue;
        };
        // Only columnar files have metadata.
        let unit = match planned.slice.metadata {
            Some(_) => "row",
            None => "byte",
        };
        files.extend(result.quarantine.iter().map(|file| Located {
            file: stores.object(file),
            unit,
        }));
    }
    Ok(files)
}

fn replay(args: &Replay, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let layout = args.base.find(&args.job, schemes)?;
    if let Some(path) = args.export.as_ref().filter(|path| path.exists()) {
        let path = plain(&path.display().to_string());
        let message = format!("--export: {path} is there already; remove it, or name another file");
        return Err(Failure::new(code::REFUSED, message));
    }
    let recipe = args.config.as_ref().map(|path| {
        coldpress::load_recipe(path, &Overrides::default())
            .map_err(|error| Failure::usage(chain(&error)))
    });
    let registry = coldpress::ops::builtin();
    let options = ReplayOptions {
        registry: &registry,
        schemes,
        asset_folders: crate::assets::folders(),
        recipe: recipe.transpose()?,
        export: args.export.as_deref(),
        folder_made: |folder| signals::remove_at_signal(folder),
    };
    signals::watch_for_removal()?;
    let replayed = replay_quarantine(&layout, &options)?;
    match args.json {
        true => output::print_json(&replayed)?,
        false => output::print(&render_replayed(&replayed))?,
    }
    Ok(code::DONE)
}

fn retry(args: &Retry, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let layout = args.base.find(&args.job, schemes)?;
    let lifted = lift_verdicts(&layout)?;
    match args.json {
        true => output::print_json(&lifted)?,
        false => output::print(&as_text(&lifted))?,
    }
    Ok(code::DONE)
}

fn as_text(lifted: &Lifted) -> String {
    let job = &lifted.job_id;
    if lifted.records.is_empty() {
        return format!(
            "no record of job {job} is in quarantine for killing worker processes: nothing is tried again\n"
        );
    }
    let records = counted(lifted.records.len() as u64, "record");
    let next = match lifted.resumption_command.as_str() {
        "" => String::new(),
        command => format!(": {command}"),
    };
    format!("the next run of job {job} tries {records} again{next}\n")
}

/// Shows a record, if it is one of those that are asked for, and returns whether it is.
fn show(line: &str, of_job: &OfJob, whole: bool, unit: &str) -> Result<bool, Failure> {
    let entry: QuarantineEntry = serde_json::from_str(line)
        .map_err(|error| Failure::failed(format!("the quarantine is damaged: {error}")))?;
    let operator = entry.operator.as_deref().unwrap_or(READING);
    if of_job.op.as_ref().is_some_and(|wanted| wanted != operator) {
        return Ok(false);
    }
    if whole {
        output::print(&format!("{line}\n"))?;
        return Ok(true);
    }
    output::print(&format!(
        "{}, {unit} {}  {}  {}\n",
        plain(&entry.path),
        entry.origin.position,
        plain(operator),
        first_line(&entry.error)
    ))?;
    Ok(true)
}
