//! # What it does
//! Removes the bibliography at the end of a LaTeX document, and everything after it.
//!
//! It begins at the first of `\appendix`, `\begin{references}`, `\begin{REFERENCES}`, `\begin{thebibliography}` and
//! `\bibliography{…}`. A comment sign before the command makes no difference, and longer commands such as `\appendixname` count
//! too.
//!
//! # Parameters
//! None.
//!
//! # Example
//! Only the first line of `text\n\bibliography{refs}\nafter` is left.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text.

use coldpress_operator::{
    Changes, Mapper, NoParams, OperatorSpec, ParamError, Record, RecordError, ResolveContext,
    Resolved,
};
use memchr::{memchr_iter, memrchr};

/// Returns the description of `remove_bibliography_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "remove_bibliography_mapper",
        "Removes the bibliography at the end of a LaTeX document.",
        resolve,
    )
    .doc(&super::manual(include_str!("remove_bibliography.rs")))
}

fn resolve(
    _: NoParams,
    _: &mut ResolveContext<'_>,
) -> Result<Resolved<RemoveBibliographyMapper>, ParamError> {
    Ok(Resolved::new(|| RemoveBibliographyMapper))
}

struct RemoveBibliographyMapper;

impl Mapper for RemoveBibliographyMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        if let Some(start) = bibliography(text) {
            changes.field(0).delete(start..text.len());
        }
        Ok(())
    }
}

const STARTS: [&str; 4] = [
    "\\appendix",
    "\\begin{references}",
    "\\begin{REFERENCES}",
    "\\begin{thebibliography}",
];

/// A command whose argument may end anywhere after it.
const WITH_ARGUMENT: &str = "\\bibliography{";

/// Returns the position where the bibliography begins.
fn bibliography(text: &str) -> Option<usize> {
    // The end of the text is searched once, so that commands without an end don't make the search quadratic.
    let last_brace = memrchr(b'}', text.as_bytes()).unwrap_or_default();
    memchr_iter(b'\\', text.as_bytes()).find(|&place| {
        let rest = &text[place..];
        STARTS.iter().any(|start| rest.starts_with(start))
            || (rest.starts_with(WITH_ARGUMENT) && last_brace >= place + WITH_ARGUMENT.len())
    })
}
