//! The recipe of a job, as it was given and as it was run.

use coldpress_job::Layout;
use coldpress_storage::read_small;
use serde::Serialize;

use super::limits::cut;

/// The recipe of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RecipeTexts {
    /// The recipe as it was given.
    pub given: Option<String>,
    /// The recipe with every key written out, as it is run.
    pub resolved: Option<String>,
}

const MAX_RECIPE_BYTES: u64 = 16 << 20;
const MAX_CHARS: usize = 200_000;

pub(super) fn texts(layout: &Layout, remarks: &mut Vec<String>) -> RecipeTexts {
    let mut text = |path: std::path::PathBuf| match read_small(&path, MAX_RECIPE_BYTES) {
        Ok(bytes) => Some(cut(&String::from_utf8_lossy(&bytes), MAX_CHARS)),
        Err(error) if error.is_not_found() => None,
        Err(error) => {
            remarks.push(format!("the recipe cannot be read: {error}"));
            None
        }
    };
    RecipeTexts {
        given: text(layout.recipe()),
        resolved: text(layout.resolved_recipe()),
    }
}
