//! # What it does
//! Replaces the matches of patterns in the text.
//!
//! The patterns are applied one after the other, each to the result of the ones before.
//!
//! # Parameters
//! `pattern` and `repl`, see below. Patterns are those of Python's `regex`, with a dot that also matches line ends, see
//! [patterns](../patterns.md). A bad one is refused when the recipe is read, and so are a bad `repl` and a list of fewer
//! replacements than patterns.
//!
//! # Example
//! With `pattern: '\d+'` and `repl: '<N>'`, `in 1990 and 7` becomes `in <N> and <N>`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use coldpress_operator::{
    Changes, Mapper, Node, OperatorSpec, ParamError, ParamValue, Record, RecordError,
    ResolveContext, Resolved, params,
};

use super::substitution_error;
use crate::text::passes::Passes;
use crate::text::substitution::{Substitution, too_many_steps};

params! {
    /// Parameters of `replace_content_mapper`.
    pub(crate) struct ReplaceContentParams {
        /// A regular expression for the text to replace, or a list of them, each bare or as `r'...'`; null for none.
        pattern: Option<Vec<String>> = None;
        /// The replacement: one text for all patterns, or a list with one for each. `\1` and `\g<name>` refer to groups of the
        /// pattern, as in Python.
        repl: Replacements = Replacements::One(String::new());
    }
}

/// One replacement for all patterns, or one for each.
#[derive(Clone, Debug)]
pub(crate) enum Replacements {
    One(String),
    Each(Vec<String>),
}

impl ParamValue for Replacements {
    const KIND: &'static str = "text or a list of texts";

    fn parse(node: &Node) -> Option<Self> {
        match node.as_list() {
            Some(_) => Vec::parse(node).map(Self::Each),
            None => String::parse(node).map(Self::One),
        }
    }

    fn to_json(&self) -> serde_json::Value {
        match self {
            Self::One(text) => text.to_json(),
            Self::Each(texts) => texts.to_json(),
        }
    }
}

impl Replacements {
    fn of(&self, pattern: usize) -> Option<&str> {
        match self {
            Self::One(text) => Some(text),
            Self::Each(texts) => texts.get(pattern).map(String::as_str),
        }
    }
}

/// Returns the description of `replace_content_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "replace_content_mapper",
        "Replaces the matches of patterns in the text.",
        resolve,
    )
    .doc(&super::manual(include_str!("replace_content.rs")))
}

fn resolve(
    params: ReplaceContentParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<ReplaceContentMapper>, ParamError> {
    let patterns = params.pattern.unwrap_or_default();
    if !patterns.is_empty() {
        context.uses("pattern", coldpress_pattern::REVISION);
    }
    let mut substitutions = Vec::with_capacity(patterns.len());
    for (number, pattern) in patterns.iter().enumerate() {
        let template = params.repl.of(number).ok_or_else(|| {
            let count = patterns.len();
            ParamError::new(
                "repl",
                format_args!("has {number} texts for {count} patterns; give one for each, or one text for all"),
            )
        })?;
        substitutions
            .push(Substitution::of_pattern(pattern, template).map_err(substitution_error)?);
    }
    let mapper = ReplaceContentMapper {
        substitutions,
        passes: Passes::default(),
    };
    Ok(Resolved::new(move || mapper.clone()))
}

#[derive(Clone)]
struct ReplaceContentMapper {
    substitutions: Vec<Substitution>,
    passes: Passes,
}

impl Mapper for ReplaceContentMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let edits = changes.field(0);
        let Self {
            substitutions,
            passes,
        } = self;
        if let [only] = substitutions.as_mut_slice() {
            let found = only.replace_all(text, |range, with| edits.replace(range, with));
            return found.map_err(too_many_steps);
        }
        passes.begin();
        for substitution in substitutions {
            let mut found = Ok(());
            passes.run(text, |text, edit| {
                found = substitution.replace_all(text, edit);
            });
            found.map_err(too_many_steps)?;
        }
        passes.report(|range, with| edits.replace(range, with));
        Ok(())
    }
}
