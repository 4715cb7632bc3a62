//! Parses a condition, by precedence from `or` down to single values.

use super::Refused;
use super::expression::{Expression, Relation};
use super::lexer::{Token, TokenKind, tokens};
use crate::filter::value::{SequenceKind, Value};

/// The number of parentheses, lists and signs that may be nested in each other. It bounds the stack that parsing and evaluation
/// need.
const MAX_DEPTH: u32 = 50;

/// Words that have a meaning in Python but aren't available here.
const KEYWORDS: [&str; 28] = [
    "is", "if", "else", "lambda", "for", "await", "yield", "async", "from", "import", "as",
    "assert", "break", "class", "continue", "def", "del", "elif", "except", "finally", "global",
    "nonlocal", "pass", "raise", "return", "try", "while", "with",
];

/// Parses a condition, and collects the names of the fields in it.
pub(super) fn parse(condition: &str) -> Result<(Expression, Vec<String>), Refused> {
    let mut parser = Parser {
        tokens: tokens(condition)?,
        next: 0,
        depth: 0,
        fields: Vec::new(),
    };
    let expression = parser.any()?;
    match &parser.token().kind {
        TokenKind::End => Ok((expression, parser.fields)),
        _ => Err(parser.unexpected("the end, `and`, `or` or a comparison")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: u32,
    fields: Vec<String>,
}

impl Parser {
    fn any(&mut self) -> Result<Expression, Refused> {
        let first = self.all()?;
        if !self.is_word("or") {
            return Ok(first);
        }
        let mut choices = vec![first];
        while self.take_word("or") {
            choices.push(self.all()?);
        }
        Ok(Expression::Any(choices))
    }

    fn all(&mut self) -> Result<Expression, Refused> {
        let first = self.not()?;
        if !self.is_word("and") {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take_word("and") {
            parts.push(self.not()?);
        }
        Ok(Expression::All(parts))
    }

    fn not(&mut self) -> Result<Expression, Refused> {
        if self.take_word("not") {
            let of = self.deeper(Self::not)?;
            return Ok(Expression::Not(Box::new(of)));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expression, Refused> {
        let first = self.signed()?;
        let mut relations = Vec::new();
        while let Some(relation) = self.take_relation()? {
            relations.push((relation, self.signed()?));
        }
        Ok(match relations.is_empty() {
            true => first,
            false => Expression::Compare(Box::new(first), relations),
        })
    }

    fn take_relation(&mut self) -> Result<Option<Relation>, Refused> {
        let relation = match &self.token().kind {
            TokenKind::Symbol("==") => Relation::Equal,
            TokenKind::Symbol("!=") => Relation::NotEqual,
            TokenKind::Symbol("<") => Relation::Less,
            TokenKind::Symbol("<=") => Relation::LessOrEqual,
            TokenKind::Symbol(">") => Relation::Greater,
            TokenKind::Symbol(">=") => Relation::GreaterOrEqual,
            TokenKind::Name(name) if name == "in" => Relation::In,
            TokenKind::Name(name) if name == "not" => {
                self.next += 1;
                if !self.is_word("in") {
                    return Err(self.unexpected("`in` after `not`"));
                }
                Relation::NotIn
            }
            _ => return Ok(None),
        };
        self.next += 1;
        Ok(Some(relation))
    }

    fn signed(&mut self) -> Result<Expression, Refused> {
        if self.take("-") {
            let of = self.deeper(Self::signed)?;
            return Ok(Expression::Minus(Box::new(of)));
        }
        if self.take("+") {
            let of = self.deeper(Self::signed)?;
            return Ok(Expression::Plus(Box::new(of)));
        }
        self.value()
    }

    fn value(&mut self) -> Result<Expression, Refused> {
        let constant = match self.token().kind.clone() {
            TokenKind::Int(value) => Value::Int(value),
            TokenKind::Float(value) => Value::Float(value),
            TokenKind::Text(_) => return Ok(Expression::Constant(self.texts())),
            TokenKind::Name(name) => match name.as_str() {
                "True" => Value::Bool(true),
                "False" => Value::Bool(false),
                "None" => Value::Null,
                "and" | "or" | "not" | "in" => return Err(self.unexpected("a value")),
                _ => return self.field(),
            },
            TokenKind::Symbol("(") => return self.in_parentheses(),
            TokenKind::Symbol("[") => return self.sequence(SequenceKind::List, "]"),
            TokenKind::Symbol("{") => return self.sequence(SequenceKind::Set, "}"),
            _ => return Err(self.unexpected("a value")),
        };
        self.next += 1;
        Ok(Expression::Constant(constant))
    }

    /// Parses a text. Texts that follow each other are joined.
    fn texts(&mut self) -> Value<'static> {
        let mut joined = String::new();
        while let TokenKind::Text(text) = &self.token().kind {
            joined.push_str(text);
            self.next += 1;
        }
        Value::Text(joined.into())
    }

    /// Parses the name of a field, with the parts after dots.
    fn field(&mut self) -> Result<Expression, Refused> {
        let mut path = self.name()?;
        while self.take(".") {
            path.push('.');
            path.push_str(&self.name()?);
        }
        if matches!(self.token().kind, TokenKind::Symbol("(" | "[")) {
            return Err(self.unexpected("no call and no index after a field"));
        }
        let known = self.fields.iter().position(|field| *field == path);
        Ok(Expression::Field(known.unwrap_or_else(|| {
            self.fields.push(path);
            self.fields.len() - 1
        })))
    }

    fn name(&mut self) -> Result<String, Refused> {
        match &self.token().kind {
            TokenKind::Name(name) if !KEYWORDS.contains(&name.as_str()) => {
                let name = name.clone();
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.unexpected("the name of a field")),
        }
    }

    /// Parses a value in parentheses, or a tuple.
    fn in_parentheses(&mut self) -> Result<Expression, Refused> {
        self.next += 1;
        if self.take(")") {
            return Ok(Expression::sequence(SequenceKind::Tuple, Vec::new()));
        }
        let first = self.deeper(Self::any)?;
        if self.take(")") {
            return Ok(first);
        }
        self.expect(",")?;
        self.rest_of_sequence(SequenceKind::Tuple, ")", vec![first])
    }

    fn sequence(&mut self, kind: SequenceKind, end: &'static str) -> Result<Expression, Refused> {
        self.next += 1;
        // `{}` is an empty object in Python, and nothing can be compared with it.
        if kind == SequenceKind::Set && self.is("}") {
            return Err(self.unexpected("a value"));
        }
        self.rest_of_sequence(kind, end, Vec::new())
    }

    fn rest_of_sequence(
        &mut self,
        kind: SequenceKind,
        end: &'static str,
        mut values: Vec<Expression>,
    ) -> Result<Expression, Refused> {
        while !self.take(end) {
            values.push(self.deeper(Self::any)?);
            if !self.is(end) {
                self.expect(",")?;
            }
        }
        Ok(Expression::sequence(kind, values))
    }

    fn deeper(
        &mut self,
        parse: fn(&mut Self) -> Result<Expression, Refused>,
    ) -> Result<Expression, Refused> {
        if self.depth == MAX_DEPTH {
            let reason = format!("it is nested more than {MAX_DEPTH} deep");
            return Err(Refused::at(self.token().at, reason));
        }
        self.depth += 1;
        let parsed = parse(self)?;
        self.depth -= 1;
        Ok(parsed)
    }

    /// Returns the next token. The last token is the end, and the parser never goes past it.
    fn token(&self) -> &Token {
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn is(&self, symbol: &'static str) -> bool {
        self.token().kind == TokenKind::Symbol(symbol)
    }

    fn take(&mut self, symbol: &'static str) -> bool {
        let is_next = self.is(symbol);
        self.next += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), Refused> {
        match self.take(symbol) {
            true => Ok(()),
            false => Err(self.unexpected(&format!("`{symbol}`"))),
        }
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(&self.token().kind, TokenKind::Name(name) if name == word)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_next = self.is_word(word);
        self.next += usize::from(is_next);
        is_next
    }

    fn unexpected(&self, expected: &str) -> Refused {
        let Token { at, kind } = self.token();
        let found = match kind {
            TokenKind::Name(name) => format!("`{name}`"),
            TokenKind::Int(value) => format!("`{value}`"),
            TokenKind::Float(value) => format!("`{value}`"),
            TokenKind::Text(_) => "a text".to_owned(),
            TokenKind::Symbol(symbol) => format!("`{symbol}`"),
            TokenKind::End => "the end".to_owned(),
        };
        Refused::at(*at, format!("expected {expected}, found {found}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_once_each() {
        let (_, fields) = parse("a.b > 1 and (a.b < 5 or text in ['x', c])").unwrap();
        assert_eq!(fields, ["a.b", "text", "c"]);
    }

    #[test]
    fn what_is_not_available_is_refused_with_its_place() {
        let cases = [
            ("", 1, "expected a value, found the end"),
            ("num >", 6, "expected a value, found the end"),
            ("num + 1 > 2", 5, "found `+`"),
            ("len(text) > 2", 4, "no call"),
            ("a[0]", 2, "no index"),
            ("a is None", 3, "found `is`"),
            ("a if b else c", 3, "found `if`"),
            (
                "lambda: 1",
                1,
                "expected the name of a field, found `lambda`",
            ),
            ("a == (1, 2", 11, "expected `,`, found the end"),
            ("a not b", 7, "expected `in` after `not`"),
            ("a. > 1", 4, "expected the name of a field"),
            ("{'a': 1}", 5, "expected `,`, found `:`"),
            ("{}", 2, "expected a value"),
            ("a = 1", 3, "found `=`"),
            ("a, b", 2, "found `,`"),
            ("~a", 1, "found `~`"),
        ];
        for (condition, at, reason) in cases {
            let refused = parse(condition).unwrap_err();
            assert_eq!(refused.at, at, "{condition}: {}", refused.reason);
            assert!(
                refused.reason.contains(reason),
                "{condition}: {}",
                refused.reason
            );
        }
    }

    #[test]
    fn nesting_has_a_limit() {
        for (open, close) in [("(", ")"), ("[", "]"), ("not ", ""), ("-", ""), ("+-", "")] {
            let nested = |depth| format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert!(parse(&nested(20)).is_ok(), "{open}");
            let refused = parse(&nested(100_000)).unwrap_err();
            assert!(
                refused.reason.contains("nested"),
                "{open}: {}",
                refused.reason
            );
        }
        // A condition may be long as long as it isn't deep.
        assert!(parse(&("a == 1 or ".repeat(100_000) + "b")).is_ok());
    }
}
