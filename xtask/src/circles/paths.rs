//! The paths in the text of a Rust file, as far as circles need them.

/// The relevant content of a file besides tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Paths {
    /// All paths that begin with `crate`, `self` or `super`, and all imports.
    pub(super) paths: Vec<Found>,
    /// Modules in files of their own that exist only for tests.
    pub(super) test_modules: Vec<String>,
}

/// A path in the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The enclosing modules in the file itself.
    pub(super) inside: Vec<String>,
    pub(super) segments: Vec<String>,
    /// The name that it gets from here on, if it is an import.
    pub(super) name: Option<String>,
    pub(super) line: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Colons,
    Sign(char),
}

/// Finds the paths in the text of a file.
pub(super) fn paths(text: &str) -> Paths {
    let mut scan = Scan {
        tokens: tokens(text),
        at: 0,
        inside: Vec::new(),
        depth: 0,
        found: Paths::default(),
    };
    while scan.at < scan.tokens.len() {
        scan.step();
    }
    scan.found
}

struct Scan {
    tokens: Vec<(Token, usize)>,
    at: usize,
    /// The open modules, with the depth of braces around each.
    inside: Vec<(String, usize)>,
    depth: usize,
    found: Paths,
}

impl Scan {
    fn step(&mut self) {
        match self.token(0) {
            Some(Token::Sign('#')) => self.attribute(),
            Some(Token::Sign('{')) => {
                self.depth += 1;
                self.at += 1;
            }
            Some(Token::Sign('}')) => {
                self.depth = self.depth.saturating_sub(1);
                self.inside.pop_if(|(_, depth)| *depth == self.depth);
                self.at += 1;
            }
            Some(Token::Word(word)) => match word.as_str() {
                "mod" => self.module(),
                "use" => {
                    self.at += 1;
                    self.import(&mut Vec::new());
                }
                "crate" | "self" | "super" => self.path(),
                _ => self.at += 1,
            },
            _ => self.at += 1,
        }
    }

    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|(token, _)| token)
    }

    fn word(&self, ahead: usize) -> Option<String> {
        match self.token(ahead)? {
            Token::Word(word) => Some(word.clone()),
            _ => None,
        }
    }

    fn is(&self, ahead: usize, sign: char) -> bool {
        self.token(ahead) == Some(&Token::Sign(sign))
    }

    /// Skips an attribute, and the item after it if that is only for tests.
    fn attribute(&mut self) {
        self.at += 1;
        if self.is(0, '!') {
            self.at += 1;
        }
        if !self.is(0, '[') {
            return;
        }
        let start = self.at;
        self.skip_group();
        let words: Vec<&Token> = self.tokens[start..self.at]
            .iter()
            .map(|(token, _)| token)
            .collect();
        let has = |word: &str| words.contains(&&Token::Word(word.to_owned()));
        if has("cfg") && has("test") && !has("not") {
            self.skip_item();
        }
    }

    /// Skips the group that the bracket here begins.
    fn skip_group(&mut self) {
        let mut depth = 0;
        while let Some(token) = self.token(0) {
            match token {
                Token::Sign('(' | '[' | '{') => depth += 1,
                Token::Sign(')' | ']' | '}') => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    fn skip_item(&mut self) {
        while let Some(token) = self.token(0) {
            match token {
                Token::Sign(';') => return self.at += 1,
                Token::Sign('{') => return self.skip_group(),
                Token::Sign('(' | '[') => self.skip_group(),
                Token::Word(word) if word == "mod" => {
                    if let (Some(name), true) = (self.word(1), self.is(2, ';')) {
                        self.found.test_modules.push(name);
                    }
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
    }

    fn module(&mut self) {
        if let (Some(name), true) = (self.word(1), self.is(2, '{')) {
            self.inside.push((name, self.depth));
            self.depth += 1;
            self.at += 3;
        } else {
            self.at += 1;
        }
    }

    /// Reads the tree of an import after these segments.
    fn import(&mut self, before: &mut Vec<String>) {
        let (length, line) = (before.len(), self.line());
        loop {
            match self.token(0).cloned() {
                Some(Token::Word(word)) => before.push(word),
                Some(Token::Colons) => {}
                Some(Token::Sign('*')) => before.push("*".to_owned()),
                Some(Token::Sign('{')) => {
                    self.at += 1;
                    while !self.is(0, '}') && self.at < self.tokens.len() {
                        self.import(before);
                        if self.is(0, ',') {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return before.truncate(length);
                }
                _ => break,
            }
            self.at += 1;
        }
        let renamed = before.iter().position(|word| word == "as");
        let mut segments = before.clone();
        let mut name = segments.last().cloned();
        if let Some(at) = renamed {
            segments.truncate(at);
        }
        if segments.last().is_some_and(|last| last == "self") && segments.len() > 1 {
            segments.pop();
            name = renamed.and(name).or_else(|| segments.last().cloned());
        }
        before.truncate(length);
        // Without progress, this would loop.
        if segments.len() <= length && renamed.is_none() && name.is_none() {
            self.at += 1;
            return;
        }
        self.note(segments, name, line);
    }

    fn path(&mut self) {
        let line = self.line();
        let mut segments = Vec::new();
        while let Some(word) = self.word(0) {
            segments.push(word);
            self.at += 1;
            if self.token(0) != Some(&Token::Colons) {
                break;
            }
            self.at += 1;
        }
        if segments.len() > 1 {
            self.note(segments, None, line);
        }
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |(_, line)| *line)
    }

    fn note(&mut self, segments: Vec<String>, name: Option<String>, line: usize) {
        let inside = self.inside.iter().map(|(name, _)| name.clone()).collect();
        self.found.paths.push(Found {
            inside,
            segments,
            name,
            line,
        });
    }
}

/// Returns the words and signs of a text, without comments and literals, with their lines.
fn tokens(text: &str) -> Vec<(Token, usize)> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => comment_length(rest),
            '"' => text_length(rest),
            '\'' => quote_length(rest),
            _ if first.is_alphanumeric() || first == '_' => {
                let word = rest
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                match raw_text_length(rest, word) {
                    Some(length) => length,
                    None => {
                        tokens.push((Token::Word(rest[..word].to_owned()), line));
                        word
                    }
                }
            }
            _ if rest.starts_with("::") => {
                tokens.push((Token::Colons, line));
                2
            }
            _ if first.is_whitespace() => first.len_utf8(),
            _ => {
                tokens.push((Token::Sign(first), line));
                first.len_utf8()
            }
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

fn comment_length(rest: &str) -> usize {
    let mut depth = 0;
    for at in 0..rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            if depth == 0 {
                return at + 2;
            }
        }
    }
    rest.len()
}

fn text_length(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Returns the length of a character in quotes, or of the quote before a lifetime.
fn quote_length(rest: &str) -> usize {
    let mut inside = rest.chars().skip(1);
    match (inside.next(), inside.next()) {
        (Some('\\'), _) => rest[3..].find('\'').map_or(rest.len(), |end| 3 + end + 1),
        (Some(character), Some('\'')) => 2 + character.len_utf8(),
        _ => 1,
    }
}

/// Returns the length of the raw text that begins with a word of this length, as `r#"…"#` does, if it is one.
fn raw_text_length(rest: &str, word: usize) -> Option<usize> {
    if !["r", "br", "cr"].contains(&&rest[..word]) {
        return None;
    }
    let hashes = rest[word..].find(|c| c != '#')?;
    let open = word + hashes;
    if !rest[open..].starts_with('"') {
        return None;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let end = rest[open + 1..].find(&close);
    Some(end.map_or(rest.len(), |end| open + 1 + end + close.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let shown = paths(text).paths.into_iter().map(|found| {
            let inside: String = found
                .inside
                .iter()
                .map(|name| format!("[{name}]"))
                .collect();
            let name = found
                .name
                .map(|name| format!(" as {name}"))
                .unwrap_or_default();
            format!("{}{inside}{}{name}", found.line, found.segments.join("::"))
        });
        assert_eq!(shown.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn imports_are_taken_apart() {
        check(
            "use a::{b, c::{self, d as e}, f::*};\npub use super::x;",
            &[
                "1a::b as b",
                "1a::c as c",
                "1a::c::d as e",
                "1a::f::* as *",
                "2super::x as x",
            ],
        );
    }

    #[test]
    fn paths_are_found_anywhere_but_in_texts_and_comments() {
        check(
            "fn f(x: crate::a::B<'_>) -> super::C { self::d(b'\\'', '\"') }",
            &["1crate::a::B", "1super::C", "1self::d"],
        );
        check(
            "// crate::a\n/* crate::b /* */ crate::c */ \"crate::d\" r#\"\" crate::e\"# crate::f",
            &["2crate::f"],
        );
        check(
            "pub(crate) struct S; impl S { fn f(&self) { self.x } }",
            &[],
        );
        check(
            "mod m { use super::a; } crate::b",
            &["1[m]super::a as a", "1crate::b"],
        );
    }

    #[test]
    fn tests_are_left_out() {
        let text = "#[cfg(test)]\nmod tests { use crate::a; }\n#[cfg(test)]\nuse crate::b;\n#[cfg(test)]\nmod t;\ncrate::c";
        check(text, &["7crate::c"]);
        assert_eq!(paths(text).test_modules, ["t"]);
    }
}
