//! Finds addresses of machines, and numbers of identity cards.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Words;
use crate::text::chars::is_digit;

static IPV4: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let octet = r"(?:25[0-5]|2[0-4]\d|[01]?\d\d?)";
    // The characters that must not come before and after are matched as well, but are not in the group.
    Regex::new(&format!(
        r"(?:\A|[^0-9.])((?:{octet}\.){{3}}{octet})(?:[^0-9]|\z)"
    ))
    .ok()
});

/// Addresses of four octets, with neither a digit nor a dot before them and no digit after.
pub(super) fn ipv4(_: Words, text: &str, found: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| {
        let byte = bytes.get(at);
        byte.is_some_and(|byte| byte.is_ascii_digit() || !byte.is_ascii())
    };
    let mut dots = memchr::memchr_iter(b'.', bytes);
    // Most texts have no such dot.
    if !dots.any(|dot| dot > 0 && is_digit(dot - 1) && is_digit(dot + 1)) {
        return;
    }
    let mut from = 0;
    while let Some(groups) = IPV4.as_ref().and_then(|ipv4| ipv4.captures_at(text, from)) {
        let Some(address) = groups.get(1) else { return };
        found.push(address.range());
        from = address.end();
    }
}

static IPV6: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\[[0-9a-fA-F:.]{3,}\](:\d{1,5})?").ok());

/// Finds `\[[0-9a-fA-F:.]{3,}\](?::\d{1,5})?\b`. With that pattern, Data-Juicer finds one without a port only right before a word.
/// Here every one with two colons is found, unless Data-Juicer's words are wanted.
pub(super) fn ipv6(words: Words, text: &str, found: &mut Vec<Range<usize>>) {
    let addresses = IPV6.iter().flat_map(|ipv6| ipv6.captures_iter(text));
    for groups in addresses {
        let Some(address) = groups.get(0) else {
            continue;
        };
        let range = address.range();
        let bracket = groups.get(1).map_or(range.end, |port| port.start());
        let ends = [range.end, bracket];
        let certain = words == Words::Ascii && text[range.start..bracket].matches(':').count() > 1;
        let mut ends = ends.into_iter();
        if let Some(end) = ends.find(|end| certain || words.border(text, *end)) {
            found.push(range.start..end);
        }
    }
}

/// Finds `(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b`.
pub(super) fn mac(words: Words, text: &str, found: &mut Vec<Range<usize>>) {
    const LENGTH: usize = 17;
    let bytes = text.as_bytes();
    let mut free = 0;
    for mark in memchr::memchr2_iter(b':', b'-', bytes) {
        let Some(start) = mark.checked_sub(2).filter(|start| *start >= free) else {
            continue;
        };
        let Some(address) = bytes.get(start..start + LENGTH) else {
            return;
        };
        let fits = |(at, byte): (usize, &u8)| match at % 3 {
            2 => matches!(byte, b':' | b'-'),
            _ => byte.is_ascii_hexdigit(),
        };
        let before = start.checked_sub(1).map(|at| bytes[at]);
        let follows = before.is_some_and(|byte| byte.is_ascii_hexdigit() || byte == b':');
        let end = start + LENGTH;
        if !follows && address.iter().enumerate().all(fits) && words.parts(text, end) {
            found.push(start..end);
            free = end;
        }
    }
}

/// Finds `\b[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]\b`.
pub(super) fn id_card(words: Words, text: &str, found: &mut Vec<Range<usize>>) {
    let mut free = 0;
    for (start, byte) in text.bytes().enumerate() {
        if start >= free
            && matches!(byte, b'1'..=b'9')
            && words.parts(text, start)
            && let Some(end) = id_card_end(&text[start..]).map(|length| start + length)
            && words.parts(text, end)
        {
            found.push(start..end);
            free = end;
        }
    }
}

/// Returns the number of bytes at the start of `text` that are the number of an identity card.
fn id_card_end(text: &str) -> Option<usize> {
    let mut rest = text.chars();
    let mut digits = ['\0'; 17];
    for digit in &mut digits {
        *digit = rest.next().filter(|ch| is_digit(*ch))?;
    }
    let last = rest.next()?;
    let [.., c1, c2, _, _, m1, m2, d1, d2, _, _, _] = digits;
    let is_century = matches!((c1, c2), ('1', '9') | ('2', '0'));
    let is_month = matches!((m1, m2), ('0', '1'..='9') | ('1', '0'..='2'));
    let is_day = matches!(
        (d1, d2),
        ('0', '1'..='9') | ('1' | '2', _) | ('3', '0' | '1')
    );
    let is_card = is_century && is_month && is_day && (is_digit(last) || matches!(last, 'X' | 'x'));
    is_card.then(|| text.len() - rest.as_str().len())
}
