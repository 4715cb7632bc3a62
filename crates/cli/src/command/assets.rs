//! `coldpress assets`: the models and word lists that a recipe needs.

mod fetch;
mod list;
mod verify;

use std::path::PathBuf;

use clap::Subcommand;
use coldpress::assets::{AssetFolders, Need, Needs};
use coldpress::storage::StoreSchemes;

use crate::failure::Failure;
use crate::recipe::RecipeArgs;

/// Show, fetch and check the models and word lists that a recipe needs
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Args),
    Fetch(fetch::Args),
    Verify(verify::Args),
}

impl Args {
    pub(super) fn recipe_mut(&mut self) -> &mut RecipeArgs {
        match &mut self.command {
            Command::List(args) => &mut args.recipe,
            Command::Fetch(args) => &mut args.recipe,
            Command::Verify(args) => &mut args.recipe,
        }
    }
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    match &args.command {
        Command::List(args) => list::run(args, schemes),
        Command::Fetch(args) => fetch::run(args, schemes),
        Command::Verify(args) => verify::run(args, schemes),
    }
}

/// What a recipe needs, and who of its operators.
struct Asked {
    folders: AssetFolders,
    needs: Vec<(String, Need)>,
    /// The built-in data that is used where there is no file, a sentence each.
    notes: Vec<String>,
}

impl Asked {
    fn of(recipe: &RecipeArgs, schemes: &StoreSchemes) -> Result<Self, Failure> {
        let loaded = recipe.load()?;
        let source_text = loaded.source_text().to_owned();
        let folders = crate::assets::folders();
        let folders = match &loaded.paths.assets_dir {
            Some(place) => folders.in_place(place),
            None => folders,
        };
        let needs = Needs::of(folders.clone());
        let registry = coldpress::ops::builtin().with_assets(needs.clone());
        let executor = recipe
            .executor(loaded)
            .registry(registry)
            .schemes(schemes.clone())
            .build();
        let executor = executor.map_err(|error| recipe.failure(error, &source_text))?;
        let pipeline = &executor.prepared().pipeline;
        let operators = pipeline.operators();
        let asked = needs.asked().into_iter().map(|need| {
            let asks = |name: &str| {
                let mut operators = operators.iter();
                operators.find(|operator| {
                    operator.assets().iter().any(|asset| asset.name == name)
                        || operator
                            .stand_ins()
                            .iter()
                            .any(|stand_in| stand_in.wanted == name)
                })
            };
            let operator = asks(&need.name).map(|operator| operator.name().to_owned());
            (operator.unwrap_or_default(), need)
        });
        Ok(Self {
            needs: asked.collect(),
            notes: pipeline.stand_ins().collect(),
            folders,
        })
    }

    /// Where files are fetched to: the first folder.
    fn folder(&self) -> Result<PathBuf, Failure> {
        let first = self.folders.places().first().cloned();
        first.ok_or_else(|| Failure::usage("there is no folder for assets; set `assets_dir`"))
    }
}
