//! Findings about a columnar file that the next look at it can use.

use std::collections::HashMap;
use std::ops::Range;

use coldpress_storage::Digest;

use super::flaw::Checked;
use super::parquet::PageHeaders;
use super::proof::{Part, digest_of};
use crate::source::InputFile;

/// The digests of the parts that the last rows depended on. The rows that follow depend on some of them too.
#[derive(Debug, Default)]
pub struct KnownParts {
    last: HashMap<Range<u64>, Digest>,
    now: HashMap<Range<u64>, Digest>,
    /// The page headers of the row group with this number.
    headers: (usize, PageHeaders),
}

impl KnownParts {
    pub(super) fn digest(&mut self, file: &InputFile, part: &Part) -> Checked<Digest> {
        let known = self.now.get(&part.bytes).or(self.last.get(&part.bytes));
        let digest = match known {
            Some(digest) => *digest,
            None => digest_of(file, &part.bytes)?,
        };
        self.now.insert(part.bytes.clone(), digest);
        Ok(digest)
    }

    /// Returns the page headers of a row group that were seen so far. Many slices may share a row group.
    pub(super) fn headers_of(&mut self, group: usize) -> &mut PageHeaders {
        if self.headers.0 != group {
            self.headers = (group, PageHeaders::new());
        }
        &mut self.headers.1
    }

    /// Begins with the parts of other rows.
    pub(super) fn turn(&mut self) {
        self.last = std::mem::take(&mut self.now);
    }
}
