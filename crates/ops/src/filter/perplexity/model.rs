//! The perplexity of lines by a KenLM model.

use std::hint::black_box;
use std::sync::Arc;

use coldpress_models::kenlm::Kenlm;
use coldpress_operator::{Asset, LoadError, Shared};

use crate::text::line_lengths::each_line;
use crate::text::python::is_space;

/// A language model.
pub(super) struct LanguageModel {
    model: Arc<Kenlm>,
    /// Whether it sees nothing of a line after a NUL, as in Data-Juicer.
    cuts_at_nul: bool,
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
        })
    }

    /// Returns the perplexity of a text whose words are between spaces, rounded to one decimal as Python rounds: of two
    /// decimals that are equally near the even one.
    pub(super) fn perplexity(&self, text: &str) -> f64 {
        let (mut log, mut words) = (0.0, 0u64);
        each_line(text, |line| {
            let seen = match line.split_once('\0') {
                Some((before, _)) if self.cuts_at_nul => before,
                _ => line,
            };
            log += f64::from(self.model.score_sentence(seen));
            // The end of the line counts as a word.
            words += count_words(line) + 1;
        });
        if words == 0 {
            return 0.0;
        }
        // Python calls the C library's `pow`. With a constant base the compiler would call `exp10` instead.
        let perplexity = black_box(10.0_f64).powf(-log / words as f64);
        format!("{perplexity:.1}").parse().unwrap_or(perplexity)
    }
}

/// The number of words where Python's `str.split()` parts them.
fn count_words(line: &str) -> u64 {
    let (mut words, mut after_space) = (0, true);
    for ch in line.chars() {
        let is_space = is_space(ch);
        words += u64::from(after_space && !is_space);
        after_space = is_space;
    }
    words
}
