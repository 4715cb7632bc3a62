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
        let mut found = String::new();
        let result = Matches::new(pattern).each(&all, |slots| {
            let (start, end) = (slots[0].unwrap(), slots[1].unwrap());
            found.push_str(&all[start..end]);
        });
        result.unwrap();
        let found = Figures::of(found.chars().map(|ch| ch..=ch));
        wrong.extend(difference(&vector, source, found));
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// How many characters there are, the sum of their code points, and that of their squares modulo 2^64.
#[derive(Clone, Copy, Default, PartialEq)]
struct Figures {
    count: u64,
    sum: u64,
    squares: u64,
}

impl Figures {
    /// Those of all code points below one.
    fn below(code: u32) -> Self {
        let code = u128::from(code);
        Self {
            count: code as u64,
            sum: (code * code.saturating_sub(1) / 2) as u64,
            squares: (code * code.saturating_sub(1) * (2 * code).saturating_sub(1) / 6) as u64,
        }
    }

    fn of_range(range: std::ops::RangeInclusive<char>) -> Self {
        let (first, last) = (u32::from(*range.start()), u32::from(*range.end()));
        let all = Self::below(last + 1).without(Self::below(first));
        match first < 0xd800 && last > 0xdfff {
            true => all.without(Self::below(0xe000).without(Self::below(0xd800))),
            false => all,
        }
    }

    fn without(self, other: Self) -> Self {
        Self {
            count: self.count - other.count,
            sum: self.sum - other.sum,
            squares: self.squares.wrapping_sub(other.squares),
        }
    }

    fn of(ranges: impl Iterator<Item = std::ops::RangeInclusive<char>>) -> Self {
        ranges
            .map(Self::of_range)
            .fold(Self::default(), |one, other| Self {
                count: one.count + other.count,
                sum: one.sum + other.sum,
                squares: one.squares.wrapping_add(other.squares),
            })
    }
}

/// Returns how characters differ from those that a vector has, if they do.
fn difference(vector: &Value, source: &str, found: Figures) -> Option<String> {
    let [count, sum, squares] =
        ["count", "sum", "squares"].map(|key| vector[key].as_u64().unwrap());
    let expected = Figures {
        count,
        sum,
        squares,
    };
    let dialect = &vector["dialect"];
    (found != expected).then(|| {
        let found = found.count;
        format!("{dialect} `{source}`: {found} characters instead of {count}")
    })
}

/// Scripts, blocks and all other properties, by each of their names.
#[test]
fn properties_have_the_names_and_characters_that_they_have_in_python() {
    let mut wrong = Vec::new();
    for line in include_str!("../testdata/properties.jsonl").lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        for source in vector["patterns"].as_array().unwrap() {
            let source = source.as_str().unwrap();
            match coldpress_pattern::members(source) {
                Some(ranges) => wrong.extend(difference(&vector, source, Figures::of(ranges))),
                None => wrong.push(format!("`{source}` is not known")),
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Both engines find the same: a text with characters that are new to one is searched by the other.
#[test]
fn words_end_where_they_end_in_python() {
    let all: Vec<char> = ('\0'..=char::MAX).collect();
    let mut wrong = Vec::new();
    for line in include_str!("../testdata/boundaries.jsonl").lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let source = vector["pattern"].as_str().unwrap();
        let mut matches = Matches::new(Pattern::new(source, options(&vector)).unwrap());
        let mut found = Vec::new();
        for chars in all.chunks(64) {
            let (mut text, mut places) = (String::new(), BTreeMap::new());
            for ch in chars {
                text.push('a');
                places.insert(text.len(), *ch);
                text.push(*ch);
            }
            let result = matches.each(&text, |slots| found.extend(places.get(&slots[1].unwrap())));
            result.unwrap();
        }
        let found = Figures::of(found.into_iter().map(|ch| ch..=ch));
        wrong.extend(difference(&vector, source, found));
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn letters_have_the_variants_that_they_have_in_python() {
    for line in include_str!("../testdata/cases.jsonl").lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let cases = vector["cases"].as_array().unwrap().iter();
        let cases = cases.map(|case| case.as_str().unwrap());
        let cases: Vec<(&str, &str)> = cases
            .map(|case| case.split_at(case.chars().next().unwrap().len_utf8()))
            .collect();
        let text: String = cases.iter().map(|(letter, _)| *letter).collect();
        let mut wrong = Vec::new();
        for (letter, expected) in cases {
            let pattern = Pattern::new(&format!("(?i){letter}"), options(&vector)).unwrap();
            let mut found = String::new();
            let result = Matches::new(pattern).each_whole(&text, |start, end| {
                found.push_str(&text[start..end]);
            });
            result.unwrap();
            if found != expected {
                wrong.push(format!("{letter}: {found} instead of {expected}"));
            }
        }
        assert_eq!(wrong, Vec::<String>::new(), "{}", vector["dialect"]);
        // No other character is a variant of one of these.
        let mut letters: Vec<u32> = text.chars().map(u32::from).collect();
        letters.sort_unstable();
        let before = letters.iter().map(|letter| letter - 1);
        let after = letters.iter().map(|letter| letter + 1);
        let gaps = [0].into_iter().chain(after).zip(before.chain([0x10_ffff]));
        let others: String = gaps
            .filter(|(first, last)| first <= last)
            .map(|(first, last)| format!("\\U{first:08x}-\\U{last:08x}"))
            .collect();
        let others = Pattern::new(&format!("(?i)[{others}]"), options(&vector)).unwrap();
        assert_eq!(Matches::new(others).is_in(&text), Ok(false));
    }
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
