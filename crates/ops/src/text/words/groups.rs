//! Words and groups of neighbouring words, for languages that don't separate words by spaces.

use super::WordList;
use super::hashes::hash_of;
use super::list::ratio;

/// Counts the words of a text, and the groups of consecutive words, that are on a list.
#[derive(Clone, Debug, Default)]
pub struct GroupCount {
    /// The words with the text that joins them in between.
    joined: String,
    /// The position of each word.
    words: Vec<(usize, usize)>,
}

impl GroupCount {
    /// Forgets the words of the last text.
    pub fn clear(&mut self) {
        self.joined.clear();
        self.words.clear();
    }

    /// Adds the next word, which is lowercased and refined. `join` is put between it and the word before.
    pub fn push(&mut self, word: &str, join: &str) {
        if !self.words.is_empty() {
            self.joined.push_str(join);
        }
        let start = self.joined.len();
        self.joined.push_str(word);
        self.words.push((start, self.joined.len()));
    }

    /// Returns the share of words and groups that are on the list, out of all words and all groups of each of these `sizes`. A size
    /// of 1 counts every word once more.
    pub fn share(&self, list: &WordList, sizes: &[usize]) -> f64 {
        let (mut found, mut all) = (self.found(list, 1), self.words.len() as u64);
        for size in sizes {
            found += self.found(list, *size);
            all += (self.words.len() + 1).saturating_sub(*size) as u64;
        }
        ratio(found, all)
    }

    /// Returns the number of groups of this size that are on the list.
    fn found(&self, list: &WordList, size: usize) -> u64 {
        // Each word has at least one byte, so longer groups cannot be on the list. This also keeps each look-up as short as the
        // list's words.
        if size == 0 || size > list.longest() {
            return 0;
        }
        let lasts = self.words.iter().skip(size - 1);
        let groups = self.words.iter().zip(lasts);
        let texts = groups.map(|((start, _), (_, end))| &self.joined[*start..*end]);
        let short = texts.filter(|text| text.len() <= list.longest());
        short.filter(|text| list.has(hash_of(text))).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::plain_words;
    use super::*;

    fn count(text: &str, join: &str) -> GroupCount {
        let mut groups = GroupCount::default();
        plain_words(text, |word| groups.push(word, join));
        groups
    }

    #[test]
    fn groups_are_found_in_the_list() {
        let list = WordList::new(["我们", "的", "我", "of the"]);
        assert_eq!(count("我 们 的 书", "").share(&list, &[1, 2]), 5.0 / 11.0);
        assert_eq!(count("one of the", " ").share(&list, &[2, 9]), 0.2);
        assert_eq!(count("", "").share(&list, &[2]), 0.0);
        // The words of earlier texts are forgotten.
        let mut groups = count("我", "");
        groups.clear();
        groups.push("x", "");
        assert_eq!(groups.share(&list, &[]), 0.0);
    }

    proptest! {
        #[test]
        fn agrees_with_the_plain_form(
            list in prop::collection::vec("[ab]{1,3}(-[ab]{1,2}){0,2}", 0..9),
            text in "([ab]{1,2}[ .]){0,30}",
            sizes in prop::collection::vec(1usize..5, 0..4),
            join in "-{0,1}",
        ) {
            let mut words = Vec::new();
            plain_words(&text, |word| words.push(word.to_owned()));
            let groups = sizes.iter().flat_map(|size| words.windows(*size).map(|group| group.join(&join)));
            let all: Vec<String> = words.iter().cloned().chain(groups).collect();
            let found = all.iter().filter(|word| list.contains(word)).count();
            let expected = ratio(found as u64, all.len() as u64);
            prop_assert_eq!(count(&text, &join).share(&WordList::new(&list), &sizes), expected);
        }
    }
}
