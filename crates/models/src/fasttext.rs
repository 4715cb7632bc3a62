//! fastText classifiers: `.bin` and `.ftz` files of supervised models.
//!
//! ```no_run
//! use coldpress_models::fasttext::{FastText, Scratch};
//!
//! let model = FastText::open("lid.176.bin".as_ref())?;
//! let mut scratch = Scratch::default();
//! if let Some(prediction) = model.predict("what language is this?", &mut scratch) {
//!     println!("{} {}", prediction.label, prediction.probability);
//! }
//! # Ok::<(), coldpress_models::Error>(())
//! ```
//!
//! A text is a set of rows of a matrix: one for each known word, for each n-gram of characters of each word, and for each n-gram of
//! words. The mean of these rows is compared with one row for each label, and the model's loss turns the result into probabilities.
//! Sums are computed in the same order as in the C++ library, so labels and probabilities are the same to the bit.
//!
//! The matrix, which is nearly all of a model, is not copied, but read from the mapped file. Quantised matrices (`.ftz`) are not
//! expanded either.

mod dictionary;
mod header;
mod loss;
mod matrix;
mod probe_table;
mod remainder;
mod tree;
mod word_cache;

use std::path::Path;

use crate::bytes::Bytes;
use crate::cursor::Cursor;
use crate::{Fault, Result};
use dictionary::Dictionary;
use header::Header;
use loss::Loss;
use matrix::Matrix;

/// A supervised model.
#[derive(Debug)]
pub struct FastText {
    bytes: Bytes,
    dictionary: Dictionary,
    input: Matrix,
    output: Matrix,
    loss: Loss,
}

/// The memory that predictions need, one for each thread.
#[derive(Debug, Default)]
pub struct Scratch {
    words: dictionary::Scratch,
    hidden: Vec<f32>,
    loss: loss::Scratch,
}

/// The best label for a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction<'a> {
    /// The label as it is in the model, usually with the prefix `__label__`.
    pub label: &'a str,
    /// Its probability. As in the C++ library, it may exceed 1 by about 0.00001.
    pub probability: f32,
}

impl FastText {
    /// Opens a model file.
    ///
    /// # Errors
    /// [`Error`](crate::Error), which names the file, if it cannot be read, is damaged, or is a model of word vectors.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = Bytes::map(path)?;
        Self::read(bytes).map_err(|fault| fault.in_file(path))
    }

    /// Reads a model from the bytes of its file.
    ///
    /// # Errors
    /// As for [`Self::open`], but without the name of a file.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Fault> {
        Self::read(Bytes::Owned(bytes))
    }

    fn read(bytes: Bytes) -> Result<Self, Fault> {
        let mut cursor = Cursor::new(&bytes);
        let header = Header::read(&mut cursor)?;
        let mut dictionary = Dictionary::read(&mut cursor, &bytes, &header)?;
        let is_quantised = cursor.u8("the kind of the input matrix")? != 0;
        if !is_quantised && dictionary.is_pruned() {
            return Err(Fault::damaged(
                "its dictionary is pruned, but its matrix is not quantised",
            ));
        }
        let input = Matrix::read(&mut cursor, is_quantised, header.dimension, "input")?;
        dictionary.check_rows(input.rows())?;
        let is_output_quantised = cursor.u8("the kind of the output matrix")? != 0;
        let output = Matrix::read(
            &mut cursor,
            is_quantised && is_output_quantised,
            header.dimension,
            "output",
        )?;
        if output.rows() != dictionary.labels().len() {
            return Err(Fault::damaged(format!(
                "it has {} labels, but {} rows for them",
                dictionary.labels().len(),
                output.rows()
            )));
        }
        let loss = Loss::new(header.loss, dictionary.label_counts())?;
        Ok(Self {
            dictionary,
            input,
            output,
            loss,
            bytes,
        })
    }

    /// Returns the labels, in the order of the model.
    pub fn labels(&self) -> &[String] {
        self.dictionary.labels()
    }

    /// Returns the best label for the first line of a text.
    ///
    /// `None` means that the model knows nothing in the text, not even the end of the line, or that its numbers are not finite. The
    /// C++ library returns no label in the first case, and fails in the second.
    pub fn predict(&self, text: &str, scratch: &mut Scratch) -> Option<Prediction<'_>> {
        let line = memchr::memchr(b'\n', text.as_bytes()).map_or(text, |end| &text[..end]);
        self.predict_joined(line, scratch)
    }

    /// Returns the result of [`predict`](Self::predict) for all lines of a text joined with spaces.
    pub fn predict_joined(&self, text: &str, scratch: &mut Scratch) -> Option<Prediction<'_>> {
        let bytes = &*self.bytes;
        let rows = self.dictionary.rows(bytes, text, &mut scratch.words);
        if rows.is_empty() {
            return None;
        }
        let hidden = &mut scratch.hidden;
        self.input.mean(bytes, rows, hidden);
        let output = |row: usize| self.output.dot(bytes, row, hidden);
        let (label, probability) = self
            .loss
            .best(output, self.output.rows(), &mut scratch.loss)?;
        probability.is_finite().then(|| Prediction {
            label: &self.dictionary.labels()[label],
            probability,
        })
    }
}

#[cfg(test)]
mod tests;
