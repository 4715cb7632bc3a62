//! The fields that come with signatures, so that people can tell which records were removed.

use coldpress_config::Recipe;

/// The fields that a recipe asks for: that of the record's id, then that of its source. [`Labels`] says which are there.
pub(crate) fn label_fields(recipe: &Recipe) -> Vec<String> {
    let export = &recipe.export;
    let lists = export.duplicates_path.as_ref();
    let id = lists.map(|_| &export.duplicates_id_key);
    let source = &export.duplicates_source_key;
    id.into_iter().chain(source).cloned().collect()
}

/// Which label of a signature is which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Labels {
    /// That of the record's id.
    pub(crate) id: Option<usize>,
    /// That of its source.
    pub(crate) source: Option<usize>,
}

impl Labels {
    /// The labels that a recipe asks for.
    pub(crate) fn of(recipe: &Recipe) -> Self {
        let has_id = recipe.export.duplicates_path.is_some();
        let source = recipe.export.duplicates_source_key.as_ref();
        Self {
            id: has_id.then_some(0),
            source: source.map(|_| usize::from(has_id)),
        }
    }
}
