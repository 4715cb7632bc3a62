//! `coldpress docetl analyze`: what checkpoints take as JSON, and what they take as Parquet.

use std::num::NonZeroU64;
use std::path::PathBuf;

use coldpress::docetl::{Analysis, AnalyzeOptions, Analyzed, Options, Share};
use coldpress::report::quantity::{bytes, counted, grouped, plain};
use coldpress::report::{Align, Table};

use super::directory::{Directory, cannot, not_looked_at};
use super::progress::Progress;
use crate::failure::{Failure, code};
use crate::output;

/// Operations that are shown one by one, those that take most; `--json` has all.
const SHOWN: usize = 20;
/// The longest name of an operation that fits into a line of 80 columns with its numbers.
const NAME_WIDTH: usize = 28;
const LINE: &str = "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━";

/// Show how much space the intermediate files of a DocETL pipeline take as JSON and as Parquet
///
/// A checkpoint that exists in one format only is converted in memory, so that its size in the other one is measured, not
/// guessed. Nothing is written.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder that `intermediate_dir` names in the pipeline
    dir: PathBuf,
    /// Convert only the first N records of each checkpoint, and estimate the rest; equal checkpoints are not found then
    #[arg(long, value_name = "N")]
    sample: Option<NonZeroU64>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let directory = Directory::open(&args.dir, Options::new())?;
    let options = match args.sample {
        Some(records) => AnalyzeOptions::new().sample(records.get()),
        None => AnalyzeOptions::new(),
    };
    let progress = Progress::new(directory.names().len() as u64);
    let told = |checkpoint: &Analyzed| progress.next(&checkpoint.path());
    let analysis = directory.store.analyze(&options, told);
    progress.end();
    let analysis = analysis.map_err(cannot)?;
    if args.json {
        output::print_json(&analysis)?;
    } else {
        output::print(&as_text(&analysis, &directory.shown))?;
    }
    Ok(
        match analysis.unreadable.is_empty() && analysis.not_looked_at.is_empty() {
            true => code::DONE,
            false => code::PARTLY,
        },
    )
}

fn as_text(analysis: &Analysis, directory: &str) -> String {
    if analysis.total.checkpoints == 0 && analysis.unreadable.is_empty() {
        return format!("no checkpoints in {directory}\n")
            + &not_looked_at(&analysis.not_looked_at);
    }
    let count = counted(analysis.total.checkpoints, "checkpoint");
    let mut text = format!("{count} in {directory}\n\n");
    text += &formats(analysis);
    if analysis.total.checkpoints > 0 {
        text += "\n";
        text += &shares(analysis);
        text += &summary(analysis);
    }
    text += &notes(analysis);
    text
}

fn formats(analysis: &Analysis) -> String {
    let mut table = Table::new([
        ("FORMAT", Align::Left),
        ("FILES", Align::Right),
        ("SIZE", Align::Right),
    ]);
    for (format, taken) in &analysis.formats {
        let name = if *format == "json" { "JSON" } else { "Parquet" };
        table.row([name.to_owned(), grouped(taken.files), bytes(taken.bytes)]);
    }
    table.render()
}

/// Lists the bytes that each step, operation and batch takes.
fn shares(analysis: &Analysis) -> String {
    let mut table = Table::new([
        ("", Align::Left),
        ("", Align::Left),
        ("RECORDS", Align::Right),
        ("JSON", Align::Right),
        ("PARQUET", Align::Right),
        ("SAVED", Align::Right),
    ]);
    let mut section = |title: &str, rows: Vec<(String, Share)>| {
        for (place, (name, share)) in rows.into_iter().enumerate() {
            table.row([
                if place == 0 {
                    title.to_owned()
                } else {
                    String::new()
                },
                shortened(&name),
                grouped(share.records),
                bytes(share.json_bytes),
                bytes(share.parquet_bytes),
                format!("{:.1} %", share.saved_percent),
            ]);
        }
    };
    let named = |shares: &std::collections::BTreeMap<String, Share>| {
        let named = shares.iter().map(|(name, share)| (name.clone(), *share));
        named.collect::<Vec<_>>()
    };
    section("step", named(&analysis.steps));
    section("operation", operations(analysis));
    section("batches of", named(&analysis.batches));
    section("total", vec![(String::new(), analysis.total)]);
    table.render()
}

/// The operations that take most, and how many more there are.
fn operations(analysis: &Analysis) -> Vec<(String, Share)> {
    let is_operation = |checkpoint: &&Analyzed| checkpoint.batch.is_none();
    let mut operations: Vec<_> = analysis.checkpoints.iter().filter(is_operation).collect();
    if operations.len() > SHOWN {
        // Stable: among equals the first by name comes first.
        operations.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.share.stored_bytes));
    }
    let others = operations.split_off(operations.len().min(SHOWN));
    let shown = operations
        .iter()
        .map(|checkpoint| (checkpoint.path(), checkpoint.share));
    let mut shown: Vec<_> = shown.collect();
    if !others.is_empty() {
        let sum = Share::sum(others.iter().map(|checkpoint| &checkpoint.share));
        shown.push((format!("{} more", others.len()), sum));
    }
    shown
}

/// A name that leaves room for the numbers beside it: its end tells more than its beginning.
fn shortened(name: &str) -> String {
    let name = plain(name);
    let letters = name.chars().count();
    match letters > NAME_WIDTH {
        true => format!(
            "…{}",
            name.chars()
                .skip(letters - NAME_WIDTH + 1)
                .collect::<String>()
        ),
        false => name,
    }
}

/// The sums, as the document about PyArrow storage shows them.
fn summary(analysis: &Analysis) -> String {
    let Share {
        json_bytes,
        parquet_bytes,
        saved_bytes,
        saved_percent,
        ..
    } = analysis.total;
    format!(
        "\nStorage Summary\n{LINE}\n\
         Total JSON size: {}\nTotal Parquet size: {}\nTotal savings: {} ({saved_percent:.1}%)\n",
        bytes(json_bytes),
        bytes(parquet_bytes),
        signed(saved_bytes)
    )
}

fn notes(analysis: &Analysis) -> String {
    let mut text = String::new();
    let count = |is: fn(&Analyzed) -> bool| {
        analysis.checkpoints.iter().filter(|one| is(one)).count() as u64
    };
    let how = match analysis.sample_records {
        None => "by converting them in memory".to_owned(),
        Some(records) => format!(
            "by converting the first {} of each",
            counted(records, "record")
        ),
    };
    for (there_is, format) in [
        (count(|checkpoint| !checkpoint.has_parquet), "Parquet"),
        (count(|checkpoint| !checkpoint.has_json), "JSON"),
    ] {
        if there_is > 0 {
            let checkpoints = counted(there_is, "checkpoint");
            text +=
                &format!("\n{checkpoints} without a {format} file: the size was measured {how}\n");
        }
    }
    let stored = analysis.total.stored_bytes;
    if let Ok(gained) = u64::try_from(analysis.freed_bytes)
        && gained > 0
    {
        // In a sample, checkpoints are not found whose JSON is kept because the Parquet holds other records.
        let about = if analysis.sample_records.is_some() {
            "up to "
        } else {
            ""
        };
        text += &format!(
            "\n`coldpress docetl migrate --remove-originals` would free {about}{} ({:.1}%) of what is on the disk\n",
            bytes(gained),
            gained as f64 / stored as f64 * 100.0
        );
    }
    for repeated in &analysis.repeated {
        let names: Vec<String> = repeated
            .checkpoints
            .iter()
            .map(|name| plain(name))
            .collect();
        text += &format!(
            "\nthe same records, {} more than once: {}\n",
            bytes(repeated.bytes),
            names.join(", ")
        );
    }
    for checkpoint in &analysis.checkpoints {
        for warning in checkpoint.warnings.iter().chain(&checkpoint.formats_differ) {
            text += &format!("\nwarning: {}\n", plain(warning));
        }
    }
    for file in &analysis.unreadable {
        text += &format!("\nnot counted: {}\n", plain(&file.reason));
    }
    text + &not_looked_at(&analysis.not_looked_at)
}

fn signed(count: i64) -> String {
    let sign = if count < 0 { "-" } else { "" };
    format!("{sign}{}", bytes(count.unsigned_abs()))
}
