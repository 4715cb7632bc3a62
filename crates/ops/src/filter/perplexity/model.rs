//! Computes the perplexity of lines with a KenLM model.

use std::hint::black_box;
use std::sync::Arc;

use coldpress_models::kenlm::{Kenlm, Word};
use coldpress_operator::{Asset, LoadError, Shared};

use crate::pieces::{PieceMemo, RecordPieces};
use crate::text::line_lengths::each_line;
use crate::text::python::is_space;

/// A language model.
pub(super) struct LanguageModel {
    model: Arc<Kenlm>,
    /// True if it ignores the rest of a line after a NUL, as in Data-Juicer.
    cuts_at_nul: bool,
    /// The word that each piece is; none for a piece that is several words or the end of a line.
    known: PieceMemo<Option<Word>>,
    words: Vec<Word>,
}

impl LanguageModel {
    pub(super) fn load(
        asset: &Asset,
        cuts_at_nul: bool,
        shared: &Shared,
    ) -> Result<Self, LoadError> {
        let model = shared.model(asset, |asset| {
            Kenlm::open(&asset.path).map_err(|error| LoadError::new(error.to_string()))
        });
        Ok(Self {
            model: model?,
            cuts_at_nul,
            known: PieceMemo::default(),
            words: Vec::new(),
        })
    }

    /// Returns the perplexity of the pieces joined with spaces. It is rounded to one decimal as Python rounds: a tie goes to the
    /// even decimal.
    pub(super) fn perplexity(&mut self, pieces: &RecordPieces) -> f64 {
        self.words.clear();
        let (model, words) = (&self.model, &mut self.words);
        let word = |piece: &str| is_one_word(piece).then(|| model.word(piece));
        pieces.each_known(&mut self.known, word, |word| words.extend(word));
        match words.len() {
            0 if pieces.len() == 0 => 0.0,
            // Each piece is a word, and all of them are one line. The line end counts as a word.
            count if count == pieces.len() => {
                perplexity(f64::from(model.score_words(words)), count as u64 + 1)
            }
            _ => self.perplexity_of_lines(pieces),
        }
    }

    /// Returns the same for pieces of any kind.
    fn perplexity_of_lines(&self, pieces: &RecordPieces) -> f64 {
        let mut text = String::new();
        pieces.each(|piece| {
            text.push_str(piece);
            text.push(' ');
        });
        text.pop();
        let (mut log, mut words) = (0.0, 0u64);
        each_line(&text, |line| {
            let seen = match line.split_once('\0') {
                Some((before, _)) if self.cuts_at_nul => before,
                _ => line,
            };
            log += f64::from(self.model.score_sentence(seen));
            words += count_words(line) + 1;
        });
        perplexity(log, words)
    }
}

/// Returns whether a piece is a single word both to Python and to KenLM, wherever it is in a line.
fn is_one_word(piece: &str) -> bool {
    !piece.is_empty() && !piece.contains(|ch| is_space(ch) || ch == '\0')
}

fn perplexity(log: f64, words: u64) -> f64 {
    if words == 0 {
        return 0.0;
    }
    // Python calls the C library's `pow`. With a constant base the compiler would call `exp10` instead.
    let perplexity = black_box(10.0_f64).powf(-log / words as f64);
    format!("{perplexity:.1}").parse().unwrap_or(perplexity)
}

/// Counts the words that Python's `str.split()` would return.
fn count_words(line: &str) -> u64 {
    let (mut words, mut after_space) = (0, true);
    for ch in line.chars() {
        let is_space = is_space(ch);
        words += u64::from(after_space && !is_space);
        after_space = is_space;
    }
    words
}

#[cfg(test)]
mod tests {
    use coldpress_models::sentencepiece::SentencePiece;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Unknown pieces may be anything that the normalizer leaves alone, such as the end of a line.
        #[test]
        fn known_words_make_no_difference(
            texts in prop::collection::vec("([a-z]{1,6} |the |of |\u{85}|\u{2028}|\u{1c}|\0|日本|\\PC{1,4}){0,20}", 1..6),
            cuts_at_nul: bool,
        ) {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/assets/models");
            for lang in ["en", "zh"] {
                let pieces = SentencePiece::open(&folder.join(format!("{lang}.sp.model"))).unwrap();
                let mut language = LanguageModel {
                    model: Arc::new(Kenlm::open(&folder.join(format!("{lang}.arpa.bin"))).unwrap()),
                    cuts_at_nul,
                    known: PieceMemo::default(),
                    words: Vec::new(),
                };
                for text in &texts {
                    let pieces = RecordPieces::of(text, &pieces);
                    let expected = language.perplexity_of_lines(&pieces);
                    prop_assert_eq!(language.perplexity(&pieces), expected, "{:?}", text);
                }
            }
        }
    }
}
