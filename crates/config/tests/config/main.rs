//! Recipes as users write them.

// Errors have a place.
mod bad_recipes;
// The examples in the documentation load.
mod documented_recipes;
// Settings on the command line.
mod overrides;
// Settings that are available, and settings that are only accepted.
mod availability;
// Precedence among several spellings.
mod precedence;
// A resolved recipe is the same recipe.
mod resolved;
mod urls;
// Every key of Data-Juicer, with its default and another value.
mod data_juicer_keys;
// Every key of the table, with all kinds of values and with none.
mod every_key;

use coldpress_config::{Overrides, Recipe};

/// The keys that every recipe needs.
const BASE: &str = "dataset_path: in.jsonl\nexport_path: out.jsonl\nprocess: [a_mapper]\n";

/// Loads a recipe of the base and `more`, which begins on line 4.
#[track_caller]
fn load(more: &str) -> Recipe {
    load_with(more, &[])
}

/// Does the same with command-line arguments.
#[track_caller]
fn load_with(more: &str, args: &[&str]) -> Recipe {
    let recipe = Recipe::parse(&format!("{BASE}{more}"), "r.yaml", &overrides(args));
    match recipe {
        Ok(recipe) => recipe,
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn overrides(args: &[&str]) -> Overrides {
    let args: Vec<String> = args.iter().map(ToString::to_string).collect();
    match Overrides::from_args(&args) {
        Ok(overrides) => overrides,
        Err(error) => panic!("{error}"),
    }
}

/// Returns the message for a recipe of the base and `more`.
#[track_caller]
fn error(more: &str) -> String {
    match Recipe::parse(&format!("{BASE}{more}"), "r.yaml", &Overrides::default()) {
        Ok(_) => panic!("accepted: {more}"),
        Err(error) => error.to_string(),
    }
}

fn warnings(recipe: &Recipe) -> Vec<String> {
    recipe.warnings.iter().map(ToString::to_string).collect()
}
