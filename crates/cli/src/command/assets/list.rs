//! `coldpress assets list`.

use std::path::PathBuf;

use coldpress::assets::Need;
use coldpress::report::quantity::{bytes, plain};
use coldpress::report::{Align, Table};
use serde_json::json;

use super::Asked;
use crate::failure::{Failure, code};
use crate::output;
use crate::recipe::RecipeArgs;

/// Show what a recipe needs, where each file was looked for, and whether it is there
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "coldpress assets list --config <FILE> [--json] [--any.recipe.key VALUE ...]"
)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) recipe: RecipeArgs,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, schemes: &coldpress::storage::StoreSchemes) -> Result<u8, Failure> {
    let asked = Asked::of(&args.recipe, schemes)?;
    let is_unmet = asked.needs.iter().any(|(_, need)| need.is_unmet());
    if args.json {
        let assets: Vec<_> = asked.needs.iter().map(as_json).collect();
        output::print_json(&json!({"assets": assets, "notes": asked.notes}))?;
    } else {
        output::print(&as_text(&asked))?;
    }
    Ok(if is_unmet { code::FAILED } else { code::DONE })
}

fn as_json((operator, need): &(String, Need)) -> serde_json::Value {
    let found = need.found.as_ref();
    // As text: JSON cannot express a path that is not UTF-8.
    let shown = |path: &PathBuf| path.display().to_string();
    json!({
        "name": need.name,
        "operator": operator,
        "found": found.map(|asset| shown(&asset.path)),
        "digest": found.map(|asset| &asset.digest),
        "looked": need.looked.iter().map(shown).collect::<Vec<_>>(),
        "unreadable": need.unreadable,
        "optional": need.is_optional,
    })
}

fn as_text(asked: &Asked) -> String {
    let notes = asked.notes.iter();
    let notes = notes.map(|note| format!("Note: {}\n", plain(note)));
    let notes: String = notes.collect();
    if asked.needs.is_empty() {
        return format!("the recipe needs no assets\n{notes}");
    }
    let columns = ["ASSET", "OPERATOR", "SIZE", "WHERE"].map(|name| {
        (
            name,
            if name == "SIZE" {
                Align::Right
            } else {
                Align::Left
            },
        )
    });
    let mut table = Table::new(columns);
    let mut missing = Vec::new();
    for (operator, need) in &asked.needs {
        let (size, place) = match (&need.found, &need.unreadable) {
            (Some(asset), _) => {
                let size = std::fs::metadata(&asset.path).map(|metadata| metadata.len());
                (
                    size.map(bytes).unwrap_or_default(),
                    asset.path.display().to_string(),
                )
            }
            (None, Some(reason)) => (String::new(), reason.clone()),
            (None, None) => {
                missing.push(need);
                let place = match need.is_optional {
                    true => "missing; what is built in is used instead",
                    false => "missing",
                };
                (String::new(), place.to_owned())
            }
        };
        let (name, operator) = (plain(&need.name).to_string(), plain(operator).to_string());
        table.row([name.as_str(), &operator, &size, &plain(&place).to_string()]);
    }
    let mut text = table.render();
    for need in &missing {
        text.push_str(&format!("\nLooked for {} at\n", plain(&need.name)));
        for path in &need.looked {
            text.push_str(&format!("  {}\n", plain(&path.display().to_string())));
        }
    }
    if !missing.is_empty() {
        text.push_str(
            "\n`coldpress assets fetch` with the same flags downloads what is missing.\n",
        );
    }
    if !notes.is_empty() {
        text.push_str(&format!("\n{notes}"));
    }
    text
}
