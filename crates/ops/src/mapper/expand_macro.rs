//! # What it does
//! Replaces the macros of a LaTeX document with their values.
//!
//! It knows macros without arguments, defined by `\newcommand{\name}{value}` (also with a star) or `\def\name{value}`, whose
//! closing brace ends the line. Macros that a value uses are expanded, too. Definitions stay as they are, and so do macros that use
//! themselves. A document whose macros would expand to more than 16 times its length goes to quarantine.
//!
//! With `compat: data_juicer`, names are replaced in the definitions too (`\newcommand{\foo}{BAR}` becomes
//! `\newcommand{BAR}{BAR}`), macros at the end of the text or right after another macro are not expanded, definitions before a CRLF
//! or a blank are not seen, and a value is expanded only by macros that are defined later.
//!
//! # Parameters
//! None.
//!
//! # Example
//! `\def\x{Y}\na \x b` becomes `\def\x{Y}\na Y b`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text.

use coldpress_operator::{
    Changes, Mapper, NoParams, OperatorSpec, ParamError, Record, RecordError, ResolveContext,
    Resolved,
};

use crate::text::latex::expansion::{expand, expand_loosely};
use crate::text::passes::Passes;

/// Returns the description of `expand_macro_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "expand_macro_mapper",
        "Replaces the macros of a LaTeX document with their values.",
        resolve,
    )
    .doc(&super::manual(include_str!("expand_macro.rs")))
}

fn resolve(
    _: NoParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<ExpandMacroMapper>, ParamError> {
    let mapper = ExpandMacroMapper {
        loosely: context.compat().then(Passes::default),
    };
    Ok(Resolved::new(move || mapper.clone()))
}

#[derive(Clone)]
struct ExpandMacroMapper {
    /// If set, macros are expanded as in Data-Juicer.
    loosely: Option<Passes>,
}

impl Mapper for ExpandMacroMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let edits = changes.field(0);
        match &mut self.loosely {
            None => expand(text, |range, with| edits.replace(range, with)),
            Some(passes) => expand_loosely(text, passes).map(|()| {
                passes.report(|range, with| edits.replace(range, with));
            }),
        }
        .map_err(RecordError::new)
    }
}
