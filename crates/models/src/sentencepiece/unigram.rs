//! Cuts a text into the pieces whose scores have the greatest sum.

use super::pieces::Pieces;
use super::proto::{Piece, PieceKind};
use super::vocabulary::Vocabulary;

/// The data that a unigram model computes with.
pub(super) struct Unigram {
    /// The scores of normal pieces by id. Those of other pieces are NaN.
    scores: Vec<f32>,
    kinds: Vec<PieceKind>,
    unknown_score: f32,
}

/// The difference of the score of an unknown character from that of the worst piece.
const UNKNOWN_PENALTY: f32 = 10.0;

/// The bound beyond which sums start again at 0, so that those of long texts stay precise.
const GREATEST_SUM: f32 = 100_000.0;

/// The best path to one position of a text.
#[derive(Clone, Copy)]
pub(super) struct Step {
    sum: f32,
    /// The start of its last piece.
    start: u32,
    id: u32,
}

/// The start in a step to a position that no piece leads to yet.
const NOWHERE: u32 = u32::MAX;

impl Unigram {
    pub(super) fn new(pieces: &[Piece<'_>]) -> Self {
        let normal = || {
            pieces
                .iter()
                .filter(|piece| piece.kind == PieceKind::Normal)
        };
        let scores = || normal().map(|piece| piece.score);
        let score = |piece: &Piece<'_>| match piece.kind {
            PieceKind::Normal => piece.score,
            _ => f32::NAN,
        };
        Self {
            scores: pieces.iter().map(score).collect(),
            kinds: pieces.iter().map(|piece| piece.kind).collect(),
            unknown_score: scores().fold(f32::MAX, f32::min) - UNKNOWN_PENALTY,
        }
    }

    /// Cuts a text.
    ///
    /// Sums are computed and rounded as in SentencePiece 0.2.3, so that of two paths with nearly the same sum the same one is
    /// chosen.
    pub(super) fn cut(&self, vocabulary: &Vocabulary, pieces: &mut Pieces, steps: &mut Vec<Step>) {
        let bytes = pieces.text.as_bytes();
        steps.clear();
        steps.resize(bytes.len() + 1, Step::NONE);
        // The range of the steps so far.
        let (mut start, mut end) = (0, 0);
        while start < bytes.len() {
            let sum = steps[start].sum;
            if sum.abs() > GREATEST_SUM {
                let reached = steps[start..=end]
                    .iter_mut()
                    .filter(|step| step.start != NOWHERE);
                reached.for_each(|step| step.sum -= sum);
            }
            let (char_bytes, reached) = self.cut_at(vocabulary, bytes, start, steps);
            end = end.max(reached);
            start += char_bytes;
        }
        let mut end = bytes.len();
        while end > 0 {
            pieces.push(end, steps[end].id);
            end = steps[end].start as usize;
        }
        pieces.ends.reverse();
        pieces.ids.reverse();
    }

    /// Continues from one position with every piece that starts there. Returns the length of the character there, and the end of
    /// the longest piece.
    #[inline]
    fn cut_at(
        &self,
        vocabulary: &Vocabulary,
        bytes: &[u8],
        start: usize,
        steps: &mut [Step],
    ) -> (usize, usize) {
        let trie = &vocabulary.trie;
        let (bytes, steps) = (&bytes[start..], &mut steps[start..]);
        let sum = steps[0].sum;
        let char_bytes = char_bytes(bytes[0]);
        let (mut has_char, mut longest) = (false, char_bytes);
        let mut node = trie.root();
        for (&byte, length) in bytes.iter().zip(1..) {
            let Some(next) = trie.step(node, byte) else {
                break;
            };
            node = next;
            let Some(id) = node.value() else {
                continue;
            };
            let mut score = self.scores[id as usize];
            if score.is_nan() {
                match self.kinds[id as usize] {
                    // Better than normal pieces, whose scores are below 0, and better the longer it is.
                    PieceKind::UserDefined => score = (0.1 * (length - 1) as f64) as f32,
                    _ => continue,
                }
            }
            steps[length].improve(score + sum, start, id);
            has_char |= length == char_bytes;
            longest = longest.max(length);
        }
        if !has_char {
            steps[char_bytes].improve(self.unknown_score + sum, start, vocabulary.unknown);
        }
        (char_bytes, start + longest)
    }
}

impl Step {
    const NONE: Self = Self {
        sum: 0.0,
        start: NOWHERE,
        id: 0,
    };

    /// Takes a path with a greater sum instead. Of paths with the same sum, the first one stays.
    #[inline]
    fn improve(&mut self, sum: f32, start: usize, id: u32) {
        if self.start == NOWHERE || sum > self.sum {
            *self = Self {
                sum,
                start: start as u32,
                id,
            };
        }
    }
}

/// Returns the number of bytes of the character that starts with this one.
#[inline]
pub(super) fn char_bytes(first: u8) -> usize {
    match first {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0.. => 4,
    }
}
