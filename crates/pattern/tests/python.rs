//! The matches are those that Python finds: vectors made by `testdata/make_vectors.py`.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeMap;

use coldpress_pattern::{Dialect, Matches, Options, Pattern, Unicode};
use serde_json::Value;

/// What Python takes for ordinary characters and is refused here, because it is meant otherwise.
const REFUSED: [&str; 1] = [r"\p{"];

fn options(vector: &Value) -> Options {
    Options {
        dialect: match vector["dialect"].as_str() {
            Some("re") => Dialect::Re,
            _ => Dialect::Regex,
        },
        unicode: Unicode::Python311,
        dot_all: vector["dot_all"] == true,
    }
}

/// The places of all matches and their groups, in characters.
fn found(pattern: &Pattern, text: &str) -> Value {
    let places: BTreeMap<usize, usize> = text
        .char_indices()
        .map(|(place, _)| place)
        .chain([text.len()])
        .zip(0..)
        .collect();
    let mut all = Vec::new();
    let result = Matches::new(pattern.clone()).each(text, |slots| {
        let slots: Vec<Option<usize>> = slots
            .iter()
            .map(|slot| slot.map(|at| places[&at]))
            .collect();
        all.push(slots);
    });
    result.map_or_else(
        |error| error.to_string().into(),
        |()| serde_json::json!(all),
    )
}

fn check(vectors: &str) {
    let mut lines = vectors.lines();
    let texts: Vec<String> = serde_json::from_str(lines.next().unwrap()).unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in lines {
        let vector: Value = serde_json::from_str(line).unwrap();
        let source = vector["pattern"].as_str().unwrap();
        let told = format!("{} `{source}`", vector["dialect"]);
        count += 1;
        match (
            Pattern::new(source, options(&vector)),
            vector["error"] == true,
        ) {
            // `re` allows a lookbehind only for texts of one length.
            (Ok(_), true) if vector["dialect"] == "re" && source.contains("(?<") => {}
            (Ok(_), true) => wrong.push(format!("{told} is taken")),
            (Err(error), false) if !REFUSED.contains(&source) => {
                wrong.push(format!("{told} is refused: {error}"));
            }
            (Ok(pattern), false) => {
                for place in vector["texts"].as_array().unwrap() {
                    let number = place[0].as_u64().map(|number| number as usize);
                    let text =
                        number.map_or_else(|| place[0].as_str().unwrap(), |number| &texts[number]);
                    let found = found(&pattern, text);
                    if found != place[1] {
                        let expected = &place[1];
                        wrong.push(format!(
                            "{told} in {text:?}\n  found {found}\n  not   {expected}"
                        ));
                    }
                }
            }
            _ => {}
        }
    }
    assert!(count > 100);
    let number = wrong.len();
    assert!(
        wrong.is_empty(),
        "{number} of {count}:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn patterns_of_people() {
    check(include_str!("../testdata/vectors.jsonl"));
}

#[test]
fn patterns_that_a_grammar_made_up() {
    check(include_str!("../testdata/random.jsonl"));
}

proptest::proptest! {
    /// Whatever is written is a pattern or is refused, and a search ends.
    #[test]
    fn nothing_makes_it_panic(
        pattern in r"([a-cé()\[\]{}*+?|^$.\\,0-3:<>=!#& -]|\(\?|\(\?<|\[\[:|\\[a-zA-Z]|\\p\{|\\N\{){0,24}",
        text in "[a-cé \n]{0,20}",
        is_re: bool,
    ) {
        let dialect = if is_re { Dialect::Re } else { Dialect::Regex };
        if let Ok(pattern) = Pattern::new(&pattern, Options { dialect, ..Options::default() }) {
            let mut count = 0;
            let _ = Matches::new(pattern).each(&text, |slots| {
                let (start, end) = (slots[0].unwrap(), slots[1].unwrap());
                assert!(text.get(start.min(end)..end).is_some());
                count += 1;
            });
            // An empty match at each position, and one after it that is not empty.
            proptest::prop_assert!(count <= 2 * text.chars().count() + 1);
        }
    }
}

/// Common patterns that need no backtracking get none, so that they stay fast.
#[test]
fn most_patterns_are_searched_for_in_linear_time() {
    for pattern in [
        r"https?://\S+",
        r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b",
        r"(?i)all rights reserved\.?",
        r"\s+$",
        r"^\s+|\s+$",
        r"(?m)[ \t]+$",
        r"\p{Han}+",
        r"[[:punct:]]{3,}",
        r"(\d{4})-(\d\d)",
        "a{,3}",
        r"<[^>]+>",
        r"[^\P{L}a]+",
    ] {
        let pattern = Pattern::new(pattern, Options::default()).unwrap();
        assert!(pattern.is_linear(), "{pattern:?}");
    }
}

/// What these look for is not in the text, or is found without trying each way to get there.
#[test]
fn ordinary_patterns_have_steps_enough() {
    for (pattern, text, expected) in [
        (r"[\w.]+@(?!example)\w+", "A1b2".repeat(2_500), 0),
        (r"(\w+) \1", "A".repeat(9_000), 0),
        (r"\w+(?=:)", "a".repeat(100_000), 0),
        (r"[\w+/]+(?==)", "iVBORw0KGgo".repeat(2_000), 0),
        (
            r"<script>(?:[^<]|<(?!/script>))*</script>",
            format!("<script>{}</script>", "x".repeat(400_000)),
            1,
        ),
    ] {
        let pattern = Pattern::new(pattern, Options::default()).unwrap();
        let mut count = 0;
        let result = Matches::new(pattern).each(&text, |_| count += 1);
        assert_eq!((result, count), (Ok(()), expected), "{}", &text[..20]);
    }
}

#[test]
fn hostile_patterns_are_read_in_little_time_and_memory() {
    let braces = "{".repeat(20_000) + "}";
    let many = r"\w".repeat(4_000);
    for pattern in [braces, many] {
        let begun = std::time::Instant::now();
        assert!(Pattern::new(&pattern, Options::default()).is_ok());
        assert!(begun.elapsed().as_secs() < 20);
    }
}

/// Python 3.11 has Unicode 14, and `regex` has tables of its own.
#[test]
fn classes_have_the_characters_that_they_have_in_python() {
    let all: String = ('\0'..=char::MAX).collect();
    let mut wrong = Vec::new();
    for line in include_str!("../testdata/unicode.jsonl").lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let source = vector["pattern"].as_str().unwrap();
        // Runs of characters take a fraction of the time.
        let runs = match source.strip_prefix("(?i)") {
            Some(rest) => format!("(?i)(?:{rest})+"),
            None => format!("(?:{source})+"),
        };
        let pattern = Pattern::new(&runs, options(&vector)).unwrap();
        let (mut count, mut sum, mut squares) = (0_u64, 0_u64, 0_u64);
        let found = Matches::new(pattern).each(&all, |slots| {
            let (Some(start), Some(end)) = (slots[0], slots[1]) else {
                return;
            };
            for code in all[start..end].chars().map(u64::from) {
                count += 1;
                sum += code;
                squares = squares.wrapping_add(code * code);
            }
        });
        found.unwrap();
        let expected = ["count", "sum", "squares"].map(|key| vector[key].as_u64().unwrap());
        if [count, sum, squares] != expected {
            wrong.push(format!(
                "{} `{source}`: {count} characters instead of {}",
                vector["dialect"], expected[0]
            ));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// A character that came with version 16 is a letter, but not to Python 3.11.
#[test]
fn the_version_of_unicode_decides_on_later_characters() {
    let matches = |pattern, dialect, unicode| {
        let options = Options {
            dialect,
            unicode,
            ..Options::default()
        };
        let mut count = 0;
        Matches::new(Pattern::new(pattern, options).unwrap())
            .each("a\u{1c89}", |_| count += 1)
            .unwrap();
        count
    };
    assert_eq!(matches(r"\w", Dialect::Re, Unicode::Python311), 1);
    assert_eq!(matches(r"\w", Dialect::Re, Unicode::Newest), 2);
    assert_eq!(matches(r"\w", Dialect::Regex, Unicode::Python311), 2);
}
