//! `coldpress compare`: the operators of a recipe beside Data-Juicer's own.

use coldpress::executor::{Answer, OperatorComparison};
use coldpress::report::quantity::{counted, plain};
use coldpress::storage::StoreSchemes;

use crate::failure::{Failure, code};
use crate::output;
use crate::recipe::RecipeArgs;

/// Run each operator of a recipe here and in Data-Juicer's Python package, and show what differs
///
/// Both are given the same records, spread over the dataset, one by one; nothing is written. The exit code is 1 if any record
/// differs. The package must be installed: see `docs/python.md`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "coldpress compare --config <FILE> [--records <N>] [--json] [--any.recipe.key VALUE ...]"
)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) recipe: RecipeArgs,
    /// The most records that are compared
    #[arg(long, default_value_t = 200, value_name = "N")]
    records: usize,
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
        .compare(&resolved.sources, args.records)?;
    match args.json {
        true => output::print_json(&compared)?,
        false => output::print(&rendered(&compared))?,
    }
    let differs = compared.iter().any(|operator| operator.differing > 0);
    Ok(if differs { code::FAILED } else { code::DONE })
}

fn rendered(compared: &[OperatorComparison]) -> String {
    let width = compared.iter().map(|operator| operator.name.len()).max();
    let width = width.unwrap_or_default();
    let mut text = String::new();
    for operator in compared {
        let verdict = match &operator.skipped {
            Some(reason) => format!("not compared: {}", plain(reason)),
            None if operator.differing == 0 => {
                format!("{} the same", counted(operator.records, "record"))
            }
            None => format!(
                "{} of {} differ",
                operator.differing,
                counted(operator.records, "record")
            ),
        };
        text.push_str(&format!("{:width$}  {verdict}\n", operator.name));
        if let Some(example) = &operator.example {
            text.push_str(&format!("    record      {}\n", plain(&example.record)));
            text.push_str(&format!("    Coldpress   {}\n", answer(&example.here)));
            text.push_str(&format!("    Data-Juicer {}\n", answer(&example.there)));
        }
    }
    text
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
