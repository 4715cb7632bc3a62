//! `coldpress docetl migrate`: checkpoints as Parquet, or as JSON again.

use std::path::PathBuf;

use clap::ValueEnum;
use coldpress::docetl::{
    CheckpointName, Error, Format, MigrateOptions, Migration, Options, Outcome, Unreadable,
};
use coldpress::report::quantity::{bytes, counted, plain};
use coldpress::report::{Align, Table};
use serde::Serialize;
use serde_json::json;

use super::directory::{Directory, cannot, not_looked_at, obstacle};
use super::progress::Progress;
use crate::failure::{Failure, chain, code};
use crate::output;

/// Write the intermediate files of a DocETL pipeline in another format, beside the originals
///
/// Every file is read back and compared, record by record, before it takes its place. After a crash, run the same
/// command again to carry on: finished files are left as they are. DocETL itself reads JSON only, so migrate back with
/// `--to json` before a pipeline is resumed.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder that `intermediate_dir` names in the pipeline
    dir: PathBuf,
    /// The format
    #[arg(long, default_value = "parquet")]
    to: To,
    /// Write nothing, and show what would be written and how large it would be
    #[arg(long)]
    dry_run: bool,
    /// Remove each original as soon as its copy is on the disk
    #[arg(long)]
    remove_originals: bool,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum To {
    Parquet,
    Json,
}

/// A checkpoint, and what became of it.
struct Migrated {
    name: CheckpointName,
    result: Result<Migration, Error>,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let directory = Directory::open(&args.dir, Options::new())?;
    refuse(args, &directory)?;
    if !args.dry_run {
        directory.store.remove_remnants().map_err(cannot)?;
    }
    let progress = Progress::new(directory.names().len() as u64);
    let migrated = migrate_all(args, &directory, &progress);
    progress.end();
    let migrated = migrated?;
    if args.json {
        output::print_json(&as_json(&migrated, args, &directory.passed_over))?;
    } else {
        output::print(&as_text(&migrated, args, &directory))?;
    }
    let has_failed = |checkpoint: &Migrated| checkpoint.result.is_err();
    let is_in_part = migrated.iter().any(has_failed) || !directory.passed_over.is_empty();
    Ok(if is_in_part { code::PARTLY } else { code::DONE })
}

/// A folder that only looks like an intermediate directory keeps its files.
fn refuse(args: &Args, directory: &Directory) -> Result<(), Failure> {
    if !args.remove_originals || directory.has_config {
        return Ok(());
    }
    Err(Failure::new(
        code::REFUSED,
        format!(
            "`{}` has no `.docetl_intermediate_config.json`, so its files may not be DocETL's; leave out --remove-originals",
            directory.shown
        ),
    ))
}

fn migrate_all(
    args: &Args,
    directory: &Directory,
    progress: &Progress,
) -> Result<Vec<Migrated>, Failure> {
    let options = MigrateOptions::to(args.format())
        .dry_run(args.dry_run)
        .remove_original(args.remove_originals);
    let mut migrated = Vec::new();
    for name in directory.names() {
        let result = directory.store.migrate(&name, options);
        let result = match result {
            // It was removed since the directory was listed.
            Ok(None) => continue,
            Ok(Some(migration)) => Ok(migration),
            Err(error) => Err(go_on_after(error)?),
        };
        if let Ok(migration) = &result {
            log(&name, migration, directory, args, progress);
        }
        progress.next(&name.to_string());
        migrated.push(Migrated { name, result });
    }
    Ok(migrated)
}

/// A damaged file is passed over; a full disk ends the command, because every other file would meet it too.
fn go_on_after(error: Error) -> Result<Error, Failure> {
    match obstacle(&error) {
        Some(_) => Err(cannot(error)),
        None => Ok(error),
    }
}

/// The lines that DocETL writes when it loads and saves, with format and size.
fn log(
    name: &CheckpointName,
    migration: &Migration,
    directory: &Directory,
    args: &Args,
    progress: &Progress,
) {
    for warning in &migration.warnings {
        progress.tell(&format!("warning: {}", plain(warning)));
    }
    if migration.outcome != Outcome::Migrated {
        return;
    }
    let format = args.format();
    let other = if format == Format::Json {
        Format::Parquet
    } else {
        Format::Json
    };
    let what = |format: Format, size: u64| format!("({format}, {})", bytes(size));
    let path = directory.store.dir().join(name.path(format));
    progress.tell(&format!(
        "✓ Loaded checkpoint for {} from {} {}",
        plain(&name.to_string()),
        plain(&migration.original.display().to_string()),
        what(other, migration.original_bytes)
    ));
    progress.tell(&format!(
        "✓ Intermediate saved for {} at {} {}",
        plain(&name.to_string()),
        plain(&path.display().to_string()),
        what(format, migration.bytes)
    ));
}

impl Args {
    fn format(&self) -> Format {
        match self.to {
            To::Parquet => Format::Parquet,
            To::Json => Format::Json,
        }
    }
}

impl Migrated {
    /// The path of its files within the directory, without an ending.
    fn path(&self) -> String {
        let path = self.name.path(Format::Json).with_extension("");
        plain(&path.display().to_string())
    }

    /// Returns the migration of a checkpoint that was converted, or would be.
    fn converted(&self) -> Option<&Migration> {
        let migration = self.result.as_ref().ok()?;
        (migration.outcome != Outcome::AlreadyThere).then_some(migration)
    }

    fn is_removed(&self) -> bool {
        self.result
            .as_ref()
            .is_ok_and(|migration| migration.is_original_removed)
    }
}

fn as_text(migrated: &[Migrated], args: &Args, directory: &Directory) -> String {
    let not_looked_at = not_looked_at(&directory.passed_over);
    if migrated.is_empty() {
        return format!("no checkpoints in {}\n", directory.shown) + &not_looked_at;
    }
    let mut table = Table::new([
        ("CHECKPOINT", Align::Left),
        ("RECORDS", Align::Right),
        ("SIZE", Align::Right),
        ("", Align::Left),
        ("NOW", Align::Right),
    ]);
    for checkpoint in migrated {
        let (records, size, what, now) = match &checkpoint.result {
            Ok(migration) => {
                let what = match migration.outcome {
                    Outcome::Migrated => "written and compared",
                    Outcome::WouldMigrate => "would be written",
                    Outcome::AlreadyThere => "there already",
                };
                let records = coldpress::report::quantity::grouped(migration.rows);
                (
                    records,
                    bytes(migration.original_bytes),
                    what,
                    bytes(migration.bytes),
                )
            }
            Err(_) => (String::new(), String::new(), "not migrated", String::new()),
        };
        table.row([checkpoint.path(), records, size, what.to_owned(), now]);
    }
    let mut text = table.render();
    for checkpoint in migrated {
        if let Err(error) = &checkpoint.result {
            text += &format!("\nnot migrated: {}\n", plain(&chain(error)));
        }
    }
    text += &not_looked_at;
    text += &summary(migrated, args);
    text
}

fn summary(migrated: &[Migrated], args: &Args) -> String {
    let (before, after) = sizes(migrated);
    let mut text = String::new();
    if before > 0 {
        let verb = if args.dry_run {
            "would become"
        } else {
            "became"
        };
        let change = change(before as f64, after as f64);
        text += &format!("\n{} {verb} {} ({change})\n", bytes(before), bytes(after));
    }
    let removed = migrated
        .iter()
        .filter(|checkpoint| checkpoint.is_removed())
        .count() as u64;
    if removed > 0 {
        text += &format!("{} removed\n", counted(removed, "original"));
    } else if before > 0 && !args.dry_run {
        text += "the originals stay; --remove-originals removes them\n";
    }
    text
}

/// Describes by how much a size shrank or grew.
fn change(before: f64, after: f64) -> String {
    match after / before {
        share if share <= 1.0 => format!("{:.1}% less", (1.0 - share) * 100.0),
        share if share < 2.0 => format!("{:.1}% more", (share - 1.0) * 100.0),
        share => format!("{share:.1} times as much"),
    }
}

/// Returns the bytes that the converted originals took, and the bytes that they take now.
fn sizes(migrated: &[Migrated]) -> (u64, u64) {
    let converted = migrated.iter().filter_map(Migrated::converted);
    converted.fold((0, 0), |(before, after), migration| {
        (before + migration.original_bytes, after + migration.bytes)
    })
}

/// A checkpoint as JSON.
#[derive(Serialize)]
struct Row {
    checkpoint: String,
    outcome: &'static str,
    #[serde(flatten)]
    done: Option<Done>,
    reason: Option<String>,
}

#[derive(Serialize)]
struct Done {
    /// As text: JSON cannot express a path that is not UTF-8.
    original: String,
    original_bytes: u64,
    bytes: u64,
    records: u64,
    original_removed: bool,
    warnings: Vec<String>,
}

fn as_json(migrated: &[Migrated], args: &Args, not_looked_at: &[Unreadable]) -> serde_json::Value {
    let (before, after) = sizes(migrated);
    let rows: Vec<Row> = migrated.iter().map(row).collect();
    json!({
        "to": args.format().extension(),
        "dry_run": args.dry_run,
        "checkpoints": rows,
        "not_looked_at": not_looked_at,
        "before_bytes": before,
        "after_bytes": after,
    })
}

fn row(migrated: &Migrated) -> Row {
    let checkpoint = migrated.path();
    match &migrated.result {
        Ok(migration) => Row {
            checkpoint,
            outcome: match migration.outcome {
                Outcome::Migrated => "migrated",
                Outcome::WouldMigrate => "would_migrate",
                Outcome::AlreadyThere => "already_there",
            },
            done: Some(Done {
                original: migration.original.display().to_string(),
                original_bytes: migration.original_bytes,
                bytes: migration.bytes,
                records: migration.rows,
                original_removed: migration.is_original_removed,
                warnings: migration.warnings.clone(),
            }),
            reason: None,
        },
        Err(error) => Row {
            checkpoint,
            outcome: "failed",
            done: None,
            reason: Some(chain(error)),
        },
    }
}
