//! Finds keys, tokens and ids that can be recognised by their form.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem;
use regex::Regex;

use super::{Words, run};

static PEM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"-----BEGIN [A-Z0-9 -]+-----(?s:.*?)-----END [A-Z0-9 -]+-----").ok()
});

/// Finds blocks from `-----BEGIN …-----` to `-----END …-----`.
pub(super) fn pem(_: Words, text: &str, found: &mut Vec<Range<usize>>) {
    if memmem::find(text.as_bytes(), b"-----BEGIN ").is_some() {
        let blocks = PEM.iter().flat_map(|pem| pem.find_iter(text));
        found.extend(blocks.map(|block| block.range()));
    }
}

/// Finds `\beyJ[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+\b`.
pub(super) fn jwt(words: Words, text: &str, found: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(at) = memmem::find(&text.as_bytes()[from..], b"eyJ") {
        let start = from + at;
        if !words.parts(text, start) {
            from = start + 1;
            continue;
        }
        let header = start + 3 + run(&text[start + 3..], is_of_token);
        match token_end(words, text, start + 3, header) {
            Some(end) => {
                found.push(start..end);
                from = end;
            }
            // A token that began later in the same run of characters would fail in the same way.
            None => from = header,
        }
    }
}

/// Returns the end of the token whose header is `begin..header`.
fn token_end(words: Words, text: &str, begin: usize, header: usize) -> Option<usize> {
    let part = |at: usize| {
        let rest = text.get(at..)?.strip_prefix('.')?;
        Some(at + 1 + run(rest, is_of_token)).filter(|end| *end > at + 1)
    };
    let payload = part(header).filter(|_| header > begin)?;
    let signature = part(payload)?;
    let ends = (payload + 2..=signature).rev();
    ends.into_iter().find(|end| words.border(text, *end))
}

fn is_of_token(ch: char) -> bool {
    ch.is_ascii_alphanumeric() || matches!(ch, '_' | '=' | '-')
}

/// Finds `\bou_[0-9a-f]{32}\b`, in upper or lower case.
pub(super) fn feishu_id(words: Words, text: &str, found: &mut Vec<Range<usize>>) {
    each_underscore(text, |bar, free| {
        let start = bar.checked_sub(2).filter(|start| *start >= free)?;
        let end = bar + 33;
        let is_prefix = text.get(start..bar)?.eq_ignore_ascii_case("ou");
        let is_hex = text
            .get(bar + 1..end)?
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit());
        let is_found = is_prefix && is_hex && words.parts(text, start) && words.parts(text, end);
        is_found.then(|| {
            found.push(start..end);
            end
        })
    });
}

/// Finds `\b(ou_|u_|uid_)[0-9a-zA-Z_-]{16,64}\b`.
pub(super) fn platform_id(words: Words, text: &str, found: &mut Vec<Range<usize>>) {
    const SHORTEST: usize = 16;
    const LONGEST: usize = 64;
    each_underscore(text, |bar, free| {
        let prefixes = ["uid", "ou", "u"].into_iter();
        let mut starts = prefixes.filter(|prefix| text[free..bar].ends_with(prefix));
        let start = bar - starts.next()?.len();
        if !words.parts(text, start) {
            return None;
        }
        let is_of_id = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let rest = text.as_bytes()[bar + 1..].iter();
        let length = rest.take(LONGEST).take_while(is_of_id).count();
        let mut ends = (SHORTEST..=length).rev().map(|length| bar + 1 + length);
        let end = ends.find(|end| words.border(text, *end))?;
        found.push(start..end);
        Some(end)
    });
}

/// Calls `look` with each underscore and the position up to which the text is taken. `look` returns the new position if it takes
/// more.
fn each_underscore(text: &str, mut look: impl FnMut(usize, usize) -> Option<usize>) {
    let mut free = 0;
    for bar in memchr::memchr_iter(b'_', text.as_bytes()) {
        if bar >= free
            && let Some(end) = look(bar, free)
        {
            free = end;
        }
    }
}
