//! Mappers: operators that change fields.

use coldpress_operator::{OperatorSpec, ParamError, ResolveContext};
use coldpress_pattern::Error;

use crate::manual::manual;
use crate::text::word_drop::Gaps;

mod agent_bad_case_signal;
mod agent_dialog_normalize;
mod agent_tool_type;
mod bad_case_facts;
mod bad_case_params;
mod bad_case_signals;
mod chinese_convert;
mod clean_copyright;
mod clean_email;
#[cfg(feature = "html")]
mod clean_html;
mod clean_ip;
mod clean_links;
mod command;
mod dialog;
mod dialog_content;
mod dialog_tags;
mod expand_macro;
mod extract_tables_from_html;
mod fix_unicode;
mod json_field;
mod latex_figure_context_extractor;
mod latex_merge_tex;
mod pii_redaction;
mod pii_walk;
mod punctuation_normalization;
mod python;
mod python_file;
mod python_lambda;
mod remove_bibliography;
mod remove_comments;
mod remove_header;
mod remove_long_words;
mod remove_non_chinese_character;
mod remove_repeat_sentences;
mod remove_specific_chars;
mod remove_table_text;
mod remove_words_with_incorrect_substrings;
mod replace_content;
mod sentence_split;
mod text_chunk;
mod tool_content;
mod tool_success_tagger;
mod usage_counter;
mod whitespace_normalization;

/// Returns the descriptions of all mappers.
pub(crate) fn specs() -> Vec<OperatorSpec> {
    vec![
        agent_bad_case_signal::spec(),
        agent_dialog_normalize::spec(),
        agent_tool_type::spec(),
        clean_copyright::spec(),
        clean_email::spec(),
        clean_ip::spec(),
        chinese_convert::spec(),
        #[cfg(feature = "html")]
        clean_html::spec(),
        clean_links::spec(),
        command::spec(),
        expand_macro::spec(),
        extract_tables_from_html::spec(),
        fix_unicode::spec(),
        latex_figure_context_extractor::spec(),
        latex_merge_tex::spec(),
        pii_redaction::spec(),
        punctuation_normalization::spec(),
        python::spec(),
        python_file::spec(),
        python_lambda::spec(),
        remove_bibliography::spec(),
        remove_comments::spec(),
        remove_header::spec(),
        remove_long_words::spec(),
        remove_non_chinese_character::spec(),
        remove_repeat_sentences::spec(),
        remove_specific_chars::spec(),
        remove_table_text::spec(),
        remove_words_with_incorrect_substrings::spec(),
        replace_content::spec(),
        sentence_split::spec(),
        text_chunk::spec(),
        tool_success_tagger::spec(),
        usage_counter::spec(),
        whitespace_normalization::spec(),
    ]
}

/// Says which parameter makes a substitution impossible.
fn substitution_error(error: Error) -> ParamError {
    let parameter = match error {
        Error::Template { .. } => "repl",
        _ => "pattern",
    };
    ParamError::new(parameter, format_args!("cannot be used: {error}"))
}

/// Returns what happens to the blanks around words that are dropped.
fn gaps(context: &mut ResolveContext<'_>) -> Gaps {
    match context.compat() {
        true => Gaps::Collapse,
        false => Gaps::Keep,
    }
}
