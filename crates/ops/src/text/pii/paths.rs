//! Finds paths of files.

use std::ops::Range;

use memchr::memmem;

use super::Words;
use super::run;
use crate::text::python::is_space;

/// Finds paths below the folders where people and systems keep their files.
pub(super) fn unix(_: Words, text: &str, found: &mut Vec<Range<usize>>) {
    const ROOTS: [&str; 7] = ["User", "home", "tmp", "etc", "var", "opt", "Applications"];
    let starts = memchr::memchr_iter(b'/', text.as_bytes());
    paths(text, starts, found, |path| {
        ROOTS
            .iter()
            .any(|root| path[1..].starts_with(root))
            .then_some(1)
    });
}

/// Finds paths such as `C:\x`.
pub(super) fn windows(_: Words, text: &str, found: &mut Vec<Range<usize>>) {
    let colons = memmem::find_iter(text.as_bytes(), b":\\");
    let starts = colons.filter_map(|colon| colon.checked_sub(1));
    paths(text, starts, found, |path| {
        path.starts_with(|ch: char| ch.is_ascii_alphabetic())
            .then_some(3)
    });
}

/// Finds paths such as `\\server\share`.
pub(super) fn share(_: Words, text: &str, found: &mut Vec<Range<usize>>) {
    let pairs = memchr::memchr_iter(b'\\', text.as_bytes());
    paths(text, pairs, found, |path| {
        let named = path.strip_prefix(r"\\")?.starts_with(is_of_path);
        named.then_some(2)
    });
}

/// Takes the paths that begin at `starts` after a character that may come before a path. `head` returns the length of the beginning
/// that a path must have.
fn paths(
    text: &str,
    starts: impl Iterator<Item = usize>,
    found: &mut Vec<Range<usize>>,
    head: impl Fn(&str) -> Option<usize>,
) {
    let mut free = 0;
    for start in starts {
        // The match includes the character before, so that character must not be part of the match before.
        if start < free || !text.is_char_boundary(start) {
            continue;
        }
        let before = text[free..start].chars().next_back();
        let may_begin = before.map_or(start == 0, |ch| {
            is_space(ch) || matches!(ch, '"' | '\'' | '(' | '[' | '=')
        });
        if !may_begin {
            continue;
        }
        if let Some(head) = head(&text[start..]) {
            let end = start + head + run(&text[start + head..], is_of_path);
            found.push(start..end);
            free = end;
        }
    }
}

fn is_of_path(ch: char) -> bool {
    !is_space(ch) && !matches!(ch, '"' | '\'' | ')' | ']')
}
