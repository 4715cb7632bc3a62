//! # What it does
//! Removes everything before the first heading of a LaTeX document.
//!
//! A heading is `\chapter`, `\part`, `\section`, `\subsection`, `\subsubsection`, `\paragraph` or `\subparagraph`, with or without
//! a star and a short form in brackets, and with its text in braces. A heading after a comment sign counts too.
//!
//! # Parameters
//! `drop_no_head`, see below. An emptied record stays; a filter on the length of the text drops it.
//!
//! # Example
//! `preamble\n\section{Intro}\nbody` becomes `\section{Intro}\nbody`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};
use memchr::memmem::rfind;
use memchr::{memchr_iter, memrchr};

params! {
    /// Parameters of `remove_header_mapper`.
    pub(crate) struct RemoveHeaderParams {
        /// If set, a text without any heading becomes empty; otherwise it stays as it is.
        drop_no_head: bool = true;
    }
}

/// Returns the description of `remove_header_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "remove_header_mapper",
        "Removes everything before the first heading of a LaTeX document.",
        resolve,
    )
    .doc(&super::manual(include_str!("remove_header.rs")))
}

fn resolve(
    params: RemoveHeaderParams,
    _: &mut ResolveContext<'_>,
) -> Result<Resolved<RemoveHeaderMapper>, ParamError> {
    let drop_no_head = params.drop_no_head;
    Ok(Resolved::new(move || RemoveHeaderMapper { drop_no_head }))
}

struct RemoveHeaderMapper {
    drop_no_head: bool,
}

impl Mapper for RemoveHeaderMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let end = match first_heading(text) {
            Some(start) => start,
            None if self.drop_no_head => text.len(),
            None => 0,
        };
        if end > 0 {
            changes.field(0).delete(0..end);
        }
        Ok(())
    }
}

const COMMANDS: [&str; 7] = [
    "chapter",
    "part",
    "section",
    "subsection",
    "subsubsection",
    "paragraph",
    "subparagraph",
];

/// Returns the position where the first heading begins.
fn first_heading(text: &str) -> Option<usize> {
    // A short form or a heading may end anywhere after its start. The last possible end is looked up once, so that headings without
    // an end don't make the search quadratic.
    let last_end = memrchr(b'}', text.as_bytes())?;
    let last_short_end = rfind(&text.as_bytes()[..last_end], b"]{");
    memchr_iter(b'\\', text.as_bytes()).find(|&place| {
        let rest = &text[place + 1..];
        let mut names = COMMANDS.iter();
        names
            .find_map(|name| rest.strip_prefix(name))
            .is_some_and(|rest| {
                let rest = rest.strip_prefix('*').unwrap_or(rest);
                let inside = text.len() - rest.len() + 1;
                match rest.as_bytes().first() {
                    Some(b'{') => inside <= last_end,
                    Some(b'[') => last_short_end.is_some_and(|end| inside <= end),
                    _ => false,
                }
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_needs_all_its_ends() {
        for (text, start) in [
            ("a\\part[s]{l}", Some(1)),
            ("\\part[s}", None),
            ("\\part[s]{l \\part{", None),
            ("\\part[s \\part{x}", Some(8)),
            ("\\part[a]b]{c}", Some(0)),
            ("\\part*", None),
        ] {
            assert_eq!(first_heading(text), start, "{text}");
        }
    }
}
