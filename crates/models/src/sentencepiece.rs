//! SentencePiece models, which cut texts into pieces of words.
//!
//! [`SentencePiece`] reads a `.model` file of any kind (unigram, BPE, words, characters) and cuts texts as the C++ library does,
//! piece by piece.
//!
//! ```no_run
//! use coldpress_models::sentencepiece::{Scratch, SentencePiece};
//!
//! let model = SentencePiece::open("en.sp.model".as_ref())?;
//! let mut scratch = Scratch::default();
//! let pieces = model.cut("Hello world", &mut scratch)?;
//! for piece in pieces.iter() {
//!     println!("{piece}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bpe;
mod charsmap;
mod normalizer;
mod pieces;
mod proto;
mod scratch;
mod single;
mod unigram;
mod vocabulary;
mod wire;

use std::fmt;
use std::path::Path;

use crate::{Fault, Result, file};
use bpe::Bpe;
use normalizer::Normalizer;
pub use pieces::Pieces;
use proto::{Model, ModelKind};
pub use scratch::Scratch;
use single::Symbols;
use unigram::Unigram;
use vocabulary::{Vocabulary, byte_piece};

/// A model that cuts texts into pieces.
pub struct SentencePiece {
    normalizer: Normalizer,
    symbols: Symbols,
    vocabulary: Vocabulary,
    algorithm: Algorithm,
}

enum Algorithm {
    Unigram(Unigram),
    Bpe(Bpe),
    Words,
    Characters,
}

/// The size of the largest file that is read. Vocabularies of a million pieces take about 20 MB.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// The length of the longest text that is cut, before and after normalisation.
const MAX_TEXT_BYTES: usize = 1 << 30;

/// The error of a text that is too long to be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text has more than {MAX_TEXT_BYTES} bytes, which SentencePiece cannot cut")]
pub struct TooLong;

impl SentencePiece {
    /// Reads a `.model` file.
    ///
    /// # Errors
    /// If the file cannot be read, or isn't such a model.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = file::read(path, MAX_FILE_BYTES)?;
        Self::parse(&bytes).map_err(|fault| fault.in_file(path))
    }

    /// Reads the bytes of a `.model` file.
    ///
    /// # Errors
    /// If they are damaged, or SentencePiece would refuse the model.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let model = Model::parse(bytes)?;
        let vocabulary = Vocabulary::new(&model)?;
        let symbols = Symbols(Vocabulary::user_defined(&model)?);
        Ok(Self {
            normalizer: Normalizer::new(&model, &symbols)?,
            symbols,
            vocabulary,
            algorithm: match model.kind {
                ModelKind::Unigram => Algorithm::Unigram(Unigram::new(&model.pieces)),
                ModelKind::Bpe => Algorithm::Bpe(Bpe::new(&model.pieces)),
                ModelKind::Word => Algorithm::Words,
                ModelKind::Char => Algorithm::Characters,
            },
        })
    }

    /// Returns the id of pieces that are not in the model. All pieces with any other given id have the same text.
    pub fn unknown(&self) -> u32 {
        self.vocabulary.unknown
    }

    /// Cuts a text into pieces.
    ///
    /// # Errors
    /// If the text has more than 2^30 bytes, before or after normalisation.
    pub fn cut<'a>(&self, text: &str, scratch: &'a mut Scratch) -> Result<&'a Pieces, TooLong> {
        scratch.pieces.clear();
        let (normalizer, vocabulary) = (&self.normalizer, &self.vocabulary);
        normalizer.normalize(text, &self.symbols, &mut scratch.pieces.text)?;
        let Scratch {
            pieces,
            steps,
            agenda,
            ..
        } = scratch;
        match &self.algorithm {
            Algorithm::Unigram(unigram) => unigram.cut(vocabulary, pieces, steps),
            Algorithm::Bpe(bpe) => bpe.cut(vocabulary, &self.symbols, pieces, agenda),
            Algorithm::Words => single::cut_into_words(vocabulary, pieces),
            Algorithm::Characters => {
                single::cut_into_characters(vocabulary, &self.symbols, pieces);
            }
        }
        match &vocabulary.bytes {
            Some(bytes) => scratch.write_unknown_as_bytes(bytes, vocabulary.unknown),
            None => scratch.pieces.join(vocabulary.unknown),
        }
        Ok(&scratch.pieces)
    }
}

impl Scratch {
    /// Replaces each unknown piece with one piece for each of its bytes.
    fn write_unknown_as_bytes(&mut self, bytes: &[u32; 256], unknown: u32) {
        if !self.pieces.ids.contains(&unknown) {
            return;
        }
        self.spare.clear();
        for (piece, &id) in self.pieces.iter().zip(&self.pieces.ids) {
            if id == unknown {
                let pieces = piece
                    .bytes()
                    .map(|byte| (byte_piece(byte), bytes[usize::from(byte)]));
                pieces.for_each(|(piece, id)| self.spare.append(&piece, id));
            } else {
                self.spare.append(piece, id);
            }
        }
        std::mem::swap(&mut self.pieces, &mut self.spare);
    }
}

impl fmt::Debug for SentencePiece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentencePiece").finish_non_exhaustive()
    }
}
