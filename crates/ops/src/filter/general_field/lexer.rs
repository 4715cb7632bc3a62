//! Cuts a condition into the tokens of Python's grammar.

mod text;

use super::Refused;

/// A token, and the number of the character where it begins, counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// A name, or a keyword.
    Name(String),
    Int(i64),
    Float(f64),
    Text(String),
    /// An operator or a bracket.
    Symbol(&'static str),
    End,
}

/// The symbols of Python. A longer one comes before those that are prefixes of it.
const SYMBOLS: [&str; 33] = [
    "**", "//", "<<", ">>", "<=", ">=", "==", "!=", ":=", "->", "(", ")", "[", "]", "{", "}", ",",
    ".", ":", ";", "<", ">", "+", "-", "*", "/", "%", "@", "&", "|", "^", "~", "=",
];

/// Returns the tokens of a condition; the last one is the end.
pub(super) fn tokens(condition: &str) -> Result<Vec<Token>, Refused> {
    let mut scanner = Scanner {
        rest: condition,
        at: 1,
    };
    let mut tokens = Vec::new();
    loop {
        scanner.skip_while(char::is_whitespace);
        let at = scanner.at;
        let kind = scanner.token()?;
        let is_end = kind == TokenKind::End;
        tokens.push(Token { at, kind });
        if is_end {
            return Ok(tokens);
        }
    }
}

/// The rest of a condition.
struct Scanner<'a> {
    rest: &'a str,
    /// The number of the next character, from 1.
    at: usize,
}

impl<'a> Scanner<'a> {
    fn token(&mut self) -> Result<TokenKind, Refused> {
        let Some(first) = self.rest.chars().next() else {
            return Ok(TokenKind::End);
        };
        let second = self.rest.chars().nth(1);
        let is_number = first.is_ascii_digit()
            || (first == '.' && second.is_some_and(|ch| ch.is_ascii_digit()));
        match first {
            '\'' | '"' => self.text("").map(TokenKind::Text),
            _ if is_number => self.number(),
            _ if first.is_alphabetic() || first == '_' => {
                let name = self.skip_while(|ch| ch.is_alphanumeric() || ch == '_');
                match self.rest.starts_with(['\'', '"']) {
                    true => self.text(name).map(TokenKind::Text),
                    false => Ok(TokenKind::Name(name.to_owned())),
                }
            }
            _ => {
                let symbol = SYMBOLS
                    .iter()
                    .find(|symbol| self.rest.starts_with(**symbol));
                let symbol = symbol.ok_or_else(|| {
                    Refused::at(
                        self.at,
                        format!("the character `{first}` means nothing there"),
                    )
                })?;
                self.skip(symbol.len());
                Ok(TokenKind::Symbol(symbol))
            }
        }
    }

    fn number(&mut self) -> Result<TokenKind, Refused> {
        let at = self.at;
        let mut last = '0';
        let written = self.skip_while(|ch| {
            let is_exponent_sign = matches!(ch, '+' | '-') && matches!(last, 'e' | 'E');
            last = ch;
            ch.is_alphanumeric() || matches!(ch, '.' | '_') || is_exponent_sign
        });
        number(written).ok_or_else(|| Refused::at(at, format!("`{written}` is not a number")))
    }

    /// Skips `bytes` bytes, and returns them.
    fn skip(&mut self, bytes: usize) -> &'a str {
        let (skipped, rest) = self.rest.split_at(bytes);
        self.at += skipped.chars().count();
        self.rest = rest;
        skipped
    }

    fn skip_while(&mut self, mut test: impl FnMut(char) -> bool) -> &'a str {
        let end = self.rest.find(|ch| !test(ch));
        self.skip(end.unwrap_or(self.rest.len()))
    }
}

/// Returns the value of a number in Python's notation. Integers beyond 64 bits become floats.
fn number(written: &str) -> Option<TokenKind> {
    let is_digit = |place: Option<u8>| place.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let bytes = written.as_bytes();
    let mut separators = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    let well_separated = separators.all(|(place, _)| {
        place > 0
            && is_digit(bytes.get(place - 1).copied())
            && is_digit(bytes.get(place + 1).copied())
    });
    let digits: String = written.chars().filter(|ch| *ch != '_').collect();
    if !well_separated {
        return None;
    }
    let lower = digits.to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = lower.strip_prefix(prefix) {
            return i64::from_str_radix(digits, radix).ok().map(TokenKind::Int);
        }
    }
    if lower.bytes().all(|byte| byte.is_ascii_digit()) {
        // Python refuses `012`, which is an octal number elsewhere.
        let is_padded = lower.starts_with('0') && lower.bytes().any(|byte| byte != b'0');
        return match lower.parse() {
            _ if is_padded => None,
            Ok(int) => Some(TokenKind::Int(int)),
            Err(_) => lower.parse().ok().map(TokenKind::Float),
        };
    }
    // `inf` and `nan` are names, so they never get here.
    lower.parse().ok().map(TokenKind::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(condition: &str, expected: &[TokenKind]) {
        let tokens = tokens(condition).unwrap();
        let kinds: Vec<TokenKind> = tokens.into_iter().map(|token| token.kind).collect();
        assert_eq!(kinds.split_last().unwrap().1, expected, "{condition}");
    }

    #[test]
    fn conditions_are_cut_into_tokens() {
        use TokenKind::*;
        let name = |name: &str| Name(name.to_owned());
        check("a<=1", &[name("a"), Symbol("<="), Int(1)]);
        check(
            "__dj__meta__.ä != -1_0.5e-1",
            &[
                name("__dj__meta__"),
                Symbol("."),
                name("ä"),
                Symbol("!="),
                Symbol("-"),
                Float(1.05),
            ],
        );
        check("0x1F .5 5. 00", &[Int(31), Float(0.5), Float(5.0), Int(0)]);
        check("9223372036854775808", &[Float(9_223_372_036_854_775_808.0)]);
    }

    #[test]
    fn what_is_no_token_is_refused_with_its_place() {
        for (condition, place) in [
            ("é $", 3),
            ("a 1__0", 3),
            ("1_", 1),
            ("012", 1),
            ("1a", 1),
            ("1.2.3", 1),
            ("0x", 1),
            ("a == 'b", 6),
            ("?", 1),
        ] {
            let refused = tokens(condition).unwrap_err();
            assert_eq!(refused.at, place, "{condition}: {}", refused.reason);
        }
    }
}
