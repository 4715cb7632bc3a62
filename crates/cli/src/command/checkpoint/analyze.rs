//! `coldpress checkpoint analyze`: what checkpoints take, and what their form saves.

use std::path::PathBuf;

use coldpress::checkpoint::{Analysis, Share};
use coldpress::report::quantity::{bytes, counted, grouped, plain};
use coldpress::report::{Align, Table};
use coldpress::storage::StoreSchemes;

use super::folder::{Folder, cannot};
use crate::failure::{Failure, code};
use crate::output;

/// Partitions that are shown one by one; `--json` has all.
const SHOWN_PARTITIONS: usize = 10;

/// Show how much space checkpoint files take, by format, operator and partition
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A job's folder, or a folder of checkpoint files
    dir: PathBuf,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let folder = Folder::of(&args.dir, schemes)?;
    let analysis = coldpress::checkpoint::analyze(&*folder.store).map_err(cannot)?;
    if args.json {
        output::print_json(&analysis)?;
    } else {
        output::print(&as_text(&analysis, &folder.shown))?;
    }
    Ok(code::DONE)
}

fn as_text(analysis: &Analysis, folder: &str) -> String {
    let total = &analysis.total;
    if total.files == 0 && analysis.unreadable.is_empty() {
        return format!("no checkpoints in {folder}\n");
    }
    let mut text = format!(
        "{} with {} in {folder}\n\n",
        counted(total.files, "file"),
        counted(total.checkpoints, "checkpoint"),
    );
    let mut table = Table::new([
        ("", Align::Left),
        ("", Align::Left),
        ("FILES", Align::Right),
        ("ROWS", Align::Right),
        ("SIZE", Align::Right),
        ("PLAIN", Align::Right),
        ("SAVED", Align::Right),
        ("", Align::Right),
    ]);
    let mut section = |title: &str, shares: Vec<(String, &Share)>| {
        for (place, (name, share)) in shares.into_iter().enumerate() {
            let title = if place == 0 { title } else { "" };
            table.row([
                title.to_owned(),
                name,
                grouped(share.files),
                grouped(share.rows),
                bytes(share.stored_bytes),
                bytes(share.plain_bytes),
                saved(share),
                format!("{:.1} %", share.saved_percent),
            ]);
        }
    };
    let named = |shares: &'_ std::collections::BTreeMap<String, Share>| {
        let named = shares.iter().map(|(name, share)| (plain(name), *share));
        named.collect::<Vec<_>>()
    };
    for (title, shares) in [
        ("format", named(&analysis.formats)),
        ("kind", named(&analysis.kinds)),
        ("operator", named(&analysis.operators)),
        ("partition", largest(analysis)),
        ("total", vec![(String::new(), *total)]),
    ] {
        let shares = shares.iter();
        section(
            title,
            shares.map(|(name, share)| (name.clone(), share)).collect(),
        );
    }
    text += &table.render();
    let repeated = &analysis.repeated;
    if repeated.stored_bytes > 0 {
        text += &format!(
            "\nthere more than once: {} and {} in other files, {}\n",
            counted(repeated.files, "file"),
            counted(repeated.groups, "row group"),
            bytes(repeated.stored_bytes)
        );
    }
    for reason in analysis.unreadable.values() {
        text += &format!("\nnot counted: {}\n", plain(reason));
    }
    text
}

/// The partitions that take most, and how many more there are.
fn largest(analysis: &Analysis) -> Vec<(String, Share)> {
    let partitions = analysis.partitions.iter();
    let mut partitions: Vec<_> = partitions.map(|(index, share)| (*index, *share)).collect();
    // Stable: among equals the first partition comes first.
    partitions.sort_by_key(|(_, share)| std::cmp::Reverse(share.stored_bytes));
    let others = partitions.split_off(partitions.len().min(SHOWN_PARTITIONS));
    let mut shown: Vec<_> = partitions
        .into_iter()
        .map(|(index, share)| (index.to_string(), share))
        .collect();
    if !others.is_empty() {
        let shares = others.iter().map(|(_, share)| share);
        shown.push((format!("{} more", others.len()), Share::sum(shares)));
    }
    shown
}

fn saved(share: &Share) -> String {
    let sign = if share.saved_bytes < 0 { "-" } else { "" };
    format!("{sign}{}", bytes(share.saved_bytes.unsigned_abs()))
}
