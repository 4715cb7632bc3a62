//! A fast walk over the entries of a JSON object, many bytes at a time.
//!
//! The walk accepts what is plainly valid, which is nearly everything, and leaves the rest to the parser: anything but an object,
//! objects nested deeper than a few levels, and keys with escapes. What it accepts is valid JSON, and the parser would find the
//! same.

use super::escape::next_special;

/// The nesting levels that fit in one number.
const MAX_DEPTH: u32 = 64;

struct Walk<'a> {
    line: &'a str,
    at: usize,
}

/// Passes each key of the object, without its quotes, and its value to `take`. Returns `None` if the line is left to the parser,
/// perhaps after some entries were passed.
pub(super) fn walk<'a>(line: &'a str, mut take: impl FnMut(&'a str, &'a str)) -> Option<()> {
    let mut walk = Walk { line, at: 0 };
    walk.expect(b'{')?;
    if walk.peek()? == b'}' {
        walk.at += 1;
        return walk.end();
    }
    loop {
        let (start, has_escapes) = (walk.skip_blanks(), walk.string()?);
        if has_escapes {
            return None;
        }
        let key = &line[start + 1..walk.at - 1];
        walk.expect(b':')?;
        let start = walk.skip_blanks();
        walk.value()?;
        take(key, &line[start..walk.at]);
        match walk.peek()? {
            b',' => walk.at += 1,
            b'}' => {
                walk.at += 1;
                return walk.end();
            }
            _ => return None,
        }
    }
}

impl Walk<'_> {
    fn bytes(&self) -> &[u8] {
        self.line.as_bytes()
    }

    /// Skips blanks and returns the place after them.
    fn skip_blanks(&mut self) -> usize {
        while matches!(
            self.bytes().get(self.at),
            Some(b' ' | b'\t' | b'\n' | b'\r')
        ) {
            self.at += 1;
        }
        self.at
    }

    /// Returns the next byte that isn't blank.
    fn peek(&mut self) -> Option<u8> {
        let at = self.skip_blanks();
        self.bytes().get(at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        let is_there = self.peek()? == byte;
        self.at += 1;
        is_there.then_some(())
    }

    fn end(&mut self) -> Option<()> {
        let at = self.skip_blanks();
        (at == self.line.len()).then_some(())
    }

    /// Skips a string, and returns whether it has escapes.
    fn string(&mut self) -> Option<bool> {
        self.expect(b'"')?;
        let bytes = self.line.as_bytes();
        let (mut at, mut has_escapes) = (self.at, false);
        loop {
            at = next_special(bytes, at);
            match bytes.get(at)? {
                b'"' => {
                    self.at = at + 1;
                    return Some(has_escapes);
                }
                b'\\' => {
                    has_escapes = true;
                    at += match bytes.get(at + 1)? {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                        b'u' => {
                            let digits = bytes.get(at + 2..at + 6)?;
                            digits.iter().all(u8::is_ascii_hexdigit).then_some(6)?
                        }
                        _ => return None,
                    };
                }
                // Only a control character is left.
                _ => return None,
            }
        }
    }

    /// Skips any value, which begins here.
    fn value(&mut self) -> Option<()> {
        match self.bytes().get(self.at)? {
            b'{' | b'[' => self.nested(),
            _ => self.scalar(),
        }
    }

    fn scalar(&mut self) -> Option<()> {
        let literal = match self.bytes().get(self.at)? {
            b'"' => return self.string().map(drop),
            b't' => "true",
            b'f' => "false",
            b'n' => "null",
            _ => return self.number(),
        };
        let is_there = self.bytes()[self.at..].starts_with(literal.as_bytes());
        self.at += literal.len();
        is_there.then_some(())
    }

    fn number(&mut self) -> Option<()> {
        self.skip(b"-");
        match self.bytes().get(self.at)? {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits()?,
            _ => return None,
        }
        if self.skip(b".") {
            self.digits()?;
        }
        if self.skip(b"eE") {
            self.skip(b"+-");
            self.digits()?;
        }
        Some(())
    }

    /// Skips one of these bytes, if it is there.
    fn skip(&mut self, any_of: &[u8]) -> bool {
        let next = self.bytes().get(self.at);
        let is_there = next.is_some_and(|byte| any_of.contains(byte));
        self.at += usize::from(is_there);
        is_there
    }

    /// Skips one or more digits.
    fn digits(&mut self) -> Option<()> {
        let rest = &self.bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(())
    }

    /// Skips an array or an object with its contents.
    fn nested(&mut self) -> Option<()> {
        // There is a bit for each open level, the lowest for the innermost, which is set for an object.
        let (mut objects, mut depth) = (0u64, 0u32);
        loop {
            // A value begins here.
            match self.peek()? {
                open @ (b'{' | b'[') => {
                    if depth == MAX_DEPTH {
                        return None;
                    }
                    let is_object = open == b'{';
                    self.at += 1;
                    let close = if is_object { b'}' } else { b']' };
                    if self.peek()? != close {
                        (objects, depth) = (objects << 1 | u64::from(is_object), depth + 1);
                        if is_object {
                            self.key()?;
                        }
                        continue;
                    }
                    self.at += 1;
                }
                _ => self.scalar()?,
            }
            // A value has ended here.
            loop {
                if depth == 0 {
                    return Some(());
                }
                let is_object = objects & 1 == 1;
                match self.peek()? {
                    b',' => {
                        self.at += 1;
                        if is_object {
                            self.key()?;
                        }
                        break;
                    }
                    close => {
                        if close != if is_object { b'}' } else { b']' } {
                            return None;
                        }
                        self.at += 1;
                        (objects, depth) = (objects >> 1, depth - 1);
                    }
                }
            }
        }
    }

    /// Skips a key and the colon after it.
    fn key(&mut self) -> Option<()> {
        self.string()?;
        self.expect(b':')
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::super::scan::Entries;
    use super::*;

    type Found<'a> = Vec<(&'a str, &'a str)>;

    fn walked(line: &str) -> Option<Found<'_>> {
        let mut found = Vec::new();
        walk(line, |key, value| found.push((key, value)))?;
        Some(found)
    }

    fn parsed(line: &str) -> Option<Found<'_>> {
        let Entries(entries) = serde_json::from_str(line).ok()?;
        let inside = |key: &'_ RawValue| 1..key.get().len() - 1;
        let entries = entries.iter();
        let entries = entries.map(|(key, value)| (&key.get()[inside(key)], value.get()));
        Some(entries.collect())
    }

    /// Checks that the parser finds what the walk accepts. Only unusual lines are left to the parser.
    #[track_caller]
    fn check(line: &str) {
        let (walked, parsed) = (walked(line), parsed(line));
        if walked.is_some() {
            assert_eq!(walked, parsed, "{line}");
        }
        let is_odd = |found: &Found<'_>| found.iter().any(|(key, _)| key.contains('\\'));
        let is_taken = parsed.as_ref().is_some_and(|found| !is_odd(found));
        if is_taken && line.len() < MAX_DEPTH as usize {
            assert!(walked.is_some(), "{line}");
        }
    }

    const PARTS: &str = r#"(\{|\}|\[|\]|:|,| |\t|"|\\|\\\\|\\n|\\u00e9|\\ud800|\\u12|\\x|"a"|"k" ?: ?|é|😀|[\x00-\x20\x7f]|-|0|12|\.|e|E\+|1\.5e-3|true|false|null|nul){0,14}"#;

    fn any_json() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            Just("null".to_owned()),
            Just(" true".to_owned()),
            "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
            any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
            "\"(\\\\u[0-9a-fA-F]{4}|\\\\/|x{0,40}){0,5}\"",
        ];
        scalar.prop_recursive(5, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4)
                    .prop_map(|values| format!("[{}]", values.join(" ,"))),
                prop::collection::vec(("[a-z\\\\n]{0,3}", inner), 0..4).prop_map(|entries| {
                    let entries = entries
                        .iter()
                        .map(|(key, value)| format!("\"{key}\" : {value}"));
                    format!("{{{}}}", entries.collect::<Vec<_>>().join(",\t"))
                }),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn nothing_is_taken_that_is_no_json(inside in PARTS, open in "[ {]{0,2}", close in "[ }]{0,2}") {
            check(&format!("{open}{inside}{close}"));
            check(&format!("{{\"k\":{inside}}}"));
            check(&format!("{{\"k\":\"{inside}\"}}"));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn records_are_walked_over(entries in prop::collection::vec(("[a-z.é]{0,5}", any_json()), 0..5)) {
            let entries = entries.iter().map(|(key, value)| format!("\"{key}\":{value}"));
            let line = format!("{{{}}}", entries.collect::<Vec<_>>().join(", "));
            let walked = walked(&line);
            prop_assert_eq!(&walked, &parsed(&line));
            // If it is cut anywhere, or one byte differs, it is another line.
            for (at, _) in line.char_indices() {
                check(&line[..at]);
                for other in ["\"", "\\", "}", "]", ",", "0", "\u{1}"] {
                    check(&format!("{}{other}{}", &line[..at], line[at..].get(1..).unwrap_or_default()));
                }
            }
        }
    }

    #[test]
    fn what_is_too_deep_is_left_to_the_parser() {
        let deep = |depth: usize| format!("{{\"k\": {}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(walked(&deep(64)).is_some());
        assert!(walked(&deep(66)).is_none());
    }
}
