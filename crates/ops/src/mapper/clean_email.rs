//! # What it does
//! Replaces e-mail addresses in the text, by default with nothing.
//!
//! The domain has to be in lower case: `X@Y.COM` stays.
//!
//! # Parameters
//! `pattern` and `repl`, see below. A pattern of your own is one of Python's `regex`, see [patterns](../patterns.md); a bad one is
//! refused when the recipe is read, and so is a bad `repl`.
//!
//! # Example
//! `write to kim@lab.dev!` becomes `write to !`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};

use super::substitution_error;
use crate::text::email::find_emails;
use crate::text::substitution::{Substitution, too_many_steps};

params! {
    /// Parameters of `clean_email_mapper`.
    pub(crate) struct CleanEmailParams {
        /// A regular expression for the text to replace, bare or as `r'...'`; by default one for common e-mail addresses.
        pattern: Option<String> = None;
        /// The replacement. `\1` and `\g<name>` refer to groups of the pattern, as in Python.
        repl: String = String::new();
    }
}

/// Returns the description of `clean_email_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "clean_email_mapper",
        "Replaces e-mail addresses in the text.",
        resolve,
    )
    .doc(&super::manual(include_str!("clean_email.rs")))
}

fn resolve(
    params: CleanEmailParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<CleanEmailMapper>, ParamError> {
    let substitution = match &params.pattern {
        None => Substitution::of_finder(find_emails, 1, &params.repl),
        Some(pattern) => {
            context.uses("pattern", coldpress_pattern::REVISION);
            Substitution::of_pattern(pattern, &params.repl)
        }
    };
    let mapper = CleanEmailMapper(substitution.map_err(substitution_error)?);
    Ok(Resolved::new(move || mapper.clone()))
}

#[derive(Clone)]
struct CleanEmailMapper(Substitution);

impl Mapper for CleanEmailMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let edits = changes.field(0);
        let replaced = |range, with: &str| edits.replace(range, with);
        let found = self.0.replace_all(record.text(0)?, replaced);
        found.map_err(too_many_steps)
    }
}
