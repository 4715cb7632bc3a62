//! # What it does
//! Removes the copyright notice of a source file.
//!
//! If the text has a block comment (`/* … */`), the first of them is removed if it contains *copyright*, in any case, and nothing
//! else happens. Without any block comment, the lines at the start that are empty or begin with `//`, `#` or `--` are removed.
//!
//! It is meant for source code: in Markdown, the headings at the start of a text look like comments.
//!
//! # Parameters
//! None.
//!
//! # Example
//! `/* Copyright 2020 Foo */ code();` becomes ` code();`, and `# by kim\n\nimport os` becomes `import os`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text.

use std::ops::Range;

use coldpress_operator::{
    Changes, Mapper, NoParams, OperatorSpec, ParamError, Record, RecordError, ResolveContext,
    Resolved,
};
use memchr::{memchr, memmem};

/// Returns the description of `clean_copyright_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "clean_copyright_mapper",
        "Removes the copyright notice of a source file.",
        resolve,
    )
    .doc(&super::manual(include_str!("clean_copyright.rs")))
}

fn resolve(
    _: NoParams,
    _: &mut ResolveContext<'_>,
) -> Result<Resolved<CleanCopyrightMapper>, ParamError> {
    Ok(Resolved::new(|| CleanCopyrightMapper))
}

struct CleanCopyrightMapper;

impl Mapper for CleanCopyrightMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        if let Some(notice) = notice(record.text(0)?) {
            changes.field(0).delete(notice);
        }
        Ok(())
    }
}

/// Returns the range to remove.
fn notice(text: &str) -> Option<Range<usize>> {
    let found = match first_block_comment(text) {
        Some(comment) => says_copyright(&text[comment.clone()]).then_some(comment)?,
        None => 0..comment_lines(text),
    };
    (!found.is_empty()).then_some(found)
}

fn first_block_comment(text: &str) -> Option<Range<usize>> {
    let start = memmem::find(text.as_bytes(), b"/*")?;
    let inside = start + 2;
    let length = memmem::find(&text.as_bytes()[inside..], b"*/")?;
    Some(start..inside + length + 2)
}

/// Returns whether `text` contains the word in any case. In Python's regex engine, İ is a capital of the letter i as well.
fn says_copyright(text: &str) -> bool {
    let (head, tail) = (b"copyr", b"ght");
    let starts = |bytes: &[u8], word: &[u8]| {
        let start = bytes.get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let rest_fits = |rest: &[u8]| match rest {
        [b'i' | b'I', rest @ ..] | [0xC4, 0xB0, rest @ ..] => starts(rest, tail),
        _ => false,
    };
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b'c', b'C', bytes).any(|place| {
        let word = &bytes[place..];
        starts(word, head) && rest_fits(&word[head.len()..])
    })
}

/// Returns the length of the lines at the start that are empty or comments.
fn comment_lines(text: &str) -> usize {
    let mut start = 0;
    while start < text.len() {
        let line = &text.as_bytes()[start..];
        if !matches!(
            line,
            [b'\n', ..] | [b'/', b'/', ..] | [b'#', ..] | [b'-', b'-', ..]
        ) {
            break;
        }
        start += memchr(b'\n', line).map_or(line.len(), |end| end + 1);
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_found_in_any_case() {
        for (text, says) in [
            ("/* CopyRight */", true),
            ("ccopyrİght", true),
            ("copyrıght", false),
            ("copyrigh", false),
            ("copy right", false),
        ] {
            assert_eq!(says_copyright(text), says, "{text}");
        }
    }
}
