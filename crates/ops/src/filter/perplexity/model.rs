//! The perplexity of a text by a SentencePiece and a KenLM model.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use coldpress_models::kenlm::Kenlm;
use coldpress_models::sentencepiece::{Scratch, SentencePiece};
use coldpress_operator::{Asset, LoadError, RecordError, Shared};

use crate::text::line_lengths::each_line;
use crate::text::python::is_space;

/// The models, and the memory of one thread.
pub(super) struct Model {
    pieces: Arc<SentencePiece>,
    language: Arc<Kenlm>,
    /// Whether the language model sees nothing of a line after a NUL, as in Data-Juicer.
    cuts_at_nul: bool,
    scratch: Scratch,
    joined: String,
}

impl Model {
    pub(super) fn load(
        pieces: &Asset,
        language: &Asset,
        cuts_at_nul: bool,
        shared: &Shared,
    ) -> Result<Self, LoadError> {
        Ok(Self {
            pieces: shared.model(pieces, |asset| open(asset, SentencePiece::open))?,
            language: shared.model(language, |asset| open(asset, Kenlm::open))?,
            cuts_at_nul,
            scratch: Scratch::default(),
            joined: String::new(),
        })
    }

    /// Returns the perplexity, rounded to one decimal as Python rounds: of two decimals that are equally near the even one.
    pub(super) fn perplexity(&mut self, text: &str) -> Result<f64, RecordError> {
        let pieces = self.pieces.cut(text, &mut self.scratch);
        let pieces = pieces.map_err(|error| RecordError::new(error.to_string()))?;
        self.joined.clear();
        for (number, piece) in pieces.iter().enumerate() {
            if number > 0 {
                self.joined.push(' ');
            }
            self.joined.push_str(piece);
        }
        let (mut log, mut words) = (0.0, 0u64);
        each_line(&self.joined, |line| {
            let seen = match line.split_once('\0') {
                Some((before, _)) if self.cuts_at_nul => before,
                _ => line,
            };
            log += f64::from(self.language.score_sentence(seen));
            words += count_words(line) + 1;
        });
        if words == 0 {
            return Ok(0.0);
        }
        // Python calls the C library's `pow`. With a constant base the compiler would call `exp10` instead.
        let perplexity = black_box(10.0_f64).powf(-log / words as f64);
        let rounded = format!("{perplexity:.1}").parse();
        Ok(rounded.unwrap_or(perplexity))
    }
}

fn open<M>(
    asset: &Asset,
    open: impl Fn(&Path) -> coldpress_models::Result<M>,
) -> Result<M, LoadError> {
    open(&asset.path).map_err(|error| LoadError::new(error.to_string()))
}

/// The number of words where Python's `str.split()` parts them.
fn count_words(line: &str) -> u64 {
    line.split(is_space)
        .map(|word| u64::from(!word.is_empty()))
        .sum()
}
