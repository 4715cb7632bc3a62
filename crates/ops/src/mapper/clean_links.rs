//! # What it does
//! Replaces links in the text, by default with nothing.
//!
//! Anything like `key:value` counts as a link. A link right after a Chinese or Japanese character does not.
//!
//! # Parameters
//! `pattern` and `repl`, see below. A pattern of your own is one of Python's `regex`, see [patterns](../patterns.md); a bad one is
//! refused when the recipe is read, and so is a bad `repl`.
//!
//! # Example
//! `see https://example.com/a (or www.b.org).` becomes `see  (or ).`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};

use super::substitution_error;
use crate::text::links::find_links;
use crate::text::substitution::{Substitution, too_many_steps};

params! {
    /// Parameters of `clean_links_mapper`.
    pub(crate) struct CleanLinksParams {
        /// A regular expression for the text to replace, bare or as `r'...'`; by default one for common links.
        pattern: Option<String> = None;
        /// The replacement. `\1` and `\g<name>` refer to groups of the pattern, as in Python.
        repl: String = String::new();
    }
}

/// Returns the description of `clean_links_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper("clean_links_mapper", "Replaces links in the text.", resolve)
        .doc(&super::manual(include_str!("clean_links.rs")))
}

fn resolve(
    params: CleanLinksParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<CleanLinksMapper>, ParamError> {
    let substitution = match &params.pattern {
        None => Substitution::of_finder(find_links, 2, &params.repl),
        Some(pattern) => {
            context.uses("pattern", coldpress_pattern::REVISION);
            Substitution::of_pattern(pattern, &params.repl)
        }
    };
    let mapper = CleanLinksMapper(substitution.map_err(substitution_error)?);
    Ok(Resolved::new(move || mapper.clone()))
}

#[derive(Clone)]
struct CleanLinksMapper(Substitution);

impl Mapper for CleanLinksMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let edits = changes.field(0);
        let replaced = |range, with: &str| edits.replace(range, with);
        let found = self.0.replace_all(record.text(0)?, replaced);
        found.map_err(too_many_steps)
    }
}
