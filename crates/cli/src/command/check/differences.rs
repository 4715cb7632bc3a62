//! What a recipe gives other than Data-Juicer would.

use std::path::Path;

use coldpress::config::Recipe;
use coldpress::ops::differences::{About, Difference, all};
use coldpress::report::quantity::counted;

/// Returns a line for each difference that can show in the recipe's results, and one that says what `compat` does about them.
pub(super) fn of(recipe: &Recipe) -> String {
    let concerned = all().filter_map(|difference| Some((difference, places(difference, recipe)?)));
    let mut concerned: Vec<_> = concerned.collect();
    // Keys of the recipe first, then in the order of the operators.
    concerned.sort_by_key(|(_, places)| places.first().and_then(|place| place.parse::<u32>().ok()));
    if concerned.is_empty() {
        return String::new();
    }
    let ways = counted(concerned.len() as u64, "way");
    let removed = concerned
        .iter()
        .filter(|(difference, _)| !difference.differs_with_compat())
        .count();
    let about = match (&recipe.compat, removed) {
        (Some(_), _) => "though `compat: data_juicer` is set".to_owned(),
        (None, 0) => "with `compat: data_juicer` too".to_owned(),
        (None, removed) => {
            let removed = match removed == concerned.len() {
                true => "all".to_owned(),
                false => removed.to_string(),
            };
            format!("`compat: data_juicer`, which is not set, removes {removed} of them")
        }
    };
    let head =
        format!("Data-Juicer does it otherwise in {ways}; {about}. See docs/compatibility.md\n");
    concerned.iter().fold(head, |text, (difference, places)| {
        text + &line(difference, places, recipe.compat.is_some())
    })
}

/// Returns the numbers of the operators where a difference can show, none of them if it is about a key of the recipe; `None` if it
/// cannot show at all.
fn places(difference: &Difference, recipe: &Recipe) -> Option<Vec<String>> {
    let is_compat = recipe.compat.is_some();
    match difference.about {
        About::Analyses => None,
        About::Key(key) => {
            let matters = has(recipe, key) && (!is_compat || difference.differs_with_compat());
            matters.then(|| vec![format!("`{key}`")])
        }
        About::Operators(_) | About::Filters => {
            let calls = recipe.process.iter().zip(1_u32..);
            let numbers: Vec<String> = calls
                .filter(|(call, _)| difference.concerns_call(call))
                // An operator may have the key for itself.
                .filter(|(call, _)| {
                    let is_compat = is_compat || call.param("compat").is_some();
                    !is_compat || difference.differs_with_compat()
                })
                .map(|(_, number)| number.to_string())
                .collect();
            (!numbers.is_empty()).then_some(numbers)
        }
    }
}

/// Returns whether a recipe does what a key is about. The key of each difference is named here, unless it always is in effect.
fn has(recipe: &Recipe, key: &str) -> bool {
    match key {
        "open_tracer" => recipe.trace.enabled,
        "op_list_to_trace" => recipe.trace.enabled && !recipe.trace.op_names.is_empty(),
        "duplicates_path" => recipe.export.duplicates_path.is_some(),
        "dataset.max_sample_num" => {
            let mut inputs = recipe.dataset.inputs.iter();
            recipe.dataset.max_sample_num.is_some() || inputs.any(|input| input.weight != 1.0)
        }
        "export_path" => Path::new(&recipe.export.path).extension().is_none(),
        _ => true,
    }
}

fn line(difference: &Difference, places: &[String], is_compat: bool) -> String {
    let places = places.join(", ");
    let Difference {
        what,
        data_juicer,
        here,
        with_compat,
        ..
    } = difference;
    let compat = match (is_compat, *with_compat) {
        (true, _) => String::new(),
        (false, told) => format!(" With `compat`: {told}."),
    };
    let here = match (is_compat, *with_compat) {
        (true, told) if told != "the same" => told,
        _ => here,
    };
    format!("     {places:>4}  {what}. Data-Juicer: {data_juicer}. Here: {here}.{compat}\n")
}
