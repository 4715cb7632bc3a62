//! `coldpress compare`: the operators of a recipe beside Data-Juicer's own.

use std::num::NonZeroUsize;

use coldpress::executor::{Answer, OperatorComparison};
use coldpress::report::quantity::{counted, plain};
use coldpress::storage::StoreSchemes;

use crate::failure::{Failure, code};
use crate::output;
use crate::recipe::RecipeArgs;

/// Run each operator of a recipe natively and in Data-Juicer's Python package, and show what differs
///
/// Both are given the same records, spread over the dataset, one by one; nothing is written. The exit code is 1 if any record
/// differs, or if an operator cannot be run. The package must be installed: see `docs/python.md`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "coldpress compare --config <FILE> [--records <N>] [--json] [--any.recipe.key VALUE ...]",
    mut_arg("job_id", |of_job| of_job.hide(true)),
    mut_arg("resume", |of_job| of_job.hide(true))
)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) recipe: RecipeArgs,
    /// The maximum number of records to compare
    #[arg(long, default_value = "200", value_name = "N")]
    records: NonZeroUsize,
    /// Print the comparison as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let recipe = args.recipe.load()?;
    let source_text = recipe.source_text().to_owned();
    let executor = args
        .recipe
        .executor(recipe)
        .schemes(schemes.clone())
        .build();
    let executor = executor.map_err(|error| args.recipe.failure(error, &source_text))?;
    let resolved = executor.dataset()?;
    let compared = executor
        .prepared()
        .compare(&resolved.sources, args.records.get())
        .map_err(|error| args.recipe.failure(error, &source_text))?;
    match args.json {
        true => output::print_json(&compared)?,
        false => output::print(&rendered(&compared))?,
    }
    let differs = compared
        .iter()
        .any(|operator| operator.differing > 0 || operator.failed.is_some());
    Ok(if differs { code::FAILED } else { code::DONE })
}

fn rendered(compared: &[OperatorComparison]) -> String {
    let width = compared.iter().map(|operator| operator.name.len()).max();
    let width = width.unwrap_or_default();
    let mut text = String::new();
    for operator in compared {
        let verdict = verdict(operator);
        text.push_str(&format!("{:width$}  {verdict}\n", operator.name));
        if let Some(example) = &operator.example {
            text.push_str(&format!("    record      {}\n", plain(&example.record)));
            text.push_str(&format!("    Coldpress   {}\n", answer(&example.here)));
            text.push_str(&format!("    Data-Juicer {}\n", answer(&example.there)));
        }
    }
    text
}

fn verdict(operator: &OperatorComparison) -> String {
    if let Some(reason) = &operator.failed {
        return format!("cannot run: {}", plain(reason));
    }
    if let Some(reason) = &operator.skipped {
        return format!("not compared: {}", plain(reason));
    }
    let failed = match operator.failed_in_both {
        0 => String::new(),
        failed => format!(", {failed} failed in both"),
    };
    let same = operator.records - operator.failed_in_both;
    match operator.differing {
        0 => format!("{} the same{failed}", counted(same, "record")),
        differing => format!(
            "{differing} of {} differ{failed}",
            counted(operator.records, "record")
        ),
    }
}

fn answer(answer: &Answer) -> String {
    if let Some(error) = &answer.error {
        return format!("failed: {}", plain(error));
    }
    let records: Vec<String> = answer.records.iter().map(ToString::to_string).collect();
    let records = match records.is_empty() {
        true => "dropped".to_owned(),
        false => plain(&records.join(" ")),
    };
    let stats = answer.stats.iter();
    let stats: Vec<String> = stats
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    match stats.is_empty() {
        true => records,
        false => format!("{records}  ({})", plain(&stats.join(", "))),
    }
}
