//! Reads texts in quotes.

use super::super::Refused;
use super::Scanner;

impl Scanner<'_> {
    /// Reads a text in quotes after its prefix, such as the `r` of one without escapes.
    pub(super) fn text(&mut self, prefix: &str) -> Result<String, Refused> {
        let at = self.at;
        let is_raw = match prefix.to_ascii_lowercase().as_str() {
            "" | "u" => false,
            "r" => true,
            _ => {
                return Err(Refused::at(
                    at,
                    format!("texts with the prefix `{prefix}` are not available"),
                ));
            }
        };
        let quote = &self.rest[..1];
        let threefold = quote.repeat(3);
        let end = if self.rest.starts_with(&threefold) {
            threefold.as_str()
        } else {
            quote
        };
        self.skip(end.len());
        let mut text = String::new();
        loop {
            if self.rest.starts_with(end) {
                self.skip(end.len());
                return Ok(text);
            }
            match self.rest.chars().next() {
                None => return Err(Refused::at(at, "the text that begins there has no end")),
                Some('\n') if end.len() == 1 => {
                    return Err(Refused::at(
                        at,
                        "the text that begins there ends with its line",
                    ));
                }
                Some('\\') if is_raw => {
                    // The next character stays too, even if it is a quote.
                    let next = self.rest.chars().nth(1).map_or(0, char::len_utf8);
                    text.push_str(self.skip(1 + next));
                }
                Some('\\') => self.escape(&mut text)?,
                Some(ch) => text.push_str(self.skip(ch.len_utf8())),
            }
        }
    }

    /// Reads an escape. One that Python doesn't know stays as it is written.
    fn escape(&mut self, text: &mut String) -> Result<(), Refused> {
        let at = self.at;
        self.skip(1);
        let Some(ch) = self.rest.chars().next() else {
            return Err(Refused::at(at, "the text ends within an escape"));
        };
        let plain = match ch {
            '\n' => {
                self.skip(1);
                return Ok(());
            }
            '\\' | '\'' | '"' => Some(ch),
            'a' => Some('\x07'),
            'b' => Some('\x08'),
            'f' => Some('\x0c'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\x0b'),
            _ => None,
        };
        if let Some(plain) = plain {
            self.skip(1);
            text.push(plain);
            return Ok(());
        }
        let (lead, digits, radix) = match ch {
            'x' => (1, 2, 16),
            'u' => (1, 4, 16),
            'U' => (1, 8, 16),
            'N' => return Err(Refused::at(at, "characters by name are not available")),
            '0'..='7' => {
                let most = self.rest.bytes().take(3);
                (
                    0,
                    most.take_while(|byte| matches!(byte, b'0'..=b'7')).count(),
                    8,
                )
            }
            _ => {
                text.push('\\');
                return Ok(());
            }
        };
        let code = self.rest.get(lead..lead + digits);
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = code.and_then(|code| u32::from_str_radix(code, radix).ok());
        let escaped = code.and_then(char::from_u32);
        let escaped = escaped.ok_or_else(|| Refused::at(at, "the escape is not a character"))?;
        self.skip(lead + digits);
        text.push(escaped);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TokenKind, tokens};

    #[track_caller]
    fn check(condition: &str, expected: &str) {
        let tokens = tokens(condition).unwrap();
        assert_eq!(tokens.len(), 2, "{condition}");
        assert_eq!(tokens[0].kind, TokenKind::Text(expected.to_owned()));
    }

    #[test]
    fn escapes_are_those_of_python() {
        check(r#"'a"b'"#, "a\"b");
        check(r#""it's""#, "it's");
        check(r"'\n\t\\\'\x41\u00e9\U0001F600\101\0'", "\n\t\\'Aé😀A\0");
        check(r"'\d\.'", r"\d\.");
        check(r"r'\n\''", r"\n\'");
        check("'''a\n'b''c'''", "a\n'b''c");
        check("''", "");
        check("'a\\\nb'", "ab");
    }

    #[test]
    fn texts_that_do_not_end_or_mean_nothing_are_refused() {
        for condition in [
            "'a",
            "'a\nb'",
            "'''a''",
            r"'\x4'",
            r"'\uD800'",
            r"'\",
            r"'\é",
            r"'\xé1'",
            "b'a'",
            "f'{a}'",
            r"'\N{DASH}'",
        ] {
            assert!(tokens(condition).is_err(), "{condition}");
        }
    }
}
