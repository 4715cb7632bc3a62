//! # What it does
//! Replaces IP addresses in the text, by default with nothing.
//!
//! It finds IPv4 addresses, and IPv6 addresses that are written in full. An address is found within a word (`dot10.0.0.1end`), but
//! not within a longer number: `1.2.3.4.5`, `256.1.1.1` and `1.1.1.300` stay. With `compat: data_juicer` the part of such a number
//! that looks like an address is replaced.
//!
//! # Parameters
//! `pattern` and `repl`, see below. A pattern of your own is one of Python's `regex`, see [patterns](../patterns.md); a bad one is
//! refused when the recipe is read, and so is a bad `repl`.
//!
//! # Example
//! `my ip 10.0.0.1:80` becomes `my ip :80`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};

use super::substitution_error;
use crate::text::ip::{Bounds, captured_group, find_addresses};
use crate::text::substitution::{Substitution, too_many_steps};
use coldpress_pattern::{Groups, Template};

params! {
    /// Parameters of `clean_ip_mapper`.
    pub(crate) struct CleanIpParams {
        /// A regular expression for the text to replace, bare or as `r'...'`; by default one for IP addresses.
        pattern: Option<String> = None;
        /// The replacement. `\1` and `\g<name>` refer to groups of the pattern, as in Python.
        repl: String = String::new();
    }
}

/// Returns the description of `clean_ip_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "clean_ip_mapper",
        "Replaces IP addresses in the text.",
        resolve,
    )
    .doc(&super::manual(include_str!("clean_ip.rs")))
}

fn resolve(
    params: CleanIpParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<CleanIpMapper>, ParamError> {
    let mapper = match &params.pattern {
        None => {
            let template = Template::parse(&params.repl, Groups::Whole(2));
            let template = template.map_err(substitution_error)?;
            let bounds = match context.compat() {
                true => Bounds::Anywhere,
                false => Bounds::Whole,
            };
            CleanIpMapper::Addresses(bounds, template)
        }
        Some(pattern) => {
            context.uses("pattern", coldpress_pattern::REVISION);
            let substitution = Substitution::of_pattern(pattern, &params.repl);
            CleanIpMapper::Pattern(Box::new(substitution.map_err(substitution_error)?))
        }
    };
    Ok(Resolved::new(move || mapper.clone()))
}

#[derive(Clone)]
enum CleanIpMapper {
    Addresses(Bounds, Template),
    Pattern(Box<Substitution>),
}

impl Mapper for CleanIpMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let edits = changes.field(0);
        match self {
            Self::Pattern(substitution) => {
                let found =
                    substitution.replace_all(text, |range, with| edits.replace(range, with));
                found.map_err(too_many_steps)?;
            }
            Self::Addresses(bounds, template) => find_addresses(text, *bounds, |range| {
                let address = &text[range.clone()];
                let group = |number| match number {
                    0 => Some(address),
                    _ => captured_group(address),
                };
                let mut with = String::new();
                template.expand(group, &mut with);
                edits.replace(range, &with);
            }),
        }
        Ok(())
    }
}
