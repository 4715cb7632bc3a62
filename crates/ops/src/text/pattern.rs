//! Patterns of users, written for Python's backtracking regex engine.
//!
//! They are compiled for an engine that does not backtrack, so one search takes no more than linear time; for all matches
//! the module `matches` keeps it linear. What that engine lacks (look-around, backreferences, atomic groups) or reads in another
//! way is refused, never silently taken for something else.

use regex::Regex;

/// Compiles a pattern, in which a dot matches line ends too. A wrapper `r'...'` or `r"..."` is taken off.
///
/// # Errors
/// Why the pattern cannot be used, in one line.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    build(&format!("(?s){}", translate(unwrapped(pattern))?))
}

/// Compiles a pattern as it is written: no wrapper is taken off, and a dot does not match a line feed.
///
/// # Errors
/// Why the pattern cannot be used, in one line.
pub fn compile_verbatim(pattern: &str) -> Result<Regex, String> {
    build(&translate(pattern)?)
}

fn build(translated: &str) -> Result<Regex, String> {
    Regex::new(translated).map_err(|error| {
        // The last line of the parser's message says what is wrong, the ones before it show where.
        let message = error.to_string();
        let reason = message.lines().last().unwrap_or_default();
        reason.trim_start_matches("error: ").to_owned()
    })
}

/// The pattern without a wrapper `r'...'` or `r"..."`.
fn unwrapped(pattern: &str) -> &str {
    if pattern.chars().count() <= 2 {
        return pattern;
    }
    let inside = |quote: char| {
        pattern
            .strip_prefix('r')?
            .strip_prefix(quote)?
            .strip_suffix(quote)
    };
    inside('\'').or_else(|| inside('"')).unwrap_or(pattern)
}

/// Writes the pattern as the engine reads it, where both engines know the construct but write it in different ways.
fn translate(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    let mut quantified = false;
    while let Some(ch) = chars.next() {
        let next = chars.peek().copied();
        let was_quantified = std::mem::take(&mut quantified);
        match ch {
            '\\' => {
                let escaped = chars.next().ok_or("ends with a single backslash")?;
                match escaped {
                    'Z' if !in_class => out.push_str("\\z"),
                    '<' | '>' => out.push(escaped),
                    // Braces around the name of a property are no quantifier.
                    'p' | 'P' if next_is_brace(&chars) => {
                        if !chars.clone().any(|ch| ch == '}') {
                            return Err(format!("`\\{escaped}{{` has no closing brace"));
                        }
                        out.extend(['\\', escaped]);
                        out.extend(chars.by_ref().take_while(|ch| *ch != '}'));
                        out.push('}');
                    }
                    _ => out.extend(['\\', escaped]),
                }
            }
            '[' if in_class && next == Some(':') => {
                return Err("POSIX classes are not supported".to_owned());
            }
            '[' if in_class => out.push_str("\\["),
            '[' => {
                in_class = true;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                // A bracket right at the start is an ordinary member.
                if chars.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => out.extend(['\\', ch]),
            '-' if in_class && next == Some('-') => {
                return Err("`--` inside a class is not supported".to_owned());
            }
            _ if in_class => out.push(ch),
            '$' => return Err(
                "`$` also matches before a last line feed and is not supported; `\\Z` is the end"
                    .to_owned(),
            ),
            '+' if was_quantified => {
                return Err("possessive quantifiers are not supported".to_owned());
            }
            '(' if next == Some('?') => {
                out.push('(');
                check_group(chars.clone())?;
            }
            '*' | '+' | '?' | '}' => {
                // A question mark behind a quantifier makes it lazy.
                quantified = !(was_quantified && ch == '?');
                out.push(ch);
            }
            _ => out.push(ch),
        }
    }
    Ok(out)
}

fn next_is_brace(rest: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    rest.clone().peek() == Some(&'{')
}

/// Refuses groups whose flags the two engines read in different ways.
fn check_group(rest: impl Iterator<Item = char>) -> Result<(), String> {
    let flags: String = rest
        .skip(1)
        .take_while(|ch| ch.is_ascii_alphabetic() || *ch == '-')
        .collect();
    match flags
        .chars()
        .find(|ch| matches!(ch, 'R' | 'U' | 'u' | 'x' | 'm'))
    {
        // `(?P<name>…)` has no flag but P.
        Some(flag) if !flags.starts_with('P') => {
            Err(format!("the flag or group `(?{flag}` is not supported"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str, expected: &[&str]) {
        let compiled = compile(pattern).unwrap();
        let found: Vec<&str> = compiled
            .find_iter(text)
            .map(|found| found.as_str())
            .collect();
        assert_eq!(found, expected, "{pattern}");
    }

    #[test]
    fn patterns_mean_what_they_mean_to_the_reference() {
        check(r"r'\d{2,}'", "a1 b22 c333", &["22", "333"]);
        check("r\"x+\"", "axxbx", &["xx", "x"]);
        check("r'", "ar'b", &["r'"]);
        check("r''", "r''", &["", "", "", ""]);
        check("a.b", "a\nb", &["a\nb"]);
        check(r"b\Z", "bab", &["b"]);
        check(r"\<a\>", "<a>", &["<a>"]);
        check("[[a&&b~]+", "[&~ab", &["[&~ab"]);
        check("[]a]+", "]a[", &["]a"]);
        check("[^]a]+", "]ab", &["b"]);
        check("(?i)ab+?", "ABB", &["AB"]);
        check("(?P<mx>a)", "a", &["a"]);
        check(r"\p{Han}+[\p{Lu}b]?", "a中文bB", &["中文b"]);
    }

    #[test]
    fn verbatim_patterns_keep_their_wrapper_and_stop_at_line_feeds() {
        let found = |pattern: &str, text: &str| {
            let compiled = compile_verbatim(pattern).unwrap();
            compiled.find(text).map(|found| found.as_str().to_owned())
        };
        assert_eq!(found(".+", "ab\ncd").as_deref(), Some("ab"));
        assert_eq!(found("r'a'", "a r'a'").as_deref(), Some("r'a'"));
    }

    #[test]
    fn what_would_mean_something_else_is_refused() {
        for pattern in [
            "(unclosed",
            "a$",
            "(?=a)",
            r"(a)\1",
            "a++",
            "a*+",
            "a{2}+",
            r"\p{L}{2}+",
            r"\p{L",
            "[[:alpha:]]",
            "[a--b]",
            "(?R)",
            "(?m)^a",
            "(?>a)",
            "\\",
        ] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
        assert_eq!(compile("(unclosed").unwrap_err(), "unclosed group");
    }
}
