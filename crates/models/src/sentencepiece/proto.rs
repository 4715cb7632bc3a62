//! The fields of a `.model` file that decide how texts are cut.

use super::wire::{Fields, Value};
use crate::Fault;

/// The content of a `.model` file.
pub(super) struct Model<'a> {
    pub(super) pieces: Vec<Piece<'a>>,
    pub(super) kind: ModelKind,
    pub(super) byte_fallback: bool,
    pub(super) treat_whitespace_as_suffix: bool,
    pub(super) normalizer: NormalizerSpec<'a>,
}

/// The algorithm by which a model cuts texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ModelKind {
    Unigram,
    Bpe,
    Word,
    Char,
}

/// A piece of the vocabulary; its place is its id.
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) score: f32,
    pub(super) kind: PieceKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceKind {
    Normal,
    Unknown,
    Control,
    UserDefined,
    Unused,
    Byte,
}

/// The way that a text is normalised before it is cut.
pub(super) struct NormalizerSpec<'a> {
    pub(super) precompiled_charsmap: &'a [u8],
    pub(super) add_dummy_prefix: bool,
    pub(super) remove_extra_whitespaces: bool,
    pub(super) escape_whitespaces: bool,
}

impl<'a> Model<'a> {
    /// Reads a file's bytes. Missing fields have the defaults of the format, and unknown ones are skipped.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut model = Self {
            pieces: Vec::new(),
            kind: ModelKind::Unigram,
            byte_fallback: false,
            treat_whitespace_as_suffix: false,
            normalizer: NormalizerSpec {
                precompiled_charsmap: &[],
                add_dummy_prefix: true,
                remove_extra_whitespaces: true,
                escape_whitespaces: true,
            },
        };
        let mut fields = Fields::new(bytes, 0);
        while let Some(field) = fields.next()? {
            match field {
                (1, Value::Bytes(message, at)) => {
                    let piece = Piece::parse(message, at, model.pieces.len())?;
                    model.pieces.push(piece);
                }
                // A message that occurs twice is continued, not replaced.
                (2, Value::Bytes(message, at)) => model.read_trainer_spec(message, at)?,
                (3, Value::Bytes(message, at)) => model.normalizer.read(message, at)?,
                _ => {}
            }
        }
        Ok(model)
    }

    fn read_trainer_spec(&mut self, message: &[u8], at: usize) -> Result<(), Fault> {
        let mut fields = Fields::new(message, at);
        while let Some(field) = fields.next()? {
            match field {
                (3, Value::Varint(kind)) => {
                    self.kind = match kind {
                        1 => ModelKind::Unigram,
                        2 => ModelKind::Bpe,
                        3 => ModelKind::Word,
                        4 => ModelKind::Char,
                        other => {
                            let reason = format!("its model type {other} is unknown");
                            return Err(Fault::unsupported(reason));
                        }
                    }
                }
                (24, Value::Varint(flag)) => self.treat_whitespace_as_suffix = flag != 0,
                (35, Value::Varint(flag)) => self.byte_fallback = flag != 0,
                _ => {}
            }
        }
        Ok(())
    }
}

impl<'a> Piece<'a> {
    fn parse(message: &'a [u8], at: usize, id: usize) -> Result<Self, Fault> {
        let mut piece = Self {
            text: "",
            score: 0.0,
            kind: PieceKind::Normal,
        };
        let mut fields = Fields::new(message, at);
        while let Some(field) = fields.next()? {
            match field {
                (1, Value::Bytes(text, _)) => {
                    piece.text = std::str::from_utf8(text)
                        .map_err(|_| Fault::damaged(format!("piece {id} is not UTF-8")))?;
                }
                (2, Value::Four(score)) => piece.score = f32::from_le_bytes(score),
                (3, Value::Varint(kind)) => {
                    piece.kind = match kind {
                        1 => PieceKind::Normal,
                        2 => PieceKind::Unknown,
                        3 => PieceKind::Control,
                        4 => PieceKind::UserDefined,
                        5 => PieceKind::Unused,
                        6 => PieceKind::Byte,
                        other => {
                            let reason = format!("the type {other} of piece {id} is unknown");
                            return Err(Fault::unsupported(reason));
                        }
                    }
                }
                _ => {}
            }
        }
        if piece.score.is_nan() {
            return Err(Fault::damaged(format!(
                "the score of piece {id} is not a number"
            )));
        }
        Ok(piece)
    }
}

impl<'a> NormalizerSpec<'a> {
    fn read(&mut self, message: &'a [u8], at: usize) -> Result<(), Fault> {
        let mut fields = Fields::new(message, at);
        while let Some(field) = fields.next()? {
            match field {
                (2, Value::Bytes(charsmap, _)) => self.precompiled_charsmap = charsmap,
                (3, Value::Varint(flag)) => self.add_dummy_prefix = flag != 0,
                (4, Value::Varint(flag)) => self.remove_extra_whitespaces = flag != 0,
                (5, Value::Varint(flag)) => self.escape_whitespaces = flag != 0,
                _ => {}
            }
        }
        Ok(())
    }
}
