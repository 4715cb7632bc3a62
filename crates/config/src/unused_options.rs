//! Warnings about options of stores that no URL uses, such as those of a misspelled bucket.

use crate::given::Given;
use crate::location::Location;
use crate::node::{Node, Value};
use crate::recipe::Recipe;
use crate::suggest;

/// Warns about each prefix in `storage_options` that no URL of the recipe has. A prefix below a URL of the recipe may be used, since
/// files in a folder are not named.
pub(crate) fn check(recipe: &Recipe, given: &mut Given) {
    let urls = urls_of(recipe);
    let (key, place) = given.place("storage_options");
    let options = recipe.remote.options.iter();
    let mut prefixes: Vec<&str> = options.map(|(prefix, _, _)| prefix).collect();
    prefixes.dedup();
    for prefix in prefixes.into_iter().filter(|prefix| !prefix.is_empty()) {
        let place_of = below_scheme(prefix);
        let mut others = urls.iter().map(|url| below_scheme(url));
        if others.any(|url| is_below(url, place_of) || is_below(place_of, url)) {
            continue;
        }
        let near = suggest::nearest(prefix, urls.iter().map(|url| beginning(url, prefix)));
        let hint = near.map(|near| format!("; did you mean `{near}`?"));
        let message = format!(
            "`{key}`: the options for `{prefix}` are not used, because no URL here starts with it{}",
            hint.unwrap_or_default()
        );
        given.warn(&place, message, None);
    }
}

/// Returns the URLs in a recipe, including those in the parameters of its operators.
fn urls_of(recipe: &Recipe) -> Vec<&str> {
    let (paths, export) = (&recipe.paths, &recipe.export);
    let inputs = recipe
        .dataset
        .inputs
        .iter()
        .map(|input| input.path.as_str());
    let places = [
        Some(&paths.work_dir),
        paths.event_log_dir.as_ref(),
        paths.checkpoint_dir.as_ref(),
        paths.partition_dir.as_ref(),
        Some(&export.path),
        export.dropped_dir.as_ref(),
        export.duplicates_path.as_ref(),
    ];
    let places = places.into_iter().flatten().map(String::as_str);
    let mut texts: Vec<&str> = inputs.chain(places).collect();
    let parameters = recipe.process.iter().flat_map(|call| &call.params);
    parameters.for_each(|(_, node)| add_texts(node, &mut texts));
    texts.retain(|text| Location::of(text).url().is_some());
    texts
}

fn add_texts<'n>(node: &'n Node, texts: &mut Vec<&'n str>) {
    match &node.value {
        Value::Null => {}
        Value::Scalar { text, .. } => texts.push(text),
        Value::List(items) => items.iter().for_each(|item| add_texts(item, texts)),
        Value::Map(entries) => entries.iter().for_each(|(_, node)| add_texts(node, texts)),
    }
}

/// Returns the URL without its scheme, since several schemes name the same store.
fn below_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, place)| place)
}

fn is_below(url: &str, above: &str) -> bool {
    let above = above.trim_end_matches('/');
    url.strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns as many parts of a URL as the other text has.
fn beginning<'u>(url: &'u str, other: &str) -> &'u str {
    let parts = other.trim_end_matches('/').matches('/').count() + 1;
    let end = url.match_indices('/').nth(parts - 1);
    end.map_or(url, |(end, _)| &url[..end])
}
