//! The truth about the documents, and how much of it a deduplicator found.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};

use super::documents::{Documents, Kind};
use super::similarity::similarity;

/// The share of common shingles from which documents are duplicates.
pub(super) const THRESHOLD: f64 = 0.7;

/// The truth about all documents.
pub(super) struct Truth {
    /// For each document, the first one from which it comes, which may be itself.
    families: Vec<u64>,
    /// For each document, its similarity to the one from which it was made; 0 if there is none.
    similarities: Vec<f32>,
}

/// Writes the documents, and beside them the truth, with a line for each document that was made from another.
pub(super) fn write(folder: &Path, count: u64, words: u64) -> Result<(Truth, u64)> {
    let documents = Documents::new(words);
    let create = |name: &str| {
        let file = File::create(folder.join(name));
        file.map(BufWriter::new)
            .with_context(|| format!("cannot create {name}"))
    };
    let (mut data, mut notes) = (create("documents.jsonl")?, create("truth.jsonl")?);
    let mut truth = Truth {
        families: Vec::new(),
        similarities: Vec::new(),
    };
    let (mut line, mut bytes) = (Vec::new(), 0);
    for document in 0..count {
        let words = documents.words(document);
        line.clear();
        documents.write(document, &words, &mut line);
        bytes += line.len() as u64;
        data.write_all(&line)?;
        let Some(parent) = Documents::parent(document) else {
            truth.families.push(document);
            truth.similarities.push(0.0);
            continue;
        };
        let family = truth.families[parent as usize];
        let share = similarity(&words, &documents.words(parent));
        let kind = Kind::of(document);
        writeln!(
            notes,
            "{{\"id\": {document}, \"made_from\": {parent}, \"family\": {family}, \"kind\": \"{kind}\", \"similarity\": {share:.4}}}"
        )?;
        truth.families.push(family);
        truth.similarities.push(share as f32);
    }
    data.flush()?;
    notes.flush()?;
    Ok((truth, bytes))
}

/// The number of documents of a kind, their similarity to those from which they were made, and how many were removed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OfKind {
    pub(super) documents: u64,
    similarity: f64,
    pub(super) removed: u64,
}

impl OfKind {
    pub(super) fn mean_similarity(self) -> f64 {
        self.similarity / self.documents as f64
    }
}

/// A comparison of what a deduplicator removed with what should be removed.
#[derive(Clone, Debug, Default)]
pub(super) struct Score {
    pub(super) kinds: BTreeMap<Kind, OfKind>,
    /// Documents that are at least as similar as the threshold to those from which they were made, and how many of them were
    /// removed.
    pub(super) duplicates: u64,
    pub(super) found: u64,
    pub(super) removed: u64,
    /// The number of families of which nothing is left, because something unrelated was kept instead.
    pub(super) lost: u64,
}

impl Truth {
    /// Returns for each document whether an earlier one has the same words.
    pub(super) fn copies(&self) -> impl Iterator<Item = bool> {
        let documents = 0..self.families.len() as u64;
        documents.map(|document| Kind::of(document) == Kind::Copy)
    }

    pub(super) fn judge(&self, is_kept: &[bool]) -> Score {
        let mut score = Score::default();
        let mut has_left = vec![false; is_kept.len()];
        for (document, is_kept) in is_kept.iter().enumerate() {
            let similarity = f64::from(self.similarities[document]);
            let kind = score.kinds.entry(Kind::of(document as u64)).or_default();
            kind.documents += 1;
            kind.similarity += similarity;
            let removed = u64::from(!is_kept);
            kind.removed += removed;
            score.removed += removed;
            if similarity >= THRESHOLD {
                score.duplicates += 1;
                score.found += removed;
            }
            has_left[self.families[document] as usize] |= is_kept;
        }
        let firsts = (0u64..).zip(&self.families);
        let firsts = firsts.filter(|(document, family)| document == *family);
        score.lost = firsts
            .filter(|(document, _)| !has_left[*document as usize])
            .count() as u64;
        score
    }
}

impl Score {
    /// Returns the share of duplicates that were removed.
    pub(super) fn recall(&self) -> f64 {
        self.found as f64 / self.duplicates as f64
    }

    /// Returns the share of removed documents for which a document that they come from, or that comes from them, is left.
    pub(super) fn precision(&self) -> f64 {
        1.0 - self.lost as f64 / self.removed.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_and_what_is_found_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let (truth, bytes) = write(folder.path(), 100, 60).unwrap();
        let length = std::fs::metadata(folder.path().join("documents.jsonl")).unwrap();
        assert_eq!(length.len(), bytes);
        let notes = std::fs::read_to_string(folder.path().join("truth.jsonl")).unwrap();
        assert_eq!(notes.lines().count(), 30);
        let copies: Vec<bool> = truth.copies().collect();
        assert_eq!(copies.iter().filter(|is_copy| **is_copy).count(), 10);

        let mut is_kept: Vec<bool> = copies.iter().map(|is_copy| !is_copy).collect();
        let score = truth.judge(&is_kept);
        assert_eq!((score.removed, score.lost), (10, 0));
        assert_eq!(score.precision(), 1.0);
        assert!(score.recall() > 0.3 && score.recall() < 1.0, "{score:?}");

        // Two similar pages are still two.
        is_kept[91] = false;
        let score = truth.judge(&is_kept);
        assert_eq!((score.removed, score.lost), (11, 1));
    }
}
