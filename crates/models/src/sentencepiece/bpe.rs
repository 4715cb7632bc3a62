//! Cuts a text by joining characters into ever longer pieces, the best pairs first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::pieces::Pieces;
use super::proto::{Piece, PieceKind};
use super::single::Symbols;
use super::vocabulary::Vocabulary;
use crate::trie::Node;

/// The data that a BPE model computes with.
pub(super) struct Bpe {
    /// The ranks of pieces by id: the number of different scores that are better. Of two pairs, the one with the lower rank is
    /// joined first.
    ranks: Vec<u32>,
    has_unused: bool,
}

/// The symbols that have been joined, and the pairs that may be joined next.
#[derive(Default)]
pub(super) struct Agenda {
    symbols: Vec<Symbol>,
    pairs: BinaryHeap<Reverse<Pair>>,
    /// The length of the left part of an unused piece when it was last considered, by the id of the piece.
    left_bytes: HashMap<u32, usize>,
    /// The parts of an unused piece that are still to be written, the next one last.
    parts: Vec<(usize, usize)>,
}

/// A part of the text; empty once it has been joined to the one on its left.
#[derive(Clone, Copy)]
struct Symbol {
    start: usize,
    end: usize,
    previous: u32,
    next: u32,
    /// Its place in the trie, if a piece starts with it and it may be joined at all.
    node: Option<Node>,
    is_frozen: bool,
}

/// The number that means no symbol.
const NO_SYMBOL: u32 = u32::MAX;

/// Two symbols that make a piece. The first of all pairs is the one with the best score, and among those the leftmost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    rank: u32,
    left: u32,
    right: u32,
    /// The length of both when they were paired. If it has changed, the pair is out of date.
    bytes: u32,
}

impl Bpe {
    pub(super) fn new(pieces: &[Piece<'_>]) -> Self {
        let mut scores: Vec<f32> = pieces.iter().map(|piece| piece.score).collect();
        scores.sort_unstable_by(|a, b| b.total_cmp(a));
        // Positive and negative zero are the same score.
        scores.dedup_by(|a, b| a == b);
        let rank = |piece: &Piece<'_>| scores.partition_point(|score| *score > piece.score) as u32;
        Self {
            ranks: pieces.iter().map(rank).collect(),
            has_unused: pieces.iter().any(|piece| piece.kind == PieceKind::Unused),
        }
    }

    pub(super) fn cut(
        &self,
        vocabulary: &Vocabulary,
        symbols: &Symbols,
        pieces: &mut Pieces,
        agenda: &mut Agenda,
    ) {
        agenda.begin(&pieces.text, vocabulary, symbols);
        let text = pieces.text.as_bytes();
        for right in 1..agenda.symbols.len() as u32 {
            self.pair(vocabulary, text, agenda, right - 1, right);
        }
        while let Some(Reverse(pair)) = agenda.pairs.pop() {
            if let Some((previous, next)) = agenda.join(pair, vocabulary, text) {
                self.pair(vocabulary, text, agenda, previous, pair.left);
                self.pair(vocabulary, text, agenda, pair.left, next);
            }
        }
        let mut at = 0;
        while let Some(&symbol) = agenda.symbols.get(at as usize) {
            match self.has_unused {
                true => agenda.write_used_parts(symbol, vocabulary, pieces),
                false => pieces.push(symbol.end, vocabulary.id_at(symbol.node)),
            }
            at = symbol.next;
        }
    }

    /// Puts two adjacent symbols on the agenda, if they make a piece.
    #[inline]
    fn pair(
        &self,
        vocabulary: &Vocabulary,
        text: &[u8],
        agenda: &mut Agenda,
        left: u32,
        right: u32,
    ) {
        let symbol = |at: u32| agenda.symbols.get(at as usize);
        let (Some(one), Some(other)) = (symbol(left), symbol(right)) else {
            return;
        };
        if one.is_frozen || other.is_frozen {
            return;
        }
        let node = one
            .node
            .and_then(|node| vocabulary.trie.walk(node, &text[other.start..other.end]));
        let Some(id) = node.and_then(Node::value) else {
            return;
        };
        if self.has_unused && vocabulary.kind(id) == PieceKind::Unused {
            agenda.left_bytes.insert(id, one.end - one.start);
        }
        let bytes = (other.end - one.start) as u32;
        let rank = self.ranks[id as usize];
        agenda.pairs.push(Reverse(Pair {
            rank,
            left,
            right,
            bytes,
        }));
    }
}

impl Agenda {
    /// Starts with the characters and the user-defined symbols of a text.
    fn begin(&mut self, text: &str, vocabulary: &Vocabulary, symbols: &Symbols) {
        self.symbols.clear();
        self.left_bytes.clear();
        let root = vocabulary.trie.root();
        for (at, (range, is_frozen)) in (0_u32..).zip(symbols.of(text)) {
            let node = vocabulary.trie.walk(root, &text.as_bytes()[range.clone()]);
            self.symbols.push(Symbol {
                start: range.start,
                end: range.end,
                previous: at.wrapping_sub(1),
                next: at + 1,
                node,
                is_frozen,
            });
        }
        if let Some(last) = self.symbols.last_mut() {
            last.next = NO_SYMBOL;
        }
    }

    /// Joins a pair, unless it is out of date, and returns the symbols before and after it.
    fn join(&mut self, pair: Pair, vocabulary: &Vocabulary, text: &[u8]) -> Option<(u32, u32)> {
        let (left, right) = (
            self.symbols[pair.left as usize],
            self.symbols[pair.right as usize],
        );
        let is_gone = |symbol: Symbol| symbol.start == symbol.end;
        let bytes = left.end - left.start + right.end - right.start;
        if is_gone(left) || is_gone(right) || bytes != pair.bytes as usize {
            return None;
        }
        let part = &text[right.start..right.end];
        self.symbols[pair.left as usize] = Symbol {
            end: right.end,
            next: right.next,
            node: left.node.and_then(|node| vocabulary.trie.walk(node, part)),
            ..left
        };
        self.symbols[pair.right as usize].end = right.start;
        if let Some(next) = self.symbols.get_mut(right.next as usize) {
            next.previous = pair.left;
        }
        Some((left.previous, right.next))
    }

    /// Writes a symbol. An unused piece is split again into the parts that it was made from.
    fn write_used_parts(&mut self, symbol: Symbol, vocabulary: &Vocabulary, pieces: &mut Pieces) {
        self.parts.push((symbol.start, symbol.end));
        while let Some((start, end)) = self.parts.pop() {
            let part = &pieces.text[start..end];
            let node = vocabulary
                .trie
                .walk(vocabulary.trie.root(), part.as_bytes());
            let id = vocabulary.id_at(node);
            let is_unused = vocabulary.kind(id) == PieceKind::Unused;
            match self.left_bytes.get(&id) {
                Some(&left) if is_unused => {
                    self.parts.push((start + left, end));
                    self.parts.push((start, start + left));
                }
                // An unused character counts as unknown.
                _ if is_unused => pieces.push(end, vocabulary.unknown),
                _ => pieces.push(end, id),
            }
        }
    }
}
