//! Finds the matches of Data-Juicer's default link pattern.
//!
//! The pattern (the well-known "liberal URL" one, ignoring case, with Unicode classes) is a word boundary and then
//!
//! - a **head**: a scheme `[a-z][\w-]+:` followed by one to three slashes or one of `[a-z0-9%]`; or `www`, up to three digits and a
//!   dot; or `[a-z0-9.\-]+[.][a-z]{2,4}/`;
//! - a **body**: one or more of runs of `[^\s()<>]` and balanced parentheses, at most two deep;
//! - a **tail**: balanced parentheses again, or one character that is neither a blank nor one of `` `!()[]{};:'".,<>?«»“”‘’ ``.
//!
//! The matches of a backtracking engine can be found without backtracking:
//!
//! - Balanced parentheses match in one way only. From the end of a head, body and tail match up to the last position that the body
//!   can reach and where a tail ends, whatever the order of attempts.
//! - Each head has a **trigger**: the `:` of a scheme, the `www`, or the `/` of a domain. The end of the head follows from the
//!   trigger alone, so only the leftmost of its starts matters. Triggers come in the order of those starts, with one exception: a
//!   `www` inside a domain that starts before it.

use std::ops::Range;

use super::block_scan::for_each_hit;
use super::chars::{is_digit, is_word};

/// Appends the ranges of all links in `text` to `found`, in order and without overlap.
pub fn find_links(text: &str, found: &mut Vec<Range<usize>>) {
    let mut from = 0;
    for_each_hit(text.as_bytes(), may_be_trigger, |place| {
        if place < from {
            return;
        }
        if let Some(link) = link_at(text, place, from) {
            from = link.end;
            found.push(link);
        }
    });
}

/// Returns whether the bytes may be the `:` of a scheme, the first letter of `www`, or the byte before the slash of a domain.
#[inline(always)]
fn may_be_trigger(a: u8, b: u8, c: u8) -> bool {
    let letter = |byte: u8| (byte | 0x20).wrapping_sub(b'a') < 26;
    let longer = |byte: u8| byte >= 0x80;
    let w = |byte: u8| byte | 0x20 == b'w';
    ((a == b':')
        & ((b == b'/') | (b == b'%') | letter(b) | longer(b) | (b.wrapping_sub(b'0') < 10)))
        | ((b == b'/') & (letter(a) | longer(a)))
        | (w(a) & w(b) & w(c))
}

/// Returns the link whose trigger is at `place`, if it starts at `from` or later.
#[inline(never)]
fn link_at(text: &str, place: usize, from: usize) -> Option<Range<usize>> {
    match text.as_bytes()[place] {
        b':' => scheme_link(text, place, from),
        _ if text.as_bytes().get(place + 1) == Some(&b'/') => domain_link(text, place + 1, from),
        _ => www_link(text, place, from),
    }
}

/// Returns the link whose scheme ends with the colon at `colon`.
fn scheme_link(text: &str, colon: usize, from: usize) -> Option<Range<usize>> {
    let behind = colon + 1;
    let slashes = text.as_bytes()[behind..]
        .iter()
        .take(3)
        .take_while(|&&byte| byte == b'/')
        .count();
    let start = scheme_start(text, colon, from)?;
    if slashes > 0 {
        // Tries all the slashes first, and then fewer if nothing matches after them.
        return (1..=slashes)
            .rev()
            .find_map(|count| body_end(text, behind + count))
            .map(|end| start..end);
    }
    let ch = text[behind..].chars().next()?;
    let fits = is_letter(ch) || ch.is_ascii_digit() || ch == '%';
    let end = if fits {
        body_end(text, behind + ch.len_utf8())?
    } else {
        return None;
    };
    Some(start..end)
}

/// Returns the leftmost start of a scheme that ends before `colon`.
fn scheme_start(text: &str, colon: usize, from: usize) -> Option<usize> {
    let mut start = None;
    let mut place = colon;
    // A letter that would start the scheme if the character before it isn't a word character.
    let mut letter = None;
    for ch in text[..colon].chars().rev() {
        let word = is_word(ch);
        if !word {
            start = letter.or(start);
        }
        if place <= from || !(word || ch == '-') {
            return start;
        }
        // A letter right before the colon would leave nothing for the rest of the scheme.
        let last = place == colon;
        place -= ch.len_utf8();
        letter = (is_letter(ch) && !last).then_some(place);
    }
    letter.or(start)
}

/// Returns the link that starts with the `www` at `place`, or with a domain around it.
fn www_link(text: &str, place: usize, from: usize) -> Option<Range<usize>> {
    if text[..place].chars().next_back().is_some_and(is_word) {
        return None;
    }
    let mut behind = place + 3;
    for ch in text[behind..].chars().take(3) {
        if !is_digit(ch) {
            break;
        }
        behind += ch.len_utf8();
    }
    if text.as_bytes().get(behind) != Some(&b'.') {
        return None;
    }
    let slash = behind
        + text[behind..]
            .find(|ch| !is_domain_char(ch))
            .unwrap_or(text.len() - behind);
    let around = (text.as_bytes().get(slash) == Some(&b'/'))
        .then(|| domain_link(text, slash, from))
        .flatten();
    if around.as_ref().is_some_and(|link| link.start < place) {
        return around;
    }
    body_end(text, behind + 1).map(|end| place..end)
}

/// Returns the link whose domain ends with the slash at `slash`.
fn domain_link(text: &str, slash: usize, from: usize) -> Option<Range<usize>> {
    let mut dot = slash;
    let mut letters = 0;
    for ch in text[from..slash].chars().rev() {
        dot -= ch.len_utf8();
        if ch == '.' {
            break;
        }
        letters += 1;
        if letters > 4 || !is_letter(ch) {
            return None;
        }
    }
    if letters < 2 || text.as_bytes().get(dot) != Some(&b'.') {
        return None;
    }
    let start = domain_start(text, dot, from)?;
    body_end(text, slash + 1).map(|end| start..end)
}

/// Returns the leftmost start of a domain whose last dot is at `dot`.
fn domain_start(text: &str, dot: usize, from: usize) -> Option<usize> {
    let mut start = None;
    let mut place = dot;
    let mut behind = None;
    for ch in text[..dot].chars().rev() {
        let word = is_word(ch);
        if behind.is_some_and(|behind| behind != word) {
            start = Some(place);
        }
        if place <= from || !is_domain_char(ch) {
            return start;
        }
        place -= ch.len_utf8();
        behind = Some(word);
    }
    if behind == Some(true) {
        Some(place)
    } else {
        start
    }
}

/// Returns the end of the body and tail that start at `start`.
///
/// The body takes all it can. It then gives back as little as possible to the tail: either the last balanced parentheses, or the
/// end of its last run, starting with the last character there that may be a tail.
fn body_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut run_start = start;
    // The start of the parentheses before the last run.
    let mut opened = None;
    let mut end = skip_run(bytes, start);
    while let Some(closed) = skip_parentheses(bytes, end) {
        opened = Some(end);
        run_start = closed;
        end = skip_run(bytes, closed);
    }
    let mut place = end;
    for ch in text[run_start..end].chars().rev() {
        place -= ch.len_utf8();
        if may_end(ch) {
            // The body needs a character of its own before the tail.
            return (place > start).then(|| place + ch.len_utf8());
        }
    }
    opened.filter(|&opened| opened > start).map(|_| run_start)
}

/// Returns the end of the run of characters other than blanks, parentheses and angle brackets.
fn skip_run(bytes: &[u8], start: usize) -> usize {
    let mut place = start;
    while let Some(&byte) = bytes.get(place) {
        match RUN_CLASS[usize::from(byte)] {
            RunClass::Inside => place += 1,
            RunClass::Stop => return place,
            RunClass::MayBeBlank => {
                let len = if byte == 0xC2 { 2 } else { 3 };
                if bytes.get(place..place + len).is_some_and(is_blank) {
                    return place;
                }
                place += len;
            }
        }
    }
    place
}

/// Returns the end of the balanced parentheses, at most two deep, that start at `start`.
fn skip_parentheses(bytes: &[u8], start: usize) -> Option<usize> {
    if bytes.get(start) != Some(&b'(') {
        return None;
    }
    let mut place = start + 1;
    loop {
        place = skip_run(bytes, place);
        match bytes.get(place) {
            Some(b')') => return Some(place + 1),
            Some(b'(') => {
                let inner = skip_run(bytes, place + 1);
                if inner == place + 1 || bytes.get(inner) != Some(&b')') {
                    return None;
                }
                place = inner + 1;
            }
            _ => return None,
        }
    }
}

/// The meaning of a byte for a run.
#[derive(Clone, Copy)]
enum RunClass {
    Inside,
    Stop,
    /// The first byte of a character that may be a blank.
    MayBeBlank,
}

static RUN_CLASS: [RunClass; 256] = {
    let mut table = [RunClass::Inside; 256];
    let stops = b"\t\n\x0b\x0c\r ()<>";
    let mut i = 0;
    while i < stops.len() {
        table[stops[i] as usize] = RunClass::Stop;
        i += 1;
    }
    table[0xC2] = RunClass::MayBeBlank;
    table[0xE1] = RunClass::MayBeBlank;
    table[0xE2] = RunClass::MayBeBlank;
    table[0xE3] = RunClass::MayBeBlank;
    table
};

/// Returns whether an encoded character beyond ASCII matches `\s` in Python's regex engine.
fn is_blank(encoded: &[u8]) -> bool {
    match encoded {
        [0xC2, low] => matches!(low, 0x85 | 0xA0),
        [0xE1, middle, low] => (*middle, *low) == (0x9A, 0x80),
        [0xE2, 0x80, low] => matches!(low, 0x80..=0x8A | 0xA8 | 0xA9 | 0xAF),
        [0xE2, 0x81, low] => *low == 0x9F,
        [0xE3, middle, low] => (*middle, *low) == (0x80, 0x80),
        _ => false,
    }
}

/// Returns whether a link may end with `ch`, which is none of the characters that end a run.
fn may_end(ch: char) -> bool {
    !matches!(
        ch,
        '`' | '!'
            | '['
            | ']'
            | '{'
            | '}'
            | ';'
            | ':'
            | '\''
            | '"'
            | '.'
            | ','
            | '?'
            | '«'
            | '»'
            | '“'
            | '”'
            | '‘'
            | '’'
    )
}

/// Returns whether `ch` matches `[a-z]` in Python's regex engine when case is ignored.
fn is_letter(ch: char) -> bool {
    ch.is_ascii_alphabetic() || matches!(ch, 'İ' | 'ſ' | '\u{212a}')
}

fn is_domain_char(ch: char) -> bool {
    is_letter(ch) || ch.is_ascii_digit() || ch == '.' || ch == '-'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    /// The plain form: the pattern as a backtracking engine matches it, attempt after attempt.
    struct Plain(Vec<char>);

    impl Plain {
        fn find(text: &str) -> Vec<Range<usize>> {
            let plain = Self(text.chars().collect());
            let places: Vec<usize> = text
                .char_indices()
                .map(|(place, _)| place)
                .chain([text.len()])
                .collect();
            let mut found = Vec::new();
            let mut start = 0;
            while start < plain.0.len() {
                match plain.match_at(start) {
                    Some(end) => {
                        found.push(places[start]..places[end]);
                        start = end;
                    }
                    None => start += 1,
                }
            }
            found
        }

        fn has(&self, place: usize, test: impl Fn(char) -> bool) -> bool {
            self.0.get(place).is_some_and(|&ch| test(ch))
        }

        fn count(&self, place: usize, test: impl Fn(char) -> bool) -> usize {
            self.0[place.min(self.0.len())..]
                .iter()
                .take_while(|&&ch| test(ch))
                .count()
        }

        fn match_at(&self, start: usize) -> Option<usize> {
            let before = start > 0 && is_word(self.0[start - 1]);
            if before == is_word(self.0[start]) {
                return None;
            }
            self.heads(start)
                .into_iter()
                .find_map(|head| self.body(head, false, &mut HashSet::new()))
        }

        /// Returns the ends of the heads that start at `start`, in the order of the attempts.
        fn heads(&self, start: usize) -> Vec<usize> {
            let mut ends = Vec::new();
            let is = |wanted: char| move |ch: char| ch == wanted;
            if self.has(start, is_letter) {
                for len in (1..=self.count(start + 1, |ch| is_word(ch) || ch == '-')).rev() {
                    let colon = start + 1 + len;
                    if self.has(colon, is(':')) {
                        let slashes = self.count(colon + 1, is('/')).min(3);
                        ends.extend((1..=slashes).rev().map(|count| colon + 1 + count));
                        if self.has(colon + 1, |ch| {
                            is_letter(ch) || ch.is_ascii_digit() || ch == '%'
                        }) {
                            ends.push(colon + 2);
                        }
                    }
                }
            }
            if (0..3).all(|i| self.has(start + i, |ch| matches!(ch, 'w' | 'W'))) {
                for len in (0..=self.count(start + 3, is_digit).min(3)).rev() {
                    if self.has(start + 3 + len, is('.')) {
                        ends.push(start + 4 + len);
                    }
                }
            }
            for len in (1..=self.count(start, is_domain_char)).rev() {
                let dot = start + len;
                if self.has(dot, is('.')) {
                    for letters in (2..=self.count(dot + 1, is_letter).min(4)).rev() {
                        if self.has(dot + 1 + letters, is('/')) {
                            ends.push(dot + 2 + letters);
                        }
                    }
                }
            }
            ends
        }

        fn body(
            &self,
            place: usize,
            begun: bool,
            failed: &mut HashSet<(usize, bool)>,
        ) -> Option<usize> {
            if failed.contains(&(place, begun)) {
                return None;
            }
            let mut next: Vec<usize> = (1..=self.count(place, in_run))
                .rev()
                .map(|len| place + len)
                .collect();
            next.extend(self.parentheses(place));
            let mut end = next
                .into_iter()
                .find_map(|next| self.body(next, true, failed));
            if begun {
                end = end.or_else(|| self.parentheses(place).first().copied());
                end = end.or_else(|| {
                    self.has(place, |ch| in_run(ch) && may_end(ch))
                        .then_some(place + 1)
                });
            }
            if end.is_none() {
                failed.insert((place, begun));
            }
            end
        }

        /// Returns the ends of the balanced parentheses that start at `start`.
        fn parentheses(&self, start: usize) -> Vec<usize> {
            let mut ends = Vec::new();
            if self.has(start, |ch| ch == '(') {
                self.inside(start + 1, &mut HashSet::new(), &mut ends);
            }
            ends
        }

        fn inside(&self, place: usize, seen: &mut HashSet<usize>, ends: &mut Vec<usize>) {
            if !seen.insert(place) {
                return;
            }
            for len in (1..=self.count(place, in_run)).rev() {
                self.inside(place + len, seen, ends);
            }
            if self.has(place, |ch| ch == '(') {
                let len = self.count(place + 1, in_run);
                if len > 0 && self.has(place + 1 + len, |ch| ch == ')') {
                    self.inside(place + 2 + len, seen, ends);
                }
            }
            if self.has(place, |ch| ch == ')') {
                ends.push(place + 1);
            }
        }
    }

    fn in_run(ch: char) -> bool {
        let blank = matches!(
            u32::from(ch),
            9..=13 | 32 | 0x85 | 0xA0 | 0x1680 | 0x2000..=0x200A | 0x2028 | 0x2029 | 0x202F | 0x205F | 0x3000
        );
        !blank && !matches!(ch, '(' | ')' | '<' | '>')
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let mut found = Vec::new();
        find_links(text, &mut found);
        assert_eq!(found, Plain::find(text), "in {text:?}");
        let found: Vec<&str> = found.into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, expected, "in {text:?}");
    }

    #[test]
    fn links_end_where_the_pattern_ends() {
        check(
            "see https://www.example.com/file.html?a=1&b=c#f. end",
            &["https://www.example.com/file.html?a=1&b=c#f"],
        );
        check(
            "http://x https:/one file:///etc file:xy file:xyz",
            &["http://x", "https:/one", "file:///etc", "file:xyz"],
        );
        check(
            "(https://en.wikipedia.org/wiki/A_(b)) <https://x.org/((a))>",
            &["https://en.wikipedia.org/wiki/A_(b)", "https://x.org/((a))"],
        );
        check("https://x.org/a_(b)!!! x.co/(a)", &["https://x.org/a_(b)"]);
        check(
            "http://(a) http:///(a http:/(a) http:/!(a",
            &["http://(a)", "http:///"],
        );
        check("at the end www.example.com", &["www.example.com"]);
    }

    #[test]
    fn heads_follow_the_pattern() {
        check(
            "www.ab www1.b WWW123.cd www1234.de www٣.ef",
            &["www.ab", "WWW123.cd", "www٣.ef"],
        );
        check(
            "foo-www.example.com/xy foo-www.example.com/x a.www.b.toolong/z",
            &[
                "foo-www.example.com/xy",
                "www.example.com/x",
                "www.b.toolong/z",
            ],
        );
        check(
            "中文http://a.b é.foo.com/xy sub.example.museum/x 12:30 a::b",
            &[".foo.com/xy"],
        );
        check(
            "ſſ://xy \u{212a}-k:xyz a-b.\u{212a}ſ/zz",
            &["ſſ://xy", "\u{212a}-k:xyz", "a-b.\u{212a}ſ/zz"],
        );
        check("key:value std::vector note: this", &["key:value"]);
    }

    #[test]
    fn unbalanced_parentheses_take_no_longer() {
        for unit in ["(", "((a", "ab:/(", "ab:/(ab:/(1)", "www.((a)", "a.co/(("] {
            let text = unit.repeat(30_000);
            let mut found = Vec::new();
            find_links(&text, &mut found);
            assert!(found.iter().all(|range| range.end <= text.len()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn agrees_with_the_plain_form(
            parts in proptest::collection::vec(
                prop_oneof![
                    "http:/{1,4}",
                    "[a-z\u{212a}-]{1,3}:",
                    "[wW]{3}[0-9٣]{0,4}\\.",
                    "[a1.ſ-]{1,4}\\.[a-z]{1,5}/",
                    "[ab1:/.!?,()<> \u{3000}_é中“»%-]",
                    "\\(a\\)",
                    "\\(\\(b\\)\\)",
                ],
                0..14,
            ),
        ) {
            let text = parts.concat();
            let mut found = Vec::new();
            find_links(&text, &mut found);
            prop_assert_eq!(found, Plain::find(&text));
        }
    }
}
