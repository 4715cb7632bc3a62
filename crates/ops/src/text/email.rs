//! Finds the matches of Data-Juicer's default e-mail pattern.
//!
//! The pattern is `[A-Za-z0-9.\-+_]+@[a-z0-9.\-+_]+\.[a-z]+`. A match has exactly one `@`, so each `@` of the text can be decided
//! alone. The match starts where the run of name characters before the `@` starts. It ends after the lower-case letters that follow
//! the last dot in the domain run that has such letters after it.

use std::ops::Range;

/// Appends the ranges of all e-mail addresses in `text` to `found`, in order and without overlap.
pub fn find_emails(text: &str, found: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for at in memchr::memchr_iter(b'@', bytes) {
        // An earlier match cannot go past an `@`, so `from` is at most `at`.
        if let Some(end) = domain_end(bytes, at + 1) {
            let name = bytes[from..at]
                .iter()
                .rev()
                .take_while(|&&byte| is_name_byte(byte))
                .count();
            if name > 0 {
                found.push(at - name..end);
                from = end;
            }
        }
    }
}

/// Returns the end of the domain that starts at `start`. It finds in one step what the pattern finds by backtracking.
fn domain_end(bytes: &[u8], start: usize) -> Option<usize> {
    let run = bytes[start..]
        .iter()
        .take_while(|&&byte| is_domain_byte(byte))
        .count();
    let domain = &bytes[start..start + run];
    let dot = (1..run.saturating_sub(1))
        .rev()
        .find(|&i| domain[i] == b'.' && domain[i + 1].is_ascii_lowercase())?;
    let letters = domain[dot + 1..]
        .iter()
        .take_while(|byte| byte.is_ascii_lowercase())
        .count();
    Some(start + dot + 1 + letters)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'_')
}

fn is_domain_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: &str) -> Vec<Range<usize>> {
        let pattern = regex::Regex::new(r"[A-Za-z0-9.\-+_]+@[a-z0-9.\-+_]+\.[a-z]+").unwrap();
        pattern.find_iter(text).map(|found| found.range()).collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let mut found = Vec::new();
        find_emails(text, &mut found);
        let found: Vec<&str> = found.into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, expected, "in {text:?}");
    }

    #[test]
    fn addresses_end_where_the_pattern_ends() {
        check("write to kim@lab.dev!", &["kim@lab.dev"]);
        check("a@b.cD x@y X@Y.COM", &["a@b.c"]);
        check("a@b.co.uk@c.de", &["a@b.co.uk"]);
        check("é.user@site.fr u@123.456", &[".user@site.fr"]);
        check("a@b.c.1 @x.yz a@.b.c a@..b", &["a@b.c", "a@.b.c", "a@..b"]);
    }

    proptest! {
        #[test]
        fn agrees_with_the_pattern(text in "[aB1.@é_ -]{0,40}") {
            let mut found = Vec::new();
            find_emails(&text, &mut found);
            prop_assert_eq!(found, plain(&text));
        }
    }
}
