//! Mappers: operators that change fields.

use coldpress_operator::{OperatorSpec, ParamError};

use crate::manual::manual;
use crate::text::substitution::Refused;

mod agent_bad_case_signal;
mod agent_dialog_normalize;
mod agent_tool_type;
mod bad_case_facts;
mod bad_case_signals;
mod clean_email;
mod clean_links;
mod dialog;
mod dialog_content;
mod dialog_tags;
mod fix_unicode;
mod json_field;
mod punctuation_normalization;
mod tool_content;
mod tool_success_tagger;
mod usage_counter;
mod whitespace_normalization;

/// All mappers.
pub(crate) fn specs() -> Vec<OperatorSpec> {
    vec![
        agent_bad_case_signal::spec(),
        agent_dialog_normalize::spec(),
        agent_tool_type::spec(),
        clean_email::spec(),
        clean_links::spec(),
        fix_unicode::spec(),
        punctuation_normalization::spec(),
        tool_success_tagger::spec(),
        usage_counter::spec(),
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
