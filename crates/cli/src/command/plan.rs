//! `coldpress plan`: what a run would do.

use coldpress::storage::StoreSchemes;

use crate::failure::{Failure, code};
use crate::output;
use crate::recipe::RecipeArgs;

/// Show what a run would do: partitions, stages, checkpoints, disk; nothing is written
#[derive(Debug, clap::Args)]
#[command(override_usage = "coldpress plan --config <FILE> [--json] [--any.recipe.key VALUE ...]")]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) recipe: RecipeArgs,
    /// Print the plan as JSON
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
    let plan = coldpress::report::plan(&executor)?;
    if args.json {
        output::print_json(&plan)?;
    } else {
        output::print(&plan.render())?;
    }
    Ok(code::DONE)
}
