//! Paths with weights in one text, as on Data-Juicer's command line: `0.5 web.jsonl 0.5 'my books.jsonl'`.

use super::input::{Input, read_weight};
use crate::codec::{Codec, Mismatch, Path};
use crate::location::Location;
use crate::node::Node;

/// Reads paths that may each have a weight before them. Returns `None` if the text is a single path: one without a space, one that
/// exists, or one that neither begins with a number nor consists of paths that exist.
///
/// A path may contain spaces, so the text alone isn't enough, and this checks whether files exist.
pub(super) fn weighted(text: &str, node: &Node) -> Result<Option<Vec<Input>>, Mismatch> {
    if !text.contains(char::is_whitespace) || is_there(text) {
        return Ok(None);
    }
    let begins_with_weight = text.split_whitespace().next().is_some_and(is_number);
    let Some(words) = words(text) else {
        return match begins_with_weight {
            true => Err(Mismatch::wrong_part(
                "dataset_path",
                "a text whose quotes are closed",
                node,
            )),
            false => Ok(None),
        };
    };
    if !begins_with_weight && !words.iter().all(|word| is_number(word) || is_there(word)) {
        return Ok(None);
    }
    let part = |text: &str| Node {
        span: node.span,
        ..Node::plain(text)
    };
    let not_a_path = |node: &Node| Err(Mismatch::wrong_part("path", "after each weight", node));
    let (mut inputs, mut weight) = (Vec::new(), None);
    for word in &words {
        match (is_number(word), weight) {
            (true, None) => weight = Some(read_weight(&part(word))?),
            // Data-Juicer would give the weights to the wrong paths.
            (true, Some(_)) => return not_a_path(&part(word)),
            (false, _) => inputs.push(Input {
                weight: weight.take().unwrap_or(1.0),
                ..Input::whole(Path::read(&part(word))?)
            }),
        }
    }
    match weight {
        Some(_) => not_a_path(&part("")),
        None => Ok(Some(inputs)),
    }
}

fn is_there(path: &str) -> bool {
    let path = Location::of(path).path();
    path.is_some_and(|path| std::path::Path::new(path).exists())
}

/// Returns whether a word is a weight. `nan` and `infinity` are names of files.
fn is_number(word: &str) -> bool {
    let is_numeric = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    word.bytes().any(|byte| byte.is_ascii_digit())
        && word.as_bytes().iter().all(is_numeric)
        && word.parse::<f64>().is_ok()
}

/// Splits a text as a shell does; returns `None` if a quote is not closed.
fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, character) if character.is_whitespace() => words.extend(word.take()),
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (Some(open), character) if character == open => quote = None,
            (None, '\\') => word.get_or_insert_default().push(characters.next()?),
            (Some('"'), '\\') => {
                let next = characters.next()?;
                let word = word.get_or_insert_default();
                if !matches!(next, '"' | '\\') {
                    word.push('\\');
                }
                word.push(next);
            }
            (_, character) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        for (text, expected) in [
            ("0.5 a 0.5  b", Some(vec!["0.5", "a", "0.5", "b"])),
            (
                "1 'my a.jsonl' \"b \\\"c\\\"\" d\\ e",
                Some(vec!["1", "my a.jsonl", "b \"c\"", "d e"]),
            ),
            ("'' \"a\\b\"", Some(vec!["", "a\\b"])),
            ("1 'a", None),
            ("1 a\\", None),
        ] {
            let expected = expected.map(|words| words.into_iter().map(str::to_owned).collect());
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn names_of_files_are_no_numbers() {
        for word in ["1", "0.5", "-2", "+.5", "1e3", "0"] {
            assert!(is_number(word), "{word}");
        }
        for word in ["nan", "inf", "e", "1.5.jsonl", "-", "", "1_000", "2024-01"] {
            assert!(!is_number(word), "{word}");
        }
    }
}
