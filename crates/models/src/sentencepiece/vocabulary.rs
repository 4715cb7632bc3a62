//! The pieces of a model, by their texts and by their ids.

use super::proto::{Model, ModelKind, Piece, PieceKind};
use crate::Fault;
use crate::trie::{Node, Trie};

/// The pieces of a model.
pub(super) struct Vocabulary {
    /// The pieces that texts are cut into: normal, user-defined and unused ones.
    pub(super) trie: Trie,
    kinds: Vec<PieceKind>,
    pub(super) unknown: u32,
    /// The ids of the 256 pieces for bytes, if unknown characters become bytes.
    pub(super) bytes: Option<Box<[u32; 256]>>,
}

impl Vocabulary {
    /// Takes the pieces of a model, and refuses those that SentencePiece refuses.
    pub(super) fn new(model: &Model<'_>) -> Result<Self, Fault> {
        let pieces = &model.pieces;
        if pieces.len() > Trie::MAX_STRINGS {
            let reason = format!("it has more than {} pieces", Trie::MAX_STRINGS);
            return Err(Fault::unsupported(reason));
        }
        if let Some(id) = pieces.iter().position(|piece| piece.text.is_empty()) {
            return Err(Fault::damaged(format!("piece {id} is empty")));
        }
        let texts: Vec<_> = by_text(pieces, |kind| !is_reserved(kind))?;
        // Pieces of other kinds, such as `<s>`, are never produced, but must differ from each other.
        match model.kind {
            ModelKind::Bpe => by_text(pieces, |_| true)?,
            _ => by_text(pieces, is_reserved)?,
        };
        let keys: Vec<_> = texts
            .iter()
            .map(|&(text, id)| (text.as_bytes(), id))
            .collect();
        Ok(Self {
            trie: Trie::build(&keys)?,
            kinds: pieces.iter().map(|piece| piece.kind).collect(),
            unknown: unknown(pieces)?,
            bytes: bytes(model)?,
        })
    }

    /// Builds the trie of the symbols that are always pieces, if there are any.
    pub(super) fn user_defined(model: &Model<'_>) -> Result<Option<Trie>, Fault> {
        let texts = by_text(&model.pieces, |kind| kind == PieceKind::UserDefined)?;
        let keys: Vec<_> = texts
            .iter()
            .map(|&(text, id)| (text.as_bytes(), id))
            .collect();
        match keys.is_empty() {
            true => Ok(None),
            false => Trie::build(&keys).map(Some),
        }
    }

    /// Returns the id of the piece with this place in the trie, or that of unknown pieces.
    #[inline]
    pub(super) fn id_at(&self, node: Option<Node>) -> u32 {
        node.and_then(Node::value).unwrap_or(self.unknown)
    }

    /// Returns the id of a piece, or that of unknown pieces.
    pub(super) fn id_of(&self, text: &str) -> u32 {
        self.id_at(self.trie.walk(self.trie.root(), text.as_bytes()))
    }

    pub(super) fn kind(&self, id: u32) -> PieceKind {
        self.kinds[id as usize]
    }
}

fn is_reserved(kind: PieceKind) -> bool {
    matches!(
        kind,
        PieceKind::Unknown | PieceKind::Control | PieceKind::Byte
    )
}

/// Returns the pieces of some kinds with their ids, sorted.
fn by_text<'a>(
    pieces: &[Piece<'a>],
    is_wanted: impl Fn(PieceKind) -> bool,
) -> Result<Vec<(&'a str, u32)>, Fault> {
    let mut texts: Vec<_> = (0..)
        .zip(pieces)
        .filter(|(_, piece)| is_wanted(piece.kind))
        .map(|(id, piece)| (piece.text, id))
        .collect();
    texts.sort_unstable();
    match texts.array_windows().find(|[one, other]| one.0 == other.0) {
        None => Ok(texts),
        Some([one, other]) => {
            let reason = format!("pieces {} and {} are the same", one.1, other.1);
            Err(Fault::damaged(reason))
        }
    }
}

fn unknown(pieces: &[Piece<'_>]) -> Result<u32, Fault> {
    let mut found = (0..)
        .zip(pieces)
        .filter(|(_, piece)| piece.kind == PieceKind::Unknown)
        .map(|(id, _): (u32, _)| id);
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(id),
        (None, _) => Err(Fault::damaged("it has no piece for what is unknown")),
        (Some(one), Some(other)) => {
            let reason = format!("pieces {one} and {other} both stand for what is unknown");
            Err(Fault::damaged(reason))
        }
    }
}

fn bytes(model: &Model<'_>) -> Result<Option<Box<[u32; 256]>>, Fault> {
    let mut ids = Box::new([None; 256]);
    for (id, piece) in (0_u32..).zip(&model.pieces) {
        if piece.kind != PieceKind::Byte {
            continue;
        }
        let byte = (0..=255).find(|&byte| byte_piece(byte) == piece.text);
        match byte {
            Some(byte) if model.byte_fallback => ids[usize::from(byte)] = Some(id),
            Some(_) => {
                return Err(Fault::damaged(format!(
                    "piece {id} is a byte, but `byte_fallback` is off"
                )));
            }
            None => {
                return Err(Fault::damaged(format!(
                    "piece {id} should be a byte such as <0x0A>"
                )));
            }
        }
    }
    if !model.byte_fallback {
        return Ok(None);
    }
    if let Some(byte) = ids.iter().position(Option::is_none) {
        let reason = format!("`byte_fallback` is on, but it has no piece <0x{byte:02X}>");
        return Err(Fault::damaged(reason));
    }
    Ok(Some(Box::new(ids.map(Option::unwrap_or_default))))
}

/// Returns the text of the piece of a byte.
pub(super) fn byte_piece(byte: u8) -> String {
    format!("<0x{byte:02X}>")
}
