//! Recipes as users write them.

// What is wrong is said with its place.
mod bad_recipes;
// The examples of the documentation load.
mod documented_recipes;
// Settings of the command line.
mod overrides;
// What can be had, and what is only accepted.
mod availability;
// Which of several spellings counts.
mod precedence;
// A resolved recipe is the same recipe.
mod resolved;
mod urls;
// Every key of Data-Juicer, with its default and another value.
mod data_juicer_keys;
// Every key of the table, with all kinds of values and with none.
mod every_key;

use coldpress_config::{Overrides, Recipe};

/// What every recipe needs.
const BASE: &str = "dataset_path: in.jsonl\nexport_path: out.jsonl\nprocess: [a_mapper]\n";

/// A recipe of the base and more, which begins on line 4.
#[track_caller]
fn load(more: &str) -> Recipe {
    load_with(more, &[])
}

/// The same with command-line arguments.
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

/// The message for a recipe of the base and more.
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
