//! `coldpress checkpoint migrate`: checkpoints in another format.

use std::collections::HashSet;
use std::path::PathBuf;

use clap::ValueEnum;
use coldpress::checkpoint::{
    Compression, Format, MigrateOptions, Migrated, MigrationOutcome, NameUse,
};
use coldpress::executor::forget_checkpoints;
use coldpress::job::{JobLock, LockOptions, Status};
use coldpress::report::quantity::{bytes, counted, plain};
use coldpress::report::{Align, Table};
use coldpress::storage::{ObjectKey, ObjectName, Place, StoreSchemes};
use serde_json::json;

use super::folder::{Folder, Job, cannot};
use crate::failure::{Failure, code};
use crate::output;

/// Write checkpoint files in another format, beside the originals
///
/// What is written is read back and compared. A job goes on using its original files: its journal cites none of the new
/// ones. A delta file names the files that it begins at as they were.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A job's folder, or a folder of checkpoint files
    dir: PathBuf,
    /// The format
    #[arg(long)]
    to: To,
    /// The compression; by default that of each file or its substitute in the format, and zstd for files without any
    #[arg(long, value_name = "CODEC")]
    compression: Option<Codec>,
    /// Write nothing; show what would be written, and how large it would be
    #[arg(long)]
    dry_run: bool,
    /// Remove the files that were migrated; refused while a job could still need them
    #[arg(long)]
    remove_originals: bool,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum To {
    Parquet,
    Arrow,
    Jsonl,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Codec {
    Snappy,
    Gzip,
    Zstd,
    Lz4,
    None,
    Auto,
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let folder = Folder::of(&args.dir, schemes)?;
    refuse(args, &folder)?;
    // As long as files are written, nobody may begin to drive the job.
    let lock = match (&folder.job, args.dry_run) {
        (Some(job), false) => Some(JobLock::acquire(&job.layout, &LockOptions::default())?),
        _ => None,
    };
    let migrated = migrate_all(args, &folder)?;
    drop(lock);
    let removed = match args.remove_originals && !args.dry_run {
        true => remove_originals(&folder, &migrated, schemes)?,
        false => Vec::new(),
    };
    let note = note(&folder, &migrated, args);
    if args.json {
        output::print_json(&json!({"files": migrated, "removed": removed, "note": note}))?;
    } else {
        output::print(&as_text(&migrated, &removed, &folder.shown))?;
        note.map(|note| output::print(&format!("{note}\n")))
            .transpose()?;
    }
    let failed = |file: &Migrated| matches!(file.outcome, MigrationOutcome::Failed { .. });
    Ok(if migrated.iter().any(failed) {
        code::PARTLY
    } else {
        code::DONE
    })
}

/// What must not be touched.
fn refuse(args: &Args, folder: &Folder) -> Result<(), Failure> {
    let refused = |message: String| Err(Failure::new(code::REFUSED, message));
    let Some(job) = &folder.job else {
        // Views of a job lie beside its checkpoints.
        let is_of_job = folder.store.list("checkpoint_");
        let is_of_job = is_of_job.map_err(|error| cannot(error.into()))?;
        if args.remove_originals && !is_of_job.is_empty() {
            let folder = &folder.shown;
            return refused(format!(
                "`{folder}` holds the checkpoints of a job that may need them; give the job's own folder"
            ));
        }
        return Ok(());
    };
    let id = job.layout.job_id();
    if job.is_running()? {
        return refused(format!("the job {id} is running; stop it first"));
    }
    if args.remove_originals && !is_finished(job) {
        return refused(format!(
            "the job {id} is not finished and may need its checkpoints; resume it first, or leave out --remove-originals"
        ));
    }
    Ok(())
}

fn is_finished(job: &Job) -> bool {
    let status = job.state.finished().map(|finish| finish.status);
    matches!(
        status,
        Some(Status::Completed | Status::CompletedWithFailures)
    )
}

fn migrate_all(args: &Args, folder: &Folder) -> Result<Vec<Migrated>, Failure> {
    let options = MigrateOptions {
        format: match args.to {
            To::Parquet => Format::Parquet,
            To::Arrow => Format::Arrow,
            To::Jsonl => Format::Jsonl,
        },
        compression: args.compression.map(|codec| match codec {
            Codec::Snappy => Compression::Snappy,
            Codec::Gzip => Compression::Gzip,
            Codec::Zstd => Compression::Zstd,
            Codec::Lz4 => Compression::Lz4,
            Codec::None => Compression::None,
            Codec::Auto => Compression::Auto,
        }),
        dry_run: args.dry_run,
    };
    let cited = folder.cited();
    let given_up = |name: &ObjectName| {
        let job = folder.job.as_ref();
        let key = ObjectKey::new(Place::Checkpoints, name.clone());
        job.is_some_and(|job| job.state.is_forgotten(&key))
    };
    let name_use = |name: &ObjectName| match cited.contains_key(name.as_str()) {
        true => NameUse::Cited,
        false if given_up(name) => NameUse::GivenUp,
        false => NameUse::Free,
    };
    let names = folder.objects()?;
    let migrate = |name: &ObjectName| {
        let expected = cited.get(name.as_str());
        coldpress::checkpoint::migrate(&*folder.store, name, expected, &options, &name_use)
    };
    let migrated = names.iter().map(migrate).collect::<Result<Vec<_>, _>>();
    let mut migrated = migrated.map_err(cannot)?;
    // What was cut off earlier is whole now.
    let written: HashSet<String> = migrated
        .iter()
        .filter_map(|file| file.copy().map(str::to_owned))
        .collect();
    let is_mended = |file: &Migrated| {
        let failed = matches!(file.outcome, MigrationOutcome::Failed { .. });
        failed && written.contains(&file.name)
    };
    migrated.retain(|file| !is_mended(file));
    Ok(migrated)
}

/// Removes the files that are there in the new format; a job's journal says first that nothing counts on them.
fn remove_originals(
    folder: &Folder,
    migrated: &[Migrated],
    schemes: &StoreSchemes,
) -> Result<Vec<String>, Failure> {
    let copied = migrated.iter().filter(|file| file.copy().is_some());
    let names: Vec<String> = copied.map(|file| file.name.clone()).collect();
    let mut left = names.clone();
    if let Some(job) = &folder.job {
        let forgotten = forget_checkpoints(&job.layout, &names, schemes)?;
        if let Some(failure) = forgotten.failures.first() {
            return Err(Failure::failed(failure.clone()));
        }
        left.retain(|name| forgotten.files.iter().all(|file| file.path != *name));
    }
    for name in left {
        let name = ObjectName::new(name);
        let deleted = name.and_then(|name| folder.store.delete(&name));
        deleted.map_err(|error| cannot(error.into()))?;
    }
    Ok(names)
}

fn note(folder: &Folder, migrated: &[Migrated], args: &Args) -> Option<String> {
    let job = folder.job.as_ref()?.layout.job_id();
    if args.dry_run || !migrated.iter().any(|file| file.copy().is_some()) {
        return None;
    }
    Some(match args.remove_originals {
        true => format!(
            "the job {job} counts on none of these files any more; what needs them runs again"
        ),
        false => {
            format!("the job {job} goes on using its original files; its journal cites no others")
        }
    })
}

fn as_text(migrated: &[Migrated], removed: &[String], folder: &str) -> String {
    if migrated.is_empty() {
        return format!("no checkpoints in {folder}\n");
    }
    let mut table = Table::new([
        ("FILE", Align::Left),
        ("SIZE", Align::Right),
        ("", Align::Left),
        ("NOW", Align::Right),
    ]);
    let (mut before, mut after) = (0, 0);
    for file in migrated {
        let (what, now) = match &file.outcome {
            MigrationOutcome::Written { bytes, .. } => ("written and compared", Some(*bytes)),
            MigrationOutcome::AlreadyThere { bytes, .. } => ("there already", Some(*bytes)),
            MigrationOutcome::Planned { bytes, .. } => ("would be written", Some(*bytes)),
            MigrationOutcome::SameFormat => ("has the format", None),
            MigrationOutcome::Failed { .. } => ("not migrated", None),
        };
        if let Some(now) = now {
            before += file.stored_bytes;
            after += now;
        }
        table.row([
            plain(&file.name),
            bytes(file.stored_bytes),
            what.to_owned(),
            now.map(bytes).unwrap_or_default(),
        ]);
    }
    let mut text = table.render();
    for file in migrated {
        if let MigrationOutcome::Failed { reason } = &file.outcome {
            text += &format!("{}: {}\n", plain(&file.name), plain(reason));
        }
    }
    if before > 0 {
        let planned = |file: &Migrated| matches!(file.outcome, MigrationOutcome::Planned { .. });
        let became = match migrated.iter().any(planned) {
            true => "would become",
            false => "became",
        };
        text += &format!("{} {became} {}", bytes(before), bytes(after));
        let share = 100.0 * (before as f64 - after as f64) / before as f64;
        text += &match share >= 0.0 {
            true => format!(", {share:.1} % smaller\n"),
            false => format!(", {:.1} % larger\n", -share),
        };
    }
    if !removed.is_empty() {
        let count = counted(removed.len() as u64, "original");
        text += &format!("{count} removed\n");
    }
    text
}
