//! Lists of words, such as stop words, and the number of words of a text on a list.

use std::collections::BTreeMap;

use super::WordHashes;
use super::hashes::hash_of;

/// The size in bytes of the longest word that a list may have. Groups of words are looked up by their length too, so a longer word
/// would make long groups slow.
const LONGEST: usize = 1000;
/// The number of slots in a bucket.
const SLOTS: usize = 4;

/// Word lists by language, as they are in a JSON file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WordLists(BTreeMap<String, Vec<String>>);

impl WordLists {
    /// Adds the lists of a JSON file: an object with a list of words for each language. If the language already has a list, the
    /// words are added to it.
    ///
    /// # Errors
    /// The reason why the file is invalid.
    pub fn add(&mut self, json: &[u8]) -> Result<(), String> {
        let lists: BTreeMap<String, Vec<String>> = serde_json::from_slice(json)
            .map_err(|error| format!("is no JSON object of word lists by language: {error}"))?;
        for (language, words) in lists {
            if let Some(word) = words.iter().find(|word| word.len() > LONGEST) {
                let length = word.len();
                return Err(format!(
                    "has a word of {length} bytes in the list `{language}`; the limit is {LONGEST}"
                ));
            }
            self.0.entry(language).or_default().extend(words);
        }
        Ok(())
    }

    /// Returns the list of a language. `all` means all lists together, unless there is a list with that name.
    pub fn list(&self, language: &str) -> Option<WordList> {
        match self.0.get(language) {
            Some(words) => Some(WordList::new(words)),
            None if language == "all" => Some(WordList::new(self.0.values().flatten())),
            None => None,
        }
    }

    /// Returns the languages that have a list.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// A list of words that looks up hashes without branches, because it is hard to predict whether the next word of a text is on the
/// list.
#[derive(Clone, Debug)]
pub struct WordList {
    /// The buckets; their number is a power of two. A hash is in the bucket that its lowest bits select. Free slots are 0.
    buckets: Vec<[u64; SLOTS]>,
    /// Hashes whose bucket was full, in order.
    beyond: Vec<u64>,
    longest: usize,
}

impl WordList {
    /// Returns a list of these words, which are taken as they are. A word that no lowercased and refined word equals has no effect.
    pub fn new<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> Self {
        let (mut hashes, mut longest) = (Vec::new(), 0);
        for word in words {
            let word = word.as_ref();
            if !word.is_empty() {
                longest = longest.max(word.len());
                hashes.push(hash_of(word));
            }
        }
        hashes.sort_unstable();
        hashes.dedup();
        let mut list = Self {
            buckets: vec![[0; SLOTS]; (2 * hashes.len()).next_power_of_two()],
            beyond: Vec::new(),
            longest,
        };
        for hash in hashes {
            let at = list.bucket(hash);
            match list.buckets[at].iter_mut().find(|slot| **slot == 0) {
                Some(slot) => *slot = hash,
                None => list.beyond.push(hash),
            }
        }
        list
    }

    /// Returns whether the word with this hash is on the list.
    #[inline(always)]
    pub fn has(&self, hash: u64) -> bool {
        let [a, b, c, d] = self.buckets[self.bucket(hash)];
        let is_there = (a == hash) | (b == hash) | (c == hash) | (d == hash);
        is_there | (!self.beyond.is_empty() && self.beyond.binary_search(&hash).is_ok())
    }

    /// Returns the share of `words` that are on the list; 0 without words.
    pub fn share(&self, words: &WordHashes) -> f64 {
        let WordHashes(words) = words;
        let found: u64 = words.iter().map(|hash| u64::from(self.has(*hash))).sum();
        ratio(found, words.len() as u64)
    }

    /// Returns the length of the longest word, in bytes.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    #[inline(always)]
    fn bucket(&self, hash: u64) -> usize {
        hash as usize & (self.buckets.len() - 1)
    }
}

pub(super) fn ratio(found: u64, words: u64) -> f64 {
    match words {
        0 => 0.0,
        _ => found as f64 / words as f64,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::super::{lowered_hashes, plain_words};
    use super::*;

    fn lists(files: &[&str]) -> WordLists {
        let mut lists = WordLists::default();
        files
            .iter()
            .for_each(|file| lists.add(file.as_bytes()).unwrap());
        lists
    }

    fn share(list: &WordList, text: &str) -> f64 {
        list.share(&lowered_hashes(text))
    }

    #[test]
    fn files_are_merged_and_all_is_the_union() {
        let lists = lists(&[r#"{"en": ["a", "The"]}"#, r#"{"en": ["an"], "fr": ["le"]}"#]);
        let en = lists.list("en").unwrap();
        assert_eq!(share(&en, "A an le THE"), 0.5);
        let all = lists.list("all").unwrap();
        assert_eq!(share(&all, "A an le THE"), 0.75);
        assert_eq!(share(&all, ""), 0.0);
        assert!(lists.list("de").is_none());
        assert_eq!(lists.languages().collect::<Vec<_>>(), ["en", "fr"]);
    }

    #[test]
    fn a_list_of_the_name_all_is_taken_as_it_is() {
        let all = lists(&[r#"{"en": ["a"], "all": ["b", ""]}"#])
            .list("all")
            .unwrap();
        assert_eq!(share(&all, "a b"), 0.5);
    }

    #[test]
    fn files_of_other_shapes_are_refused() {
        let long = format!(r#"{{"en": ["{}"]}}"#, "x".repeat(1001));
        for file in [
            "",
            "[]",
            r#"{"en": "a"}"#,
            r#"{"en": [1]}"#,
            "{",
            &long,
            "\u{feff}{}",
        ] {
            assert!(WordLists::default().add(file.as_bytes()).is_err(), "{file}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_set(words in prop::collection::vec("[a-f]{1,3}", 0..600), text in "([a-fA-F]{1,3}[ .]){0,60}") {
            let set: HashSet<&str> = words.iter().map(String::as_str).collect();
            let (mut found, mut total) = (0, 0);
            plain_words(&text, |word| {
                found += u64::from(set.contains(word));
                total += 1;
            });
            prop_assert_eq!(share(&WordList::new(&words), &text), ratio(found, total));
        }
    }
}
