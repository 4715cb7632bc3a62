//! Mappers: operators that change fields.

use coldpress_operator::{OperatorSpec, ParamError};

use crate::manual::manual;
use crate::text::substitution::Refused;

mod clean_email;
mod clean_links;
mod fix_unicode;
mod punctuation_normalization;
mod whitespace_normalization;

/// All mappers.
pub(crate) fn specs() -> Vec<OperatorSpec> {
    vec![
        clean_email::spec(),
        clean_links::spec(),
        fix_unicode::spec(),
        punctuation_normalization::spec(),
        whitespace_normalization::spec(),
    ]
}

/// Says which parameter makes a substitution impossible.
fn substitution_error(refused: Refused) -> ParamError {
    match refused {
        Refused::Pattern(reason) => {
            ParamError::new("pattern", format_args!("cannot be used: {reason}"))
        }
        Refused::Template(reason) => {
            ParamError::new("repl", format_args!("cannot be used: {reason}"))
        }
    }
}
