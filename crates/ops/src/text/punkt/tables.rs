//! The tables of a language, as NLTK stores them: a folder of four text files.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The size of the largest file that is read. Those of NLTK have up to half a megabyte.
const MOST_BYTES: u64 = 64 << 20;

/// The facts about a language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    abbreviations: HashSet<String>,
    /// Pairs of words that belong together although the first ends with a full stop.
    collocations: HashMap<String, HashSet<String>>,
    starters: HashSet<String>,
    /// The positions and cases in which a word was seen, see [`Seen`].
    seen: HashMap<String, u32>,
}

/// The positions and cases in which a word was seen: bits of the table `ortho_context.tab`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen(u32);

const FIRST_UPPER: u32 = 1 << 1;
const INNER_UPPER: u32 = 1 << 2;
const OTHER_UPPER: u32 = 1 << 3;
const FIRST_LOWER: u32 = 1 << 4;
const INNER_LOWER: u32 = 1 << 5;
const OTHER_LOWER: u32 = 1 << 6;

impl Seen {
    /// Returns whether it was seen with a capital anywhere.
    pub(super) fn upper(self) -> bool {
        self.0 & (FIRST_UPPER | INNER_UPPER | OTHER_UPPER) != 0
    }

    /// Returns whether it was seen with a capital within a sentence.
    pub(super) fn upper_inside(self) -> bool {
        self.0 & INNER_UPPER != 0
    }

    /// Returns whether it was seen in lower case anywhere.
    pub(super) fn lower(self) -> bool {
        self.0 & (FIRST_LOWER | INNER_LOWER | OTHER_LOWER) != 0
    }

    /// Returns whether it was seen in lower case at the start of a sentence.
    pub(super) fn lower_first(self) -> bool {
        self.0 & FIRST_LOWER != 0
    }
}

/// The reason why tables cannot be read.
#[derive(Debug)]
pub struct TableError(String);

impl std::fmt::Display for TableError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TableError {}

impl Tables {
    /// Reads the files `abbrev_types.txt`, `collocations.tab`, `sent_starters.txt` and `ortho_context.tab` of a folder.
    ///
    /// # Errors
    /// [`TableError`], which names the file and the line, if one cannot be read or has the wrong format.
    pub fn read(folder: &Path) -> Result<Self, TableError> {
        let mut tables = Self::default();
        each_line(folder, "abbrev_types.txt", |line| {
            tables.abbreviations.insert(line.to_owned());
            Ok(())
        })?;
        each_line(folder, "sent_starters.txt", |line| {
            tables.starters.insert(line.to_owned());
            Ok(())
        })?;
        each_line(folder, "collocations.tab", |line| {
            let (first, second) = line.split_once('\t').ok_or("has no tab")?;
            let seconds = tables.collocations.entry(first.to_owned()).or_default();
            seconds.insert(second.to_owned());
            Ok(())
        })?;
        each_line(folder, "ortho_context.tab", |line| {
            let (word, bits) = line.split_once('\t').ok_or("has no tab")?;
            let bits = bits.parse().map_err(|_| "has no number behind the tab")?;
            tables.seen.insert(word.to_owned(), bits);
            Ok(())
        })?;
        Ok(tables)
    }

    pub(super) fn is_abbreviation(&self, word: &str) -> bool {
        self.abbreviations.contains(word)
    }

    pub(super) fn is_starter(&self, word: &str) -> bool {
        self.starters.contains(word)
    }

    pub(super) fn belong_together(&self, first: &str, second: &str) -> bool {
        let seconds = self.collocations.get(first);
        seconds.is_some_and(|seconds| seconds.contains(second))
    }

    pub(super) fn seen(&self, word: &str) -> Seen {
        Seen(self.seen.get(word).copied().unwrap_or_default())
    }
}

fn each_line(
    folder: &Path,
    name: &str,
    mut read: impl FnMut(&str) -> Result<(), &'static str>,
) -> Result<(), TableError> {
    let path = folder.join(name);
    let error =
        |reason: &dyn std::fmt::Display| TableError(format!("{}: {reason}", path.display()));
    let file = File::open(&path).map_err(|failed| error(&failed))?;
    let mut text = String::new();
    let length = file.take(MOST_BYTES + 1).read_to_string(&mut text);
    if length.map_err(|failed| error(&failed))? as u64 > MOST_BYTES {
        let limit = format!("is longer than {MOST_BYTES} bytes, so it is no table of NLTK");
        return Err(error(&limit));
    }
    for (number, line) in text.lines().enumerate() {
        read(line).map_err(|reason| error(&format!("line {} {reason}", number + 1)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_tables_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["abbrev_types.txt", "sent_starters.txt", "collocations.tab"];
        for name in names {
            let missing = Tables::read(folder.path()).unwrap_err().to_string();
            assert!(missing.contains(name), "{missing}");
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        for (content, reason) in [
            (&b"the\t22\nthis 22\n"[..], "line 2 has no tab"),
            (b"the\t-1", "line 1 has no number"),
            (b"\xff\t1", "UTF-8"),
        ] {
            std::fs::write(folder.path().join("ortho_context.tab"), content).unwrap();
            let error = Tables::read(folder.path()).unwrap_err().to_string();
            assert!(
                error.contains("ortho_context.tab") && error.contains(reason),
                "{error}"
            );
        }
        std::fs::write(folder.path().join("ortho_context.tab"), "the\t22\n").unwrap();
        let tables = Tables::read(folder.path()).unwrap();
        assert_eq!(tables.seen("the"), Seen(22));
    }
}
