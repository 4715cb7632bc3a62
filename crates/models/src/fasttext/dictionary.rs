//! The dictionary: the rows of the input matrix that a text consists of.

use std::ops::Range;

use super::header::Header;
use super::probe_table::ProbeTable;
use super::remainder::Remainder;
use super::word_cache::WordCache;
use crate::cursor::Cursor;
use crate::{Fault, number};

/// The word for the end of a line.
const END_OF_LINE: &[u8] = b"</s>";
/// The prefix of labels in models that were trained with the default.
const LABEL_PREFIX: &[u8] = b"__label__";

/// The words and labels of a model.
#[derive(Debug)]
pub(super) struct Dictionary {
    /// A number that is unique in the process.
    number: u64,
    /// The ranges of the words in the file, then of the labels.
    entries: Vec<Range<usize>>,
    words: usize,
    labels: Vec<String>,
    label_counts: Vec<u64>,
    /// The numbers of entries, by the hash of the entry.
    table: ProbeTable,
    characters: (usize, usize),
    word_ngrams: usize,
    buckets: Remainder,
    /// In a pruned dictionary, the remaining rows of the buckets.
    kept: Option<ProbeTable>,
    /// The greatest of these rows.
    last_kept: Option<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Scratch {
    rows: Vec<u32>,
    hashes: Vec<u32>,
    token: Vec<u8>,
    cache: WordCache,
}

impl Dictionary {
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        bytes: &[u8],
        header: &Header,
    ) -> Result<Self, Fault> {
        let mut count = |what: &str| {
            let count = cursor.i32("the sizes of the dictionary")?;
            usize::try_from(count).map_err(|_| Fault::damaged(format!("it has {count} {what}")))
        };
        let (size, words, labels) = (count("entries")?, count("words")?, count("labels")?);
        if words.checked_add(labels) != Some(size) {
            return Err(Fault::damaged(format!(
                "it has {words} words, {labels} labels and {size} entries"
            )));
        }
        cursor.i64("the number of tokens")?;
        let pruned = cursor.i64("the number of n-grams that are left")?;
        // An entry has at least its zero byte, its count and its type.
        if size > cursor.left() / 10 {
            return Err(Fault::damaged(format!(
                "it claims {size} entries, which do not fit into it"
            )));
        }
        let mut dictionary = Self {
            number: number::next(),
            entries: Vec::with_capacity(size),
            words,
            labels: Vec::with_capacity(labels),
            label_counts: Vec::with_capacity(labels),
            table: ProbeTable::with_room(size),
            characters: header.characters,
            word_ngrams: header.word_ngrams,
            buckets: Remainder::by(header.buckets),
            kept: None,
            last_kept: None,
        };
        for _ in 0..size {
            dictionary.read_entry(cursor, bytes)?;
        }
        if let Ok(pruned) = u64::try_from(pruned) {
            dictionary.read_kept(cursor, pruned)?;
        }
        Ok(dictionary)
    }

    fn read_entry(&mut self, cursor: &mut Cursor<'_>, bytes: &[u8]) -> Result<(), Fault> {
        let number = self.entries.len();
        let entry = cursor.zero_ended("the end of the dictionary")?;
        let count = cursor.i64("the end of the dictionary")?;
        let is_label = cursor.u8("the end of the dictionary")? == 1;
        let text = &bytes[entry.clone()];
        if is_label != (number >= self.words) {
            return Err(Fault::damaged(format!(
                "entry {number} of its dictionary is not of the kind that its place says"
            )));
        }
        if is_label {
            let label = std::str::from_utf8(text)
                .map_err(|_| Fault::damaged(format!("label {number} is not UTF-8")))?;
            let count = u64::try_from(count)
                .map_err(|_| Fault::damaged(format!("label {number} has a negative count")))?;
            self.labels.push(label.to_owned());
            self.label_counts.push(count);
        }
        let id = u32::try_from(number).map_err(|_| Fault::damaged("it has too many entries"))?;
        self.table.insert(hash(text), id)?;
        self.entries.push(entry);
        Ok(())
    }

    fn read_kept(&mut self, cursor: &mut Cursor<'_>, pairs: u64) -> Result<(), Fault> {
        if pairs > cursor.left() as u64 / 8 {
            return Err(Fault::damaged(format!(
                "it claims that {pairs} n-grams are left, which do not fit into it"
            )));
        }
        let mut kept = ProbeTable::with_room(pairs as usize);
        for _ in 0..pairs {
            let bucket = cursor.u32("the n-grams that are left")?;
            let row = cursor.u32("the n-grams that are left")?;
            if row > i32::MAX as u32 {
                return Err(Fault::damaged("an n-gram has a negative row"));
            }
            kept.insert(bucket, row)?;
            self.last_kept = self.last_kept.max(Some(row));
        }
        self.kept = Some(kept);
        Ok(())
    }

    /// Returns whether most n-grams have been dropped.
    pub(super) fn is_pruned(&self) -> bool {
        self.kept.is_some()
    }

    /// Checks that the input matrix has every row that a text may consist of.
    pub(super) fn check_rows(&mut self, rows: usize) -> Result<(), Fault> {
        let has_ngrams = self.characters.1 > 0 || self.word_ngrams > 1;
        let ngrams = match &self.kept {
            Some(_) => self.last_kept.map_or(0, |row| u64::from(row) + 1),
            None if has_ngrams => u64::from(self.buckets.divisor()),
            None => 0,
        };
        let wanted = self.words as u64 + ngrams;
        // Rows have 32-bit numbers.
        if wanted > rows as u64 || wanted > u64::from(u32::MAX) {
            return Err(Fault::damaged(format!(
                "its input matrix has {rows} rows, and {wanted} are needed"
            )));
        }
        Ok(())
    }

    pub(super) fn labels(&self) -> &[String] {
        &self.labels
    }

    pub(super) fn label_counts(&self) -> &[u64] {
        &self.label_counts
    }

    /// Returns the rows of a text, in the order in which they are summed. Line feeds count as spaces.
    pub(super) fn rows<'s>(&self, bytes: &[u8], text: &str, scratch: &'s mut Scratch) -> &'s [u32] {
        let Scratch {
            rows,
            hashes,
            token: marked,
            cache,
        } = scratch;
        rows.clear();
        hashes.clear();
        cache.begin(self.number);
        for token in tokens(text.as_bytes()) {
            let hash = hash(token);
            if let Some(known) = cache.rows(token, hash) {
                rows.extend_from_slice(known);
                hashes.push(hash);
                continue;
            }
            let id = self.find(bytes, token, hash);
            let is_label = match id {
                Some(id) => id as usize >= self.words,
                None => token.starts_with(LABEL_PREFIX),
            };
            if is_label {
                continue;
            }
            let first = rows.len();
            rows.extend(id);
            // If the model has no n-grams of characters at all, known words have none either.
            if self.characters.1 > 0 && token != END_OF_LINE {
                marked.clear();
                marked.push(b'<');
                marked.extend_from_slice(token);
                marked.push(b'>');
                self.add_characters(marked, rows);
            }
            cache.keep(token, hash, &rows[first..]);
            hashes.push(hash);
        }
        self.add_word_ngrams(hashes, rows);
        rows
    }

    fn find(&self, bytes: &[u8], token: &[u8], hash: u32) -> Option<u32> {
        // If several entries have the same text, the last one counts.
        self.table
            .values(hash)
            .filter(|&id| &bytes[self.entries[id as usize].clone()] == token)
            .last()
    }

    /// Adds the rows of all n-grams of characters of a word between its marks.
    fn add_characters(&self, word: &[u8], rows: &mut Vec<u32>) {
        let (shortest, longest) = self.characters;
        for start in 0..word.len() {
            if is_inside_character(word[start]) {
                continue;
            }
            let (mut hash, mut end) = (HASH_START, start);
            for length in 1..=longest {
                if end == word.len() {
                    break;
                }
                hash = hash_byte(hash, word[end]);
                end += 1;
                while end < word.len() && is_inside_character(word[end]) {
                    hash = hash_byte(hash, word[end]);
                    end += 1;
                }
                // A mark alone has no n-gram.
                let is_mark = length == 1 && (start == 0 || end == word.len());
                if length >= shortest && !is_mark {
                    self.add_bucket(self.buckets.of(hash), rows);
                }
            }
        }
    }

    /// Adds the rows of all n-grams of two words and more.
    fn add_word_ngrams(&self, hashes: &[u32], rows: &mut Vec<u32>) {
        if self.word_ngrams < 2 {
            return;
        }
        // The library stores hashes as signed numbers, so the upper half is filled with the sign.
        let widen = |hash: u32| i64::from(hash as i32) as u64;
        for (start, &first) in hashes.iter().enumerate() {
            let mut ngram = widen(first);
            for &next in hashes[start + 1..].iter().take(self.word_ngrams - 1) {
                ngram = ngram.wrapping_mul(116_049_371).wrapping_add(widen(next));
                self.add_bucket(self.buckets.of_wide(ngram), rows);
            }
        }
    }

    #[inline]
    fn add_bucket(&self, bucket: u32, rows: &mut Vec<u32>) {
        let words = self.words as u32;
        match &self.kept {
            None => rows.push(words + bucket),
            Some(kept) => rows.extend(kept.values(bucket).last().map(|row| words + row)),
        }
    }
}

/// Returns the words of a text, and the word for its end.
///
/// A word that looks like the end of a line is the end of the text, as in the C++ library.
fn tokens(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let words = text
        .split(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | 0x0b | 0x0c | 0))
        .filter(|word| !word.is_empty());
    let words = words.take_while(|word| *word != END_OF_LINE);
    words.chain([END_OF_LINE])
}

/// Returns whether a byte continues a UTF-8 character.
fn is_inside_character(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

const HASH_START: u32 = 2_166_136_261;

/// Computes FNV-1a, except that bytes above 127 count as negative numbers, because models were trained that way.
#[inline]
fn hash_byte(hash: u32, byte: u8) -> u32 {
    (hash ^ i32::from(byte as i8) as u32).wrapping_mul(16_777_619)
}

fn hash(token: &[u8]) -> u32 {
    token
        .iter()
        .fold(HASH_START, |hash, &byte| hash_byte(hash, byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&[u8]> = tokens(text.as_bytes()).collect();
        let expected: Vec<&[u8]> = expected.iter().map(|word| word.as_bytes()).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn words_are_parted_by_eight_bytes() {
        check("", &["</s>"]);
        check(
            " a\tb\rc\u{b}d\u{c}e\0f ",
            &["a", "b", "c", "d", "e", "f", "</s>"],
        );
        check("a\u{a0}b\u{3000}c", &["a\u{a0}b\u{3000}c", "</s>"]);
        check("a\nb", &["a", "b", "</s>"]);
        check("a </s> b", &["a", "</s>"]);
    }

    #[test]
    fn hashes_are_those_that_models_were_trained_with() {
        assert_eq!(hash(b""), 2_166_136_261);
        assert_eq!(hash(b"a"), 0xe40c_292c);
        let unsigned = "é".bytes().fold(HASH_START, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(16_777_619)
        });
        assert_ne!(hash("é".as_bytes()), unsigned);
    }
}
